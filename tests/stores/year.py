"""A simulated year: each day a publication of that day and of the day before, then the upkeep, and a look at what lies there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from telelake.settings import Upkeep
from telelake.stores.iceberg import IcebergTables
from telelake.tables.model import Table
from tests.stores.test_iceberg import DAY, Shelf

POLICY = Upkeep(reader_seconds=0.0)
"""As it is by default, but that nobody holds on to an old release: a simulated day takes less than the hour of a reader."""


@dataclass(frozen=True, slots=True)
class Grown:
    """What lies in a home after some days; of files and snapshots the most that one table has."""

    days: int
    data_files: int
    metadata_files: int
    metadata_bytes: int
    """Of all tables together."""
    snapshots: int
    releases: int
    catalog_bytes: int
    publish_seconds: float
    maintain_seconds: float


def live(folder: Path, tables: Sequence[Table], days: int, *, keeps: bool = True) -> Iterator[Grown]:
    """Live through days, and yield what lies there after each; the twin that does no upkeep does not keep."""
    shelf = Shelf(str(folder / "home"), folder)
    shelf.tables = IcebergTables(shelf.store, shelf.base, folder / "state", upkeep=POLICY)
    for number in range(days):
        began = time.perf_counter()
        # A day is published as it goes on, and once more when it has ended.
        both = (DAY + timedelta(days=number), DAY + timedelta(days=number - 1))
        shelf.tables.publish({
            table.name: [shelf.day(table, day, *range(number + 1, number + 4)) for day in both] for table in tables
        })  # fmt: skip
        published = time.perf_counter()
        if keeps:
            with shelf.tables.writing():
                shelf.tables.maintain()
        yield _looked(shelf, tables, number + 1, published - began, time.perf_counter() - published)


def _looked(shelf: Shelf, tables: Sequence[Table], days: int, publish: float, maintain: float) -> Grown:
    found = [each for each in shelf.store.list() if each.key.startswith(("tables/", "releases/"))]
    by_table = {
        (table.name, kind): [each for each in found if each.key.startswith(f"tables/{table.name}/{kind}/")]
        for table in tables
        for kind in ("data", "metadata")
    }
    catalogs = [path.stat().st_size for path in shelf.work.rglob("catalog.db*")]
    return Grown(
        days,
        max(len(by_table[table.name, "data"]) for table in tables),
        max(len(by_table[table.name, "metadata"]) for table in tables),
        sum(each.size for table in tables for each in by_table[table.name, "metadata"]),
        max(len(shelf.opened(table).metadata.snapshots) for table in tables),
        sum(each.key.startswith("releases/") for each in found),
        sum(catalogs),
        publish,
        maintain,
    )
