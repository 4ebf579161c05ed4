"""A request's fields, read while the request streams by: of query, form, JSON and multipart.

Keeps no byte of a file: what is uploaded is a fact of three fields. Memory is bounded, and no content raises.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from telelake.telegram.update import loads_leniently

LARGEST = 1 << 20
"""Bytes of a request's fields, and of an answer, that are kept; what is longer is recorded as its size."""

_MANY = 1000  # fields: the Bot API server itself reads fewer


class RequestReader:
    """Reads a request's fields while it streams by."""

    def __init__(self, content_type: str, query: bytes) -> None:
        """Begin with the fields of the query.

        Args:
            content_type: the header's value; empty when the body cannot be read, as when it is compressed.
            query: what stands behind the address's question mark.
        """
        self.size = 0
        """Bytes of the body so far."""
        self._query = _form(query) if query else {}
        self._body = _reader(content_type)

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of the body."""
        self.size += len(chunk)
        if chunk:
            self._body.feed(chunk)

    @property
    def is_readable(self) -> bool:
        """Whether all fields are known: those of the query, and of the body if there is one."""
        return self._query is not None and (not self.size or self._body.fields() is not None)

    def fields(self) -> dict[str, Any]:
        """Return the fields of query and body. As at Telegram, the first of a name counts, and the query comes first."""
        query = self._query or {}
        return {**(self._body.fields() or {}), **query} if self.size else dict(query)


def _form(data: bytes) -> dict[str, Any] | None:
    """Return the fields of a query or form, the first of a name; None when there are too many to be read."""
    fields: dict[str, Any] = {}
    try:
        pairs = parse_qsl(data.decode("latin-1"), keep_blank_values=True, max_num_fields=_MANY, encoding="latin-1")
    except ValueError:
        return None
    for name, value in pairs:
        # Escaped or not, the bytes are UTF-8.
        fields.setdefault(_utf8(name.encode("latin-1")), _utf8(value.encode("latin-1")))
    return fields


def _utf8(data: bytes) -> str:
    return data.decode("utf-8", "replace")


class _Unreadable:
    """A body of which only the size is known."""

    def feed(self, chunk: bytes) -> None:
        del chunk

    def fields(self) -> dict[str, Any] | None:
        return None


class _Whole:
    """A body that is read when it is complete: a form, or JSON."""

    def __init__(self, read: Callable[[bytes], dict[str, Any] | None]) -> None:
        self._read = read
        self._data = bytearray()
        self._is_too_large = False

    def feed(self, chunk: bytes) -> None:
        if self._is_too_large or len(self._data) + len(chunk) > LARGEST:
            self._is_too_large, self._data = True, bytearray()
        else:
            self._data += chunk

    def fields(self) -> dict[str, Any] | None:
        return None if self._is_too_large else self._read(bytes(self._data))


@dataclass(slots=True)
class _Part:
    name: str = ""
    file_name: str | None = None
    mime_type: str | None = None
    is_file: bool = False
    size: int = 0
    data: bytearray = field(default_factory=bytearray)

    def value(self) -> Any:
        if not self.is_file:
            return _utf8(bytes(self.data))
        return {"file_name": self.file_name, "mime_type": self.mime_type, "bytes": self.size}


class _Parts:
    """A multipart body: texts are kept, files are counted."""

    def __init__(self, boundary: bytes) -> None:
        from python_multipart.multipart import MultipartParser

        # Of a body that is none it would log where it went wrong. That is for Telegram to say.
        logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
        self._fields: dict[str, Any] = {}
        self._part = _Part()
        self._header, self._content = bytearray(), bytearray()
        self._kept = self._count = 0
        self._failed = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._content.extend(data[start:end]),
                "on_header_end": self._header_end,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        if self._failed:
            return
        try:
            self._parser.write(chunk)
        except ValueError:  # FormParserError is one
            self._failed = True

    def fields(self) -> dict[str, Any] | None:
        return None if self._failed else self._fields

    def _begin(self) -> None:
        self._part = _Part()

    def _header_end(self) -> None:
        from python_multipart.multipart import parse_options_header

        name, part = bytes(self._header).lower(), self._part
        if name == b"content-disposition":
            options = parse_options_header(bytes(self._content))[1]
            part.name = _utf8(options.get(b"name", b""))
            if b"filename" in options:
                part.is_file, part.file_name = True, _utf8(options[b"filename"])
        elif name == b"content-type":
            part.mime_type = _utf8(bytes(self._content))
        self._header, self._content = bytearray(), bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        part, length = self._part, end - start
        part.size += length
        if part.is_file:
            return
        if self._kept + length > LARGEST:
            part.is_file = True  # no text that anyone needs: a fact, as a file is
            part.data.clear()
        else:
            self._kept += length
            part.data += data[start:end]

    def _end(self) -> None:
        self._count += 1
        if self._count > _MANY:  # as in a form: what is left out could be what matters
            self._failed = True
        else:
            self._fields.setdefault(self._part.name, self._part.value())


def _reader(content_type: str) -> _Unreadable | _Whole | _Parts:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _Whole(_form)
    if kind == "application/json":
        return _Whole(_json)
    if kind == "multipart/form-data":
        from python_multipart.multipart import parse_options_header

        try:
            return _Parts(parse_options_header(content_type)[1][b"boundary"])
        except (KeyError, ValueError):
            return _Unreadable()
    return _Unreadable()


def _json(data: bytes) -> dict[str, Any] | None:
    try:
        value = loads_leniently(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
