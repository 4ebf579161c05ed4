"""Rows of days whose raw has expired, without a person: there is nothing to build them anew from, so they are edited.

By the same rules as records: what is theirs goes (of `updates` and `calls`, whose rows the books count, the record stays with
nothing in it), and what is others' has blocks and id 0 where the person was. What a column tells of a person is what its
declaration says (`tables.model.Personal`); so a table that something else makes is reached as those from raw are. Of such a
table, a row about a message of theirs goes too, and words that it has of another's message are what they became there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from telelake.erase.body import NO_ONE, json_without
from telelake.erase.who import BLOCK, Who, blocks
from telelake.operate.proof import in_parquet, is_id_column
from telelake.ports import DayFile, Release, TableStore
from telelake.tables.model import Personal, Table

_COUNTED = ("updates", "calls")
_NAMES = ("sender_name", "forward_sender_name", "author_signature", "first_name", "last_name", "sender_username")
_ROWS = 20_000
_MESSAGE = ("account_id", "chat_id", "message_id")
_WORDS = ("text", "caption")


Messages = Mapping[tuple[int | None, ...], Mapping[str, str] | None]
"""Messages by their key: None for one of theirs, else what words became that have to do with them."""


def without(
    who: Who, known: Sequence[Table], tables: TableStore, release: Release, days: Collection[date], into: Path
) -> dict[str, list[DayFile]]:
    """Return the days among some of known tables in which a person is, written anew without them.

    Raises:
        StoreUnavailable: call again.
    """
    marked = _marked(who, _files(tables, release, "message_entities", days))
    theirs = _messages(who, _files(tables, release, "messages", days), marked)
    found: dict[str, list[DayFile]] = {}
    for table in known:
        by_day = _files(tables, release, table.name, days)
        touched = theirs if _is_about_messages(table) else {}
        for day, paths in by_day.items():
            if touched or any(True for path in paths for _ in in_parquet(who, path)):
                target = into / table.name / f"{day}.parquet"
                rows = _write(who, table, paths, target, marked, touched)
                digest = hashlib.sha256(target.read_bytes()).hexdigest()[:32] if rows else "empty"
                found.setdefault(table.name, []).append(DayFile(day, target if rows else None, rows, digest))
    return found


def _files(tables: TableStore, release: Release, name: str, days: Collection[date]) -> dict[date, list[Path]]:
    found: dict[date, list[Path]] = {}
    for path in tables.files(release, name):
        day = date.fromisoformat(path.parent.name.partition("=")[2])
        if day in days:
            found.setdefault(day, []).append(path)
    return found


def _marked(who: Who, files: Mapping[date, Sequence[Path]]) -> dict[str, list[tuple[int, int]]]:
    """Return where texts mention the person without naming them, by the record that the text is of."""
    found: dict[str, list[tuple[int, int]]] = {}
    columns = ["raw", "mentioned_user_id", "offset_utf16", "length_utf16"]
    for path in (path for paths in files.values() for path in paths):
        for row in pq.ParquetFile(path).read(columns).to_pylist():
            if row["mentioned_user_id"] in who.ids and None not in row.values():
                found.setdefault(row["raw"], []).append((row["offset_utf16"], row["length_utf16"]))
    return found


def _messages(who: Who, files: Mapping[date, Sequence[Path]], marked: Mapping[str, list[tuple[int, int]]]) -> Messages:
    """Return the messages that are theirs, and those of others with them in their words."""
    found: dict[tuple[int | None, ...], Mapping[str, str] | None] = {}
    columns = [*_MESSAGE, "user_id", "raw", *_WORDS, "forward_user_id", "forward_sender_name"]
    for path in (path for paths in files.values() for path in paths):
        for row in pq.ParquetFile(path).read(columns).to_pylist():
            key = tuple(row[name] for name in _MESSAGE)
            if row["user_id"] in who.ids or row["chat_id"] in who.ids:
                found[key] = None
            elif became := {
                row[name]: after
                for name in _WORDS
                if row[name] and (after := _value(who, row, name, row[name], Personal.TEXT, marked)) != row[name]
            }:
                found[key] = became
    return found


def _is_about_messages(table: Table) -> bool:
    """Return whether a table is made from others and tells of messages."""
    return table.reads.raw is None and {column.name for column in table.columns}.issuperset(_MESSAGE)


def _write(
    who: Who,
    table: Table,
    paths: Sequence[Path],
    target: Path,
    marked: Mapping[str, list[tuple[int, int]]],
    touched: Messages,
) -> int:
    """Write a day of a table anew; return its rows."""
    target.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    schema = pa.schema([each.with_nullable(True) for each in pq.read_schema(paths[0])])  # as Iceberg has them
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for path in paths:
            for batch in pq.ParquetFile(path).iter_batches(_ROWS):
                rows = list(_rows(who, table, batch.to_pylist(), marked, touched))
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                count += len(rows)
    return count


def _rows(
    who: Who,
    table: Table,
    rows: Sequence[dict[str, Any]],
    marked: Mapping[str, list[tuple[int, int]]],
    touched: Messages,
) -> Iterator[dict[str, Any]]:
    tells = {column.name: column.personal for column in table.columns}
    required = {column.name for column in table.columns if column.required}
    for row in rows:
        if row.get("user_id") in who.ids or row.get("chat_id") in who.ids:
            if table.name in _COUNTED:
                yield {name: value if name in required or name == "update_id" else None for name, value in row.items()}
            continue
        became: Mapping[str, str] = {}
        if touched and (key := tuple(row[name] for name in _MESSAGE)) in touched:
            if (found := touched[key]) is None:
                continue
            became = found
        yield {
            name: _became(value, became)
            if became and tells.get(name) is Personal.TEXT and isinstance(value, str)
            else _value(who, row, name, value, tells.get(name), marked)
            for name, value in row.items()
        }


def _became(value: str, became: Mapping[str, str]) -> str:
    """Return what words of a message became; of a part of them that is not known by itself nothing is left."""
    return became.get(value, blocks(value))


def _value(
    who: Who, row: Mapping[str, Any], name: str, value: Any, tells: Personal | None,
    marked: Mapping[str, list[tuple[int, int]]],
) -> Any:  # fmt: skip
    if type(value) is int:
        return NO_ONE if value in who.ids and (tells is Personal.ID or is_id_column(name)) else value
    if isinstance(value, list):
        return [_value(who, row, name, each, tells, marked) for each in value]
    if not isinstance(value, str):
        return value
    if value[:1] in ("{", "["):
        # A message within another, such as the one that was pinned, is theirs as a whole.
        return None if _is_theirs(value, who) else json_without(value, who)
    if name in _WORDS:
        forwarded = row.get("forward_sender_name")
        if row.get("forward_user_id") in who.ids or (isinstance(forwarded, str) and who.is_named(forwarded)):
            return blocks(value)
        return who.redacted(_blanked(value, marked.get(str(row.get("raw")), ())))
    is_tied = (name == "quote" and row.get("reply_to_user_id") in who.ids) or (
        name in ("value", "url") and row.get("mentioned_user_id") in who.ids
    )
    if is_tied or ((tells is Personal.NAME or name in _NAMES) and who.is_named(value)):
        return blocks(value)
    return who.redacted(value)


def _is_theirs(text: str, who: Who) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    senders = [found.get(name) for name in ("from", "sender_chat")] if isinstance(found, dict) else []
    return any(isinstance(each, dict) and each.get("id") in who.ids for each in senders)


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    for start, length in spans:
        end = min(start + length, len(units) // 2)
        units = units[: 2 * start] + BLOCK.encode("utf-16-le") * max(0, end - start) + units[2 * end :]
    return units.decode("utf-16-le", "replace")
