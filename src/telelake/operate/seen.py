"""Under which ids, usernames and names somebody was seen: told by the records that hold the id, and by the tables.

Gathered before anything is erased, because a name that only the erased records tied to the id could not be found later.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from telelake.erase.segments import lines_of
from telelake.erase.who import Who, digits_of, loose_text
from telelake.ports import RawStore
from telelake.raw import QUARANTINE, RAW, Segment, parse_key
from telelake.telegram.update import loads_leniently

_EXPORT_ID = re.compile(r"(?:user|chat|channel)(\d{1,18})")
_FIELDS = re.compile(r'"(first_name|last_name|username)"\s*:\s*"((?:[^"\\]|\\.)*)"')


@dataclass
class Seen:
    """What was found of somebody."""

    who: Who
    is_person: bool
    ids: set[int] = field(default_factory=set)
    usernames: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def result(self) -> Who:
        """Return somebody with all that was found."""
        return self.who.with_names(self.ids, self.usernames, self.names if self.is_person else ())

    def look(self, value: Any) -> None:
        """Look through a decoded record."""
        waiting = [value]
        while waiting:
            found = waiting.pop()
            if isinstance(found, dict):
                self._object(found)
                waiting += found.values()
            elif isinstance(found, list):
                waiting += found
            elif isinstance(found, str) and found[:1] in ("{", "["):
                try:
                    waiting.append(json.loads(found))
                except (ValueError, RecursionError):
                    continue

    def look_in_text(self, text: str) -> None:
        """Look through what could not be decoded: the fields that follow the id in its object."""
        for digits in self.who.digits:
            for found in re.finditer(rf'"(?:id|user_id)"\s*:\s*"?-?{digits}\b([^{{}}]*)', text):
                self.named(dict(_FIELDS.findall(found[1])))

    def _object(self, found: dict[str, Any]) -> None:
        if self._is_id(found.get("id")) or self._is_id(found.get("user_id")):
            self.named(found)
        for key, value in found.items():
            if key.endswith("_id") and isinstance(value, str) and (match := _EXPORT_ID.fullmatch(value)):
                shown = found.get(key[:-3])
                if match[1] in self.who.digits and isinstance(shown, str):
                    self.names.add(shown)
        chat = found.get("chat")
        if not self.is_person and isinstance(chat, dict) and self._is_id(chat.get("id")):
            for key in ("migrate_to_chat_id", "migrate_from_chat_id"):
                if type(found.get(key)) is int:
                    self.ids.add(found[key])

    def named(self, found: dict[str, Any]) -> None:
        """Keep the names and usernames that an object of theirs tells."""
        first, last = found.get("first_name"), found.get("last_name")
        if isinstance(first, str):
            self.names.add(f"{first} {last}" if isinstance(last, str) else first)
        names = found.get("active_usernames")
        for each in (found.get("username"), *(names if isinstance(names, list) else ())):
            if isinstance(each, str):
                self.usernames.add(each)

    def _is_id(self, found: Any) -> bool:
        if isinstance(found, str):
            return found.lstrip("-").isdecimal() and found.lstrip("-") in self.who.digits
        return type(found) is int and found in self.who.ids


def segments(store: RawStore) -> Iterator[Segment]:
    """Yield the segments of raw and quarantine."""
    for area in (RAW, QUARANTINE):
        for stored in store.list(area):
            if segment := parse_key(stored.key):
                yield segment


def gather(who: Who, store: RawStore, tables: dict[str, Sequence[Path]], *, is_person: bool) -> Who:
    """Return somebody with every id, username and name under which raw and the tables know them.

    Raises:
        StoreError: a segment is damaged.
        StoreUnavailable: call again.
    """
    while True:
        seen = Seen(who, is_person)
        needles = re.compile(b"|".join(each.encode() for id_ in sorted(who.ids) for each in sorted(digits_of(id_))))
        for segment in segments(store):
            for line in lines_of(segment.key, store.get(segment.key)):
                body = _body(line) if segment.quarantined else line
                if needles.search(body):
                    _look(seen, body)
        _look_in_tables(seen, tables)
        found = seen.result()
        if found.ids == who.ids:
            return found
        who = found  # a chat that became a supergroup has records under the other id too


def _look(seen: Seen, data: bytes) -> None:
    try:
        seen.look(loads_leniently(data.decode()))
    except (ValueError, RecursionError):
        seen.look_in_text(loose_text(data.replace(b"\x00", b"")))


def _body(line: bytes) -> bytes:
    _, _, encoded = line.partition(b'"body_base64":"')
    try:
        return base64.b64decode(encoded.partition(b'"')[0]).replace(b"\x00", b"")
    except binascii.Error:
        return line


def _look_in_tables(seen: Seen, tables: dict[str, Sequence[Path]]) -> None:
    """Look into days whose raw may be gone."""
    ids = sorted(seen.who.ids)
    with duckdb.connect() as con:
        if paths := tables.get("user_days"):
            for first, last, username in _rows(con, "first_name, last_name, username", paths, "user_id", ids):
                seen.named({"first_name": first, "last_name": last, "username": username})
        if (paths := tables.get("chat_days")) and not seen.is_person:
            columns = "username, migrated_to_chat_id, migrated_from_chat_id"
            for username, after, before in _rows(con, columns, paths, "chat_id", ids):
                seen.usernames |= {username} - {None}
                seen.ids |= {after, before} - {None}


def _rows(
    con: duckdb.DuckDBPyConnection, columns: str, paths: Iterable[Path], by: str, ids: list[int]
) -> list[tuple[Any, ...]]:
    return con.execute(
        f"SELECT DISTINCT {columns} FROM read_parquet(?, union_by_name = true) WHERE list_contains(?, {by})",
        [[str(path) for path in paths], ids],
    ).fetchall()
