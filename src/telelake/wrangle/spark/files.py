"""Files that Spark reads and writes: kept relations, and a Parquet file a day with Iceberg's field ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from telelake.errors import CheckFailed, SettingsError
from telelake.tables.model import Kind, Table
from telelake.wrangle.spark import thrift

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TYPES = {
    Kind.LONG: "BIGINT", Kind.DOUBLE: "DOUBLE", Kind.BOOL: "BOOLEAN", Kind.TEXT: "STRING", Kind.TEXTS: "ARRAY<STRING>",
    Kind.TIME: "TIMESTAMP", Kind.DAY: "DATE",
}  # fmt: skip
_DAY = "_day"


class Shared:
    """A folder that the driver and all executors reach, for the time of one build.

    Without an address it is the driver's own folder, which the executors of a local master reach as well.
    """

    def __init__(self, spark: SparkSession, address: str | None, into: Path) -> None:
        self._spark = spark
        master = spark.sparkContext.master or "local"
        if address is None and not master.startswith("local"):
            raise SettingsError(
                f"Spark runs at {master}, whose machines do not see this one's files. Set "
                "wrangle.spark_folder to a place that all of them reach, such as s3a://bucket/scratch."
            )
        self._is_remote = address is not None
        self._base = f"{address.rstrip('/')}/{uuid4().hex}" if address else f"{into.absolute()}/spark"
        self._kept = 0
        self._copied: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_remote:
            system, path = self._system(self._base)
            system.delete(path, True)

    def reachable(self, paths: Sequence[Path]) -> list[str]:
        """Return the addresses of local segments as executors find them; bot and day stay in their paths."""
        if not self._is_remote:
            return [_local(path) for path in paths]
        targets = {path: f"{self._base}/raw/{'/'.join(path.parts[-3:])}" for path in paths}
        for path, target in targets.items():
            if target not in self._copied:  # a segment may be its own day's and another's day before
                self._copied.add(target)
                self._copy(self._file(path), *self._system(target))
        return list(targets.values())

    def keep(self, frame: DataFrame, name: str) -> DataFrame:
        """Write rows and return them as they were written."""
        self._kept += 1  # what is added to is read while it is written
        target = f"{self._base}/kept/{self._kept}-{name}"
        frame.write.parquet(target)
        return self._spark.read.schema(frame.schema).parquet(target)

    def write_days(self, frame: DataFrame, table: Table, days: Sequence[date], into: Path) -> dict[date, Path]:
        """Write a table's rows of some days, sorted, a file a day; return the local files."""
        from pyspark.sql import functions as f

        target = f"{self._base}/tables/{table.name}"
        order = [f.col(name).asc_nulls_last() for name in (_DAY, *table.sort)]
        rows = frame.where(f.col("context_date").isin(list(days))).withColumn(_DAY, f.col("context_date"))
        tasks = min(len(days), int(self._spark.conf.get("spark.sql.shuffle.partitions") or 1))
        rows = rows.repartition(tasks, _DAY).sortWithinPartitions(*order)
        rows.write.partitionBy(_DAY).parquet(target)
        found: dict[date, Path] = {}
        for address in self._list(target):
            day = date.fromisoformat(address.rsplit("/", 2)[1].partition("=")[2])
            if day in found:
                raise CheckFailed(f"{table.name} is not published: the engine wrote {day} in several files.")
            found[day] = self._fetched(address, into / f"{day}.parquet")
        return found

    def _list(self, folder: str) -> Iterator[str]:
        system, path = self._system(folder)
        files = system.listFiles(path, True)
        while files.hasNext():
            address = files.next().getPath().toString()
            if address.endswith(".parquet"):
                yield address

    def _fetched(self, address: str, target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        system, path = self._system(address)
        if self._is_remote:
            self._copy(system, path, self._file(target))
        else:
            system.rename(path, self._path(_local(target)))
        return target

    @property
    def _java(self) -> Any:
        return self._spark._jvm  # noqa: SLF001 - Hadoop has no other door in Python

    @property
    def _conf(self) -> Any:
        return self._spark._jsc.hadoopConfiguration()  # noqa: SLF001

    def _copy(self, *from_and_to: Any) -> None:
        """Copy a local file into a file system, or back. A `FileSystem` would do it only beside one that writes checksums."""
        self._java.org.apache.hadoop.fs.FileUtil.copy(*from_and_to, False, self._conf)

    def _file(self, path: Path) -> Any:
        return self._java.java.io.File(str(path.absolute()))

    def _path(self, address: str) -> Any:
        return self._java.org.apache.hadoop.fs.Path(address)

    def _system(self, address: str) -> tuple[Any, Any]:
        path = self._path(address)
        return path.getFileSystem(self._conf), path


def as_declared(frame: DataFrame, table: Table) -> DataFrame:
    """Return exactly the declared columns, in their order and types, with their field ids."""
    from pyspark.sql import functions as f

    return frame.select(
        *(
            f.col(f"`{column.name}`")
            .cast(_TYPES[column.kind])
            .alias(column.name, metadata={"parquet.field.id": column.id})
            for column in table.columns
        )
    )


def with_element_ids(path: Path, table: Table) -> None:
    """Give the elements of a file's lists their field ids, which Spark cannot write."""
    lists = (column for column in table.columns if column.element_id)
    ids: dict[tuple[str, ...], int] = {(column.name, "list", "element"): column.element_id or 0 for column in lists}
    if ids:
        thrift.set_field_ids(path, ids)


def _local(path: Path) -> str:
    """Return a local path's address as Hadoop takes it: it reads no escapes."""
    return f"file://{path.absolute()}"
