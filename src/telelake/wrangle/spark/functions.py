"""What DuckDB computes for Spark, a batch at a time; runs in Spark's Python workers.

A document is opened, cut and compared by the same code as in the embedded engine, so there is one answer to what a number
out of range or an escape is. Arrow carries a batch there and back without a copy for each row.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from telelake.errors import TableMismatch
from telelake.wrangle import parse
from telelake.wrangle.sql import sql_file

_own = threading.local()


def connection() -> duckdb.DuckDBPyConnection:
    """Return this thread's database in memory, with the macros of the tables' SQL."""
    con: duckdb.DuckDBPyConnection | None = getattr(_own, "con", None)
    if con is None:
        con = duckdb.connect()
        con.execute("SET threads = 1")  # Spark runs a worker for each processor
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"SET VARIABLE longest_line = {parse.LINES[-1]}")
        con.execute(sql_file("_macros"))
        con.execute(parse.macros())
        _own.con = con
    return con


def on_batches(expression: str) -> Callable[..., Any]:
    """Return a function of Arrow arrays that computes an expression over `p0`, `p1`…"""

    def compute(*arrays: Any) -> Any:
        return evaluate(expression, arrays)

    compute.__annotations__.clear()  # Spark would read them, and knows fewer than there are
    return compute


def evaluate(expression: str, arrays: tuple[Any, ...]) -> Any:
    """Return an expression's values, in the order of the rows."""
    batch = pa.table({f"p{number}": array for number, array in enumerate(arrays)})
    con = connection()
    con.register("batch", batch)
    try:
        found = con.sql(f"SELECT {expression} AS value FROM batch").to_arrow_table().column("value")
    finally:
        con.unregister("batch")
    return found.combine_chunks() if found.num_chunks != 1 else found.chunk(0)


@cache
def result_type(expression: str, arguments: tuple[str, ...]) -> str:
    """Return the type of an expression's values, as Spark names it."""
    given = ", ".join(f"CAST(NULL AS {kind}) AS p{number}" for number, kind in enumerate(arguments))
    found = connection().sql(f"SELECT {expression} AS value FROM (SELECT {given})").to_arrow_table()
    return spark_type(found.schema.field("value").type)


def spark_type(kind: Any) -> str:
    """Return an Arrow type as Spark names it.

    Raises:
        TableMismatch: Spark has no such type.
    """
    if pa.types.is_struct(kind):
        return "STRUCT<" + ", ".join(f"`{each.name}`: {spark_type(each.type)}" for each in kind) + ">"
    if pa.types.is_list(kind):
        return f"ARRAY<{spark_type(kind.value_type)}>"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz else "TIMESTAMP_NTZ"
    names = {
        pa.int64(): "BIGINT",
        pa.int32(): "INT",
        pa.string(): "STRING",
        pa.bool_(): "BOOLEAN",
        pa.float64(): "DOUBLE",
    }
    names[pa.date32()] = "DATE"
    if kind not in names:
        raise TableMismatch(
            f"Spark has no type for what DuckDB gives as {kind}: cast it to one of {', '.join(names.values())}."
        )
    return names[kind]
