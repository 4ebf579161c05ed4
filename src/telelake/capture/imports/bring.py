"""Bring one file into raw, whatever it is: read all of it, put its lines aside, and publish them only at its proper end.

A file that is cut off, damaged, or refused for another reason leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from telelake.capture.imports import exports, ndjson
from telelake.capture.imports.exports import Wanted
from telelake.capture.imports.known import Known
from telelake.capture.imports.source import DAMAGE, MAX_UPDATE_BYTES, Kind, Source
from telelake.capture.imports.spool import Published, spool
from telelake.capture.imports.words import counted, were
from telelake.errors import StoreUnavailable, UnreadableFile
from telelake.ports import RawStore
from telelake.telegram.desktop_file import ExportReader

Progress = Callable[[int, int], None]

_AROUND = 2  # days: as far as another zone can move a message
_NAMED = 3
_STEP = 1024 * 1024  # bytes
_CHANGED = "somebody wrote into it while it was read; import it when it is whole"


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a file."""

    file: Path
    kind: Kind
    published: Published
    export: exports.Taken | None
    """What an export held; None when the file is none."""
    lines: ndjson.Taken | None
    """What a file of lines held; None when the file is none."""

    def summary(self) -> str:
        """Return what became of it, in words."""
        found = self.published
        what = counted(found.records, "message" if self.export else "record")
        kept = f" ({found.quarantined:,} of them unreadable, kept in quarantine)" if found.quarantined else ""
        said = [
            f"{self.file}: {what} brought in{kept}, {found.known:,} {were(found.known)} there already; "
            f"{counted(found.segments, 'segment')} in {counted(len(found.days), 'day')}."
        ]
        said += _export_said(self.export) if self.export else _lines_said(self.lines) if self.lines else []
        if found.records:
            said.append("Now run: telelake wrangle")
        return "\n".join(said)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's plain types."""
        found = self.published
        days: list[date] = sorted(found.days)
        return {
            "file": str(self.file), "kind": str(self.kind), "records": found.records, "known": found.known,
            "quarantined": found.quarantined, "segments": found.segments, "days": [day.isoformat() for day in days],
            **({"export": asdict(self.export)} if self.export else {}),
            **({"lines": asdict(self.lines)} if self.lines else {}),
        }  # fmt: skip


def bring(
    path: Path, *, store: RawStore, state: Path, zone: ZoneInfo, wanted: Wanted, bot_id: int | None,
    progress: Progress | None = None,
) -> Brought:  # fmt: skip
    """Import a file.

    Raises:
        UnreadableFile: it is cut off, damaged, or nothing that can be imported; nothing of it is in raw.
        SettingsError: something must be said beside it, or nothing in it is wanted; nothing of it is in raw.
        StoreUnavailable: some of it may be in raw; import it again.
    """
    source = Source(path)
    # Each byte is seen three times: for the file's digest, to be put aside, and to be published.
    work = _Work(progress, 3 * source.size)
    try:
        facts = source.read(work.add)
        work.total = 3 * facts.size
        with spool(state) as waiting:
            export, lines = None, None
            if source.kind is Kind.EXPORT:
                reader = ExportReader(partial(source.open_at, spare=waiting.unpacked))
                export = exports.take_export(reader, facts, wanted, zone, waiting, work.at(facts.size))
            else:
                lines = ndjson.take_lines(source.chunks(), facts, bot_id, zone, waiting, work.at(facts.size))
            if source.has_changed():
                raise UnreadableFile(_CHANGED)
            waiting.flush()
            work.total = 2 * facts.size + waiting.size
            # Where an export's old date lies depends on --timezone; an update's day does not.
            own, around = (f"import-{facts.sha256[:16]}-", _AROUND) if export else (None, 0)
            known = Known(store, waiting.staged, own, around)
            work.done = 2 * facts.size
            return Brought(path, source.kind, waiting.publish(store, known, work.add), export, lines)
    except UnreadableFile as error:
        why = _CHANGED if source.has_changed() else error
        raise UnreadableFile(f"{path} was not imported, nothing of it: {why}.") from error
    except DAMAGE as error:
        raise UnreadableFile(
            f"{path} was not imported, nothing of it: the compressed file is damaged: {error}."
        ) from error
    except OSError as error:
        raise StoreUnavailable(f"{path} was not imported: {error}. See to the disk, and import it again.") from error


class _Work:
    """How much is done."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._said = 0
        self.total = total
        self.done = 0

    def add(self, size: int) -> None:
        """Say that so many bytes more are done."""
        self.done += size
        if self._progress and self.done - self._said >= _STEP:  # a line is too little to draw anew for
            self._said = self.done
            self._progress(min(self.done, self.total), self.total)

    def at(self, base: int) -> Callable[[int], None]:
        """Return what is told how far the second of three readings is."""
        return lambda offset: self.add(base + offset - self.done)


def _export_said(found: exports.Taken) -> list[str]:
    whose = f" of account {found.account}" if found.account else ""
    held = f"{counted(found.messages, 'message')} in {counted(found.chats, 'chat')}{whose}"
    said = [f"It holds {held} that {were(found.messages)} taken."]
    if found.left_out:
        said.append(
            f"Left out: {_named(found.left_out)}. Private chats come in with --private; one chat with --chat ID."
        )
    if found.unknown:
        said.append(f"Left out, being of unknown type or without an id: {_named(found.unknown)}. {exports.KNOWN_TYPES}")
    if found.repaired:
        escapes = counted(found.repaired, "escape")
        said.append(
            f"{escapes} that JSON does not have (\\x0B) {were(found.repaired)} written as it has them (\\u000B)."
        )
    if found.redacted:
        numbers = f"{counted(found.redacted, 'phone number')} or card{'' if found.redacted == 1 else 's'}"
        said.append(f"{numbers} of shared contacts {were(found.redacted)} redacted.")
    if found.undated:
        undated = f"{counted(found.undated, 'message')} without a date {were(found.undated)}"
        said.append(f"{undated} put where the nearest with one lies.")
    if found.local_dates:
        local = f"{counted(found.local_dates, 'message')} with a local date only {were(found.local_dates)}"
        said.append(f"{local} read in {found.zone} ({found.zone_from}).")
    return said


def _lines_said(found: ndjson.Taken) -> list[str]:
    said = []
    if found.too_long:
        said.append(
            f"{counted(found.too_long, 'line')} {were(found.too_long)} passed over: an update has at most "
            f"{MAX_UPDATE_BYTES:,} bytes, a line of raw {ndjson.MAX_ENVELOPE_BYTES:,}."
        )
    if found.undated:
        undated = f"{counted(found.undated, 'record')} without a date {were(found.undated)}"
        said.append(f"{undated} put where the nearest with one lies.")
    return said


def _named(chats: dict[str, int]) -> str:
    """Return how many chats with how many messages, and the first of them by name."""
    named = ", ".join(f"{name} {count:,}" for name, count in list(chats.items())[:_NAMED])
    more = ", …" if len(chats) > _NAMED else ""
    return f"{counted(len(chats), 'chat')} with {counted(sum(chats.values()), 'message')} ({named}{more})"
