"""The command `telelake`: parses, calls, prints. It holds no logic of its own.

Data go to stdout, speech to stderr. Exit codes: 0 done; 1 refused or failed, with the reason on stderr; 2 a wrong
command line; 75 try again later (the store failed, or another telelake holds the lake).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telelake import __version__
from telelake.errors import SettingsError, TelelakeError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from telelake.settings import Settings
    from telelake.wiring import App

EXIT_FAILED = 1
EXIT_RETRY = 75

cli = typer.Typer(
    name="telelake",
    help="Keep everything a Telegram bot sees in a lake you own, and ask it questions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Home = Annotated[
    str | None, typer.Option("--home", help="Root of the lake: a folder, file:///…, or s3://bucket/prefix.")
]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file; else ./telelake.toml, else the home's.")]
CapturePort = Annotated[int | None, typer.Option("--capture-port", help="Port of the webhook; 0 takes a free one.")]
DashboardPort = Annotated[
    int | None, typer.Option("--dashboard-port", help="Port of the dashboard; 0 takes a free one.")
]
Format = Annotated[str, typer.Option("--format", help="table, csv, json or parquet.")]
Output = Annotated[Path | None, typer.Option("--output", help="Write to this file instead of stdout.")]
Day = Annotated[str | None, typer.Option("--day", metavar="YYYY-MM-DD", help="The one day to build.")]


def main() -> None:
    """Run the command; turn our errors into a message and an exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        cli()
    except TelelakeError as error:
        typer.echo(f"telelake: {error}", err=True)
        sys.exit(EXIT_RETRY if error.retry else EXIT_FAILED)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@cli.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keep everything a Telegram bot sees in a lake you own, and ask it questions."""
    del version


@cli.command()
def run(
    home: Home = None, config: Config = None, capture_port: CapturePort = None, dashboard_port: DashboardPort = None
) -> None:
    """Capture, wrangle on schedule and serve the dashboard, until stopped."""
    from telelake import serve

    serve.run(_app(config, home=home, capture__port=capture_port, dashboard__port=dashboard_port), _say)


@cli.command()
def capture(home: Home = None, config: Config = None, capture_port: CapturePort = None) -> None:
    """Serve the webhook, until stopped."""
    from telelake import serve

    serve.capture(_app(config, home=home, capture__port=capture_port), _say)


@cli.command()
def schedule(home: Home = None, config: Config = None) -> None:
    """Wrangle what is due every few minutes and after midnight, until stopped."""
    from telelake import serve

    serve.schedule(_app(config, home=home), _say)


@cli.command()
def dashboard(home: Home = None, config: Config = None, dashboard_port: DashboardPort = None) -> None:
    """Serve the dashboard, until stopped."""
    from telelake import serve

    serve.dashboard(_app(config, home=home, dashboard__port=dashboard_port).existing(), _say)


@cli.command()
def demo(
    home: Annotated[str, typer.Option("--home", help="Folder of the made-up lake.")] = "demo-lake",
    messages: Annotated[int, typer.Option(min=1, help="Messages to make up.")] = 20_000,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days they are spread over, today the last.")] = 28,
    seed: Annotated[int, typer.Option(help="The same seed makes the same group.")] = 1,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="End after the summary instead of serving the dashboard.")
    ] = False,
    dashboard_port: DashboardPort = None,
) -> None:
    """Make a lake of a made-up Portuguese support group, through the real webhook, and show it."""
    from telelake import serve
    from telelake.demo.run import run_demo

    _log_to_stderr()
    app = run_demo(home, messages=messages, days=days, seed=seed, dashboard_port=dashboard_port, say=_say)
    if not no_serve:
        serve.dashboard(app, _say)


@cli.command()
def wrangle(
    home: Home = None,
    config: Config = None,
    due: Annotated[bool, typer.Option("--due", help="Build what is due (the default).")] = False,
    day: Day = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="First day to build.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day to build.")] = None,
    maintain: Annotated[
        bool, typer.Option("--maintain", help="Only drop old releases and files that nothing needs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Build the days that are due, or those that are named."""
    app = _app(config, home=home).existing()
    if maintain:
        with app.tables.writing():
            removed = app.tables.maintain()
        _say(f"{removed} files removed.")
        return
    wanted = _wanted(due, _day(day, "--day"), _day(from_, "--from"), _day(to, "--to"))
    with _progress("Wrangling") as progress:
        report = app.wrangler.run(wanted, progress) if wanted else app.wrangle_due(progress)
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=1))
    elif not report.days:
        _say("Nothing is due.")
    else:
        rows = ", ".join(f"{name} {count:,}" for name, count in report.rows.items() if count)
        _say(f"{len(report.days)} days built in {report.seconds['total']:.1f} s: {rows}.")
        _say(
            f"Published as release {report.release}."
            if report.release
            else "Nothing has changed; nothing was published."
        )


