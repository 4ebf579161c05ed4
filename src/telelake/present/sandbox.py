"""A locked DuckDB over the files of one release: it reads those files and does nothing else.

Runs inside `telelake.present.worker`. Three fences, each of which holds alone against writing:

1. the statement's type: one SELECT (SHOW, DESCRIBE and SUMMARIZE are SELECTs to DuckDB);
2. a read-only transaction: since 2.0 a SELECT may hold an INSERT in a CTE, which the type does not show;
3. the locked configuration: no file but the release's, no network, no extension, no spill, no way back.

Python variables are files too to DuckDB (`FROM some_name` finds a data frame): `python_enable_replacements` is off.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from telelake.errors import QueryRefused
from telelake.present import quick
from telelake.present.answer import Answer, unique
from telelake.tables import derive
from telelake.tables.catalog import TABLES, VIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb


_MACROS = Path(__file__).with_name("macros.sql")
_BATCH_ROWS = 2048
_AS_TEXT = ("BIT", "BIGNUM", "UNION", "TIME WITH TIME ZONE", "GEOMETRY", "VARIANT")
"""Types that Arrow has no plain form for."""


def connect(
    files: Mapping[str, Sequence[Path]], zone: str, memory: str, threads: int, copy: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Open the tables and views of a release, and its quick copy if there is one, then lock the door."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            "memory_limit": memory,
            "threads": threads,
            "temp_directory": "",
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'; SET parquet_metadata_cache = true")
    define(connection, files, zone, copy)
    allowed = ", ".join(_quoted(path) for paths in files.values() for path in paths)
    connection.execute(f"SET allowed_paths = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def define(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[Path]], zone: str, copy: Path | None = None
) -> None:
    """Make the tables and views of a release, and the macros that insights use, as views and macros of a database."""
    if copy is not None:
        quick.attach(connection, copy)
    for table in TABLES:
        copied = quick.source(table.name) if copy is not None else None
        sql = copied or derive.reading(table, files.get(table.name, ()))
        connection.execute(f'CREATE VIEW "{table.name}" AS {sql}')
    for view in VIEWS:
        copied = quick.source(view.name) if copy is not None else None
        connection.execute(f'CREATE VIEW "{view.name}" AS {copied or view.sql}')
    connection.execute(f"CREATE MACRO local_time(ts) AS timezone({_quoted(zone)}, ts)")
    connection.execute(macros())
    if copy is not None:
        quick.replace(connection)


def macros() -> str:
    """Return the SQL that makes the macros, but `local_time`, which needs the zone."""
    return _MACROS.read_text(encoding="utf-8")


def check(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Return the one reading statement that the text is.

    Raises:
        QueryRefused: it is none, several, or does something else.
    """
    import duckdb

    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryRefused(explain(error)) from error
    if not statements:
        raise QueryRefused("The query is empty. Write one SELECT, such as: SELECT count(*) FROM messages")
    if len(statements) > 1:
        raise QueryRefused(f"One statement at a time; this has {len(statements)}. Send them one by one.")
    kind = statements[0].type
    if kind != duckdb.StatementType.SELECT:
        raise QueryRefused(
            f"Only reading is allowed here, and {_statement(kind, sql)} is not a read. "
            "Write one SELECT (or SHOW TABLES, DESCRIBE, SUMMARIZE); "
            "to save an answer use --output, or the CSV and JSON links."
        )
    return str(statements[0].query)


def run(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any], rows: int, size: int, memory: str
) -> Answer:
    """Run one read and return its answer, if it has no more than `rows` rows and `size` bytes.

    Raises:
        QueryRefused: not a read, an error in the SQL, or over a bound.
    """
    import duckdb
    import pyarrow as pa

    statement = check(connection, sql)
    connection.execute("BEGIN TRANSACTION READ ONLY")
    try:
        # `sql`, not `execute`: this one streams, so that a bound stops a query instead of counting its leavings.
        result = connection.sql(statement, params=dict(params)) if params else connection.sql(statement)
        types = tuple(str(kind) for kind in result.types)
        names = unique(list(result.columns))
        if any(kind.startswith(_AS_TEXT) for kind in types):
            result = result.project(", ".join(_readable(index + 1, kind) for index, kind in enumerate(types)))
        reader = result.to_arrow_reader(_BATCH_ROWS)
        batches, count, held = [], 0, 0
        for batch in reader:
            batches.append(batch)
            count += batch.num_rows
            held += batch.nbytes
            if count > rows:
                raise QueryRefused(f"The answer has more than {rows:,} rows (sql.rows). Add LIMIT, WHERE or GROUP BY.")
            if held > size:
                raise QueryRefused(f"The answer is larger than {memory} (sql.memory). Choose fewer columns or rows.")
        return Answer(pa.Table.from_batches(batches, schema=reader.schema).rename_columns(names), types)
    except duckdb.OutOfMemoryException as error:
        raise QueryRefused(too_much(memory)) from error
    except (duckdb.Error, pa.ArrowException) as error:
        raise QueryRefused(explain(error)) from error


def explain(error: Exception) -> str:
    """Return DuckDB's own words, without the drawing of the place and the advice for its owner."""
    text = str(error).strip()
    lines = [line.strip() for line in text.splitlines()]
    end = next((index for index, line in enumerate(lines) if line.startswith("LINE ")), None)
    message = " ".join(line for line in lines[:end] if line) or text
    if "disabled by configuration" in message or "disabled through configuration" in message:
        message = f"{message}. A query reads the tables of the lake and nothing else; SHOW TABLES lists them."
    return message[:500]


def too_much(memory: str) -> str:
    """Return what to say when a query ran out of memory."""
    return f"The query needs more than {memory} of memory (sql.memory). Filter or group earlier."


def _statement(kind: Any, sql: str) -> str:
    name = str(getattr(kind, "name", kind)).upper()
    if name in {"MULTI", "INVALID"}:  # PIVOT makes a type and a table before it reads
        return sql.split(maxsplit=1)[0].upper()
    return name


def _readable(position: int, kind: str) -> str:
    value = f"CAST(#{position} AS VARCHAR)" if kind.startswith(_AS_TEXT) else f"#{position}"
    return f"{value} AS c{position}"


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
