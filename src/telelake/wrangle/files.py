"""Rows into Parquet files, one a day, as tables are published."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from telelake.errors import CheckFailed
from telelake.wrangle.parse import text


def copy_days(con: duckdb.DuckDBPyConnection, select: str, into: Path, options: str, days: int) -> dict[date, Path]:
    """Write rows of at most `days` days below a folder, a Parquet file a day; return the files.

    By one statement: a statement a day would take ten times as long.

    Raises:
        CheckFailed: the engine wrote a day in several files.
    """
    # A file that is closed to open another would be followed by a second one of its day.
    con.execute(f"SET partitioned_write_max_open_files = {days + 1}")
    con.execute(
        f"COPY ({select}) TO {text(str(into))} ({options}, PARTITION_BY (context_date), WRITE_PARTITION_COLUMNS true)"
    )
    written = list(into.rglob("*.parquet"))
    found = {date.fromisoformat(path.parent.name.partition("=")[2]): path for path in written}
    if len(found) != len(written):
        raise CheckFailed(f"{into.name} is not published: the engine wrote a day in several files.")
    return found
