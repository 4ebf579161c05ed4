"""Published tables: Apache Iceberg through pyiceberg, and the releases that pin them together.

A publication replaces days in one commit a table, then writes the create-only object `releases/<n>.json`. Our readers
open only releases, so a publication that dies half-way is not there for them; the next one first takes each table back
to what the last release pinned. Before each commit and before the release, the holder of the pen makes sure that it
still is (`pen.py`); a commit that another's came before is found out and never released.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
    ValidationException,
)
from pyiceberg.expressions import In
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import StaticTable
from pyiceberg.table import Table as IcebergTable
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from telelake.errors import Conflict, SettingsError, StoreError, StoreUnavailable, TableMismatch
from telelake.ports import DayFile, Release
from telelake.settings import Storage, local_path
from telelake.stores import glue, sqlite
from telelake.stores.objects import BucketStore, DirectoryStore, make_folders, sync_folder
from telelake.stores.pen import FilePen, Held, LeasePen, Pen
from telelake.tables import catalog as declared
from telelake.tables.model import Column, Table

NAMESPACE = "telelake"
RELEASES = "releases/"

_MARK = "telelake.publication"
"""Property of a snapshot: random, of the publication that made it."""
_READERS = 16
"""Files of a bucket that are copied at the same time: most are small, and wait for the network."""

_TYPES: dict[str, IcebergType] = {
    "long": LongType(), "double": DoubleType(), "boolean": BooleanType(), "string": StringType(), "date": DateType(),
    "timestamptz": TimestamptzType(),
}  # fmt: skip


class IcebergTables:
    """A `TableStore` in a home.

    The catalog is SQLite, in the home when that is a directory, else beside the journal; or, for a bucket, AWS Glue.
    """

    def __init__(self, store: BucketStore, home: str, state: Path, storage: Storage | None = None) -> None:
        folder = local_path(home)
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
        if self._storage.catalog == "glue":
            return glue.open_glue(self._base, self._storage, self._properties)
        return sqlite.open_sqlite((self._local or self._state) / "catalog.db", self._base, NAMESPACE, self._properties)

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

    def files(self, release: Release, table: str) -> Sequence[Path]:
        """See `TableStore.files`."""
        if table not in release.tables:
            return []
        try:
            opened = StaticTable.from_metadata(release.tables[table], self._properties)
            paths = sorted(task.file.file_path for task in opened.scan().plan_files())
        except OSError as error:
            raise StoreUnavailable(f"Table {table} of release {release.number} cannot be read: {error}") from error
        if self._local:
            return [Path(path) for path in paths]
        cache = self._state / "cache"
        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(lambda path: self._store.stage(path.removeprefix(f"{self._base}/"), cache), paths))

    def drop_cached(self, table: str, used: Collection[str]) -> None:
        """Remove a table's locally cached files, but for those at some locations."""
        cache = self._state / "cache"
        for path in list((cache / "tables" / table).rglob("*.parquet")):
            if f"{self._base}/{path.relative_to(cache).as_posix()}" not in used:
                path.unlink(missing_ok=True)

    def publish(self, days: Mapping[str, Sequence[DayFile]]) -> Release:
        """See `TableStore.publish`."""
        last = self.latest()
        number = last.number + 1 if last else 1
        pinned = dict(last.tables) if last else {}
        with self._translated(f"Publishing release {number}"):
            for name, files in days.items():
                pinned[name] = self._swap(declared.table(name), files, pinned.get(name), number)
        body = json.dumps({"release": number, "tables": pinned}, indent=1).encode()
        key = f"{RELEASES}{number:010d}.json"
        self._confirm()
        # A service that lost an answer and was asked again says "there already" of our own: the bytes tell.
        if not self._store.put(key, body) and self._store.get(key) != body:
            raise Conflict(f"Another writer published release {number} of {self._base} meanwhile.")
        return Release(number, pinned)

    def maintain(self) -> int:
        """See `TableStore.maintain`."""
        from telelake.stores.upkeep import maintain

        self._confirm()
        with self._translated("Upkeep"):
            return maintain(self, self._store, self._base)

    def table(self, name: str) -> IcebergTable | None:
        """Return a table as the catalog has it, or None before its first publication.

        Raises:
            SettingsError: the catalog has another lake's table under that name.
        """
        try:
            found = self.catalog.load_table((self._namespace, name))
        except NoSuchTableError:
            return None
        if self._storage.catalog == "glue" and found.location().rstrip("/") != self.location(name):
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
        added = [self._adopt(table, each, number) for each in files if each.path]
        self._confirm()
        name = (self._namespace, table.name)
        iceberg = self.table(table.name)
        if iceberg is None and pinned:
            iceberg = self.catalog.register_table(name, pinned)  # the catalog was lost, the release was not
        if iceberg is None:
            iceberg = self.catalog.create_table(
                name, iceberg_schema(table), self.location(table.name), _PARTITIONS, properties=_properties(table)
            )
        iceberg = _evolved(self._taken_back(iceberg, pinned), table)
        before = {each.snapshot_id for each in iceberg.snapshots()}
        mark = {_MARK: secrets.token_hex(8)}
        with iceberg.transaction() as change, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a day that was not there yet is no reason to warn
            if iceberg.current_snapshot():
                change.delete(In("context_date", {each.day for each in files}), snapshot_properties=mark)  # type: ignore[call-arg, arg-type]
            if added:
                change.add_files(added, snapshot_properties=mark, check_duplicate_files=False)
        _refuse_others(iceberg, before, mark[_MARK])
        return iceberg.metadata_location

    def _confirm(self) -> None:
        """Make sure that the pen is still ours, when it was taken."""
        if self._held:
            self._held.confirm()

    def _warm(self) -> None:
        with suppress(Exception):
            self.catalog  # noqa: B018 - opened by being asked for

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        """Let nothing but our own errors through."""
        try:
            with glue.translated(f"{doing} of {self._base}"), sqlite.translated(f"{doing} of {self._base}"):
                yield
        except (CommitFailedException, TableAlreadyExistsError, NoSuchTableError, ValidationException) as error:
            raise Conflict(f"Another writer changed a table of {self._base} meanwhile: {error}") from error
        except NoSuchNamespaceError as error:
            raise StoreError(f"{doing} of {self._base} failed: {error}. Deploy again, or make the database.") from error
        except OSError as error:
            raise StoreUnavailable(f"{doing} of {self._base} failed: {error}") from error

    def _taken_back(self, iceberg: IcebergTable, pinned: str | None) -> IcebergTable:
        """Return the table as the last release pinned it, whatever was committed and never released."""
        wanted = StaticTable.from_metadata(pinned, self._properties).current_snapshot() if pinned else None
        current = iceberg.current_snapshot()
        if current is None or (wanted and wanted.snapshot_id == current.snapshot_id):
            return iceberg
        if wanted:
            iceberg.manage_snapshots().set_current_snapshot(snapshot_id=wanted.snapshot_id).commit()
        else:
            iceberg.delete()
        return iceberg.refresh()

    def _adopt(self, table: Table, made: DayFile, number: int) -> str:
        """Bring a file of the engine into the table's folder, durably; return its location."""
        assert made.path is not None
        key = f"tables/{table.name}/data/context_date={made.day.isoformat()}/{number:010d}-{made.digest}.parquet"
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


