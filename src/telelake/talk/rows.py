"""Rows that Python made, into Parquet files as tables are published, a day each, checked as the engine's are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from telelake.errors import CheckFailed
from telelake.ports import EMPTY, DayFile
from telelake.tables import derive
from telelake.tables.model import Kind, Table

_TYPES = {
    Kind.LONG: pa.int64(),
    Kind.DOUBLE: pa.float64(),
    Kind.BOOL: pa.bool_(),
    Kind.TEXT: pa.string(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.LONGS: pa.list_(pa.int64()),
    Kind.TIME: pa.timestamp("s", "UTC"),
    Kind.DAY: pa.date32(),
}


def write(table: Table, days: Mapping[date, Sequence[Mapping[str, Any]]], into: Path) -> list[DayFile]:
    """Write days of a table, a file each; times are Unix seconds.

    Raises:
        CheckFailed: a value that must be there is missing, or a key stands twice; names the table and an example.
    """
    rows = [row for each in days.values() for row in each]
    if not rows:
        return [DayFile(day, None, 0, EMPTY) for day in days]
    # By columns: a table from a list of rows takes several times as long.
    columns = [pa.array([row[column.name] for row in rows], _TYPES[column.kind]) for column in table.columns]
    names = derive.table_columns(table)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.register("made", pa.Table.from_arrays(columns, names=names))
        into.mkdir(parents=True, exist_ok=True)
        con.execute(f"SET partitioned_write_max_open_files = {len(days) + 1}")
        con.execute(
            f"COPY ({derive.cast_select(table, 'made', names)} ORDER BY {', '.join(('context_date', *table.sort))}) "
            f"TO {_quoted(into)} (FORMAT parquet, COMPRESSION zstd, WRITE_BLOOM_FILTER false, "
            f"FIELD_IDS {derive.field_ids(table)}, PARTITION_BY (context_date), WRITE_PARTITION_COLUMNS true)"
        )
        paths = {date.fromisoformat(path.parent.name.partition("=")[2]): path for path in into.rglob("*.parquet")}
        found = _checked(con, table, paths)
    return [DayFile(day, paths.get(day), *found.get(day, (0, EMPTY))) for day in days]


def _checked(con: duckdb.DuckDBPyConnection, table: Table, paths: Mapping[date, Path]) -> dict[date, tuple[int, str]]:
    """Check what was written, as it was written; return rows and digest of each day."""
    relation = f"read_parquet([{', '.join(map(_quoted, paths.values()))}], hive_partitioning = false)"
    found = con.execute(derive.summary(table, relation)).fetchall()
    if wrong := [str(day) for day, _, _, nulls in found if nulls or day not in paths]:
        raise CheckFailed(
            f"{table.name} of {', '.join(wrong[:3])} is not published: a value that must be there is null."
        )
    if again := con.execute(f"{derive.repeated_keys(table, relation)} LIMIT 3").fetchall():
        raise CheckFailed(
            f"{table.name} is not published: ({', '.join(table.key)}) is not unique, for example {again}."
        )
    return {day: (rows, digest) for day, rows, digest, _ in found}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
