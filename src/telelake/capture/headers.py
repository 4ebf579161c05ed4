"""Headers of HTTP on their way through: which go on, and what they say of a body."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer",
    b"transfer-encoding", b"upgrade",
})  # fmt: skip
_ENCODINGS = frozenset({b"", b"identity", b"gzip", b"x-gzip", b"deflate"})


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return headers without those that concern one connection only."""
    kept = list(headers)
    named = {
        name.strip().lower() for key, value in kept if key.lower() == b"connection" for name in value.split(b",")
    } - {b"content-length", b"content-type", b"host"}
    dropped = _HOP_BY_HOP | named
    return [(key, value) for key, value in kept if key.lower() not in dropped]


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """Return the first header of a name, given in lower case; empty when there is none."""
    return next((value for key, value in headers if key.lower() == name), b"")


def without(headers: Headers, *names: bytes) -> Headers:
    """Return headers less those of some names, given in lower case."""
    return [(key, value) for key, value in headers if key.lower() not in names]


def readable(headers: Headers) -> Headers:
    """Return a request's headers, less an Accept-Encoding that would bring an answer which `decoded` cannot read."""
    offered = {each.partition(b";")[0].strip().lower() for each in header(headers, b"accept-encoding").split(b",")}
    return headers if offered <= _ENCODINGS else without(headers, b"accept-encoding")


def decoded(data: bytes, headers: Headers, largest: int) -> bytes | None:
    """Return a body as it was before Content-Encoding; None when that is unknown, broken, or longer than `largest`."""
    encoding = header(headers, b"content-encoding").strip().lower()
    if encoding in (b"", b"identity"):
        return data if len(data) <= largest else None
    if encoding not in _ENCODINGS:
        return None
    reader = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either header, zlib's or gzip's
    try:
        plain = reader.decompress(data, largest)
    except zlib.error:
        return None
    return plain if reader.eof else None
