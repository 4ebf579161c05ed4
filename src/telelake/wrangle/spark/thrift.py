"""Field ids in a finished Parquet file: only its footer is written anew, its data stays where it is.

The footer is a struct in Thrift's compact protocol. It is read and written here without knowing what most of its fields
are: a struct is a dict of field number → (type, value), a list is (type of its elements, values).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from telelake.errors import CheckFailed

_MAGIC = b"PAR1"
_TRUE, _FALSE, _I32 = 1, 2, 5
"""Types; the others are 3 byte, 4 16 bits, 6 64 bits, 7 double, 8 binary, 9 list, 10 set, 12 struct."""
_SCHEMA = 2
"""Field of `FileMetaData`: the schema's elements, each before its children."""
_NAME, _CHILDREN, _FIELD_ID = 4, 5, 9
"""Fields of `SchemaElement`."""


def set_field_ids(path: Path, ids: Mapping[tuple[str, ...], int]) -> None:
    """Give fields of a Parquet file, named by their paths in its schema, their ids.

    Raises:
        CheckFailed: the file has no such field, or its footer is not understood.
    """
    with path.open("r+b") as file:
        file.seek(-8, 2)
        length, magic = struct.unpack("<I4s", file.read(8))
        start = file.seek(-8 - length, 2)
        bytes_ = file.read(length)
        footer = _Reader(bytes_).struct()
        if magic != _MAGIC or bytes(_struct(footer)) != bytes_:
            raise CheckFailed(f"{path.name}: its footer is not that of a Parquet file as telelake knows them.")
        root, *elements = footer[_SCHEMA][1][1]
        found = dict(_paths(iter(elements), root[_CHILDREN][1], ()))
        for place, number in ids.items():
            if place not in found:
                raise CheckFailed(f"{path.name}: there is no {'.'.join(place)} in its schema.")
            found[place][_FIELD_ID] = (_I32, number)
        written = bytes(_struct(footer))
        file.seek(start)
        file.write(written + struct.pack("<I4s", len(written), _MAGIC))
        file.truncate()


def _paths(elements: Iterator[Any], children: int, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for _ in range(children):
        element = next(elements)
        place = (*above, element[_NAME][1].decode())
        yield place, element
        if _CHILDREN in element:
            yield from _paths(elements, element[_CHILDREN][1], place)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self) -> dict[int, tuple[int, Any]]:
        fields: dict[int, tuple[int, Any]] = {}
        number = 0
        while head := self._take(1)[0]:
            number = number + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            fields[number] = (kind, None if kind in (_TRUE, _FALSE) else self._value(kind))
        return fields

    def _value(self, kind: int) -> Any:
        match kind:
            case 1 | 2 | 3:  # in a list a truth is a byte too
                return self._take(1)
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                return self._take(8)
            case 8:
                return self._take(self._unsigned())
            case 9 | 10:
                head = self._take(1)[0]
                size = self._unsigned() if head >> 4 == 15 else head >> 4
                return head & 15, [self._value(head & 15) for _ in range(size)]
            case 12:
                return self.struct()
        raise CheckFailed(f"A Parquet footer has a field of type {kind}, which telelake does not know.")

    def _take(self, size: int) -> bytes:
        found = self._data[self._at : self._at + size]
        self._at += size
        return found

    def _unsigned(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self._take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def _signed(self) -> int:
        value = self._unsigned()
        return value >> 1 ^ -(value & 1)


def _struct(fields: Mapping[int, tuple[int, Any]]) -> bytearray:
    written, before = bytearray(), 0
    for number, (kind, value) in sorted(fields.items()):
        delta = number - before
        written += bytes([delta << 4 | kind]) if delta < 16 else bytes([kind]) + _signed(number)
        if kind not in (_TRUE, _FALSE):
            written += _value(kind, value)
        before = number
    return written + b"\0"


def _value(kind: int, value: Any) -> bytes:
    match kind:
        case 4 | 5 | 6:
            return _signed(value)
        case 8:
            return _unsigned(len(value)) + bytes(value)
        case 9 | 10:
            return _list(*value)
        case 12:
            return bytes(_struct(value))
    return bytes(value)


def _list(kind: int, values: Sequence[Any]) -> bytes:
    size = len(values)
    head = bytes([size << 4 | kind]) if size < 15 else bytes([15 << 4 | kind]) + _unsigned(size)
    return head + b"".join(_value(kind, each) for each in values)


def _signed(value: int) -> bytes:
    return _unsigned(value << 1 if value >= 0 else (-value << 1) - 1)


def _unsigned(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])
