"""Lines that wait below the state folder until their file was read to its end; then they become segments, all or none.

A line is put aside by day, so that a day becomes few segments, however its messages are strewn over the file. Nothing is
in raw before `publish`. Then every segment is put create-only: what a crash leaves out, importing the file again adds.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from telelake.capture.imports.known import Known
from telelake.ports import RawStore
from telelake.raw import Content, Line, pack, segment_key

_HELD_BYTES = 24 * 1024 * 1024  # lines in memory before they are appended to the days' files
_PART_BYTES = 12 * 1024 * 1024  # of lines; a segment has about so many, or less
_SMALL_PART = 1024 * 1024
_PUTS = 8  # segments that are written at the same time: each waits for the disk, or for a bucket
_LARGE_PUTS = 2
_LOCK = "lock"
_HEAD = re.compile(
    rb'(\{"v":\d+,"record_id".*?,"reason":.*?),"body_base64":"|(\{"v":\d+,"record_id".*?"sha256":"[0-9a-f]{64}")'
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where lines go."""

    quarantined: bool
    content: Content
    bot_id: int
    day: date


@dataclass(slots=True)
class Pile:
    """The lines of one place that wait. Whoever adds one adds to all four."""

    lines: list[bytes] = field(default_factory=list)
    """Each with its line break."""
    digest: int = 0
    parts: list[_Part] = field(default_factory=list)
    path: Path | None = None


@dataclass(slots=True)
class _Part:
    """Lines that become one segment."""

    start: int
    size: int = 0
    records: int = 0
    digest: int = 0


@dataclass(slots=True)
class Published:
    """What became of the lines."""

    records: int = 0
    """Those that were written now."""
    known: int = 0
    """Those that were there already."""
    quarantined: int = 0
    """Those among the written that could not be read."""
    segments: int = 0
    days: set[date] = field(default_factory=set)
    """Days that were written to."""

    def add(self, place: Place, records: int, of: int) -> None:
        """Count a segment of so many records; the others of its part were there."""
        self.known += of - records
        if records:
            self.records += records
            self.quarantined += records if place.quarantined else 0
            self.segments += 1
            self.days.add(place.day)


@contextmanager
def spool(state: Path) -> Iterator[Spool]:
    """Give a spool below the state folder and remove it, whatever happens; those that a kill left go too."""
    root = state / "import"
    root.mkdir(parents=True, exist_ok=True)
    _remove_left(root)
    with tempfile.TemporaryDirectory(dir=root) as folder, (Path(folder) / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Spool(Path(folder))


def _remove_left(root: Path) -> None:
    for folder in root.iterdir():
        try:
            with (folder / _LOCK).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            continue  # another import makes it at this moment
        except BlockingIOError:
            continue
        shutil.rmtree(folder, ignore_errors=True)


class Spool:
    """Puts lines aside and publishes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._piles: dict[Place, Pile] = {}
        self._held = 0
        self.size = 0
        """Bytes of all lines that were flushed."""

    @property
    def staged(self) -> Path:
        """A folder for copies of what lies in a bucket; it goes with the spool."""
        return self._folder / "staged"

    @property
    def unpacked(self) -> Path:
        """Where a compressed file may be unpacked to; it goes with the spool."""
        return self._folder / "unpacked"

    def pile(self, place: Place) -> Pile:
        """Return the lines of a place."""
        return self._piles.setdefault(place, Pile())

    def add(self, place: Place, line: Line) -> None:
        """Put a line aside."""
        pile = self.pile(place)
        pile.lines.append(line.data + b"\n")
        pile.digest += line.digest
        self.added(len(line.data) + 1)

    def added(self, size: int) -> None:
        """Say how many bytes were added to piles; when there are enough in memory, they go to their files."""
        self._held += size
        if self._held >= _HELD_BYTES:
            self.flush()

    def flush(self) -> None:
        """Append what is held in memory to the files."""
        for number, pile in enumerate(self._piles.values()):
            if not pile.lines:
                continue
            if pile.path is None:
                pile.path = self._folder / f"{number}"
                pile.parts.append(_Part(0))
            part = pile.parts[-1]
            if part.size >= _PART_BYTES:
                part = _Part(part.start + part.size)
                pile.parts.append(part)
            data = b"".join(pile.lines)
            with pile.path.open("ab") as file:
                file.write(data)
            part.size += len(data)
            part.records += len(pile.lines)
            part.digest += pile.digest
            pile.lines, pile.digest = [], 0
        self.size, self._held = self.size + self._held, 0

    def publish(self, store: RawStore, known: Known, done: Callable[[int], None]) -> Published:
        """Write as segments what raw does not hold yet.

        Raises:
            StoreUnavailable: some segments may be written; import the file again.
        """
        self.flush()
        parts = [
            _Waiting(place, part, pile.path) for place, pile in self._piles.items() if pile.path for part in pile.parts
        ]
        known.look({(each.place.bot_id, each.place.day) for each in parts})
        missing = [each for each in parts if not known.has(each.key)]
        for each in missing:
            known.read(each.place.bot_id, each.place.day)
        found = Published(known=sum(each.part.records for each in parts) - sum(each.part.records for each in missing))
        done(sum(each.part.size for each in parts) - sum(each.part.size for each in missing))
        lock = threading.Lock()

        def put(each: _Waiting) -> None:
            place = each.place
            data, key, records = each.data(), each.key, each.part.records
            if known.may_have(place.bot_id, place.day):
                lines = known.new(place.bot_id, place.day, data.splitlines(keepends=True))
                if len(lines) < records:
                    data, records = b"".join(lines), len(lines)
                    key = _key(place, [Line(b"", digest_of_line(line)) for line in lines])
            if records and not store.put(key, pack([Line(data[:-1], 0)])):
                records = 0
            with lock:
                found.add(place, records, each.part.records)
                done(each.part.size)

        small = [each for each in missing if each.part.size < _SMALL_PART]
        large = [each for each in missing if each.part.size >= _SMALL_PART]
        for works, threads in ((small, _PUTS), (large, _LARGE_PUTS)):
            with ThreadPoolExecutor(threads, thread_name_prefix="telelake-import") as pool:
                for _ in pool.map(put, works):
                    pass
        return found


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A part of a pile that becomes a segment."""

    place: Place
    part: _Part
    path: Path

    @property
    def key(self) -> str:
        """The name of the segment of all of it."""
        one = Line(b"", self.part.digest)
        return _key(self.place, [one, *[Line(b"", 0)] * (self.part.records - 1)])

    def data(self) -> bytes:
        """Return its lines, each with its line break."""
        with self.path.open("rb") as file:
            file.seek(self.part.start)
            return file.read(self.part.size)


def digest_of(head: bytes) -> int:
    """Return what a line adds to its segment's digest: a hash of its head, as `raw` makes it."""
    return int.from_bytes(hashlib.blake2b(head, digest_size=16).digest(), "big")


def digest_of_line(line: bytes) -> int:
    """Return the same, from a whole line."""
    match = _HEAD.match(line)
    return digest_of(match[1] or match[2]) if match else 0


def _key(place: Place, lines: Sequence[Line]) -> str:
    return segment_key(
        quarantined=place.quarantined, bot_id=place.bot_id, day=place.day, lines=lines, content=place.content
    )
