"""What people may ask of who keeps their data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from telelake.cli.common import Config, Home, open_app, say

if TYPE_CHECKING:
    from telelake.operate.forget import Report


def forget(
    user: Annotated[int | None, typer.Option("--user", metavar="ID", help="Id of the person to forget.")] = None,
    chat: Annotated[
        int | None, typer.Option("--chat", metavar="ID", help="Id of the group or channel to forget (negative).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    home: Home = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Erase a person or a chat everywhere, redact them in what others wrote, and prove it; capture must not be running."""
    app = open_app(config, home=home).existing()
    done = app.forgetter().forget(user=user, chat=chat, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(done.as_json(), indent=1))
    for line in _said(done):
        say(line)


def _said(done: Report) -> list[str]:
    names = f"{done.usernames} usernames and {done.names} names"
    said = [f"{'Would forget' if done.dry_run else 'Forgotten'}: {', '.join(map(str, done.ids))}, seen under {names}."]
    for zone in sorted({*done.erased, *done.redacted}):
        erased, redacted = done.erased.get(zone, 0), done.redacted.get(zone, 0)
        said.append(f"{zone}: {erased:,} records of theirs erased, {redacted:,} of others redacted.")
    if not done.erased and not done.redacted:
        said.append("No record in raw holds them.")
    said.append(
        f"{done.segments:,} segments written anew, {len(done.days):,} days built anew, {done.files:,} old files removed."
    )
    if done.journal:
        said.append(f"{done.journal:,} records waited in the journal.")
    said += [f"Removed: {each}" if not done.dry_run else f"Would be removed: {each}" for each in done.reports]
    if done.waiting:
        said.append(f"{done.waiting:,} bodies wait in the bucket's inbox; they are cleaned when they are sealed.")
    if done.is_proven:
        said.append("A search of everything in the lake finds nothing more.")
        if done.versions:
            said.append(f"{done.versions:,} older versions of the bucket's objects removed.")
        if done.versions_left:
            said.append(done.versions_left)
        said.append("Not known to telelake: copies and backups, and files that you have moved, renamed or sent on.")
    return said
