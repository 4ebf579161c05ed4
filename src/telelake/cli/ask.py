"""What is asked of a lake: SQL, insights, the report, and what the tables mean."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telelake.cli.common import Config, Home, open_app, say
from telelake.errors import SettingsError

if TYPE_CHECKING:
    from telelake.wiring import App

Format = Annotated[str, typer.Option("--format", help="table, csv, json or parquet.")]
Output = Annotated[Path | None, typer.Option("--output", help="Write to this file instead of stdout.")]


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT over the tables; telelake tables lists them.")],
    home: Home = None,
    config: Config = None,
    format_: Format = "table",
    output: Output = None,
) -> None:
    """Ask the tables a question in SQL; read-only."""
    app = open_app(config, home=home).existing()
    with app.lake() as lake:
        _answer(lake.query(query), format_, output)
    _remember(app, output)


def insights(
    name: Annotated[str | None, typer.Argument(help="The insight to answer; without it they are listed.")] = None,
    home: Home = None,
    config: Config = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="First day.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day.")] = None,
    chat: Annotated[str | None, typer.Option("--chat", metavar="ID", help="Only this chat.")] = None,
    week: Annotated[str | None, typer.Option("--week", metavar="YYYY-Www", help="Only this ISO week.")] = None,
    who: Annotated[
        str | None, typer.Option("--who", metavar="people|bots", help="Only what people, or bots, wrote.")
    ] = None,
    topic: Annotated[str | None, typer.Option("--topic", metavar="ID", help="Only questions of this topic.")] = None,
    hour: Annotated[str | None, typer.Option("--hour", metavar="0-23", help="Only this hour of the day.")] = None,
    weekday: Annotated[
        str | None, typer.Option("--weekday", metavar="1-7", help="Only this weekday; 1 is Monday.")
    ] = None,
    grain: Annotated[
        str | None, typer.Option("--grain", metavar="hour|day|week|month", help="Length of a period; weeks are ISO's.")
    ] = None,
    words: Annotated[str | None, typer.Option("--words", help="Words to look for.")] = None,
    silent: Annotated[str | None, typer.Option("--silent", metavar="DAYS", help="Days of silence.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language of the list: en or pt.")] = "en",
    format_: Format = "table",
    output: Output = None,
) -> None:
    """List the questions that have an answer ready, or answer one."""
    from telelake.present import insight as catalog

    if name is None:
        from telelake.present.vocabulary import GROUPS, LANGS

        if lang not in LANGS:
            raise SettingsError(f"--lang {lang} is not known. Use one of {', '.join(LANGS)}.")
        group = ""
        for each in catalog.all_insights():
            if each.group != group:
                group = each.group
                typer.echo(f"{GROUPS[group][LANGS.index(lang)]}:")
            typer.echo(f"  {each.name:32}{each.titles[lang]}")
        return
    chosen = catalog.insight(name)
    given = {
        "from": from_, "to": to, "chat": chat, "week": week, "who": who, "topic": topic, "hour": hour,
        "weekday": weekday, "grain": grain, "words": words, "silent": silent,
    }  # fmt: skip
    app = open_app(config, home=home).existing()
    with app.lake() as lake:
        answer = catalog.run(lake, chosen, {key: value for key, value in given.items() if value is not None})
        _answer(answer, format_, output)
    _remember(app, output)


def report(
    out: Annotated[Path, typer.Argument(metavar="OUT.html", help="The file to write.")],
    home: Home = None,
    config: Config = None,
    lang: Annotated[str, typer.Option("--lang", help="en or pt.")] = "en",
) -> None:
    """Write one self-contained page with every insight; it loads nothing when it is opened."""
    from telelake.present.report import render

    app = open_app(config, home=home).existing()
    with app.lake() as lake:
        release = app.tables.latest()
        facts = app.facts() | {"release": release.number if release else None}
        page = render(lake, lang, facts)
    out.write_text(page, encoding="utf-8")
    _remember(app, out)
    say(f"{out}: {len(page.encode()):,} bytes.")


def digest(
    home: Home = None,
    config: Config = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="The day; yesterday if not given.")
    ] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="en or pt; notify.lang if not given.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Write it to the chat of [notify], with its pictures.")] = False,
) -> None:
    """Sum up a day as the chat of [notify] is told it; shown here, or sent."""
    from telelake.present.digest import digest as make
    from telelake.present.params import PARAMS
    from telelake.present.vocabulary import LANGS

    app = open_app(config, home=home).existing()
    wanted = app.settings.notify
    if lang is not None and lang not in LANGS:
        raise SettingsError(f"--lang {lang} is not known. Use one of {', '.join(LANGS)}.")
    chosen = PARAMS["from"].read("--day", day) if day else datetime.now(app.zone).date() - timedelta(days=1)
    with app.lake() as lake:
        made = make(lake, chosen, lang or wanted.lang, wanted.charts if send else (), is_made_up=app.home.is_made_up)
    if not send:
        typer.echo(made.html)
        return
    if app.notifier is None:
        raise SettingsError('There is nobody to send to. Set [notify] bot = "…" and chat = … in telelake.toml.')
    app.notifier.text(made.html)
    if made.pictures:
        app.notifier.pictures(made.pictures)
    say(f"Sent to chat {wanted.chat}.")


def tables(
    name: Annotated[str | None, typer.Argument(help="The table to describe; without it they are listed.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="en or pt.")] = "en",
) -> None:
    """Say in words what the tables hold."""
    from telelake.tables import describe

    typer.echo(describe.table_text(name, lang) if name else describe.list_text(lang))


def _remember(app: App, path: Path | None) -> None:
    """Note a file that was written, for `telelake forget`."""
    from telelake.operate.made import remember

    if path is not None and (app.settings.state_dir or app.settings.home_path):
        remember(app.state, path)


def _answer(answer: Any, format_: str, output: Path | None) -> None:
    from telelake.present.formats import render

    body = render(answer, format_)
    data = body if isinstance(body, bytes) else body.encode()
    if output is not None:
        output.write_bytes(data)
    elif isinstance(body, bytes) and sys.stdout.isatty():
        raise SettingsError(f"--format {format_} is not for a terminal. Name a file with --output.")
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
