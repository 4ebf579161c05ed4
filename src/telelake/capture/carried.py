"""The method call that a bot's webhook answer carries, as Telegram reads it; no file in it is kept.

What Telegram would not execute is no call: an answer that is no success, a content type that it does not read, a method
that it refuses there. Knows nothing of connections and of recording.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from telelake.capture.calls import RequestReader

if TYPE_CHECKING:
    import httpcore

_PIECE_BYTES = 256 * 1024
"""Decompressed at once: a small answer may unfold to a large one."""


class Carried:
    """The call in one answer, read while it passes."""

    def __init__(self, response: httpcore.Response) -> None:
        headers = {name.lower(): value for name, value in response.headers}
        encoding = headers.get(b"content-encoding", b"").strip().lower()
        is_heard = 200 <= response.status < 300  # of another answer Telegram reads the status alone
        kind = headers.get(b"content-type", b"").decode("latin-1") if is_heard else ""
        self._reader = RequestReader(kind, b"")
        # 47: gzip or zlib, whichever the bytes begin with. `identity` and what is not known go as they are.
        self._inflate = zlib.decompressobj(47) if encoding in (b"gzip", b"x-gzip", b"deflate") else None

    @property
    def size(self) -> int:
        """Bytes read, after decompression."""
        return self._reader.size

    def feed(self, chunk: bytes) -> None:
        """Take the next piece."""
        if self._inflate is None:
            self._reader.feed(chunk)
            return
        try:
            while chunk:
                self._reader.feed(self._inflate.decompress(chunk, _PIECE_BYTES))
                chunk = self._inflate.unconsumed_tail
        except zlib.error:
            self._reader, self._inflate = RequestReader("", b""), None

    def call(self) -> tuple[str, dict[str, object]] | tuple[None, dict[str, object]]:
        """Return method and fields of the call that Telegram will make of this; None when there is none."""
        fields = self._reader.fields()
        method = fields.pop("method", None)
        if not isinstance(method, str) or not method or not _is_executed(method):
            return None, {}
        return method, fields


def _is_executed(method: str) -> bool:
    """Return whether Telegram executes a method that stands in an answer."""
    name = method.lower()
    return not name.startswith("get") and name not in ("setwebhook", "deletewebhook", "close", "logout")
