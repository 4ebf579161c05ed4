"""Many days into Parquet files, one a day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from telelake.errors import CheckFailed
from telelake.wrangle.files import copy_days

FIRST = date(2026, 1, 1)
SOME = 300
ROWS = f"FROM (SELECT DATE '{FIRST}' + (i % {SOME})::INTEGER AS context_date, i AS number FROM range(60_000) r(i))"


def test_a_file_a_day_with_all_of_its_rows(tmp_path: Path) -> None:
    """Days far more than the engine keeps open by itself, mixed: each has one file, which holds its column too."""
    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = false")
        found = copy_days(con, ROWS, tmp_path / "made", "FORMAT parquet", SOME)

        assert sorted(found) == [FIRST + timedelta(days=number) for number in range(SOME)]
        for day, path in list(found.items())[::50]:
            held = con.execute(
                "SELECT min(context_date), max(context_date), count(*) FROM read_parquet(?, hive_partitioning = false)",
                [str(path)],
            ).fetchall()
            assert held == [(day, day, 60_000 // SOME)]


def test_a_day_in_several_files_is_refused(tmp_path: Path) -> None:
    """Twin: told of fewer days than there are, the engine closes files and opens them again, and that is seen."""
    with duckdb.connect() as con:
        con.execute("SET threads = 1")
        con.execute("SET partitioned_write_flush_threshold = 1")  # so that a small lake does what a large one would
        with pytest.raises(CheckFailed, match="several files"):
            copy_days(con, ROWS, tmp_path / "made", "FORMAT parquet", 0)


def test_no_rows_are_no_files(tmp_path: Path) -> None:
    """A table may have nothing in all of the days."""
    with duckdb.connect() as con:
        assert copy_days(con, f"{ROWS} WHERE false", tmp_path / "made", "FORMAT parquet", SOME) == {}
