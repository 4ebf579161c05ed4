"""Iceberg tables through pyiceberg: how one is declared, opened, taken back and changed in one commit.

Apart from `iceberg`, because pyiceberg takes half a second to load: who only asks what was released does not need it, and
a build can hide it.
"""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from pyarrow import ArrowException, parquet
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchPropertyException,
    NoSuchTableError,
    TableAlreadyExistsError,
    ValidationException,
)
from pyiceberg.expressions import AlwaysTrue, In
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_file_to_data_file,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
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
from telelake.stores import glue, sqlite
from telelake.tables.model import Column, Table

_MARK = "telelake.publication"
"""Property of a snapshot: random, of the publication that made it."""

_TYPES: dict[str, IcebergType] = {
    "long": LongType(), "double": DoubleType(), "boolean": BooleanType(), "string": StringType(), "date": DateType(),
    "timestamptz": TimestamptzType(),
}  # fmt: skip
_ELEMENTS: dict[str, IcebergType] = {"list<string>": StringType(), "list<long>": LongType()}

_PARTITIONS = PartitionSpec(
    PartitionField(source_id=1, field_id=1000, transform=IdentityTransform(), name="context_date")
)


def load(catalog: Catalog, name: tuple[str, str]) -> IcebergTable | None:
    """Return a table as the catalog has it, or None.

    Raises:
        SettingsError: what has that name in the catalog is no Iceberg table.
    """
    try:
        return catalog.load_table(name)
    except NoSuchTableError:
        return None
    except NoSuchPropertyException as error:
        raise SettingsError(
            f"{name[1]} of the Glue database {name[0]} is no Iceberg table, perhaps a view: {error}. "
            "Rename or drop it, or set storage.database to a name of this lake's own."
        ) from error


def create(catalog: Catalog, name: tuple[str, str], table: Table, location: str) -> IcebergTable:
    """Make a table of a declaration, without rows."""
    return catalog.create_table(name, iceberg_schema(table), location, _PARTITIONS, properties=_properties(table))


def data_files(metadata: str, properties: Mapping[str, Any]) -> list[str]:
    """Return the locations of the data files that a table's metadata means."""
    opened = StaticTable.from_metadata(metadata, dict(properties))
    return sorted(task.file.file_path for task in opened.scan().plan_files())


def taken_back(iceberg: IcebergTable, pinned: str | None, properties: Mapping[str, Any]) -> IcebergTable:
    """Return the table as the last release pinned it, whatever was committed and never released."""
    wanted = StaticTable.from_metadata(pinned, dict(properties)).current_snapshot() if pinned else None
    current = iceberg.current_snapshot()
    if current is None or (wanted and wanted.snapshot_id == current.snapshot_id):
        return iceberg
    if wanted:
        iceberg.manage_snapshots().set_current_snapshot(snapshot_id=wanted.snapshot_id).commit()
    else:
        iceberg.delete()
    return iceberg.refresh()


def replace_days(iceberg: IcebergTable, table: Table, days: Collection[date], added: list[str]) -> str:
    """Replace some days by files, in one commit; return the location of the new metadata.

    Raises:
        Conflict: another writer's commit came in between.
        TableMismatch: see `_evolved`.
    """
    iceberg = _evolved(iceberg, table)
    before = {each.snapshot_id for each in iceberg.snapshots()}
    mark = {_MARK: secrets.token_hex(8)}
    with iceberg.transaction() as change, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a day that was not there yet is no reason to warn
        if iceberg.current_snapshot():
            change.delete(In("context_date", set(days)), snapshot_properties=mark)  # type: ignore[call-arg, arg-type]
        if added:
            with change.update_snapshot(snapshot_properties=mark).merge_append() as append:
                for each in _data_files(iceberg, added):
                    append.append_data_file(each)
    _refuse_others(iceberg, before, mark[_MARK])
    return iceberg.metadata_location


def laid_anew(iceberg: IcebergTable, locations: Sequence[str]) -> IcebergTable:
    """Return the table with the same files, of which new manifests tell that know of no others.

    A manifest goes on telling of files that were taken out beside those that stayed, their bounds of `chat_id` among it.

    Raises:
        Conflict: another writer's commit came in between.
    """
    before = {each.snapshot_id for each in iceberg.snapshots()}
    mark = {_MARK: secrets.token_hex(8)}
    with iceberg.transaction() as change, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        change.delete(AlwaysTrue(), snapshot_properties=mark)
        if locations:
            with change.update_snapshot(snapshot_properties=mark).fast_append() as append:
                for each in _data_files(iceberg, locations):
                    append.append_data_file(each)
    _refuse_others(iceberg, before, mark[_MARK])
    return iceberg.refresh()


def _data_files(iceberg: IcebergTable, locations: Sequence[str]) -> Iterator[DataFile]:
    """Yield what a manifest says of some Parquet files, as `Transaction.add_files` has it.

    That looks at the table's schema anew for each file, which is four fifths of its time: seconds for a year of days. Here
    the first file goes that way, and so does any whose schema is not the first one's.
    """
    schema, spec = iceberg.schema(), iceberg.spec()
    columns = compute_statistics_plan(schema, iceberg.properties)
    ids = parquet_path_to_id_mapping(schema)
    usual = None
    for location in locations:
        file = iceberg.io.new_input(location)
        with file.open() as stream:
            found = parquet.read_metadata(stream)
        if usual is None or not found.schema.equals(usual):
            usual = usual or found.schema
            yield parquet_file_to_data_file(iceberg.io, iceberg.metadata, location)
            continue
        statistics = data_file_statistics_from_parquet_metadata(found, columns, ids)
        yield DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=location,
            file_format=FileFormat.PARQUET,
            partition=statistics.partition(spec, schema),
            file_size_in_bytes=len(file),
            sort_order_id=None,
            spec_id=spec.spec_id,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )


@contextmanager
def translated(doing: str, base: str) -> Iterator[None]:
    """Let nothing but our own errors through."""
    try:
        with glue.translated(f"{doing} of {base}"), sqlite.translated(f"{doing} of {base}"):
            yield
    except (CommitFailedException, TableAlreadyExistsError, NoSuchTableError, ValidationException) as error:
        raise Conflict(f"Another writer changed a table of {base} meanwhile: {error}") from error
    except NoSuchNamespaceError as error:
        raise StoreError(f"{doing} of {base} failed: {error}. Deploy again, or make the database.") from error
    except ArrowException as error:
        raise StoreError(f"{doing} of {base} failed: a file is no Parquet, or damaged: {error}") from error
    except OSError as error:
        raise StoreUnavailable(f"{doing} of {base} failed: {error}") from error


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
        return ListType(element_id=column.element_id, element=_ELEMENTS[column.kind.iceberg], element_required=False)
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
