"""Bring a source of many small objects into raw. An importer yields what to write; `write` puts it where capture would have.

A record's id is made from its content, so what was brought in once is known again by it: before anything is written for a
day, the ids that lie there are read. Importing twice, or again after it was stopped, or again when the source has grown,
adds only what is not there yet. Knows no store by name: the caller hands one in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from telelake.capture.imports.known import day_blocks
from telelake.capture.imports.spool import Place
from telelake.capture.imports.words import counted, were
from telelake.capture.seal import line_of
from telelake.errors import UnreadableUpdate
from telelake.ports import RawStore
from telelake.raw import Line, Record, pack, segment_key
from telelake.telegram.update import read_update

_HELD_BYTES = 16 * 1024 * 1024  # lines held before they are written as segments
_DAYS_HELD = 8  # days whose ids are kept in memory
_EARLY = timedelta(minutes=1)
_ID = re.compile(rb'^\{"v":\d+,"record_id":"(import-[^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Update:
    """One update of the source."""

    record: Record
    said_day: date | None
    """The day of the folder in which the source had it; None when that tells none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the source's tables, as the line that it becomes."""

    record_id: str
    place: Place
    line: Line


@dataclass
class Imported:
    """What became of an import."""

    records: int = 0
    """Records that were written now."""
    known: int = 0
    """Records that were there already, or lie in the source twice."""
    quarantined: int = 0
    """Records among those written that could not be read."""
    segments: int = 0
    days: set[date] = field(default_factory=set)
    """Lake days that were written to; they are due."""
    moved: int = 0
    """Updates among those written that the source had in another day's folder."""
    unwrapped: int = 0
    """Updates that lay inside of the request that had carried them."""
    rows: int = 0
    """Rows of Parquet files that were read."""
    columns_left: list[str] = field(default_factory=list)
    """Columns of Parquet files that were not taken."""
    clock: str = ""
    """How the times in the names were read, and why."""
    early: int = 0
    """Updates that would have been received before they were sent: the names' time zone is probably another."""
    passed_over: list[str] = field(default_factory=list)
    """Keys of objects that are no updates: named neither .json nor .parquet, or larger than an update."""

    damaged: dict[str, str] = field(default_factory=dict)
    """Files named .parquet that could not be read to their end → why."""

    def summary(self) -> str:
        """Return what became of it, in words."""
        kept = f" ({self.quarantined:,} unreadable, kept in quarantine)" if self.quarantined else ""
        said = [
            f"{counted(self.records, 'record')} brought in{kept}, {self.known:,} {were(self.known)} there already; "
            f"{counted(self.segments, 'segment')} in {counted(len(self.days), 'day')}."
        ]
        if self.clock:
            said.append(f"The times in the files' names were read as {self.clock}.")
        if self.moved:
            said.append(
                f"{counted(self.moved, 'update')} lay in another day's folder, and came to the day of their message."
            )
        if self.unwrapped:
            said.append(
                f"{counted(self.unwrapped, 'update')} lay inside of a whole HTTP request, whose headers stayed out."
            )
        if self.rows:
            rows = counted(self.rows, "row")
            said.append(
                f"{rows} of Parquet files {were(self.rows)} read: sender, chat, time and text are all they hold."
            )
        if self.columns_left:
            said.append(f"Columns that were not taken: {', '.join(self.columns_left)}.")
        if self.passed_over:
            named = ", ".join(self.passed_over[:3]) + (", …" if len(self.passed_over) > 3 else "")
            left = counted(len(self.passed_over), "object")
            are = "is no update" if len(self.passed_over) == 1 else "are no updates"
            said.append(f"{left} {are} and {were(len(self.passed_over))} left in the source: {named}.")
        said += [f"{key}: {why}" for key, why in self.damaged.items()]
        if self.early:
            they = "it was" if self.early == 1 else "they were"
            said.append(
                f"{counted(self.early, 'update')} would have been received before {they} sent: the times in the files' "
                "names are probably of another zone (--timezone)."
            )
        if self.records:
            said.append("Now run: telelake wrangle")
        return "\n".join(said)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's plain types."""
        return {**asdict(self), "days": sorted(day.isoformat() for day in self.days)}


def write(found_in: Iterable[Update | Row], store: RawStore, zone: ZoneInfo, found: Imported) -> Imported:
    """Write what is not there yet as segments, as sealing would; return `found`, filled in.

    Raises:
        StoreUnavailable: some segments may be written; call again.
    """
    with TemporaryDirectory(prefix="telelake-import-") as folder:
        writer = _Writer(store, zone, found, Path(folder))
        for each in found_in:
            if isinstance(each, Row):
                writer.add(each)
            else:
                writer.add_update(each)
        writer.flush()
    return found


class _Writer:
    """Holds lines until there are enough for segments."""

    def __init__(self, store: RawStore, zone: ZoneInfo, found: Imported, folder: Path) -> None:
        self._store = store
        self._zone = zone
        self._found = found
        self._folder = folder
        self._groups: dict[Place, list[Line]] = {}
        self._known: dict[tuple[int, date], set[str]] = {}
        self._held = 0

    def add_update(self, update: Update) -> None:
        record = update.record
        quarantined, day, line = line_of(record, self._zone)
        place = Place(quarantined, record.content, record.bot_id, day)
        if self.add(Row(record.record_id, place, line)) and not quarantined:
            self._found.early += _is_early(record)
            self._found.moved += update.said_day not in (None, day)

    def add(self, row: Row) -> bool:
        """Take a line; return whether its record was not known yet."""
        known = self._ids(row.place.bot_id, row.place.day)
        if row.record_id in known:
            self._found.known += 1
            return False
        known.add(row.record_id)
        self._groups.setdefault(row.place, []).append(row.line)
        self._found.records += 1
        self._found.quarantined += row.place.quarantined
        self._held += len(row.line.data)
        if self._held >= _HELD_BYTES:
            self.flush()
        return True

    def flush(self) -> None:
        for place, lines in self._groups.items():
            key = segment_key(
                quarantined=place.quarantined, bot_id=place.bot_id, day=place.day, lines=lines, content=place.content
            )
            self._found.segments += self._store.put(key, pack(lines))
            self._found.days.add(place.day)
        self._groups, self._held = {}, 0

    def _ids(self, bot_id: int, day: date) -> set[str]:
        if (bot_id, day) not in self._known:
            if len(self._known) >= _DAYS_HELD:
                self.flush()  # what is forgotten here must be found in the store
                self._known.clear()
            self._known[bot_id, day] = self._stored_ids(bot_id, day)
        return self._known[bot_id, day]

    def _stored_ids(self, bot_id: int, day: date) -> set[str]:
        blocks = day_blocks(self._store, bot_id, day, self._folder)
        return {match.decode() for block in blocks for match in _ID.findall(block)}


def _is_early(record: Record) -> bool:
    try:
        sent = read_update(record.body).date
    except UnreadableUpdate:
        return False
    return sent is not None and sent > (record.received_at + _EARLY).timestamp()
