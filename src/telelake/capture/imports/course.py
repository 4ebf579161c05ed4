"""The objects of the course design's buckets, or of any folder that holds one update a file: which are taken, in what order.

Its Lambda wrote one update an object, at `telegram/context_date=2023-01-01/20230101101530123456.json`. The folder's day is
that of the Lambda's clock, so it is not believed: a message lies in the day on which it was sent. A body keeps its bytes;
who kept the whole HTTP request had the update inside of it, as Telegram wrote it, beside headers that are nobody's business.
Its ETL wrote Parquet, at `telegram/context_date=2023-01-01/20230102030001.parquet`: see `rows`.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import json
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from telelake.capture.imports.names import Clock, clock_of, named_time, received_at, said_day
from telelake.capture.imports.pieces import Imported, Row, Update
from telelake.capture.imports.rows import OWN_CLOCKS, TAKEN, Rows, row_of
from telelake.errors import NotStored, StoreUnavailable, UnreadableFile, UnreadableUpdate
from telelake.ports import Stored
from telelake.raw import Record
from telelake.telegram.update import read_update

SOURCE = "import"
MAX_BODY_BYTES = 4 * 1024 * 1024
"""A larger object is no update (Telegram's own limit is 512 KiB) and is left where it is."""

_NOON = time(12)
_READ_AHEAD = 32  # bodies that are fetched at the same time: a bucket answers in tens of milliseconds
_SAMPLE = 48  # messages whose times tell the clock of the names
_JSON, _PARQUET = ".json", ".parquet"
_REQUEST = ("headers", "requestContext", "httpMethod", "multiValueHeaders")
"""Members of what API Gateway hands to a Lambda."""

Progress = Callable[[int, int], None]


class Objects(Protocol):
    """Where the objects are."""

    def list(self, prefix: str = "") -> Iterable[Stored]:
        """See `RawStore.list`."""

    def get(self, key: str) -> bytes:
        """See `RawStore.get`."""


@dataclass(frozen=True, slots=True)
class Taking:
    """How objects are read."""

    bot_id: int
    zone: ZoneInfo
    """The lake's."""
    clock: ZoneInfo | None = None
    """That of the names; None has the messages tell it."""
    own: Collection[int] = ()
    """Ids of the lake's bots."""
    rows: Rows | None = None
    """Reads Parquet; without it such files are passed over."""
    pattern: str | None = None
    """Only keys that fit it are looked at: `context_date=2023-*/*.json`."""


class Files:
    """Files that were named one by one, as a shell does with `context_date=*/*.json`."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """See `RawStore.list`."""
        for path in sorted(self._paths):
            if path.as_posix().startswith(prefix):
                facts = path.stat()
                yield Stored(path.as_posix(), facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))

    def get(self, key: str) -> bytes:
        """See `RawStore.get`."""
        try:
            return Path(key).read_bytes()
        except FileNotFoundError as error:
            raise NotStored(f"There is no {key} any more.") from error
        except OSError as error:
            raise StoreUnavailable(f"{key} cannot be read: {error}") from error


def is_course_file(path: Path) -> bool:
    """Return whether a file is named as the course design names its objects."""
    return path.suffix == _PARQUET or (path.suffix == _JSON and named_time(path.name) is not None)


def objects(
    source: Objects, taking: Taking, found: Imported, progress: Progress | None = None
) -> Iterator[Update | Row]:
    """Yield what is in a source's objects, in order of their keys; a body at a time is held, or few.

    Keys that hold nothing that is taken are added to `found.passed_over`, damaged files to `found.damaged`. The keys
    themselves are listed first (some 0.3 KB each).

    Raises:
        StoreUnavailable: call again; nothing is lost or doubled by that.
    """
    listed = [each for each in source.list() if _fits(each.key, taking.pattern)]
    wanted = [each for each in listed if _is_taken(each, taking)]
    found.passed_over += [each.key for each in listed if not _is_taken(each, taking)]
    updates = [each for each in wanted if each.key.endswith(_JSON)]
    clock = Clock(taking.clock, "--timezone") if taking.clock else _told(source, updates)
    if any(named_time(each.key) for each in updates):
        found.clock = str(clock)
    for done, (stored, data) in enumerate(_fetched(source, wanted), 1):
        if stored.key.endswith(_PARQUET):
            yield from _rows(stored, data, taking, found)
        else:
            body = unwrapped(data)
            if not is_own_name(stored.key) and not _is_update(body):
                found.passed_over.append(stored.key)
                continue
            found.unwrapped += body is not data
            record_id = f"import-{hashlib.sha256(body).hexdigest()[:16]}-0"
            record = Record(record_id, taking.bot_id, SOURCE, received_at(stored, clock.zone), body)
            yield Update(record, said_day(stored.key))
        if progress:
            progress(done, len(wanted))


def is_own_name(key: str) -> bool:
    """Return whether an object lies where the course design puts updates: what cannot be read there is a broken update.

    Any other JSON that is no update is somebody's file, and nothing of it shall come into a lake, not even its quarantine.
    """
    return named_time(key) is not None or said_day(key) is not None


def unwrapped(data: bytes) -> bytes:
    """Return the body of the HTTP request that an object holds, as it came; the object itself when it holds none."""
    if b'"body"' not in data or b'"update_id"' in data[:64]:
        return data
    try:
        request = json.loads(data)
    except (ValueError, RecursionError):
        return data
    if not isinstance(request, dict) or "update_id" in request or not any(name in request for name in _REQUEST):
        return data
    body = request.get("body")
    if not isinstance(body, str):
        return data
    try:
        return base64.b64decode(body, validate=True) if request.get("isBase64Encoded") is True else body.encode()
    except (binascii.Error, UnicodeEncodeError):
        return data


def _rows(stored: Stored, data: bytes, taking: Taking, found: Imported) -> Iterator[Row]:
    assert taking.rows is not None
    day = said_day(stored.key)
    seen_at = datetime.combine(day, _NOON, UTC) if day else stored.modified.astimezone(UTC)
    try:
        for row in taking.rows(data):
            found.rows += 1
            for name in row:
                if name not in TAKEN and name not in OWN_CLOCKS and name not in found.columns_left:
                    found.columns_left.append(name)
            yield row_of(row, taking.bot_id, taking.own, seen_at, taking.zone)
    except UnreadableFile as error:
        found.damaged[stored.key] = str(error)


def _told(source: Objects, updates: Sequence[Stored]) -> Clock:
    """Return the clock of the names, by some of the messages, strewn over all."""
    named = [each for each in updates if named_time(each.key)]
    return clock_of((stored, unwrapped(body)) for stored, body in _fetched(source, named[:: len(named) // _SAMPLE + 1]))


def _is_update(body: bytes) -> bool:
    try:
        read_update(body)
    except UnreadableUpdate:
        return False
    return True


def _fits(key: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    parts, wanted = key.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _is_taken(stored: Stored, taking: Taking) -> bool:
    if stored.key.endswith(_PARQUET):
        return taking.rows is not None
    return stored.key.endswith(_JSON) and stored.size <= MAX_BODY_BYTES


def _fetched(source: Objects, listed: Iterable[Stored]) -> Iterator[tuple[Stored, bytes]]:
    """Yield each object with its bytes, in the given order; some are fetched ahead."""
    with ThreadPoolExecutor(_READ_AHEAD, thread_name_prefix="telelake-import") as threads:
        waiting: deque[tuple[Stored, Future[bytes]]] = deque()
        try:
            for stored in listed:
                waiting.append((stored, threads.submit(source.get, stored.key)))
                if len(waiting) >= _READ_AHEAD:
                    first, body = waiting.popleft()
                    yield first, body.result()
            while waiting:
                first, body = waiting.popleft()
                yield first, body.result()
        finally:
            for _, body in waiting:
                body.cancel()
