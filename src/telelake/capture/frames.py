"""How a record lies in a journal file, and how records are found again in a damaged one.

A file's generation and marker, both random, are in its name, so there is no header that a crash could tear. A frame::

    marker 16 | checksum 4 | length 4 | number 4 | received_at 8 | bot 8 | source length 1 | source | body

The checksum covers everything behind it and the frame's own offset. A frame that fails it ends nothing: reading goes on
at the next marker. No sender knows the marker, so no body can pretend to hold a frame. The number counts the file's
records, so the records lost between two intact ones are known exactly.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from telelake.raw import Content, Record

SUFFIX = ".journal"

_PREFIX = struct.Struct("<16sI")
_REST = struct.Struct("<IIqqB")
_HEAD = _PREFIX.size + _REST.size
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"([0-9a-f]{16})-([0-9a-f]{32})\.journal")


class Entry(NamedTuple):
    """One body on its way into the journal."""

    received_us: int
    """Microseconds since 1970, UTC."""
    bot_id: int
    source: str
    """How it came in; `/calls` behind it says that the body is a call."""
    body: bytes


@dataclass(frozen=True, slots=True)
class FileName:
    """What a journal file's name tells."""

    generation: int
    """Random, 64 bits: the first half of its records' ids."""
    marker: bytes
    """Random, 16 bytes: begins every frame of this file and of no other."""

    @classmethod
    def new(cls) -> FileName:
        """Return a name that no file has had."""
        return cls(int.from_bytes(os.urandom(8), "big"), os.urandom(16))

    @classmethod
    def parse(cls, name: str) -> FileName | None:
        """Return what a name tells, or None when it is not a journal file's."""
        found = _NAME.fullmatch(name)
        return cls(int(found[1], 16), bytes.fromhex(found[2])) if found else None

    def __str__(self) -> str:
        return f"{self.generation:016x}-{self.marker.hex()}{SUFFIX}"

    def record_id(self, offset: int) -> str:
        """Return the id of the record whose frame begins at `offset`."""
        return f"{self.generation:016x}-{offset}"


@dataclass(slots=True)
class Report:
    """What reading a file found."""

    records: int = 0
    damaged_frames: int = 0
    """Records lost: exactly those between intact ones, and at least those behind the last intact one."""
    damaged_bytes: int = 0
    """Bytes that belong to no intact record."""
    torn_bytes: int = 0
    """Those of them behind the last intact record: a crash leaves such a tail, and nothing in it was acknowledged."""


def encode(name: FileName, entries: Sequence[Entry], offset: int, number: int) -> bytes:
    """Return the frames of `entries`, for writing at `offset`; the first is the file's record `number`."""
    parts: list[bytes] = []
    marker = name.marker
    for received_us, bot_id, source, body in entries:
        label = source.encode("ascii")
        rest = _REST.pack(len(label) + len(body), number, received_us, bot_id, len(label)) + label
        checksum = zlib.crc32(body, zlib.crc32(rest, offset & 0xFFFFFFFF))
        parts += (_PREFIX.pack(marker, checksum), rest, body)
        offset += _PREFIX.size + len(rest) + len(body)
        number += 1
    return b"".join(parts)


def size(entry: Entry) -> int:
    """Return the bytes of an entry's frame."""
    return _HEAD + len(entry.source) + len(entry.body)


def read(path: Path, report: Report) -> Iterator[Record]:
    """Yield the intact records of a file in order, and add to `report` what was found.

    Raises:
        OSError: the file cannot be read.
        ValueError: the file's name is not a journal file's.
    """
    name = FileName.parse(path.name)
    if name is None:
        raise ValueError(f"{path} is not named as a journal file is.")
    data = path.read_bytes()
    position = lost_from = expected = 0
    while position < len(data):
        frame = _frame_at(data, position, name.marker)
        if frame is None:
            following = data.find(name.marker, position + 1)
            if following < 0:
                break
            position = following
            continue
        number, end, entry = frame
        if position > lost_from:
            report.damaged_bytes += position - lost_from
            report.damaged_frames += max(1, number - expected)
        received_at = _EPOCH + timedelta(microseconds=entry.received_us)
        report.records += 1
        source, _, content = entry.source.partition("/")
        yield Record(
            name.record_id(position), entry.bot_id, source, received_at, entry.body,
            Content.CALLS if content == Content.CALLS else Content.UPDATES,
        )  # fmt: skip
        position = lost_from = end
        expected = number + 1
    if tail := len(data) - lost_from:
        report.torn_bytes += tail
        report.damaged_bytes += tail
        report.damaged_frames += max(1, data.count(name.marker, lost_from))


def first_received_us(path: Path) -> int | None:
    """Return when a file's first record came, or None when that cannot be told; the rest of it is not looked at."""
    name = FileName.parse(path.name)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return None
    if name is None or len(head) < _HEAD or not head.startswith(name.marker):
        return None
    received_us: int = _REST.unpack_from(head, _PREFIX.size)[2]
    return received_us


def _frame_at(data: bytes, offset: int, marker: bytes) -> tuple[int, int, Entry] | None:
    """Return number, end and content of the frame at `offset`, or None when none is intact there."""
    body_at = offset + _HEAD
    if not data.startswith(marker, offset) or body_at > len(data):
        return None
    _, checksum = _PREFIX.unpack_from(data, offset)
    length, number, received_us, bot_id, label_length = _REST.unpack_from(data, offset + _PREFIX.size)
    end = body_at + length
    if end > len(data) or label_length > length:
        return None
    covered = memoryview(data)[offset + _PREFIX.size : end]
    if zlib.crc32(covered, offset & 0xFFFFFFFF) != checksum:
        return None
    source = data[body_at : body_at + label_length].decode("ascii", "replace")
    return number, end, Entry(received_us, bot_id, source, data[body_at + label_length : end])