_PARTITIONS = PartitionSpec(
    PartitionField(source_id=1, field_id=1000, transform=IdentityTransform(), name="context_date")
)


def iceberg_schema(table: Table) -> Schema:
    """Return a declaration as Iceberg has it. All fields are optional; "never null" is one of our checks."""
    fields = [NestedField(each.id, each.name, _type(each), required=False, doc=each.en) for each in table.columns]
    return Schema(*fields)


def _evolved(iceberg: IcebergTable, table: Table) -> IcebergTable:
    """Return the table with the columns that its declaration has gained, and with its properties.

    Raises:
        TableMismatch: Iceberg would number a new column otherwise than its declaration does.
    """
    there = {each.name for each in iceberg.schema().fields}
    missing = sorted(
        (each for each in iceberg_schema(table).fields if each.name not in there), key=lambda each: each.field_id
    )
    changed = {key: value for key, value in _properties(table).items() if iceberg.properties.get(key) != value}
    if not missing and not changed:
        return iceberg
    free = iceberg.metadata.last_column_id + 1
    for each in missing:
        if each.field_id != free:
            raise TableMismatch(
                f"The new column {table.name}.{each.name} must have the next free id, {free}, not {each.field_id}."
            )
        free += 2 if isinstance(each.field_type, ListType) else 1
    with iceberg.transaction() as transaction:
        if missing:
            with transaction.update_schema() as change:
                for each in missing:
                    change.add_column(each.name, each.field_type, doc=each.doc)
        if changed:
            transaction.set_properties(changed)
    return iceberg.refresh()


def _refuse_others(iceberg: IcebergTable, before: Collection[int], mark: str) -> None:
    """Refuse a commit that pyiceberg has put on top of another writer's, which nothing of ours has read.

    Raises:
        Conflict: there is a snapshot that was not there before and that is not ours.
    """
    for each in iceberg.snapshots():
        if each.snapshot_id not in before and (
            each.summary is None or each.summary.additional_properties.get(_MARK) != mark
        ):
            raise Conflict(f"Another writer changed {'.'.join(iceberg.name())} meanwhile. What is due stays due.")


def _type(column: Column) -> IcebergType:
    if column.element_id:
        return ListType(element_id=column.element_id, element=StringType(), element_required=False)
    return _TYPES[column.kind.iceberg]


def _properties(table: Table) -> dict[str, str]:
    metrics = {f"write.metadata.metrics.column.{each.name}": "none" for each in table.columns if each.personal}
    return {
        "commit.manifest-merge.enabled": "true",
        "commit.manifest.min-count-to-merge": "8",
        "write.metadata.previous-versions-max": "8",
        "write.parquet.compression-codec": "zstd",
        **metrics,
    }


def _file_io(folder: Path | None, storage: Storage) -> dict[str, Any]:
    if folder:
        return {"py-io-impl": "telelake.stores.durable.DurableFileIO"}
    found: dict[str, Any] = {"py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"}
    if endpoint := storage.endpoint or os.environ.get("AWS_ENDPOINT_URL"):
        found["s3.endpoint"] = endpoint
    if region := storage.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        found["s3.region"] = region
    return found
