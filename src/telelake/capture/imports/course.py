"""Bring what others have recorded into raw. An importer yields records; `write` puts them where capture would have.

A body keeps its bytes. A record's id is made from its file's content, so what was brought in once is known again by it:
before anything is written for a day, the ids that lie there are read. Importing twice, or again after it was stopped,
or again when the source has grown, adds only what is not there yet. Knows no store by name: the caller hands in two.

`course_records` reads the raw bucket of the course design. Its Lambda wrote one update an object, at
`telegram/context_date=2023-01-01/20230101101530123456.json`: the name is the time of receipt by a clock at UTC-3.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from telelake.capture.imports.known import day_blocks
from telelake.capture.imports.words import counted, were
from telelake.capture.seal import line_of
from telelake.errors import UnreadableUpdate
from telelake.ports import RawStore, Stored
from telelake.raw import Line, Record, pack, segment_key
from telelake.telegram.update import read_update

SOURCE = "import"
COURSE_ZONE = ZoneInfo("Etc/GMT+3")
"""The clock of the course design's Lambda: three hours behind UTC, all year."""
MAX_BODY_BYTES = 4 * 1024 * 1024
"""A larger object is no update (Telegram's own limit is 512 KiB) and is left where it is."""

_HELD_BYTES = 16 * 1024 * 1024  # lines held before they are written as segments
_DAYS_HELD = 8  # days whose ids are kept in memory
_READ_AHEAD = 32  # bodies that are fetched at the same time: a bucket answers in tens of milliseconds
_EARLY = timedelta(minutes=1)
_NAME = re.compile(r"(\d{14})(\d{0,6})")
_ID = re.compile(rb'^\{"v":\d+,"record_id":"(import-[^"]+)"', re.MULTILINE)

Progress = Callable[[int, int], None]
_Group = tuple[bool, int, date]


@dataclass
class Imported:
    """What became of an import."""

    records: int = 0
    """Records that were written now."""
    known: int = 0
    """Records that were there already."""
    quarantined: int = 0
    """Records among those written that could not be read."""
    segments: int = 0
    days: set[date] = field(default_factory=set)
    """Lake days that were written to; they are due."""
    early: int = 0
    """Updates that would have been received before they were sent: the names' time zone is probably another."""
    passed_over: list[str] = field(default_factory=list)
    """Keys of objects that are no updates: not named .json, or larger than `MAX_BODY_BYTES`."""

    def summary(self) -> str:
        """Return what became of it, in words."""
        said = [
            f"{counted(self.records, 'update')} brought in ({self.quarantined:,} unreadable, kept in quarantine), "
            f"{self.known:,} {were(self.known)} there already; "
            f"{counted(self.segments, 'segment')} in {counted(len(self.days), 'day')}."
        ]
        if self.passed_over:
            named = ", ".join(self.passed_over[:3]) + (", …" if len(self.passed_over) > 3 else "")
            left = counted(len(self.passed_over), "object")
            are = "is no update" if len(self.passed_over) == 1 else "are no updates"
            said.append(f"{left} {are} and {were(len(self.passed_over))} left in the source: {named}.")
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


def course_records(
    source: RawStore, bot_id: int, names_zone: ZoneInfo, found: Imported, progress: Progress | None = None
) -> Iterator[Record]:
    """Yield the updates of the course design's raw bucket, in order of their keys; a body at a time is held, or few.

    Keys that hold no update are added to `found.passed_over`. The keys themselves are listed first (some 0.3 KB each).

    Raises:
        StoreUnavailable: call again; nothing is lost or doubled by that.
    """
    listed = list(source.list())
    wanted = [each for each in listed if _is_update(each)]
    found.passed_over += [each.key for each in listed if not _is_update(each)]
    for done, (stored, body) in enumerate(_fetched(source, wanted), 1):
        record_id = f"import-{hashlib.sha256(body).hexdigest()[:16]}-0"
        yield Record(record_id, bot_id, SOURCE, received_at(stored, names_zone), body)
        if progress:
            progress(done, len(wanted))


def received_at(stored: Stored, zone: ZoneInfo) -> datetime:
    """Return the time in an object's name (`20230101101530123456.json`, by a clock of the zone), else its own (UTC)."""
    name = stored.key.rpartition("/")[2].partition(".")[0]
    if match := _NAME.fullmatch(name):
        try:
            moment = datetime.strptime(match[1], "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone follows
        except ValueError:
            return stored.modified.astimezone(UTC)
        return moment.replace(microsecond=int(match[2].ljust(6, "0")), tzinfo=zone).astimezone(UTC)
    return stored.modified.astimezone(UTC)


def write(records: Iterable[Record], store: RawStore, zone: ZoneInfo, found: Imported) -> Imported:
    """Write the records that are not there yet as segments, as sealing would; return `found`, filled in.

    Raises:
        StoreUnavailable: some segments may be written; call again.
    """
    with TemporaryDirectory(prefix="telelake-import-") as folder:
        writer = _Writer(store, zone, found, Path(folder))
        for record in records:
            writer.add(record)
        writer.flush()
    return found


class _Writer:
    """Holds lines until there are enough for segments."""

    def __init__(self, store: RawStore, zone: ZoneInfo, found: Imported, folder: Path) -> None:
        self._store = store
        self._zone = zone
        self._found = found
        self._folder = folder
        self._groups: dict[_Group, list[Line]] = {}
        self._known: dict[tuple[int, date], set[str]] = {}
        self._held = 0

    def add(self, record: Record) -> None:
        quarantined, day, line = line_of(record, self._zone)
        known = self._ids(record.bot_id, day)
        if record.record_id in known:
            self._found.known += 1
            return
        known.add(record.record_id)
        self._groups.setdefault((quarantined, record.bot_id, day), []).append(line)
        self._found.records += 1
        self._found.quarantined += quarantined
        self._found.early += not quarantined and _is_early(record)
        self._held += len(line.data)
        if self._held >= _HELD_BYTES:
            self.flush()

    def flush(self) -> None:
        for (quarantined, bot_id, day), lines in self._groups.items():
            key = segment_key(quarantined=quarantined, bot_id=bot_id, day=day, lines=lines)
            self._found.segments += self._store.put(key, pack(lines))
            self._found.days.add(day)
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


def _is_update(stored: Stored) -> bool:
    return stored.key.endswith(".json") and stored.size <= MAX_BODY_BYTES


def _is_early(record: Record) -> bool:
    try:
        sent = read_update(record.body).date
    except UnreadableUpdate:
        return False
    return sent is not None and sent > (record.received_at + _EARLY).timestamp()


def _fetched(source: RawStore, listed: Iterable[Stored]) -> Iterator[tuple[Stored, bytes]]:
    """Yield each object with its bytes, in the given order; some are fetched ahead."""
    with ThreadPoolExecutor(_READ_AHEAD, thread_name_prefix="telelake-import") as threads:
        waiting: deque[tuple[Stored, Future[bytes]]] = deque()
        try:
            for stored in listed:
                waiting.append((stored, threads.submit(source.get, stored.key)))
                if len(waiting) >= _READ_AHEAD:
                    first, body = waiting.popleft()
                    yield first, body.result()
            while waiting:
                first, body = waiting.popleft()
                yield first, body.result()
        finally:
            for _, body in waiting:
                body.cancel()
