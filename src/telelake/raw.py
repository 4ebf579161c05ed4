"""The raw lake's format: envelope, segment, key. Shared by everyone who writes raw and everyone who reads it.

A *line* is an envelope whose last key is the body, byte for byte as it came. A *segment* is lines of one bot, one
context_date and one content, compressed, at a key that is made from their content and never from a clock::

    raw/bot=<id>/context_date=YYYY-MM-DD/<records>-<digest>.ndjson.zst            updates
    raw/bot=<id>/context_date=YYYY-MM-DD/<records>-<digest>.calls.ndjson.zst      calls that a bot made
    raw/bot=0/context_date=YYYY-MM-DD/<records>-<digest>.exports.ndjson.zst       messages of Telegram Desktop's exports
    quarantine/bot=<id>/context_date=YYYY-MM-DD/<records>-<digest>.ndjson.zst

The digest is a sum over hashes of the records, so it does not depend on their order, and the digests of segments add
up to the digest of a day without opening any of them.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import msgspec
import zstandard

from telelake.errors import StoreError

VERSION = 1
MODULUS = 1 << 128
"""What digests are counted by."""
RAW = "raw/"
QUARANTINE = "quarantine/"

_OLDEST = datetime(2013, 1, 1, tzinfo=UTC)  # Telegram's first year: an earlier date is no date
_AHEAD = timedelta(days=1)
_LEVEL = 3
_FED = 4096  # compressed bytes at a time: what is made of them is held in memory
_KEY = re.compile(
    r"(?P<area>raw|quarantine)/bot=(?P<bot>\d+)/context_date=(?P<day>\d{4}-\d\d-\d\d)/"
    r"(?P<records>\d+)-(?P<digest>[0-9a-f]{32})(?:\.(?P<content>calls|exports))?\.ndjson\.zst"
)
_HEAD = re.compile(
    rb'\{"v":\d+,"record_id":"(?P<id>[^"\\]*)","bot":(?P<bot>\d+),"source":"(?P<source>[^"\\]*)",'
    rb'"received_at":"(?P<at>[^"\\]*)","bytes":\d+,"sha256":"(?P<sha256>[0-9a-f]{64})"'
)
_REASON = re.compile(rb',"reason":(?P<reason>"(?:[^"\\]|\\.)*"),"body_base64":"(?P<body>[A-Za-z0-9+/=]*)"\}')


class Content(StrEnum):
    """What a record's body is."""

    UPDATES = "updates"
    """An update, as Telegram sends it."""
    CALLS = "calls"
    """A request that a bot made, with its answer; see `telegram.calls`."""
    EXPORTS = "exports"
    """A message of an export by Telegram Desktop; see `telegram.desktop`."""


