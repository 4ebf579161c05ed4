"""The ledger, table `builds`: read to know what is due, written beside what was built."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from telelake.ports import Books, DayFile
from telelake.tables import derive
from telelake.tables.catalog import BUILDS
from telelake.wrangle.files import copy_days
from telelake.wrangle.plan import BuiltDay, Ledger


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of `builds`."""

    day: date
    table: str
    built: BuiltDay
    rows: int
    books: Books
    seconds: float
    built_at: datetime
    version: str

    def row(self) -> list[object]:
        """Return the values in the order of the declaration."""
        return [
            self.day, self.table, self.built.input_digest, self.built.recipe_digest, self.built.content_digest, self.rows,
            self.books.raw, self.books.duplicates, self.books.quarantined, self.books.notes, self.seconds, self.built_at,
            self.version,
        ]  # fmt: skip


def read(files: Sequence[Path]) -> Ledger:
    """Return the ledger that some files of `builds` hold."""
    if not files:
        return {}
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT context_date, table_name, input_digest, recipe_digest, content_digest FROM read_parquet(?)",
            [[str(path) for path in files]],
        ).fetchall()
    return {(day, name): BuiltDay(*digests) for day, name, *digests in rows}


def books(files: Sequence[Path]) -> dict[date, Books]:
    """Return the accounts of the days that some files of `builds` hold; rows are those of `updates` and `calls`."""
    if not files:
        return {}
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT context_date, max(raw_records), CAST(sum(rows) AS BIGINT), max(duplicates), max(quarantined), max(notes) "
            "FROM read_parquet(?) WHERE table_name IN ('updates', 'calls') GROUP BY ALL",
            [[str(path) for path in files]],
        ).fetchall()
    return {day: Books(*counts) for day, *counts in rows}


def write(before: Sequence[Path], news: Iterable[Entry], into: Path) -> list[DayFile]:
    """Write the ledger's days that have news, each with what it held before of other tables."""
    names = [column.name for column in BUILDS.columns]
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET threads = 1")  # the same rows give the same bytes
        con.execute(f"CREATE TABLE news AS {derive.empty_select(BUILDS)}")
        # A list a column: a statement a row would take a second for a few hundred days.
        values = [list(column) for column in zip(*(entry.row() for entry in news), strict=True)]
        con.execute(f"INSERT INTO news SELECT {', '.join(['unnest(?)'] * len(names))}", values)
        old = "read_parquet(?)" if before else "(SELECT * FROM news LIMIT 0)"
        con.execute(
            f"CREATE TABLE builds AS FROM news UNION ALL SELECT {', '.join(names)} FROM {old} AS old "
            "WHERE context_date IN (SELECT context_date FROM news) AND NOT EXISTS (SELECT 1 FROM news "
            "WHERE news.context_date = old.context_date AND news.table_name = old.table_name)",
            [[str(path) for path in before]] if before else None,
        )
        days = con.execute("SELECT context_date, count(*) FROM builds GROUP BY context_date ORDER BY ALL").fetchall()
        paths = copy_days(
            con, "FROM builds ORDER BY context_date, table_name", into,
            f"FORMAT parquet, COMPRESSION zstd, FIELD_IDS {derive.field_ids(BUILDS)}", len(days),
        )  # fmt: skip
    return [
        DayFile(day, paths[day], rows, hashlib.sha256(paths[day].read_bytes()).hexdigest()[:32]) for day, rows in days
    ]
