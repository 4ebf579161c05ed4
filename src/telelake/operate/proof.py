"""The proof of a forgetting: a search of all that a lake holds, unpacked, for what was to go.

It shares with the erasing only the answer to "what is looked for" (`erase.who`). Searched is every object of the home and
every file of the local state: segments line by line, quarantine out of its base64, Parquet by column, manifests out of Avro's
compression with bounds as Iceberg writes them, all else as bytes. Numbers that are nobody's id (a date, a size) may have the
same digits by chance; they are known by their names.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from telelake.erase.body import NO_IDS
from telelake.erase.segments import lines_of
from telelake.erase.who import Who
from telelake.errors import StoreError
from telelake.ports import RawStore
from telelake.raw import parse_key
from telelake.tables.catalog import TABLES
from telelake.tables.model import Personal
from telelake.telegram.update import loads_leniently

INTENTS = "state/forgetting/"
_NO_ID_COLUMNS = NO_IDS | {"bytes", "messages", "deliveries", "rows", "version", "versions", "forward_message_id"} | {
    "reply_to_external_message_id", "reply_to_story_id", "thread_id", "ephemeral_message_id",
}  # fmt: skip
_ID_NAME = re.compile(r"(_id|_ids|^id)$")


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where somebody still is."""

    where: str
    """Key or path, and what in it."""


def search(who: Who, store: RawStore, *folders: Path) -> Iterator[Hit]:
    """Yield the objects and files in which somebody is.

    Raises:
        StoreUnavailable: call again.
    """
    with TemporaryDirectory() as name:
        for stored in store.list():
            if stored.key.startswith(INTENTS):  # it knows whom to forget, until all is done
                continue
            for hit in in_bytes(who, stored.key, store.get(stored.key), Path(name)):
                yield Hit(f"{stored.key}: {hit}")
        for folder in folders:
            for path in sorted(each for each in folder.rglob("*") if each.is_file()):
                for hit in in_bytes(who, path.name, path.read_bytes(), Path(name)):
                    yield Hit(f"{path}: {hit}")


def in_bytes(who: Who, name: str, data: bytes, scratch: Path) -> Iterator[str]:
    """Yield what of an object's content somebody is in, by its kind."""
    if name.endswith(".ndjson.zst"):
        segment = parse_key(name)
        try:
            lines = lines_of(name, data)
        except StoreError as error:
            yield f"cannot be read: {error}"
            return
        for number, line in enumerate(lines, 1):
            if _in_line(who, line, is_quarantined=segment is not None and segment.quarantined):
                yield f"line {number}"
    elif name.endswith(".parquet"):
        path = scratch / "searched.parquet"
        path.write_bytes(data)
        yield from in_parquet(who, path)
    elif name.endswith(".npz"):
        # Of a topic model only the names of topics are text; in its numbers anything may be found by chance.
        with zipfile.ZipFile(io.BytesIO(data)) as model:
            if who.is_in(model.read("head.npy")):
                yield "a topic's name"
    elif data.startswith(b"Obj\x01"):
        if _in_blocks(who, _unpacked(data), _id_fields(name)):
            yield "after unpacking"
    elif who.is_in(data):
        yield "its bytes"


def in_parquet(who: Who, path: Path) -> Iterator[str]:
    """Yield the columns of a Parquet file in which somebody is."""
    pattern = "|".join(re.escape(each) for each in sorted({*who.digits, *who.usernames, *_words(who)}))
    with duckdb.connect() as con:
        columns = con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        for column, kind, *_ in columns:
            quoted = '"' + column.replace('"', '""') + '"'
            if kind in ("BIGINT", "INTEGER", "HUGEINT"):
                if not is_id_column(column):
                    continue
                found = con.execute(
                    f"SELECT count(*) FROM read_parquet(?) WHERE list_contains(?, {quoted})",
                    [str(path), sorted(who.ids)],
                ).fetchone()
                if found and found[0]:
                    yield f"column {column}, {found[0]} rows"
            elif kind in ("VARCHAR", "VARCHAR[]"):
                rows = con.execute(
                    f"SELECT CAST({quoted} AS VARCHAR) FROM read_parquet(?) "
                    f"WHERE regexp_matches(CAST({quoted} AS VARCHAR), ?, 'i')",
                    [str(path), pattern],
                ).fetchall()
                if count := sum(_in_text(who, text) for (text,) in rows):
                    yield f"column {column}, {count} rows"