@dataclass(frozen=True, slots=True)
class Record:
    """One body as it was captured."""

    record_id: str
    """Unique for ever; where it was captured first (journal generation and offset, queue message id, …)."""
    bot_id: int
    source: str
    """`webhook`, `poll`, `proxy`, `import` or `sqs`."""
    received_at: datetime
    """UTC, to the microsecond."""
    body: bytes
    content: Content = Content.UPDATES


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as its key tells it."""

    key: str
    quarantined: bool
    bot_id: int
    day: date
    records: int
    digest: int
    """Sum of the records' hashes, modulo 2¹²⁸."""
    content: Content = Content.UPDATES
    """Of a quarantined segment always UPDATES: its bodies were readable as nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a segment, without its line break, and the hash that it adds to the digest."""

    data: bytes
    digest: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A body that could not be read, as it was captured, and why."""

    record: Record
    reason: str


def context_date(date_: int | None, received_at: datetime, zone: ZoneInfo) -> date:
    """Return the lake day: that of the update's own date (Unix seconds), else that of its receipt.

    A date before 2013 or more than a day after `received_at` counts as none.
    """
    moment = received_at
    if date_ is not None and _OLDEST.timestamp() <= date_ <= (received_at + _AHEAD).timestamp():
        moment = datetime.fromtimestamp(date_, UTC)
    return moment.astimezone(zone).date()


def format_time(moment: datetime) -> str:
    """Return a UTC time as the envelope writes it: `2026-11-21T07:00:00.000001Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def raw_line(record: Record, form: str | None = None) -> Line:
    """Return the line of a readable body. Between JSON's tokens, and only there, a line break becomes a space.

    `form` says that the body was found to have the form of that digest. It is no part of the record's hash: the same
    record sealed by another version is the same record.
    """
    head = _head(record)
    mark = f',"form":"{form}"'.encode() if form else b""
    body = record.body.replace(b"\n", b" ").replace(b"\r", b" ")
    return Line(head + mark + b',"body":' + body + b"}", _hash(head))


def quarantine_line(record: Record, reason: str) -> Line:
    """Return the line of an unreadable body: in base64, with the reason."""
    head = _head(record) + b',"reason":' + msgspec.json.encode(reason)
    return Line(head + b',"body_base64":"' + base64.b64encode(record.body) + b'"}', _hash(head))


def reread_line(data: bytes) -> Line | None:
    """Return a line of a segment, without its line break, with the hash that it adds; None when its head is broken."""
    if not (head := _HEAD.match(data)):
        return None
    reason = _REASON.match(data, head.end())
    return Line(data, _hash(data[: reason.start("body") - len(',"body_base64":"')] if reason else head[0]))


def quarantined_record(data: bytes) -> Quarantined | None:
    """Return what a line of quarantine holds; None when the line, or the body in it, is damaged."""
    head = _HEAD.match(data)
    tail = head and _REASON.fullmatch(data, head.end())
    if not (head and tail):
        return None
    try:
        body = base64.b64decode(tail["body"], validate=True)
        received_at = datetime.fromisoformat(head["at"].decode())
        reason = msgspec.json.decode(tail["reason"], type=str)
    except (ValueError, msgspec.DecodeError):  # binascii.Error is a ValueError
        return None
    if hashlib.sha256(body).hexdigest() != head["sha256"].decode() or received_at.tzinfo is None:
        return None
    return Quarantined(
        Record(head["id"].decode(), int(head["bot"]), head["source"].decode(), received_at, body), reason
    )


def segment_key(
    *, quarantined: bool, bot_id: int, day: date, lines: Sequence[Line], content: Content = Content.UPDATES
) -> str:
    """Return the key of a segment of these lines."""
    area = QUARANTINE if quarantined else RAW
    suffix = "" if quarantined or content is Content.UPDATES else f".{content}"
    digest = sum(line.digest for line in lines) % MODULUS
    return f"{area}bot={bot_id}/context_date={day.isoformat()}/{len(lines)}-{digest:032x}{suffix}.ndjson.zst"


def joined_key(segments: Sequence[Segment]) -> str:
    """Return the key of a segment that holds the lines of others, which are of one area, bot, day and content."""
    folder, _, name = segments[0].key.rpartition("/")
    records, digest = sum(each.records for each in segments), sum(each.digest for each in segments) % MODULUS
    return f"{folder}/{records}-{digest:032x}{name[name.index('.') :]}"


def pack(lines: Iterable[Line]) -> bytes:
    """Return the segment's bytes: zstd over one line a record."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True)
    return compressor.compress(b"".join(line.data + b"\n" for line in lines))


class Packer:
    """Makes a segment's bytes line by line."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
        self._parts = list[bytes]()

    def add(self, line: bytes) -> None:
        """Add a line, given without its line break."""
        self._parts.append(self._compressor.compress(line + b"\n"))

    def end(self) -> bytes:
        """Return the segment's bytes."""
        return b"".join([*self._parts, self._compressor.flush()])


def parse_key(key: str) -> Segment | None:
    """Return what a key tells, or None when it is not a segment's."""
    if not (found := _KEY.fullmatch(key)):
        return None
    try:
        day = date.fromisoformat(found["day"])
    except ValueError:
        return None
    return Segment(
        key, found["area"] == "quarantine", int(found["bot"]), day, int(found["records"]), int(found["digest"], 16),
        Content(found["content"] or Content.UPDATES),
    )  # fmt: skip


def digest_of(segments: Iterable[Segment]) -> str:
    """Return the digest of a set of segments: a count and a hash that ignore order and boundaries."""
    records, total = 0, 0
    for segment in segments:
        records += segment.records
        # A body that moves between raw and quarantine must change the day's digest.
        total += segment.digest * (3 if segment.quarantined else 1)
    return f"{records}-{total % MODULUS:032x}"


def read_blocks(path: Path, size: int = 1 << 20) -> Iterator[bytes]:
    """Yield a segment's lines in blocks of about `size` bytes that end at a line break.

    Raises:
        StoreError: the file is damaged; names it.
    """
    rest = b""
    try:
        with path.open("rb") as file:
            stream = io.BufferedReader(ZstdFrames(file), size)
            while block := stream.read(size):
                cut = block.rfind(b"\n") + 1
                if cut:
                    yield rest + block[:cut]
                    rest = block[cut:]
                else:
                    rest += block
    except (EOFError, zstandard.ZstdError) as error:
        raise StoreError(
            f"The segment {path} is damaged ({error}). Restore it from a copy; its day is not published."
        ) from error
    if rest:
        yield rest


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield a segment's lines, without their line breaks.

    Raises:
        StoreError: the file is damaged; names it.
    """
    for block in read_blocks(path):
        yield from block.removesuffix(b"\n").split(b"\n")


class ZstdFrames(io.RawIOBase):
    """The content of zstd frames, one after the other. Unlike the package's reader it tells a cut-off file from a whole one.

    Raises `EOFError` where a frame is cut off, `zstandard.ZstdError` where one is damaged.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rest = b""
        self._made = b""
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._is_inside = False

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        while not self._made:
            fed = self._rest or self._file.read(_FED)
            if not fed:
                if self._is_inside:
                    raise EOFError("the compressed file is cut off")
                return 0
            self._is_inside = True
            self._made, self._rest = self._frame.decompress(fed), b""
            if self._frame.eof:
                self._rest = self._frame.unused_data
                self._frame, self._is_inside = zstandard.ZstdDecompressor().decompressobj(), False
        count = min(len(into), len(self._made))
        into[:count] = self._made[:count]
        self._made = self._made[count:]
        return count


def _head(record: Record) -> bytes:
    return (
        f'{{"v":{VERSION},"record_id":"{record.record_id}","bot":{record.bot_id},"source":"{record.source}",'
        f'"received_at":"{format_time(record.received_at)}","bytes":{len(record.body)},'
        f'"sha256":"{hashlib.sha256(record.body).hexdigest()}"'
    ).encode()


def _hash(head: bytes) -> int:
    # The head holds the body's SHA-256, so hashing it alone covers the record.
    return int.from_bytes(hashlib.blake2b(head, digest_size=16).digest(), "big")
