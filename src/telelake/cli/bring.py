"""What is brought into a lake that others have recorded: exports, files of updates, the course design's bucket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telelake.cli.common import Config, Home, open_app, progress_bar, say
from telelake.errors import SettingsError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from zoneinfo import ZoneInfo

    from telelake.capture.imports.exports import Wanted
    from telelake.wiring import App

COURSE = "course"
_COURSE_ZONE = "Etc/GMT+3"


def import_(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="Files: result.json of Telegram Desktop, or updates, one a line, plain, .gz or .zst. "
            "Or: course SOURCE, a course design's bucket (a folder, or s3://bucket/prefix).",
        ),
    ],
    bot: Annotated[
        str | None, typer.Option("--bot", help="Whose updates these are: a bot's name in the settings, or its id.")
    ] = None,
    account: Annotated[
        int | None,
        typer.Option(
            "--account", help="Id of the account that exported, when the file does not say; 0 goes without.", min=0
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            "--timezone",
            help="Zone of an old export's local dates (else told by the file, else the lake's), or of the times in the "
            "names of a course's files (else UTC-3).",
        ),
    ] = None,
    chat: Annotated[
        list[int] | None, typer.Option("--chat", help="Id of a chat to take of a full export; may be given again.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Take a full export's private chats too.")] = False,
    home: Home = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Bring exports of Telegram Desktop, or recorded updates, into raw; what is there already is not brought in again."""
    if files[0] == COURSE and not Path(COURSE).is_file():
        _course(files[1:], bot, timezone, home, config, as_json)
        return
    for name in files:
        _existing_file(name)
    app = open_app(config, home=home)
    bot_id = _bot_id(app, bot) if bot is not None else None
    _files([Path(name) for name in files], app, bot_id, _wanted(app, account, timezone, chat or [], private), as_json)


def _files(files: list[Path], app: App, bot_id: int | None, wanted: Wanted, as_json: bool) -> None:
    from telelake.capture.imports.bring import bring

    done: list[dict[str, Any]] = []
    try:
        for file in files:
            with progress_bar(f"Importing {file.name}") as progress:
                brought = bring(
                    file,
                    store=app.store,
                    state=app.state,
                    zone=app.zone,
                    wanted=wanted,
                    bot_id=bot_id,
                    progress=progress,
                )
            done.append(brought.as_json())
            say(brought.summary())
            _say_too_old(app, brought.published.days)
    finally:
        if as_json:
            typer.echo(json.dumps(done, indent=1))


def _course(
    sources: list[str], bot: str | None, timezone: str | None, home: str | None, config: Path | None, as_json: bool
) -> None:
    from telelake.capture.imports import course
    from telelake.stores.objects import open_store

    if len(sources) != 1:
        raise SettingsError(
            "Write: telelake import course SOURCE --bot NAME. One source, a folder or s3://bucket/prefix."
        )
    if bot is None:
        raise SettingsError("Say with --bot whose updates these are: a bot's name in the settings, or its id.")
    app = open_app(config, home=home)
    bot_id, names_zone = _bot_id(app, bot), _zone(timezone or _COURSE_ZONE)
    _existing_source(sources[0])
    found = course.Imported()
    with progress_bar("Importing") as progress:
        source = open_store(sources[0], app.settings.storage)
        records = course.course_records(source, bot_id, names_zone, found, progress)
        course.write(records, app.store, app.zone, found)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=1))
    say(found.summary())
    _say_too_old(app, found.days)


def _say_too_old(app: App, days: Collection[date]) -> None:
    kept = app.settings.tables_days
    if kept is None:
        return
    oldest = app.wrangler.oldest()
    if old := sum(day < oldest for day in days):
        which = "1 of these days is" if old == 1 else f"{old:,} of these days are"
        say(
            f"{which} older than retention.tables_days ({kept}) and will not be built: what was "
            "brought in lies in raw only. Set more days, or take the setting out."
        )


def _wanted(app: App, account: int | None, timezone: str | None, chats: list[int], private: bool) -> Wanted:
    from telelake.capture.imports.exports import Wanted

    own, unknown = set(), []
    for name, each in app.settings.bots.items():
        try:
            own.add(each.bot_id(name))
        except SettingsError:
            unknown.append(name)
    if unknown:
        say(
            f"The id of {', '.join(unknown)} is not known, since the token is not set: in exports, messages of such a bot "
            "will count as other people's. Set its token or `id`."
        )
    zone = _zone(timezone) if timezone else None
    return Wanted(own=frozenset(own), account=account, zone=zone, chats=frozenset(chats), private=private)


def _bot_id(app: App, bot: str) -> int:
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


def _existing_file(name: str) -> None:
    path = Path(name)
    if path.is_dir():
        raise SettingsError(f"{path} is a folder. Name the files in it; of an export, its result.json.")
    if not path.is_file():
        raise SettingsError(
            f"There is no file {path}. Name a file, or a kind of source and the source. Known: {COURSE} (telelake import "
            f"{COURSE} SOURCE --bot NAME)."
        )


def _existing_source(source: str) -> None:
    from telelake.settings import local_path

    # A store makes its folder; a misspelt source must not become an empty one.
    if (folder := local_path(source)) is not None and not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}. Name a folder, or s3://bucket/prefix.")
