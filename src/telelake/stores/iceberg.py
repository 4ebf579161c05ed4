"""Published tables: Apache Iceberg, and the releases that pin its tables together.

A publication replaces days in one commit a table, then writes the create-only object `releases/<n>.json`. Our readers
open only releases, so a publication that dies half-way is not there for them; the next one first takes each table back
to what the last release pinned. Before each commit and before the release, the holder of the pen makes sure that it
still is (`pen.py`); a commit that another's came before is found out and never released. What pyiceberg does is in `commits.py`,
which is loaded when it is needed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from telelake.errors import Conflict, NotStored, SettingsError, StoreUnavailable
from telelake.ports import DayFile, Release
from telelake.settings import Storage, Upkeep, local_path
from telelake.stores.cache import Cache
from telelake.stores.objects import BucketStore, DirectoryStore, make_folders, sync_folder
from telelake.stores.pen import FilePen, Held, LeasePen, Pen
from telelake.tables import catalog as declared
from telelake.tables.model import Table

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table as IcebergTable

    from telelake.stores.verify import Needed

NAMESPACE = "telelake"
RELEASES = "releases/"
_ADOPTED_AT_ONCE = 16


class IcebergTables:
    """A `TableStore` in a home.

    The catalog is SQLite, in the home when that is a directory, else beside the journal; or, for a bucket, AWS Glue.
    """

    def __init__(
        self, store: BucketStore, home: str, state: Path, storage: Storage | None = None, upkeep: Upkeep | None = None
    ) -> None:
        folder = local_path(home)
        self._upkeep = upkeep or Upkeep()
        self._storage = storage or Storage()
        if folder and self._storage.catalog == "glue":
            raise SettingsError(
                f"storage.catalog = 'glue', but the home {home} is a folder, which AWS cannot read. "
                "Use home = 's3://bucket', or take the setting out."
            )
        self._store = store
        self._base = str(folder) if folder else home.rstrip("/")
        self._local = folder
        self._state = state
        self.cache = Cache(store, state / "cache")
        """Local copies; unused in a folder."""
        self._namespace = self._storage.database if self._storage.catalog == "glue" else NAMESPACE
        self._properties = _file_io(folder, self._storage)
        self._pen: Pen = FilePen(state / "wrangle.lock") if folder else LeasePen(store)
        self._held: Held | None = None
        self._catalog: Catalog | None = None
        self._opening = Lock()

    @property
    def catalog(self) -> Catalog:
        """The Iceberg catalog, made when it is missing."""
        with self._opening:
            if self._catalog is None:
                self._catalog = self._open_catalog()
            return self._catalog

    def _open_catalog(self) -> Catalog:
        from telelake.stores import glue, sqlite

        if self._storage.catalog == "glue":
            return glue.open_glue(self._base, self._storage, self._properties)
        file = (self._local or self._state) / "catalog.db"
        return sqlite.open_sqlite(file, self._base, NAMESPACE, self._properties)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """See `TableStore.writing`. In a folder the lock goes with its holder, also by `kill -9`; in a bucket it runs out."""
        with self._pen.hold() as held:
            self._held = held
            # Its packages take a while to load, which a build can hide. A failure shows when the catalog is needed.
            opening = Thread(target=self._warm, name="telelake-catalog")
            opening.start()
            try:
                yield
            finally:
                opening.join()
                self._held = None

    def latest(self) -> Release | None:
        """See `TableStore.latest`."""
        releases = [each.key for each in self._store.list(RELEASES) if each.key.endswith(".json")]
        return self.read_release(releases[-1]) if releases else None

    def read_release(self, key: str) -> Release:
        """Return the release that an object holds."""
        found = json.loads(self._store.get(key))
        return Release(found["release"], found["tables"])

    def published_at(self, release: Release) -> datetime | None:
        """Return when a release was published (UTC)."""
        keys = {each.key: each.modified for each in self._store.list(RELEASES)}
        return keys.get(f"{RELEASES}{release.number:010d}.json")

    def files(self, release: Release, table: str, days: Collection[date] | None = None) -> Sequence[Path]:
        """See `TableStore.files`."""
        if table not in release.tables:
            return []
        from telelake.stores import commits

        try:
            paths = commits.data_files(release.tables[table], self._properties)
        except OSError as error:
            raise StoreUnavailable(f"Table {table} of release {release.number} cannot be read: {error}") from error
        if days is not None:
            folders = {_folder(day) for day in days}
            paths = [path for path in paths if path.split("/")[-2] in folders]
        if self._local:
            return [Path(path) for path in paths]
        return self.cache.files(table, [path.removeprefix(f"{self._base}/") for path in paths])

    def publish(self, days: Mapping[str, Sequence[DayFile]]) -> Release:
        """See `TableStore.publish`."""
        from telelake.stores import commits

        last = self.latest()
        number = last.number + 1 if last else 1
        pinned = dict(last.tables) if last else {}
        with commits.translated(f"Publishing release {number}", self._base):
            for name, files in days.items():
                pinned[name] = self._swap(declared.table(name), files, pinned.get(name), number)
        return self._release(number, pinned)

    def _release(self, number: int, pinned: Mapping[str, str]) -> Release:
        body = json.dumps({"release": number, "tables": pinned}, indent=1).encode()
        key = f"{RELEASES}{number:010d}.json"
        self.confirm()
        # A service that lost an answer and was asked again says "there already" of our own: the bytes tell.
        if not self._store.put(key, body) and self._store.get(key) != body:
            raise Conflict(f"Another writer published release {number} of {self._base} meanwhile.")
        return Release(number, pinned)

    def purge(self) -> int:
        """Remove all that was before the newest release, whoever still reads it; return the number of files removed.

        Raises:
            Conflict: another wrangler published meanwhile.
            StoreUnavailable: some may be gone; call again.
        """
        from telelake.stores import commits
        from telelake.stores.upkeep import purge

        self.confirm()
        with commits.translated("Purging", self._base):
            return purge(self, self._store, self._base)

    def lay_anew(self, name: str, pinned: str) -> str:
        """Have a table's files, as a release pins them, told of by manifests that know no other; return its metadata."""
        from telelake.stores import commits

        iceberg = self.table(name) or self.catalog.register_table((self._namespace, name), pinned)
        iceberg = commits.taken_back(iceberg, pinned, self._properties)
        return commits.laid_anew(iceberg, commits.data_files(pinned, self._properties)).metadata_location

    def lay_down(self, number: int, files: Mapping[str, Sequence[str]]) -> Release:
        """Make tables of data files that lie in the home already, by key, and the release of that number that pins them.

        Only for a home without a release: its files were brought there from another.

        Raises:
            UnknownName: a later telelake made a table that this one does not know.
            Conflict: another wrangler is at work.
            StoreUnavailable: call again.
        """
        from telelake.stores import commits

        pinned = {}
        with commits.translated(f"Laying down release {number}", self._base):
            for name, keys in files.items():
                iceberg = self.table(name)
                if iceberg is None:
                    table = declared.table(name)
                    iceberg = commits.create(self.catalog, (self._namespace, name), table, self.location(name))
                locations = [f"{self._base}/{key}" for key in keys]
                pinned[name] = commits.laid_anew(iceberg, locations).metadata_location
        return self._release(number, pinned)

    def pin(self, tables: Mapping[str, str]) -> Release:
        """Publish a release of these tables' metadata."""
        last = self.latest()
        return self._release(last.number + 1 if last else 1, tables)

    def needed(self, release: Release) -> list[Needed]:
        """Return every file that a release cannot be read without, by location.

        Raises:
            StoreError: metadata is missing or damaged; names it.
        """
        from telelake.stores.verify import needed

        found = (needed(each, self._properties) for each in release.tables.values())
        return list({each.location: each for table in found for each in table}.values())

    def key_of(self, location: str) -> str:
        """Return the key in the home of a file of a table."""
        return location.removeprefix("file://").removeprefix(f"{self._base}/")

    def is_whole(self, needed: Needed, folder: Path) -> bool:
        """Return whether a file of a table is there and can be read; copies of a bucket's files go into `folder`.

        Raises:
            StoreUnavailable: call again.
        """
        from telelake.stores.verify import reads_whole

        try:
            path = self._store.stage(self.key_of(needed.location), folder)
        except NotStored:
            return False
        if needed.size is not None and path.stat().st_size != needed.size:
            return False
        return needed.rows is None or reads_whole(path, needed.rows)

    @property
    def catalog_file(self) -> Path | None:
        """SQLite's file of the catalog, which need not be there; None when the catalog is elsewhere."""
        return None if self._storage.catalog == "glue" else (self._local or self._state) / "catalog.db"

    def catalog_damage(self) -> str | None:
        """Return what is wrong with the catalog's file; None when it is whole, or elsewhere."""
        from telelake.stores.verify import catalog_damage

        return catalog_damage(self.catalog_file) if self.catalog_file else None

    def maintain(self) -> int:
        """See `TableStore.maintain`."""
        from telelake.stores import commits
        from telelake.stores.upkeep import maintain

        self.confirm()
        with commits.translated("Upkeep", self._base):
            grace = timedelta(seconds=self._upkeep.reader_seconds)
            return maintain(self, self._store, self._base, grace, self._upkeep.releases)

    def table(self, name: str) -> IcebergTable | None:
        """Return a table as the catalog has it, or None before its first publication.

        Raises:
            SettingsError: the catalog has another lake's table under that name.
        """
        from telelake.stores import commits

        found = commits.load(self.catalog, (self._namespace, name))
        if found and self._storage.catalog == "glue" and found.location().rstrip("/") != self.location(name):
            raise SettingsError(
                f"Table {name} of the Glue database {self._namespace} lies at {found.location()}: it is another lake's. "
                f"Set storage.database to a name of this lake's own ({self._base})."
            )
        return found

    def location(self, name: str) -> str:
        """Return the root of a table's files."""
        return f"{self._base}/tables/{name}"

    def _swap(self, table: Table, files: Sequence[DayFile], pinned: str | None, number: int) -> str:
        """Replace some days of one table, in one commit; return the location of its new metadata."""
        from telelake.stores import commits

        if isinstance(self._store, DirectoryStore):
            # Once, before many ask for it: who finds a folder that another has made cannot know whether it is synced.
            make_folders(self._store.root / f"tables/{table.name}/data", self._store.root)
        # Most of it is waiting for the medium, or for the bucket.
        with ThreadPoolExecutor(_ADOPTED_AT_ONCE, thread_name_prefix="telelake-adopt") as threads:
            added = list(
                threads.map(lambda each: self._adopt(table, each, number), (each for each in files if each.path))
            )
        self.confirm()
        name = (self._namespace, table.name)
        iceberg = self.table(table.name)
        if iceberg is None and pinned:
            iceberg = self.catalog.register_table(name, pinned)  # the catalog was lost, the release was not
        if iceberg is None:
            iceberg = commits.create(self.catalog, name, table, self.location(table.name))
        iceberg = commits.taken_back(iceberg, pinned, self._properties)
        return commits.replace_days(iceberg, table, {each.day for each in files}, added)

    def confirm(self) -> None:
        """See `TableStore.confirm`; nothing is asked of who has not taken the pen."""
        if self._held:
            self._held.confirm()

    def _warm(self) -> None:
        with suppress(Exception):
            from telelake.stores import commits  # noqa: F401

            self.catalog  # noqa: B018 - opened by being asked for

    def _adopt(self, table: Table, made: DayFile, number: int) -> str:
        """Bring a file of the engine into the table's folder, durably; return its location."""
        assert made.path is not None
        key = f"tables/{table.name}/data/{_folder(made.day)}/{number:010d}-{made.digest}.parquet"
        if not isinstance(self._store, DirectoryStore):
            self._store.put(key, made.path.read_bytes())
            return f"{self._base}/{key}"
        target = self._store.root / key
        make_folders(target.parent, self._store.root)
        shutil.move(made.path, target)
        with target.open("rb") as file:  # after the move: between two file systems that is a copy
            os.fsync(file.fileno())
        sync_folder(target.parent)
        return str(target)


def _folder(day: date) -> str:
    """Return the name of the folder that holds a day's files."""
    return f"context_date={day.isoformat()}"


def _file_io(folder: Path | None, storage: Storage) -> dict[str, Any]:
    if folder:
        return {"py-io-impl": "telelake.stores.durable.DurableFileIO"}
    found: dict[str, Any] = {"py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"}
    if endpoint := storage.endpoint or os.environ.get("AWS_ENDPOINT_URL"):
        found["s3.endpoint"] = endpoint
    if region := storage.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        found["s3.region"] = region
    return found
