"""A TableStore without Iceberg: days as files in a folder, for tests of what comes before publishing."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from telelake.ports import DayFile, Release


class PlainTables:
    """Keeps the newest file of each table's day."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._days: dict[str, dict[date, Path]] = {}
        self._number = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """There is only one writer."""
        yield

    def latest(self) -> Release | None:
        """Return the newest release."""
        return Release(self._number, dict.fromkeys(self._days, "")) if self._number else None

    def confirm(self) -> None:
        """There is only one writer."""

    def files(self, release: Release, table: str, days: Collection[date] | None = None) -> Sequence[Path]:
        """Return a table's files."""
        there = self._days.get(table, {})
        return sorted(path for day, path in there.items() if days is None or day in days)

    def publish(self, days: Mapping[str, Sequence[DayFile]]) -> Release:
        """Replace days."""
        self._number += 1
        for table, files in days.items():
            there = self._days.setdefault(table, {})
            for each in files:
                there.pop(each.day, None)
                if each.path:
                    target = self._folder / table / f"{each.day}-{self._number}.parquet"
                    target.parent.mkdir(parents=True, exist_ok=True)
                    there[each.day] = Path(shutil.copy(each.path, target))
        return Release(self._number, dict.fromkeys(self._days, ""))

    def maintain(self) -> int:
        """Nothing grows here for long."""
        return 0