@cli.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT over the tables; telelake tables lists them.")],
    home: Home = None,
    config: Config = None,
    format_: Format = "table",
    output: Output = None,
) -> None:
    """Ask the tables a question in SQL; read-only."""
    app = _app(config, home=home).existing()
    with app.lake() as lake:
        _answer(lake.query(query), format_, output)


@cli.command()
def insights(
    name: Annotated[str | None, typer.Argument(help="The insight to answer; without it they are listed.")] = None,
    home: Home = None,
    config: Config = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="First day.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day.")] = None,
    chat: Annotated[str | None, typer.Option("--chat", metavar="ID", help="Only this chat.")] = None,
    week: Annotated[str | None, typer.Option("--week", metavar="YYYY-Www", help="Only this ISO week.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language of the list: en or pt.")] = "en",
    format_: Format = "table",
    output: Output = None,
) -> None:
    """List the questions that have an answer ready, or answer one."""
    from telelake.present import insight as catalog

    if name is None:
        from telelake.present.vocabulary import LANGS

        if lang not in LANGS:
            raise SettingsError(f"--lang {lang} is not known. Use one of {', '.join(LANGS)}.")
        for each in catalog.all_insights():
            typer.echo(f"{each.name:32}{each.titles[lang]}")
        return
    chosen = catalog.insight(name)
    given = {"from": from_, "to": to, "chat": chat, "week": week}
    app = _app(config, home=home).existing()
    with app.lake() as lake:
        answer = catalog.run(lake, chosen, {key: value for key, value in given.items() if value is not None})
        _answer(answer, format_, output)


@cli.command()
def report(
    out: Annotated[Path, typer.Argument(metavar="OUT.html", help="The file to write.")],
    home: Home = None,
    config: Config = None,
    lang: Annotated[str, typer.Option("--lang", help="en or pt.")] = "en",
) -> None:
    """Write one self-contained page with every insight; it loads nothing when it is opened."""
    from telelake.present.report import render

    app = _app(config, home=home).existing()
    with app.lake() as lake:
        release = app.tables.latest()
        facts = app.facts() | {"release": release.number if release else None}
        page = render(lake, lang, facts)
    out.write_text(page, encoding="utf-8")
    _say(f"{out}: {len(page.encode()):,} bytes.")


