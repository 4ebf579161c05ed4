"""Turn closed journal files into raw segments, then remove them.

A pure function of the file's bytes and the zone: a crash anywhere, and the next attempt writes the same keys, finds
them there, and goes on. A file is removed only when all its segments are durable. A store that is away stops sealing,
never capture: the files wait.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event, Thread
from typing import Protocol
from zoneinfo import ZoneInfo

from telelake.capture.counters import Counters
from telelake.capture.frames import Report, read
from telelake.capture.journal import Journal
from telelake.errors import StoreError, StoreUnavailable, UnreadableUpdate
from telelake.ports import RawStore
from telelake.raw import Content, Line, Record, context_date, pack, quarantine_line, raw_line, segment_key
from telelake.tables import form
from telelake.telegram.calls import read_call
from telelake.telegram.update import read_update

_HELD_BYTES = 16 * 1024 * 1024  # lines held before they are written as segments: memory, whatever seal_bytes is
_TURN = 0.001
_LONGEST_WAIT = 60.0


class Segments(Protocol):
    """Where segments go; a `RawStore` is one."""

    def put(self, key: str, data: bytes) -> bool:
        """See `RawStore.put`."""


_Group = tuple[bool, Content, int, date]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What became of one journal file."""

    segments: int
    records: int
    quarantined: int
    """Records among them that could not be read."""
    report: Report


def line_of(record: Record, zone: ZoneInfo) -> tuple[bool, date, Line]:
    """Return whether the record is quarantined, its context_date and its line. Never fails for a body's content."""
    try:
        if record.content is Content.CALLS:
            return False, context_date(read_call(record.body), record.received_at, zone), raw_line(record)
        update = read_update(record.body)
        return False, context_date(update.date, record.received_at, zone), raw_line(record, form.mark(record.body))
    except UnreadableUpdate as error:
        reason = str(error)
    except Exception as error:
        # One body that trips the reader must not hold up all that lie behind it.
        reason = f"the reader failed ({type(error).__name__})"
    return True, context_date(None, record.received_at, zone), quarantine_line(record, reason)


def seal_file(path: Path, store: Segments, zone: ZoneInfo, *, gently: bool = False) -> Sealed:
    """Write a closed journal file's records as segments. The file stays; `gently` leaves the interpreter to others.

    Raises:
        StoreUnavailable: some segments may be written; call again.
        OSError: the journal file cannot be read.
    """
    report = Report()
    groups: dict[_Group, list[Line]] = {}
    held = segments = quarantined = 0
    turn_ends = time.perf_counter() + _TURN
    for record in read(path, report):
        is_quarantined, day, line = line_of(record, zone)
        quarantined += is_quarantined
        groups.setdefault((is_quarantined, record.content, record.bot_id, day), []).append(line)
        held += len(line.data)
        if held >= _HELD_BYTES:
            segments += _put(groups, store)
            groups, held = {}, 0
        if gently and time.perf_counter() > turn_ends:
            # Else the serving loop would wait out a switch interval (5 ms) at each of its system calls.
            time.sleep(_TURN)
            turn_ends = time.perf_counter() + _TURN
    segments += _put(groups, store)
    return Sealed(segments, report.records, quarantined, report)


def seal_all(journal: Journal, store: RawStore, zone: ZoneInfo, counters: Counters, *, gently: bool = False) -> None:
    """Seal and remove every closed file of a journal, the oldest first.

    Raises:
        StoreError: what could not be sealed waits in the journal; call again.
    """
    _load_reader()
    unreadable: OSError | None = None
    for path in journal.closed():
        try:
            sealed = seal_file(path, store, zone, gently=gently)
        except OSError as error:
            unreadable = error
            continue
        try:
            journal.discard(path)
        finally:
            # Gone is gone, even when its folder could not be synced: nobody will seal and count it a second time.
            if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises when the disk fails
                _count(sealed, counters)
        if sealed.report.damaged_bytes > sealed.report.torn_bytes:
            _log("error", "journal file was damaged", file=path.name, damaged_frames=sealed.report.damaged_frames)
    if unreadable is not None:
        raise StoreUnavailable(f"A journal file cannot be read: {unreadable}. It stays where it is.") from unreadable


