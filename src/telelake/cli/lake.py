"""What is done with a lake: build, look how it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from telelake.cli.common import Config, Home, open_app, progress_bar, say
from telelake.errors import SettingsError

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from telelake.operate.drift import Seen
    from telelake.operate.health import Freshness
    from telelake.wiring import App

EXIT_INTERRUPTED = 130

Day = Annotated[str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="The one day to build.")]


def wrangle(
    home: Home = None,
    config: Config = None,
    due: Annotated[bool, typer.Option("--due", help="Build what is due (the default).")] = False,
    day: Day = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="First day to build.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day to build.")] = None,
    maintain: Annotated[
        bool,
        typer.Option("--maintain", help="Only compact raw of closed days, and drop old releases and unneeded files."),
    ] = False,
    engine: Annotated[
        str | None, typer.Option("--engine", metavar="duckdb|spark", help="What builds; else as wrangle.engine says.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Build the days that are due, or those that are named."""
    app = open_app(config, home=home, wrangle__engine=engine).existing()
    if maintain:
        _maintain(app, as_json)
        return
    wanted = _wanted(due, _day(day, "--day"), _day(from_, "--from"), _day(to, "--to"))
    try:
        with progress_bar("Wrangling") as progress:
            report = app.wrangler.run(wanted, progress) if wanted else app.wrangle_due(progress)
    except KeyboardInterrupt:
        say("Interrupted. What was published stays; the next run builds the rest.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=1))
        return
    if report.merged:
        say(f"{sum(report.merged.values()):,} late records of {len(report.merged)} frozen days merged over their rows.")
    if not report.days:
        say("Nothing is due.")
    else:
        rows = ", ".join(f"{name} {count:,}" for name, count in report.rows.items() if count)
        say(f"{len(report.days)} days built in {report.seconds['total']:.1f} s: {rows}.")
        say(
            f"Published as release {report.release}."
            if report.release
            else "Nothing has changed; nothing was published."
        )


def status(
    home: Home = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say per day what is in raw, what was built of it, what is due and why."""
    app = open_app(config, home=home).existing()
    found = app.status()
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("day", "raw", "rows", "duplicates", "quarantined", "notes", "due", box=None, pad_edge=False)
    for column in table.columns[1:6]:
        column.justify = "right"
    for day in found.days:
        counts = (day.raw, day.rows, day.duplicates, day.quarantined, day.notes)
        why = day.due or day.frozen or ("" if day.is_kept else "no: older than retention.tables_days")
        table.add_row(day.day.isoformat(), *("" if each is None else f"{each:,}" for each in counts), why)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    if found.drift:
        console.print(_drift(found.drift))
    received = found.last_received_at.isoformat() if found.last_received_at else "never"
    made_up = " Made-up data." if found.is_made_up else ""
    if begun := app.begun_forgettings():
        say(f"{begun} forgettings were begun and not ended. Run telelake forget once more: it ends them all.")
    say(
        f"{found.home}, {found.timezone}, release {found.release or 'none yet'}; last update received {received}; "
        f"{_freshness(found.freshness)}{found.unsealed_bytes:,} bytes wait in the journal.{made_up}"
    )
    if found.quarantined:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in found.quarantined.items())
        say(f"Could not be read: {reasons}. After an update, telelake replay tries again.")


def _freshness(fresh: Freshness) -> str:
    from telelake.operate.health import told

    if fresh.update_seconds is None:
        return ""
    behind = f", tables {told(fresh.behind_seconds)} behind" if fresh.behind_seconds is not None else ""
    return f"last update {told(fresh.update_seconds)} ago{behind}; "


def replay(
    home: Home = None,
    config: Config = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="Only what was quarantined on that day.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Try the quarantine again: what can be read now goes to its own day, and is built by the next wrangle."""
    only = _day(day, "--day")
    done = open_app(config, home=home).existing().replay(only.__eq__ if only else None)
    if as_json:
        typer.echo(json.dumps(done.as_json(), indent=1))
        return
    if not done.tried:
        say("Nothing lies in quarantine.")
        return
    said = f"{done.readable:,} of {done.tried:,} bodies in quarantine can be read now"
    if done.readable:
        said += f", and {len(done.days)} days are due by that: run telelake wrangle"
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in done.reasons.most_common())
    say(f"{said}." + (f" The others stay: {reasons}." if reasons else ""))


def _maintain(app: App, as_json: bool) -> None:
    done = app.maintain()
    if as_json:
        typer.echo(json.dumps(done.as_json(), indent=1))
        return
    say(f"{done.files_removed} files removed.")
    joined = done.compacted
    if joined.before:
        say(f"{joined.before} raw segments of {joined.days} closed days are {joined.after} now.")
    for key in joined.damaged:
        say(f"{key} does not hold what its name promises. It was left as it is; its day cannot be built.")


def _drift(found: Sequence[Seen]) -> RichTable:
    from rich.table import Table

    from telelake.telegram.update import botapi

    version = botapi()["botapi"]
    table = Table(
        "what", "path", "value", "updates", "first day", "last day", "example (raw)", box=None, pad_edge=False,
        title=f"Not in Bot API {version}; kept in raw. See docs/drift.md.", title_justify="left", title_style="",
    )  # fmt: skip
    table.columns[3].justify = "right"
    for each in found:
        days = (each.first_day.isoformat(), each.last_day.isoformat())
        table.add_row(each.what, each.path, each.value, f"{each.updates:,}", *days, each.example_raw)
    return table


def _wanted(due: bool, day: date | None, first: date | None, last: date | None) -> Callable[[date], bool] | None:
    named = day or first or last
    if due and named:
        raise SettingsError("--due builds what is due; take it out to build the days that you name.")
    if day and (first or last):
        raise SettingsError("Name one day with --day, or a range with --from and --to; not both.")
    if not named:
        return None
    low, high = (day, day) if day else (first or date.min, last or date.max)
    if low > high:
        raise SettingsError(f"--from {low} is after --to {high}.")
    return lambda each: low <= each <= high


def _day(value: str | None, option: str) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise SettingsError(f"{option} {value} is not a day. Write it as 2026-03-31.") from None
