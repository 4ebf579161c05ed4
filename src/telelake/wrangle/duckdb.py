"""The embedded engine: raw segments in, checked Parquet files out, by DuckDB.

Owns the order conform → parse → cut duplicates → one SQL file a table → check → write. Each body is parsed once, into
`payloads`, which every table's SQL reads. Knows nothing of where raw or tables live, nor of what is due.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Thread

import duckdb

from telelake.errors import CheckFailed, StoreError, TableMismatch
from telelake.ports import Books, Built, DayFile, DayInput
from telelake.raw import Content, read_blocks
from telelake.settings import Wrangle
from telelake.tables import derive
from telelake.tables.catalog import BUILT, CALLS, QUARANTINE, UPDATES
from telelake.tables.model import SERVICE, TOPIC, Table
from telelake.wrangle import parse
from telelake.wrangle.clock import local_hour_macro
from telelake.wrangle.conform import Broken, conform, is_regular
from telelake.wrangle.files import copy_days
from telelake.wrangle.sql import sql_file

_ROW_GROUP = 122_880
_DICTIONARY = 4096
"""Distinct values of a row group above which a column is written plain: a dictionary of more costs more than it saves."""
_SORTED_RECORDS = 500_000
"""Records up to which a day's rows are sorted; a larger day keeps about the order of arrival, for half the time."""


