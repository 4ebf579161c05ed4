"""Published tables: Apache Iceberg through pyiceberg, and the releases that pin them together.

A publication replaces days in one commit a table, then writes the create-only object `releases/<n>.json`. Our readers
open only releases, so a publication that dies half-way is not there for them; the next one first takes each table back
to what the last release pinned.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NamespaceAlreadyExistsError, NoSuchTableError
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
from sqlalchemy.exc import SQLAlchemyError

from telelake.errors import Conflict, StoreUnavailable, TableMismatch
from telelake.ports import DayFile, Release
from telelake.settings import Storage, local_path
from telelake.stores.objects import BucketStore, DirectoryStore, make_folders, sync_folder
from telelake.tables import catalog as declared
from telelake.tables.model import Column, Table

NAMESPACE = "telelake"
RELEASES = "releases/"

_TYPES: dict[str, IcebergType] = {
    "long": LongType(), "double": DoubleType(), "boolean": BooleanType(), "string": StringType(), "date": DateType(),
    "timestamptz": TimestamptzType(),
}  # fmt: skip


class IcebergTables:
    """A `TableStore` in a home; the catalog is SQLite, in the home when that is a directory, else beside the journal."""

    def __init__(self, store: BucketStore, home: str, state: Path, storage: Storage | None = None) -> None:
        folder = local_path(home)
        self._store = store
        self._base = str(folder) if folder else home.rstrip("/")
        self._local = folder
        self._state = state
        self._catalog_file = (folder or state) / "catalog.db"
        self._properties = _file_io(folder, storage or Storage())

    @cached_property
    def catalog(self) -> Catalog:
        """The Iceberg catalog, made when it is missing."""
        self._catalog_file.parent.mkdir(parents=True, exist_ok=True)
        found = SqlCatalog(
            NAMESPACE, uri=f"sqlite:///{quote(str(self._catalog_file))}", warehouse=self._base, **self._properties
        )
        with suppress(NamespaceAlreadyExistsError):
            found.create_namespace(NAMESPACE)
        return found

    @contextmanager
    def writing(self) -> Iterator[None]:
        """See `TableStore.writing`. The lock goes with its holder, also by `kill -9`."""
        self._state.mkdir(parents=True, exist_ok=True)
        with (self._state / "wrangle.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict("Another telelake is wrangling this lake; wait for it, or stop it.") from None
            yield

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
        return [self._store.stage(path.removeprefix(f"{self._base}/"), cache) for path in paths]

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
        try:
            for name, files in days.items():
                pinned[name] = self._swap(declared.table(name), files, pinned.get(name), number)
        except CommitFailedException as error:
            raise Conflict(f"Another writer changed a table of {self._base} meanwhile: {error}") from error
        except (OSError, SQLAlchemyError) as error:
            raise StoreUnavailable(f"Publishing release {number} to {self._base} failed: {error}") from error
        body = json.dumps({"release": number, "tables": pinned}, indent=1).encode()
        if not self._store.put(f"{RELEASES}{number:010d}.json", body):
            raise Conflict(f"Another writer published release {number} of {self._base} meanwhile.")
        return Release(number, pinned)

    def maintain(self) -> int:
        """See `TableStore.maintain`."""
        from telelake.stores.upkeep import maintain

        return maintain(self, self._store, self._base)

    def table(self, name: str) -> IcebergTable | None:
        """Return a table as the catalog has it, or None before its first publication."""
        try:
            return self.catalog.load_table((NAMESPACE, name))
        except NoSuchTableError:
            return None

    def location(self, name: str) -> str:
        """Return the root of a table's files."""
        return f"{self._base}/tables/{name}"

    def _swap(self, table: Table, files: Sequence[DayFile], pinned: str | None, number: int) -> str:
        """Replace some days of one table, in one commit; return the location of its new metadata."""
        iceberg = self.table(table.name)
        if iceberg is None and pinned:
            iceberg = self.catalog.register_table(
                (NAMESPACE, table.name), pinned
            )  # the catalog was lost, the release was not
        if iceberg is None:
            iceberg = self.catalog.create_table(
                (NAMESPACE, table.name), iceberg_schema(table), self.location(table.name), _PARTITIONS,
                properties=_properties(table),
            )  # fmt: skip
        iceberg = _evolved(self._taken_back(iceberg, pinned), table)
        added = [self._adopt(table, each, number) for each in files if each.path]
        with iceberg.transaction() as change, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a day that was not there yet is no reason to warn
            if iceberg.current_snapshot():
                change.delete(In("context_date", {each.day for each in files}))  # type: ignore[call-arg, arg-type]
            if added:
                change.add_files(added, check_duplicate_files=False)
        return iceberg.metadata_location

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
