"""What is brought into a lake that others have recorded: exports, files of updates, and buckets of one update an object."""

from __future__ import annotations

import json
from dataclasses import replace
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
_EXPORT = "result.json"
_WILD = "*?["


def import_(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="Files: result.json of Telegram Desktop, or updates, one a line, plain, .gz or .zst. Or folders and "
            "s3://bucket/prefix, with or without * and ?, of files with one update each, as the course design writes "
            "them, and of its Parquet. `course SOURCE` means the latter.",
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
            "names of a course's files (else told by the messages).",
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
    sources = files
    if files[0] == COURSE and not Path(COURSE).is_file():
        sources = files[1:]
        if not sources:
            raise SettingsError(f"Write: telelake import {COURSE} SOURCE --bot NAME. A folder, or s3://bucket/prefix.")
    elif not any(_is_source(name) for name in files) and not _are_course_files(files):
        named = [_file(name) for name in files]
        app = open_app(config, home=home)
        bot_id = _bot_id(app, bot) if bot is not None else None
        _files(named, app, bot_id, _wanted(app, account, timezone, chat or [], private), as_json)
        return
    if bot is None:
        raise SettingsError("Say with --bot whose updates these are: a bot's name in the settings, or its id.")
    app = open_app(config, home=home)
    _sources(sources, app, _bot_id(app, bot), timezone, as_json)


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


def _sources(sources: list[str], app: App, bot_id: int, timezone: str | None, as_json: bool) -> None:
    from telelake.capture.imports import course, pieces
    from telelake.stores.objects import open_store
    from telelake.stores.parquet import rows

    taking = course.Taking(
        bot_id, app.zone, _zone(timezone) if timezone else None, _wanted(app, None, None, [], False).own, rows
    )
    found = pieces.Imported()
    opened: list[tuple[course.Objects, str | None]] = []
    if paths := [Path(source) for source in sources if Path(source).is_file()]:
        opened.append((course.Files(paths), None))
    for source in (each for each in sources if not Path(each).is_file()):
        root, pattern = _root_and_pattern(source)
        _existing_source(root)
        opened.append((open_store(root, app.settings.storage), pattern))
    for where, pattern in opened:
        with progress_bar("Importing") as progress:
            pieces.write(
                course.objects(where, replace(taking, pattern=pattern), found, progress), app.store, app.zone, found
            )
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=1))
    say(found.summary())
    _say_too_old(app, found.days)


def _is_source(name: str) -> bool:
    """Return whether a name means many files: a bucket, a pattern, or a folder that is no export."""
    path = Path(name)
    if "://" in name or (any(sign in name for sign in _WILD) and not path.exists()):
        return True
    return path.is_dir() and not (path / _EXPORT).is_file()


def _are_course_files(names: list[str]) -> bool:
    from telelake.capture.imports.course import is_course_file

    return all(is_course_file(Path(name)) for name in names)


def _root_and_pattern(source: str) -> tuple[str, str | None]:
    """Return what to open, and what of it is meant: `s3://b/telegram/context_date=*/*.json` is all after the bucket."""
    scheme, mark, rest = source.rpartition("://")
    parts = rest.split("/")
    wild = next((place for place, part in enumerate(parts) if any(sign in part for sign in _WILD)), None)
    if wild is None:
        return source, None
    return scheme + mark + ("/".join(parts[:wild]) or ("/" if source.startswith("/") else ".")), "/".join(parts[wild:])


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


def _file(name: str) -> Path:
    path = Path(name)
    if path.is_dir():
        return path / _EXPORT
    if not path.is_file():
        raise SettingsError(
            f"There is no file {path}. Name a file, a folder, s3://bucket/prefix, or: {COURSE} SOURCE (telelake import "
            f"{COURSE} SOURCE --bot NAME)."
        )
    return path


def _existing_source(source: str) -> None:
    from telelake.settings import local_path

    # A store makes its folder; a misspelt source must not become an empty one.
    if (folder := local_path(source)) is not None and not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}. Name a folder, or s3://bucket/prefix.")
