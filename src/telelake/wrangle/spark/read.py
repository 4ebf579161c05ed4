"""Raw segments into typed records; runs in Spark's Python workers, some segments a time.

A record follows from its own line alone, so DuckDB makes it as in the embedded engine, by the same SQL: of a segment as it
lies when every line is as the Bot API has it, else as `conform` writes it anew. What of a segment is no update at all
comes out as a line of its own, whose `broken` says so; and so does what the Bot API does not know, as `drifted`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa

from telelake.raw import Content
from telelake.wrangle import drift, parse
from telelake.wrangle.conform import conform, is_regular
from telelake.wrangle.spark.functions import connection, spark_type

_BROKEN = pa.struct([("raw", pa.string()), ("reason", pa.string()), ("bytes", pa.int64())])
_DRIFTED = pa.struct(
    [("context_date", pa.date32()), *((name, pa.string()) for name in ("record_id", "what", "path", "value"))]
)
_BESIDE = {"broken": _BROKEN, "drifted": _DRIFTED}
"""Columns of lines that are no records."""
_ROWS = 10_000
_TOGETHER = 4_000_000
"""Compressed bytes of segments that are read at once: to read a small one by itself costs more than what is in it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a segment holds, hence how it is read."""

    select: Callable[[Sequence[Path]], str]
    """The SELECT of its rows; of none, for its columns."""
    content: Content | None = None
    """How a broken line is mended; None where lines are our own."""


KINDS = {
    "updates": Kind(parse.updates, Content.UPDATES),
    "calls": Kind(parse.call_lines, Content.CALLS),
    "exports": Kind(parse.exported, Content.EXPORTS),
    "quarantine": Kind(parse.unreadable_lines),
    "before": Kind(parse.earlier_lines, Content.UPDATES),
}
"""By name; a name, unlike a function, is cheap to send to a worker."""


@cache
def schema(name: str) -> Any:
    """Return the Arrow schema of what is read of segments of a kind."""
    if name == "exports":
        return schema("updates")  # they are records too
    found = connection().sql(_spoken(name, KINDS[name].select([]))).to_arrow_table().schema
    return pa.schema([*(pa.field(each.name, each.type) for each in found), *_BESIDE.items()])


def spark_schema(name: str) -> str:
    """Return the same as Spark writes it."""
    return ", ".join(f"`{each.name}` {spark_type(each.type)}" for each in schema(name))


def reader(name: str) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return a function of batches of segments (`path`, `content`) that yields batches of their rows."""

    def rows(batches: Iterator[Any]) -> Iterator[Any]:
        together: list[tuple[str, Any]] = []
        size = 0
        for batch in batches:
            for path, content in zip(batch.column("path"), batch.column("content"), strict=True):
                together.append((unquote(path.as_py()), content.as_buffer()))
                size += len(together[-1][1])
                if size > _TOGETHER:
                    yield from read(name, together)
                    together, size = [], 0
        if together:
            yield from read(name, together)

    return rows


def of_calls() -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return a function of batches of `called` that yields the records of the messages that these calls made."""

    def rows(batches: Iterator[Any]) -> Iterator[Any]:
        con = connection()
        for batch in batches:
            con.register("called", pa.Table.from_batches([batch]))
            yield from _batches("updates", _spoken("updates", parse.sent()))

    return rows


def read(name: str, segments: Sequence[tuple[str, Any]]) -> Iterator[Any]:
    """Yield the rows of some segments, given by address and content."""
    with TemporaryDirectory(prefix="telelake-") as folder:
        paths = []
        for number, (address, content) in enumerate(segments):
            # Bot and day are told by the folders.
            path = Path(folder, f"{number}", *address.rsplit("/", 3)[1:])
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
            paths.append(path)
        if len(paths) > 1 and _is_loaded(name, paths, is_known=True):
            yield from _loaded(name)
        else:
            for path in paths:
                yield from _read_one(name, path)


def _read_one(name: str, path: Path) -> Iterator[Any]:
    """Yield the rows of one segment; where the engine may not read it as it lies, as it is written anew."""
    content = KINDS[name].content
    if content is None:
        _load(name, [path])
    elif not _is_loaded(name, [path], is_known=False):
        anew = path.parents[2] / "anew" / Path(*path.parts[-3:-1]) / "lines.ndjson"
        told = [{"raw": each.raw, "reason": each.reason, "bytes": each.bytes} for each in conform(path, anew, content)]
        if told:
            day = pa.array([_day(path)] * len(told), pa.date32())
            yield _completed(name, {"broken": pa.array(told, _BROKEN), "context_date": day}, len(told))
        _load(name, [anew] if anew.stat().st_size else [])
    yield from _loaded(name)
    if name == "updates":
        yield from _drifted(name, path)


def _is_loaded(name: str, paths: Sequence[Path], *, is_known: bool) -> bool:
    """Load segments as they lie; return whether the engine may read them so, see `duckdb._Run._parse`.

    With `is_known`, only if there can be nothing in them that the Bot API does not know.
    """
    content = KINDS[name].content
    try:
        if name in ("calls", "exports") and content and not all(is_regular(path, content) for path in paths):
            return False
        _load(name, paths)
    except duckdb.InvalidInputException:
        return False  # what is wrong is the conformer's to find
    if name != "updates":
        return True
    counts = f"SELECT {parse.ODD}, {parse.UNMARKED}, {parse.STRANGE} FROM loaded"
    ((odd, unmarked, strange),) = connection().execute(counts).fetchall()
    return not odd and not (is_known and strange) and (not unmarked or all(map(is_regular, paths)))


def _load(name: str, paths: Sequence[Path]) -> None:
    none = "" if paths else "LIMIT 0"
    rows = _spoken(name, KINDS[name].select(paths))
    connection().execute(f"CREATE OR REPLACE TEMP TABLE loaded AS {rows} {none}")


def _loaded(name: str) -> Iterator[Any]:
    """Yield what is loaded."""
    yield from _batches(name, "FROM loaded")


def _batches(name: str, select: str) -> Iterator[Any]:
    schema(name)  # while rows are read, the connection answers nothing else
    for batch in connection().sql(select).to_arrow_reader(_ROWS):
        yield _completed(name, {each: batch.column(each) for each in batch.schema.names}, batch.num_rows)


def _drifted(name: str, path: Path) -> Iterator[Any]:
    """Yield what the Bot API does not know in a segment of updates."""
    found = drift.find(path, _day(path))
    while some := list(islice(found, _ROWS)):
        told = [dict(zip(_DRIFTED.names, each, strict=True)) for each in some]
        yield _completed(name, {"drifted": pa.array(told, _DRIFTED)}, len(told))


def _day(path: Path) -> date:
    return date.fromisoformat(path.parent.name.partition("=")[2])


def _completed(name: str, columns: dict[str, Any], rows: int) -> Any:
    """Return columns as a batch of the kind's schema; a missing one is null."""
    arrays = [
        columns[each.name].cast(each.type) if each.name in columns else pa.nulls(rows, each.type)
        for each in schema(name)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema(name))


def _spoken(name: str, select: str) -> str:
    """Return a SELECT without hashes of 64 bits, which Spark has no type for: 63 tell as much."""
    halved = ", ".join(f"CAST({each} // 2 AS BIGINT) AS {each}" for each in _hashes(name))
    return f"SELECT * {f'REPLACE ({halved})' if halved else ''} FROM ({select})"


@cache
def _hashes(name: str) -> tuple[str, ...]:
    found = connection().sql(KINDS[name].select([]))
    return tuple(each for each, kind in zip(found.columns, found.types, strict=True) if str(kind) == "UBIGINT")