def _words(who: Who) -> set[str]:
    return {max(name, key=len) for name in who.names if len(name) > 1}


def _in_line(who: Who, line: bytes, *, is_quarantined: bool) -> bool:
    if is_quarantined:
        head, _, encoded = line.partition(b'"body_base64":"')
        try:
            body = base64.b64decode(encoded.partition(b'"')[0])
        except binascii.Error:
            body = encoded
        return who.is_in(body) or who.is_in(head)
    if not who.needles.search(line):
        return False
    try:
        return _in_value(who, loads_leniently(line.decode()), "")
    except (ValueError, RecursionError):
        return who.is_in(line)


def _in_text(who: Who, text: str) -> bool:
    if text[:1] in ("{", "["):
        try:
            return _in_value(who, json.loads(text), "")
        except (ValueError, RecursionError):
            pass
    return bool(who.spans(text))


def _in_value(who: Who, value: Any, key: str) -> bool:
    if isinstance(value, dict):
        return any(who.spans(name) or _in_value(who, each, name) for name, each in value.items())
    if isinstance(value, list):
        return any(_in_value(who, each, key) for each in value)
    if key in NO_IDS or key in ("bytes", "sha256", "record_id", "received_at"):
        return False
    if isinstance(value, str):
        return _in_text(who, value) or (key == "username" and value.lower() in who.usernames)
    return type(value) is int and value in who.ids


def _in_blocks(who: Who, data: bytes, id_fields: frozenset[int]) -> bool:
    return who.is_in(data) or any(
        _is_id_bound(data, found.start(), id_fields)
        for id_ in who.ids
        for found in re.finditer(re.escape(struct.pack("<q", id_)), data)
    )


def _is_id_bound(data: bytes, at: int, id_fields: frozenset[int]) -> bool:
    """Return whether eight bytes are the bound of a column of ids. Before them stand the column's field id and their length."""
    if at < 3 or data[at - 1] != 2 * 8:
        return True  # of another kind: on doubt it is found
    last, before = data[at - 2], data[at - 3]
    fields = {last >> 1} | ({((last << 7) | (before & 0x7F)) >> 1} if before & 0x80 else set())
    return not fields.isdisjoint(id_fields)


def _id_fields(name: str) -> frozenset[int]:
    """Return the field ids of a table's columns in which an id may stand; of an unknown table all that there may be."""
    parts = name.split("/")
    table = next((each for each in TABLES if parts[0] == "tables" and each.name in parts[1:2]), None)
    if table is None:
        return frozenset(range(1 << 14))
    return frozenset(each.id for each in table.columns if is_id_column(each.name))


def is_id_column(name: str) -> bool:
    """Return whether a column's numbers may be somebody's id: some table declares it so, or its name says so."""
    return name in _declared() or (name not in _NO_ID_COLUMNS and bool(_ID_NAME.search(name)))


@cache
def _declared() -> frozenset[str]:
    return frozenset(column.name for table in TABLES for column in table.columns if column.personal is Personal.ID)


def _unpacked(data: bytes) -> bytes:
    """Return an Avro file with its blocks out of their compression."""
    at = 4
    codec = b"null"
    while (count := (found := _long(data, at))[0]) != 0:
        at = found[1]
        for _ in range(abs(count)):
            key, at = _bytes(data, at)
            value, at = _bytes(data, at)
            codec = value if key == b"avro.codec" else codec
    at = found[1] + 16
    parts = [data[:at]]
    while at < len(data):
        _, at = _long(data, at)
        block, at = _bytes(data, at)
        parts.append(zlib.decompress(block, -15) if codec == b"deflate" else block)
        at += 16
    return b"".join(parts)


def _long(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1), at


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _long(data, at)
    return data[at : at + size], at + size
