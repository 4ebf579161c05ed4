"""Local copies of a bucket's data files, for an engine that reads files only.

A copy is made once and stays while the bucket has its object. What upkeep took out of the bucket goes from here when
the table changes next, also on a machine that only reads; so do the parts that a killed process left.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from telelake.errors import StoreUnavailable
from telelake.stores.objects import BucketStore

GRACE = timedelta(hours=1)
"""How old a copy must be to go: a younger one may be another process's, of a release that came after our look."""

_READERS = 16
"""Files that are copied at the same time: most are small, and wait for the network."""


class Cache:
    """The copies below one folder, under their objects' keys. Many processes may share it."""

    def __init__(self, store: BucketStore, folder: Path) -> None:
        self._store = store
        self._folder = folder

    def files(self, table: str, keys: Sequence[str]) -> list[Path]:
        """Return a table's objects as local files; when one had to be fetched, drop what the bucket no longer has.

        Raises:
            NotStored: there is no such object.
            StoreUnavailable: call again.
        """
        has_all = all((self._folder / key).exists() for key in keys)
        with ThreadPoolExecutor(_READERS) as pool:
            found = list(pool.map(lambda key: self._store.stage(key, self._folder), keys))
        if not has_all:
            with suppress(StoreUnavailable):  # who reads has what was asked for; tidying can wait
                self.tidy(table)
        return found

    def tidy(self, table: str, grace: timedelta = GRACE) -> None:
        """Remove the copies of a table's files, and of parts, that are older than the grace and not in the bucket.

        Raises:
            StoreUnavailable: call again.
        """
        newest = time.time() - grace.total_seconds()
        old = [path for path in (self._folder / "tables" / table).rglob("*") if _is_before(path, newest)]
        if not old:
            return
        there = {each.key for each in self._store.list(f"tables/{table}/")}
        for path in old:
            if path.relative_to(self._folder).as_posix() not in there:
                path.unlink(missing_ok=True)


def _is_before(path: Path, moment: float) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime <= moment
    except FileNotFoundError:  # another process tidies too
        return False
