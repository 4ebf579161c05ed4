"""A file that is imported: what it is, by its content and never by its name, and its bytes, decompressed.

A file is known by the SHA-256 of its content. The same content is the same file, compressed or not.

What is neither an export nor lines of updates is refused here. Taken for lines, each of a page of JSON would be kept as
unreadable: an account's telephone numbers and addresses too.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import zstandard

from telelake.errors import UnreadableFile, UnreadableUpdate
from telelake.raw import ZstdFrames
from telelake.telegram import desktop
from telelake.telegram.json_stream import JsonStream, Readable
from telelake.telegram.update import read_update

CHUNK = 4 * 1024 * 1024
MAX_UPDATE_BYTES = 4 * 1024 * 1024
"""A longer line is no update: Telegram's own limit is 512 KiB."""
ENVELOPE = re.compile(
    rb'(\{"v":1,"record_id":"(?P<id>[\w.:-]{1,200})","bot":(?P<bot>\d{1,18}),"source":"(?P<source>[a-z]+)",'
    rb'"received_at":"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z","bytes":\d+,"sha256":"[0-9a-f]{64}")'
)
"""How a line of telelake's own raw begins."""
BOM = b"\xef\xbb\xbf"
DAMAGE = (EOFError, zlib.error, zstandard.ZstdError, gzip.BadGzipFile)
"""What a compressed file raises that is cut off or damaged."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_OVERLAP = 4096


class Kind(StrEnum):
    """What a file holds."""

    EXPORT = "export"
    """Telegram Desktop's `result.json`."""
    NDJSON = "ndjson"
    """An update, or a line of telelake's own raw, on each line."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What one reading of the whole file tells."""

    sha256: str
    """Of the content, in hexadecimal."""
    size: int
    """Bytes of the content."""
    account: int | None
    """Whose export it is."""
    clock: tuple[datetime, timedelta] | None
    """A moment that the export tells in UTC and by its own clock, and how far that was ahead."""


class Source:
    """One file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._magic = file.read(4)
            self._changed = self._state()
            self.kind = self._recognise()
        except (*DAMAGE, OSError) as error:
            raise UnreadableFile(f"{path} cannot be read: {error}") from error

    @property
    def size(self) -> int:
        """Bytes of the file, as it lies there."""
        return self._changed[0]

    def open(self) -> BinaryIO:
        """Return the content, from its beginning."""
        file: BinaryIO = self.path.open("rb")
        if self._magic.startswith(_GZIP):
            file = gzip.open(file)  # type: ignore[assignment]  # noqa: SIM115
        elif self._magic == _ZSTD:
            file = io.BufferedReader(ZstdFrames(file), CHUNK)
        return file

    def open_at(self, offset: int, spare: Path) -> Readable:
        """Return the content from an offset on.

        A compressed file can only be read from its beginning: to be read from elsewhere it is unpacked to `spare`, once.
        """
        if not offset:
            return self.open()
        path = self.path
        if self._magic.startswith(_GZIP) or self._magic == _ZSTD:
            path = spare
            if not spare.exists():
                with self.open() as packed, spare.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked, CHUNK)
        file = path.open("rb")
        file.seek(offset)
        return file

    def chunks(self) -> Iterator[bytes]:
        """Yield the content in pieces."""
        file = self.open()
        while chunk := file.read(CHUNK):
            yield chunk

    def read(self, done: Callable[[int], None]) -> Facts:
        """Read it once, from end to end."""
        digest, size = hashlib.sha256(), 0
        account, clock = None, None
        before = b""
        for chunk in self.chunks():
            digest.update(chunk)
            size += len(chunk)
            if self.kind is Kind.EXPORT and (account is None or clock is None):
                both = before + chunk
                account = desktop.account_of(both) if account is None else account
                clock = clock or desktop.clock_of(both)
                before = chunk[-_OVERLAP:]
            done(len(chunk))
        return Facts(digest.hexdigest(), size, account, clock)

    def has_changed(self) -> bool:
        """Return whether somebody wrote into the file since it was opened first: it is read twice."""
        return self._state() != self._changed

    def _state(self) -> tuple[int, int]:
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns

    def _recognise(self) -> Kind:
        with self.open() as file:
            first = _first_line(file)
        if ENVELOPE.match(first) or _is_update(first):
            return Kind.NDJSON
        if first[:1] == b"{":
            if self._has_key_of_export():
                return Kind.EXPORT
            what = "It is JSON that has none of an export's keys, and its first line is no whole update."
        elif not first:
            what = "It is empty."
        elif first[:1] == b"<":
            what = "It is a page for people; in Telegram Desktop choose the format “Machine-readable JSON”, and import result.json."
        elif first[:1] == b"[":
            what = "It is a list; write one update a line."
        else:
            what = "It begins with neither an export nor an update."
        raise UnreadableFile(
            f"{self.path} is none of what can be imported: a result.json of Telegram Desktop, or updates, one a line. {what}"
        )

    def _has_key_of_export(self) -> bool:
        """Return whether the outermost object has a key that exports have; not always the first is one that is known."""
        stream = JsonStream(lambda _: self.open())
        try:
            for key in stream.members():
                if key in desktop.KEYS:
                    return True
                stream.skip()
        except UnreadableFile:
            pass  # no JSON after all, or cut off before any known key
        return False


def _first_line(file: BinaryIO) -> bytes:
    """Return the first line that is not empty, or as much of it as an update may have."""
    head = file.read(len(BOM)).removeprefix(BOM)
    while True:
        if line := (head + file.readline(MAX_UPDATE_BYTES)).strip():
            return line
        if not (head := file.read(1)):
            return b""


def _is_update(line: bytes) -> bool:
    try:
        read_update(line)
    except UnreadableUpdate:
        return False
    return True
