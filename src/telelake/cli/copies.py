"""A lake elsewhere: backup, restore, and moving to another home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from telelake.cli.common import Config, Home, open_app, say
from telelake.errors import SettingsError, StoreError

AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]


def backup(
    dest: Annotated[str, typer.Argument(help="Folder, or s3://bucket/prefix, that holds the backups.")],
    home: Home = None,
    config: Config = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Let all but so many of the newest backups go.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Make none: read the newest, and compare every object with its SHA-256.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy the lake, also while it captures and wrangles; only what is new is copied."""
    from telelake.operate.copies import backup as copies
    from telelake.stores.objects import open_store

    app = open_app(config, home=home)
    target = open_store(_place(dest, app.settings.home), app.settings.storage)
    if verify:
        made = copies.chosen(target, None)
        wrong = copies.verify(target, made)
        if as_json:
            typer.echo(json.dumps({"number": made.number, "objects": len(made.objects), "wrong": wrong}, indent=1))
        if wrong:
            raise StoreError(f"Backup {made.number} has {len(wrong)} objects that are damaged or gone: {_few(wrong)}.")
        say(f"Backup {made.number} of {made.home}, made {made.made_at}: all {len(made.objects):,} objects are whole.")
        return
    done = app.existing().backup(target, keep=keep)
    if as_json:
        typer.echo(json.dumps(done.as_json(), indent=1))
    say(f"Backup {done.number}: {done.objects:,} objects, {done.bytes:,} bytes; {done.copied_bytes:,} bytes were new.")
    if done.removed:
        say(f"{done.removed:,} files of older backups removed.")
    if done.damaged:
        raise StoreError(
            f"{len(done.damaged)} segments of the lake do not hold what their names promise, and were copied as they are: "
            f"{_few(done.damaged)}. An earlier backup may have them whole."
        )


def restore(
    source: Annotated[str, typer.Argument(help="Where telelake backup wrote to.")],
    home: Home = None,
    config: Config = None,
    number: Annotated[int | None, typer.Option("--number", help="The backup to take; else the newest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make the home's lake of a backup; the home may be another than it was, and must have no lake."""
    from telelake.stores.objects import open_store

    app = open_app(config, home=home)
    _settled(app.restore(open_store(_place(source, app.settings.home), app.settings.storage), number), as_json)
    say(f"The lake is at {app.settings.home}. Next: telelake doctor, then telelake wrangle.")


def migrate(
    source: Annotated[str, typer.Argument(metavar="FROM", help="Home of the lake.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Home that it shall have; it must have no lake.")],
    config: Config = None,
    state_dir: Annotated[
        Path | None, typer.Option("--state-dir", help="Local folder of the new home, when that is a bucket.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring a lake to another home: folder or bucket. The old one stays; stop telelake before."""
    from telelake.settings import local_path

    if state_dir is None and local_path(target) is None:
        raise SettingsError(f"{target} is a bucket: --state-dir must name the local folder that its journal will have.")
    old = open_app(config, home=source).existing()
    flags = {"state_dir": state_dir or _own_state(local_path(target))}
    new = open_app(config, home=_place(target, old.settings.home), **flags)
    if new.state.absolute() == old.state.absolute():
        raise SettingsError(f"{new.state} is the folder of the old home, too. Name another with --state-dir.")
    _settled(old.migrate(new), as_json)
    say(f"The lake is at {target}, and still at {source}. Set home = {json.dumps(target)}, then start telelake again.")


def _own_state(folder: Path | None) -> Path | None:
    return folder / "state" if folder else None


def _place(place: str, home: str) -> str:
    """Return a place, refused when it lies in the home or the home in it.

    Raises:
        SettingsError: they are not apart.
    """
    from telelake.settings import local_path

    one, other = (str(local_path(each) or each).rstrip("/") + "/" for each in (place, home))
    if one.startswith(other) or other.startswith(one):
        raise SettingsError(f"{place} and the home {home} are not apart. Name another place.")
    return place


def _settled(done: Any, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(done.as_json(), indent=1))
    say(f"{done.objects:,} objects, {done.bytes:,} bytes, release {done.release or 'none'}.")


def _few(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (", …" if len(keys) > 3 else "")