class DuckDBEngine:
    """An `Engine` on one machine; see the module."""

    def __init__(self, settings: Wrangle) -> None:
        self._settings = settings
        self._closing: Thread | None = None

    def build(self, days: Sequence[DayInput], into: Path) -> Built:
        """Build every declared table for some days; see `ports.Engine`."""
        into.mkdir(parents=True, exist_ok=True)
        with self._memory() as con:
            self._configure(con, into)
            try:
                return _Run(con, days, into).build()
            except duckdb.OutOfMemoryException as error:
                raise CheckFailed(
                    f"{', '.join(str(day.day) for day in days)}: the build needs more than wrangle.memory = "
                    f"{self._settings.memory}. Raise it, or build on a larger machine."
                ) from error
            except duckdb.IOException as error:
                for path in (path for day in days for path in day.paths):
                    deque(read_blocks(path), maxlen=0)  # names the damaged one
                raise StoreError(f"The engine could not read or write its files: {error}") from error
            except duckdb.Error as error:
                # Were it not translated, a value that nobody thought of would cost all other days too.
                raise CheckFailed(
                    f"{', '.join(str(day.day) for day in days)}: the engine failed ({type(error).__name__}: {error}). Nothing "
                    "of it was published. Keep the message and open an issue."
                ) from error

    @contextmanager
    def _memory(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a database in memory; what does not fit spills.

        To give back a gigabyte takes a while, which the caller can use; the next build waits for it.
        """
        if self._closing:
            self._closing.join()
        con = duckdb.connect()
        try:
            yield con
        finally:
            self._closing = Thread(target=con.close, name="telelake-engine-close")
            self._closing.start()

    def _configure(self, con: duckdb.DuckDBPyConnection, into: Path) -> None:
        con.execute(f"SET memory_limit = '{self._settings.memory}'")
        if self._settings.threads:
            con.execute(f"SET threads = {self._settings.threads}")
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET preserve_insertion_order = false")  # raw has no order to preserve
        con.execute("SET temp_directory = ?", [str(into / "spill")])
        con.execute(sql_file("_macros"))
        con.execute(parse.macros())


class _Run:
    """One build: the connection, its input, and the time that each stage took."""

    def __init__(self, con: duckdb.DuckDBPyConnection, days: Sequence[DayInput], into: Path) -> None:
        self.con = con
        self.days = days
        self.into = into
        self.seconds: dict[str, float] = {}
        self.present: frozenset[str] = frozenset()

    def build(self) -> Built:
        with self._timed("parse"):
            broken = [*self._parse(), *self._parse_calls(), *self._parse_exports()]
        with self._timed("quarantine"):
            self._quarantine(broken)
        with self._timed("duplicates"):
            self._cut_duplicates()
        with self._timed("states"):
            self.con.execute(f"CREATE TABLE states AS {sql_file('_states')}")
            self.con.execute(f"CREATE VIEW message_states AS {sql_file('_message_states')}")
            for views in ("_events", "_polls"):
                self.con.execute(sql_file(views))
            self.con.execute(local_hour_macro(self.days[0].zone, [day.day for day in self.days]))
        self.present = self._present()
        # Two at a time: what one leaves of the processors, at its end and in its checks, the other takes.
        with ThreadPoolExecutor(2) as pool:
            tables = dict(zip((table.name for table in BUILT), pool.map(self._table, BUILT), strict=True))
        return Built(tables, self._books(tables), self.seconds)

    def _parse(self) -> list[tuple[date, Broken]]:
        """Make `records`: all of the days' lines, typed. Return the lines that are broken.

        A line that the sealer has marked is as the Bot API has it. Segments with any other line are checked here; those
        in which something is wrong, or at which the engine stops, are read again as `conform` has written them.
        """
        where = {path: day.day for day in self.days for path in day.segments}
        self.con.execute(parse.create_records())
        if not where:
            return []
        try:
            self.con.execute(parse.insert_records(list(where)))
            odd, unmarked = self._odd()
            irregular = sorted(odd | {path for path in unmarked - odd if not is_regular(path)})
            self.con.execute("DELETE FROM records WHERE list_contains(?, file)", [list(self._files(irregular))])
            again: list[Path] = []
        except duckdb.InvalidInputException:
            # Which line it was is the conformer's to find; if even it finds none, every segment is written anew.
            self.con.execute("DELETE FROM records")
            irregular = [path for path in where if not is_regular(path)] or list(where)
            again = [path for path in where if path not in set(irregular)]
        conformed, broken = self._conform(irregular, where, Content.UPDATES)
        if again := [*again, *conformed]:
            self.con.execute(parse.insert_records(again))
        return broken

    def _parse_calls(self) -> list[tuple[date, Broken]]:
        """Make `called`, and add the messages that calls made to `records`. Return the lines that are broken."""
        where = {path: day.day for day in self.days for path in day.calls}
        irregular = [path for path in where if not is_regular(path, Content.CALLS)]
        self.con.execute(parse.create_call_lines())
        if regular := [path for path in where if path not in set(irregular)]:
            try:
                self.con.execute(parse.insert_call_lines(regular))
            except duckdb.InvalidInputException:
                irregular = list(where)  # as with exports
        conformed, broken = self._conform(irregular, where, Content.CALLS)
        if conformed:
            self.con.execute(parse.insert_call_lines(conformed))
        self.con.execute(parse.create_called())
        self.con.execute("DROP TABLE call_lines")
        if where:
            self.con.execute(parse.insert_sent())
        return broken

    def _parse_exports(self) -> list[tuple[date, Broken]]:
        """Add the messages of exports to `records`. Return the lines that are broken."""
        where = {path: day.day for day in self.days for path in day.exports}
        if not where:
            return []
        irregular = [path for path in where if not is_regular(path, Content.EXPORTS)]
        if regular := [path for path in where if path not in set(irregular)]:
            try:
                self.con.execute(parse.insert_exported(regular))
            except duckdb.InvalidInputException:
                # In what no column reads: a half character, a number beyond all numbers.
                irregular = list(where)
        conformed, broken = self._conform(irregular, where, Content.EXPORTS)
        if conformed:
            self.con.execute(parse.insert_exported(conformed))
        return broken

    def _conform(
        self, paths: Sequence[Path], where: Mapping[Path, date], content: Content
    ) -> tuple[list[Path], list[tuple[date, Broken]]]:
        """Write segments anew; return the files that have lines, and the lines that are broken."""
        written, broken = [], []
        for number, path in enumerate(paths):
            folder = self.into / "conformed" / content / f"{number}" / path.parent.parent.name / path.parent.name
            target = folder / f"{number}.ndjson"
            broken += [(where[path], line) for line in conform(path, target, content)]
            if target.stat().st_size:
                written.append(target)
        return written, broken

    def _odd(self) -> tuple[set[Path], set[Path]]:
        """Return the segments with a body of no kind or several or with a broken envelope, and those with unmarked lines."""
        rows = self.con.execute(
            "SELECT file, count(*) FILTER (kinds IS DISTINCT FROM 1 OR record_id IS NULL OR source IS NULL "
            "OR received_at IS NULL OR bytes IS NULL OR NOT is_hashed OR update_id IS NULL), "
            "count(*) FILTER (NOT has_form) FROM records GROUP BY file"
        ).fetchall()
        paths = self._files([path for day in self.days for path in day.segments])
        return {paths[file] for file, odd, _ in rows if odd}, {paths[file] for file, _, unmarked in rows if unmarked}

    def _files(self, paths: Sequence[Path]) -> dict[int, Path]:
        """Return paths by what `records` holds of them: a name a row would be a tenth of all memory."""
        names = [str(path) for path in paths]
        return {
            file: Path(name)
            for name, file in self.con.execute(
                "SELECT name, hash(name) FROM unnest(?) AS names(name)", [names]
            ).fetchall()
        }

    def _quarantine(self, broken: list[tuple[date, Broken]]) -> None:
        """Make `unreadable`: what capture could not read, and what lies broken in raw."""
        self.con.execute(
            "CREATE TABLE unreadable (context_date DATE, bot_id BIGINT, received_at TIMESTAMPTZ, source VARCHAR,"
            " reason VARCHAR, bytes BIGINT, raw VARCHAR)"
        )
        paths = [path for day in self.days for path in day.quarantine]
        if paths:
            self.con.execute(parse.insert_unreadable(paths))
        for day, line in broken:
            self.con.execute(
                "INSERT INTO unreadable (context_date, reason, bytes, raw) VALUES (?, ?, ?, ?)",
                [day, line.reason, line.bytes, line.raw],
            )
        # The same line twice, as after a seal that was repeated with other boundaries, is one body.
        self.con.execute(
            "CREATE TABLE quarantine_repeats AS SELECT context_date, count(*) - count(DISTINCT raw) AS n "
            "FROM unreadable GROUP BY context_date"
        )
        self.con.execute(
            "DELETE FROM unreadable WHERE rowid NOT IN (SELECT min(rowid) FROM unreadable GROUP BY context_date, raw)"
        )

    def _cut_duplicates(self) -> None:
        """Make `payloads`: the records less those that repeat another."""
        before = [path for day in self.days for path in day.before]
        undated = self.con.execute(
            "SELECT count(*) FROM records WHERE is_dated IS DISTINCT FROM true AND update_id IS NOT NULL"
        ).fetchone() or (0,)
        self.con.execute(parse.create_earlier(before if undated[0] else []))
        self.con.execute(sql_file("_duplicates"))
        if any(day.exports for day in self.days):
            self.con.execute(sql_file("_exported_twice"))

    def _present(self) -> frozenset[str]:
        """Return what is there of what tables need: most days have none of most events."""
        kinds, content, service, topic = self.con.execute(
            "SELECT list(DISTINCT kind), list(DISTINCT message_kind), bool_or(is_service), "
            "bool_or(carried_topic_name IS NOT NULL) FROM records"
        ).fetchone() or ((), (), False, False)
        flags = [flag for flag, is_there in ((SERVICE, service), (TOPIC, topic)) if is_there]
        return frozenset([*(kinds or ()), *(content or ()), *flags])

    def _table(self, table: Table) -> Sequence[DayFile]:
        if table.needs and self.present.isdisjoint(table.needs):
            return [DayFile(day.day, None, 0, "empty") for day in self.days]
        with self._timed(table.name), self.con.cursor() as con:
            made = f'"{table.name}_made"'
            con.execute(f"CREATE VIEW {made} AS {sql_file(table.name)}")
            produced = [row[0] for row in con.execute(f"DESCRIBE {made}").fetchall()]
            paths = self._write(con, table, derive.cast_select(table, made, produced))
            digests = _check(con, table, list(paths.values()))
        return [DayFile(day.day, paths.get(day.day), *digests.get(day.day, (0, "empty"))) for day in self.days]

    def _write(self, con: duckdb.DuckDBPyConnection, table: Table, select: str) -> dict[date, Path]:
        """Write a table, a file a day; return the files of the days that have rows."""
        folder = self.into / table.name
        order = ""
        if max(day.records for day in self.days) <= _SORTED_RECORDS:
            order = f"ORDER BY {', '.join(('context_date', *table.sort))}"
        options = (
            f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}, DICTIONARY_SIZE_LIMIT {_DICTIONARY}, "
            f"WRITE_BLOOM_FILTER false, FIELD_IDS {derive.field_ids(table)}"
        )
        days = ", ".join(f"DATE '{day.day.isoformat()}'" for day in self.days)
        rows = f"{select} WHERE context_date IN ({days}) {order}"
        if len(self.days) > 1:
            return copy_days(con, rows, folder, options, len(self.days))
        folder.mkdir()
        path = folder / "all.parquet"
        copied = con.execute(f"COPY ({rows}) TO {parse.text(str(path))} ({options})").fetchone()
        return {self.days[0].day: path} if copied and copied[0] else {}

    def _books(self, tables: Mapping[str, Sequence[DayFile]]) -> dict[date, Books]:
        """Return each day's account; the rows are those that were written."""
        found = {day: counts for day, *counts in self.con.execute(sql_file("_books")).fetchall()}
        names = (UPDATES.name, CALLS.name, QUARANTINE.name)
        written = {name: {each.day: each.rows for each in tables[name]} for name in names}
        books = {}
        for day in self.days:
            raw, duplicates, quarantined, notes = (int(count) for count in found.get(day.day, (0, 0, 0, 0)))
            rows = written[UPDATES.name][day.day] + written[CALLS.name][day.day]
            balanced = rows + duplicates + quarantined
            if not (day.records == raw == balanced and written[QUARANTINE.name][day.day] == quarantined):
                raise CheckFailed(
                    f"{day.day} is not published: its segments promise {day.records} records, {raw} were read, and "
                    f"{rows} rows + {duplicates} duplicates + {quarantined} quarantined make {balanced}."
                )
            books[day.day] = Books(raw, rows, duplicates, quarantined, notes)
        return books

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        except duckdb.BinderException as error:
            raise TableMismatch(f"The SQL of '{stage}' does not fit its inputs: {error}") from error
        finally:
            self.seconds[stage] = round(time.perf_counter() - start, 3)


def _check(con: duckdb.DuckDBPyConnection, table: Table, paths: Sequence[Path]) -> dict[date, tuple[int, str]]:
    """Check what was written, as it was written; return rows and digest of each day."""
    if not paths:
        return {}
    relation = f"read_parquet([{', '.join(parse.text(str(path)) for path in paths)}])"
    found = con.execute(derive.summary(table, relation)).fetchall()
    if wrong := [(str(day), nulls) for day, _, _, nulls in found if nulls]:
        required = ", ".join(column.name for column in table.columns if column.required)
        raise CheckFailed(
            f"{table.name} is not published: one of {required} is null in some rows (day, rows): {wrong[:3]}."
        )
    if again := con.execute(f"{derive.repeated_keys(table, relation)} LIMIT 3").fetchall():
        raise CheckFailed(
            f"{table.name} is not published: ({', '.join(table.key)}) is not unique, for example {again}."
        )
    return {day: (rows, digest) for day, rows, digest, _ in found}
