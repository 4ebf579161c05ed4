"""A file that is imported: what it is, by its first bytes and never by its name, and its bytes, decompressed.

A file is known by the SHA-256 of its content. The same content is the same file, compressed or not.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import zstandard

from telelake.errors import UnreadableFile
from telelake.telegram import desktop
from telelake.telegram.json_stream import Readable

CHUNK = 4 * 1024 * 1024
DAMAGE = (EOFError, zlib.error, zstandard.ZstdError, gzip.BadGzipFile)
"""What a compressed file raises that is cut off or damaged."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_HEAD_BYTES = 64 * 1024
_COMPRESSED_BYTES = 4096  # fed to zstd at a time: what it makes of them is held in memory
_OVERLAP = 4096
_FIRST_KEY = re.compile(rb'\{\s*"([^"\\]*)"\s*:')


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

    def open(self, offset: int = 0) -> Readable:
        """Return the content from an offset on."""
        file: BinaryIO = self.path.open("rb")
        if self._magic.startswith(_GZIP):
            file = gzip.open(file)  # type: ignore[assignment]  # noqa: SIM115
        elif self._magic == _ZSTD:
            file = io.BufferedReader(_Zstd(file), CHUNK)
        if offset:
            file.seek(offset) if file.seekable() else _pass_over(file, offset)
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
        head = self.open().read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf")
        text = head.lstrip()
        if match := _FIRST_KEY.match(text):
            return Kind.EXPORT if match[1].decode("utf-8", "replace") in desktop.KEYS else Kind.NDJSON
        if any(_FIRST_KEY.match(line) for line in head.splitlines()):
            return Kind.NDJSON
        what = "It is empty." if not text else "It begins with neither an export nor an update."
        if text[:1] == b"<":
            what = "It is a page for people; in Telegram Desktop choose the format “Machine-readable JSON”, and import result.json."
        elif text[:1] == b"[":
            what = "It is a list; write one update a line."
        raise UnreadableFile(
            f"{self.path} is none of what can be imported: a result.json of Telegram Desktop, or updates, one a line. {what}"
        )


class _Zstd(io.RawIOBase):
    """The content of zstd frames. Unlike the package's reader it tells a cut-off file from a whole one."""

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
            fed = self._rest or self._file.read(_COMPRESSED_BYTES)
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


def _pass_over(file: BinaryIO, size: int) -> None:
    while size > 0 and (chunk := file.read(min(size, CHUNK))):
        size -= len(chunk)