@cli.command()
def tables(
    name: Annotated[str | None, typer.Argument(help="The table to describe; without it they are listed.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="en or pt.")] = "en",
) -> None:
    """Say in words what the tables hold."""
    from telelake.tables import describe

    typer.echo(describe.table_text(name, lang) if name else describe.list_text(lang))


@cli.command()
def status(
    home: Home = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say per day what is in raw, what was built of it, what is due and why."""
    found = _app(config, home=home).existing().status()
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
        table.add_row(day.day.isoformat(), *("" if each is None else f"{each:,}" for each in counts), day.due or "")
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    received = found.last_received_at.isoformat() if found.last_received_at else "never"
    made_up = " Made-up data." if found.is_made_up else ""
    _say(
        f"{found.home}, {found.timezone}, release {found.release or 'none yet'}; last update received {received}; "
        f"{found.unsealed_bytes:,} bytes wait in the journal.{made_up}"
    )


@cli.command("import")
def import_(
    kind: Annotated[
        str, typer.Argument(metavar="course", help="What is brought in: course, a course design's bucket.")
    ],
    source: Annotated[str, typer.Argument(help="A folder, or s3://bucket/prefix.")],
    bot: Annotated[
        str, typer.Option("--bot", help="Whose updates these are: a bot's name in the settings, or its id.")
    ],
    home: Home = None,
    config: Config = None,
    timezone: Annotated[
        str, typer.Option("--timezone", help="Zone of the times in the files' names; the course design wrote UTC-3.")
    ] = "Etc/GMT+3",
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Bring recorded updates into raw; what is there already is not brought in again."""
    from telelake.capture import importer
    from telelake.stores.objects import open_store

    if kind != "course":
        raise SettingsError(f"'{kind}' cannot be imported. Known: course.")
    app = _app(config, home=home)
    bot_id, names_zone = _bot_id(app, bot), _zone(timezone)
    _existing_source(source)
    found = importer.Imported()
    with _progress("Importing") as progress:
        records = importer.course_records(open_store(source, app.settings.storage), bot_id, names_zone, found, progress)
        importer.write(records, app.store, app.zone, found)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=1))
    _say(found.summary())


@cli.command()
def cost(
    messages_per_day: Annotated[float, typer.Option("--messages-per-day", min=1, help="Updates a day.")],
    size: Annotated[int, typer.Option("--bytes", min=1, help="Bytes of an update.")] = 2000,
    endpoint: Annotated[str, typer.Option("--endpoint", help="api-gateway or function-url.")] = "api-gateway",
    architecture: Annotated[str, typer.Option("--architecture", help="arm64 or x86_64.")] = "arm64",
    wrangle_every: Annotated[
        int | None, typer.Option("--wrangle-every", min=1, metavar="MINUTES", help="Else once a day.")
    ] = None,
    seal_every: Annotated[
        float, typer.Option("--seal-every", min=1, max=300, metavar="SECONDS", help="As capture.seal_seconds.")
    ] = 60.0,
    assume: Annotated[
        list[str] | None, typer.Option("--assume", metavar="NAME=VALUE", help="Another value for an assumption.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Compute the monthly bill of a lake on AWS, from counted requests and a dated price table."""
    from typing import cast

    from telelake.aws import cost as bills

    if endpoint not in ("api-gateway", "function-url"):
        raise SettingsError(f"--endpoint {endpoint} is not known. Use api-gateway or function-url.")
    if architecture not in ("arm64", "x86_64"):
        raise SettingsError(f"--architecture {architecture} is not known. Use arm64 or x86_64.")
    bill = bills.monthly(
        messages_per_day, size=size, endpoint=cast("bills.Endpoint", endpoint),
        architecture=cast("bills.Architecture", architecture), wrangle_every=wrangle_every,
        window=seal_every, changes=dict(_assumption(each) for each in assume or ()),
    )  # fmt: skip
    typer.echo(json.dumps(bill.as_json(), indent=1) if as_json else bills.as_text(bill).rstrip("\n"))


@cli.command()
def deploy(
    where: Annotated[str, typer.Argument(help="aws.", metavar="aws")],
    config: Config = None,
    packages: Annotated[
        Path | None,
        typer.Option("--packages", metavar="DIR", help="door.zip, seal.zip and wrangle.zip; else they are built."),
    ] = None,
    template_only: Annotated[
        Path | None,
        typer.Option("--template-only", metavar="DIR", help="Write the CloudFormation template there, and stop."),
    ] = None,
) -> None:
    """Make or update the lake in AWS, and have Telegram post to it; needs telelake[aws] and Node.js."""
    settings = _aws_settings(where, config)
    if template_only is not None:
        from telelake.aws.stack import synthesise

        typer.echo(synthesise(settings, template_only))
        return
    from telelake.aws import deploy as aws

    done = aws.deploy(settings, _say, packages=packages)
    typer.echo(json.dumps({**done.outputs, "Webhooks": dict(done.webhooks)}, indent=1))


@cli.command()
def destroy(
    where: Annotated[str, typer.Argument(help="aws.", metavar="aws")] = "aws",
    config: Config = None,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete the lake and what is queued, too. There is no way back.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the webhooks and the stack out of AWS; the buckets with data stay."""
    settings = _aws_settings(where, config)
    from telelake.aws import deploy as aws

    what = "the stack and ALL DATA of its lake" if delete_data else "the stack; its buckets stay"
    if not yes and typer.prompt(f"Deletes {what}. Type its name to go on", err=True) != settings.aws.stack:
        raise SettingsError(f"That is not the name of the stack, {settings.aws.stack}. Nothing was deleted.")
    kept = aws.destroy(settings, _say, delete_data=delete_data)
    if kept:
        _say("These buckets are kept, with all data; delete them yourself, or keep the lake:")
    for bucket in kept:
        typer.echo(bucket)


def _aws_settings(where: str, config: Path | None) -> Settings:
    from telelake.settings import load

    if where != "aws":
        raise SettingsError(f"'{where}' is no place to deploy to. Known: aws.")
    return load(config)


def _bot_id(app: App, bot: str) -> int:
    from telelake.errors import UnknownName

    if bot in app.settings.bots:
        return app.settings.bots[bot].bot_id(bot)
    if bot.isascii() and bot.isdigit() and int(bot) > 0:
        return int(bot)
    raise UnknownName("bot", bot, app.settings.bots)


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingsError(f"--timezone {name} is not an IANA zone name such as 'America/Sao_Paulo'.") from None


def _existing_source(source: str) -> None:
    from telelake.settings import local_path

    # A store makes its folder; a misspelt source must not become an empty one.
    if (folder := local_path(source)) is not None and not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}. Name a folder, or s3://bucket/prefix.")


def _assumption(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise SettingsError(f"--assume {text} is not NAME=VALUE with a number, such as door_ms=12.") from None


def _app(config: Path | None, **flags: Any) -> App:
    from telelake.settings import load
    from telelake.wiring import App

    _log_to_stderr()
    return App(load(config, **flags))


def _log_to_stderr() -> None:
    import structlog

    # Its own default is stdout, where only data go.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


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


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Draw a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _say(text: str) -> None:
    typer.echo(text, err=True)