def _load_reader() -> None:
    """Load what reading and logging need from telelake's own files, while no body can be blamed for a disk that fails.

    Raises:
        StoreUnavailable: it cannot be loaded now.
    """
    try:
        import structlog  # noqa: F401

        probe = b'{"update_id":0}'
        read_update(probe)
        form.mark(probe)
    except Exception as error:
        raise StoreUnavailable(f"telelake's own files cannot be read: {type(error).__name__}: {error}") from error


def _count(sealed: Sealed, counters: Counters) -> None:
    counters.sealed_files += 1
    counters.sealed_segments += sealed.segments
    counters.sealed_records += sealed.records
    counters.quarantined += sealed.quarantined
    counters.damaged_frames += sealed.report.damaged_frames
    counters.damaged_bytes += sealed.report.damaged_bytes
    counters.torn_bytes += sealed.report.torn_bytes


class Sealer:
    """Closes the journal's file when it is old enough, and seals what is closed, in a thread of its own."""

    def __init__(
        self,
        journal: Journal,
        store: RawStore,
        zone: ZoneInfo,
        counters: Counters,
        *,
        seal_seconds: float,
        retry_seconds: float,
    ) -> None:
        self._journal = journal
        self._store = store
        self._zone = zone
        self._counters = counters
        self._seal_seconds = seal_seconds
        self._retry_seconds = retry_seconds
        self._wake = Event()
        self._stopping = False
        self._thread = Thread(target=self._work, name="telelake-seal", daemon=True)
        self.failure: str | None = None
        """Why the last attempt failed; None when it did not."""

    def start(self) -> None:
        """Start the thread; files that a crash left are sealed first.

        Raises:
            StoreUnavailable: telelake's own files cannot be read.
        """
        _load_reader()
        self._journal.prepare()
        self._thread.start()

    def wake(self) -> None:
        """Say that a file is full; callable from any thread."""
        self._wake.set()

    def stop(self) -> None:
        """Close the file in use, try once to seal everything, and end the thread. Blocks."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def _work(self) -> None:
        failures = 0
        while True:
            stopping = self._stopping
            self._journal.rotate(0.0 if stopping else self._seal_seconds)
            if not stopping:
                self._journal.prepare()
            try:
                seal_all(self._journal, self._store, self._zone, self._counters, gently=not stopping)
                failures, self.failure = 0, None
            except Exception as error:
                failures += 1
                self._counters.seal_failures += 1
                self.failure = str(error) if isinstance(error, StoreError) else f"{type(error).__name__} while sealing"
                _log("warning", "sealing failed, the journal keeps everything", reason=self.failure, attempt=failures)
            if stopping:
                return
            if failures:
                pause = min(self._retry_seconds * 2 ** min(failures - 1, 10), _LONGEST_WAIT)
                self._sleep(pause)
            elif self._wake.wait(min(self._seal_seconds / 4, 1.0)):
                self._wake.clear()

    def _sleep(self, seconds: float) -> None:
        """Wait out a pause that only `stop` may cut short: full files do not bring a failed store back sooner."""
        ends = time.monotonic() + seconds
        while not self._stopping and (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))


def _put(groups: dict[_Group, list[Line]], store: Segments) -> int:
    for (quarantined, content, bot_id, day), lines in groups.items():
        key = segment_key(quarantined=quarantined, bot_id=bot_id, day=day, lines=lines, content=content)
        # False means that an earlier attempt came this far: the key is made from the records, so they are the same.
        store.put(key, pack(lines))
    return len(groups)


def _log(level: str, event: str, **values: object) -> None:
    import structlog

    getattr(structlog.get_logger("telelake.capture"), level)(event, **values)
