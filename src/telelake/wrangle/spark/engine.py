"""An `Engine` on Apache Spark; see the package.

The order is the embedded engine's: read → cut duplicates → number states → one SQL file a table → write → check. What
several tables read is written once, to a folder that all of the cluster reaches. The checks run over the finished Parquet
files, by the same code as the embedded engine's.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import duckdb

from telelake.errors import CheckFailed, StoreError, TableMismatch
from telelake.ports import EMPTY, Built, DayFile, DayInput
from telelake.raw import read_blocks
from telelake.settings import Wrangle
from telelake.tables import derive
from telelake.tables.catalog import BUILT
from telelake.tables.model import Table
from telelake.wrangle.clock import local_hour_macro
from telelake.wrangle.duckdb import balanced, check, present
from telelake.wrangle.spark import functions, read
from telelake.wrangle.spark.files import Shared, as_declared, with_element_ids
from telelake.wrangle.spark.session import open_session
from telelake.wrangle.spark.translate import Statement, translate
from telelake.wrangle.sql import sql_file

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_AT_ONCE = 3
"""Tables that are built at the same time: what the last tasks of one leave of the cluster, another takes."""


class SparkEngine:
    """An `Engine` on Spark; see the module."""

    def __init__(self, settings: Wrangle) -> None:
        self._settings = settings

    def build(self, days: Sequence[DayInput], into: Path) -> Built:
        """Build every declared table for some days; see `ports.Engine`."""
        into.mkdir(parents=True, exist_ok=True)
        spark = open_session(self._settings)
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import AnalysisException, ParseException, PySparkException

        named = ", ".join(str(day.day) for day in days)
        try:
            with Shared(spark, self._settings.spark_folder, into) as shared:
                return _Run(spark, shared, days, into).build()
        except (AnalysisException, ParseException) as error:
            raise TableMismatch(f"{named}: the tables' SQL does not fit its inputs on Spark: {error}") from error
        except (PySparkException, Py4JJavaError) as error:
            _name_damaged(days)
            said = re.split(r"\n\s*at |\nJVM stacktrace", str(error))[0]
            if "No space left" in said or "Connection" in said:
                raise StoreError(f"{named}: Spark could not read or write its files: {said}") from error
            raise CheckFailed(
                f"{named}: the engine failed on Spark ({type(error).__name__}: {said}). Nothing of it was published. Keep the "
                "message and open an issue."
            ) from error


def _name_damaged(days: Sequence[DayInput]) -> None:
    """Raise `StoreError` for a segment that is damaged, if one is."""
    for path in (path for day in days for path in day.paths):
        deque(read_blocks(path), maxlen=0)


class _Run:
    """One build: the session, its input, and the time that each stage took."""

    def __init__(self, spark: SparkSession, shared: Shared, days: Sequence[DayInput], into: Path) -> None:
        self.spark = spark
        self.shared = shared
        self.days = days
        self.into = into
        self.seconds: dict[str, float] = {}
        self.registered: set[str] = set()
        self.views: dict[str, Statement] = {}
        self.registering = Lock()
        self.present: frozenset[str] = frozenset()
        self.macros = ""

    def build(self) -> Built:
        with self._timed("parse"):
            self._parse()
        with self._timed("quarantine"):
            self._quarantine()
        with self._timed("duplicates"):
            self._cut_duplicates()
        with self._timed("states"):
            self._keep("states", self._select(sql_file("_states")))
            self._keep("message_states", self._select(sql_file("_message_states")))
            for views in ("_events", "_polls"):
                self._run(sql_file(views), kept=True)
            self.macros = local_hour_macro(self.days[0].zone, [day.day for day in self.days])
        self.present = self._present()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            tables = dict(zip((table.name for table in BUILT), pool.map(self._table, BUILT), strict=True))
        books = self._select(sql_file("_books")).collect()
        found = {
            row["context_date"]: (row["raw"], row["duplicates"], row["quarantined"], row["notes"]) for row in books
        }
        return Built(tables, balanced(self.days, found, tables), self.seconds)

    # Stages

    def _parse(self) -> None:
        """Make `records` and `called`; `read` and `calls_read` hold the lines that are broken as well."""
        paths = {kind: [path for day in self.days for path in getattr(day, field)] for kind, field in _INPUT.items()}
        self._keep("calls_read", self._read("calls", paths["calls"]))
        self._lines("call_lines", "calls_read")
        self._keep("called", self._select(sql_file("_called")))
        found = self._read("updates", paths["updates"])
        if paths["exports"]:
            found = found.unionByName(self._read("exports", paths["exports"]))
        if paths["calls"]:
            called = self.spark.table("called")
            found = found.unionByName(called.mapInArrow(read.of_calls(), read.spark_schema("updates")))
        # Spark has no row ids of its own; this one is kept with the row.
        self._keep("read", found.selectExpr("*", "monotonically_increasing_id() AS rowid"))
        self._lines("records", "read")
        self.spark.sql("SELECT drifted.* FROM read WHERE drifted IS NOT NULL").createOrReplaceTempView("drifted")

    def _quarantine(self) -> None:
        """Make `unreadable` and `quarantine_repeats`, as the embedded engine does."""
        broken = " UNION ALL ".join(
            "SELECT context_date, CAST(NULL AS BIGINT), CAST(NULL AS TIMESTAMP), CAST(NULL AS STRING), broken.reason, "
            f"broken.bytes, broken.raw, 1 AS part FROM {lines} WHERE broken IS NOT NULL"
            for lines in ("read", "calls_read")
        )
        quarantine = [path for day in self.days for path in day.quarantine]
        self._read("quarantine", quarantine).createOrReplaceTempView("quarantine_read")
        columns = "context_date, bot_id, received_at, source, reason, bytes, raw"
        self._keep(
            "all_unreadable", self.spark.sql(f"SELECT {columns}, 0 AS part FROM quarantine_read UNION ALL {broken}")
        )
        self.spark.sql(
            "SELECT context_date, count(*) - count(DISTINCT raw) AS n FROM all_unreadable GROUP BY context_date"
        ).createOrReplaceTempView("quarantine_repeats")
        first = "row_number() OVER (PARTITION BY context_date, raw ORDER BY part, received_at NULLS LAST, reason, bytes) AS place"
        self.spark.sql(
            f"SELECT {columns} FROM (SELECT *, {first} FROM all_unreadable) WHERE place = 1"
        ).createOrReplaceTempView("unreadable")

    def _cut_duplicates(self) -> None:
        """Make `payloads`: the records less those that repeat another."""
        before = [path for day in self.days for path in day.before]
        has_undated = self.spark.sql(
            "SELECT 1 FROM records WHERE is_dated IS DISTINCT FROM true AND update_id IS NOT NULL LIMIT 1"
        ).collect()
        self._keep("all_earlier", self._read("before", before if has_undated else []))
        self._lines("earlier_lines", "all_earlier")
        self.spark.table("earlier_lines").distinct().createOrReplaceTempView("earlier")
        self._run(sql_file("_duplicates"))
        if any(day.exports for day in self.days):
            self._run(sql_file("_exported_twice"))

    def _present(self) -> frozenset[str]:
        """Return what is there of what tables need; see `Table.needs`."""
        from pyspark.sql import functions as f

        flags = (f.max(f.col("is_service")), f.max(f.col("carried_topic_name").isNotNull()))
        sets = (f.collect_set("kind"), f.collect_set("message_kind"))
        ((kinds, content, service, topic),) = self.spark.table("records").agg(*sets, *flags).collect()
        return present(kinds, content, service, topic)

    def _table(self, table: Table) -> Sequence[DayFile]:
        if table.needs and self.present.isdisjoint(table.needs):
            return [DayFile(day.day, None, 0, EMPTY) for day in self.days]
        with self._timed(table.name):
            made = self._select(sql_file(table.name))
            derive.cast_select(table, table.name, made.columns)  # refuses columns too many or too few
            days = [day.day for day in self.days]
            paths = self.shared.write_days(as_declared(made, table), table, days, self.into / table.name)
            for path in paths.values():
                with_element_ids(path, table)
            with duckdb.connect() as con:
                con.execute("SET TimeZone = 'UTC'")
                digests = check(con, table, list(paths.values()))
        return [DayFile(day, paths.get(day), *digests.get(day, (0, EMPTY))) for day in days]

    # Statements

    def _read(self, kind: str, paths: Sequence[Path]) -> DataFrame:
        """Return the lines of some segments."""
        if not paths:
            return self.spark.createDataFrame([], read.spark_schema(kind))
        found = self.spark.read.format("binaryFile").load(self.shared.reachable(paths)).select("path", "content")
        return found.mapInArrow(read.reader(kind), read.spark_schema(kind))

    def _lines(self, name: str, of: str) -> None:
        lines = self.spark.table(of).where("broken IS NULL AND drifted IS NULL").drop("broken", "drifted")
        lines.createOrReplaceTempView(name)

    def _run(self, text: str, *, kept: bool = False) -> None:
        """Run statements that make relations; `kept` are written even where they are views, for many tables read them."""
        for each in translate(text):
            made = self._prepared(each)
            assert each.makes is not None
            if each.adds:
                # As to a table: what is read meanwhile is what was there before.
                made = _added(self.spark.table(each.makes), made)
            if each.is_view and not kept:
                self.views[each.makes] = each
                made.createOrReplaceTempView(each.makes)
            else:
                self._keep(each.makes, made)
            if each.adds:
                # A view of Spark's keeps what it was made of, whatever has that name since.
                for name, view in self.views.items():
                    self._prepared(view).createOrReplaceTempView(name)

    def _select(self, text: str) -> DataFrame:
        (statement,) = translate(text, self.macros)
        return self._prepared(statement)

    def _prepared(self, statement: Statement) -> DataFrame:
        from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # its stubs lack it

        with self.registering:
            for each in (each for each in statement.functions.values() if each.name not in self.registered):
                kind = functions.result_type(each.expression, each.arguments)
                self.spark.udf.register(each.name, arrow_udf(functions.on_batches(each.expression), kind))
                self.registered.add(each.name)
        return self.spark.sql(statement.select)

    def _keep(self, name: str, frame: DataFrame) -> None:
        """Write rows that others read more than once, under a name."""
        self.shared.keep(frame, name).createOrReplaceTempView(name)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = round(time.perf_counter() - start, 3)


_INPUT = {"updates": "segments", "calls": "calls", "exports": "exports"}
"""Kind of segment → where a `DayInput` has them."""


def _added(there: DataFrame, more: DataFrame) -> DataFrame:
    """Return both together, by name where the names are known, else by place."""
    if set(more.columns) <= set(there.columns):
        return there.unionByName(more, allowMissingColumns=True)
    return there.union(more)
