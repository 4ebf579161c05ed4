"""The embedded engine: raw segments in, checked Parquet files out, by DuckDB.

Owns the order conform → parse → cut duplicates → one SQL file a table → check → write. Each body is parsed once, into
`payloads`, which every table's SQL reads. Knows nothing of where raw or tables live, nor of what is due.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import date
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import duckdb

from telelake.errors import CheckFailed, StoreError, TableMismatch
from telelake.ports import EMPTY, Books, Built, DayFile, DayInput
from telelake.raw import Content, read_blocks
from telelake.settings import Wrangle
from telelake.tables import derive
from telelake.tables.catalog import BUILT, CALLS, QUARANTINE, UPDATES
from telelake.tables.model import SERVICE, TOPIC, Table
from telelake.wrangle import drift, parse
from telelake.wrangle.clock import local_hour_macro
from telelake.wrangle.conform import Broken, conform, is_regular
from telelake.wrangle.files import copy_days
from telelake.wrangle.room import Room, room
from telelake.wrangle.sql import sql_file

if TYPE_CHECKING:
    from telelake.wrangle.masks.columns import Masks

_INTERRUPTED = "Query interrupted"
"""What DuckDB makes of Ctrl-C while a query runs."""
_DICTIONARY = 4096
"""Distinct values of a row group above which a column is written plain: a dictionary of more costs more than it saves."""
_DRIFTED_AT_ONCE = 50_000
_SORTED_RECORDS = 500_000
"""Records up to which a day's rows are sorted; a larger day keeps about the order of arrival, for half the time."""


class DuckDBEngine:
    """An `Engine` on one machine; see the module."""

    def __init__(self, settings: Wrangle, masks: Masks | None = None, *, most_in_memory: int | None = None) -> None:
        """Build within `settings`; `most_in_memory` is for who wants to decide what is a large day, see `room.room`."""
        self._settings = settings
        self._masks = masks
        self._most_in_memory = most_in_memory
        self._closing: Thread | None = None

    def build(self, days: Sequence[DayInput], into: Path) -> Built:
        """Build every declared table for some days; see `ports.Engine`."""
        into.mkdir(parents=True, exist_ok=True)
        given = room(
            self._settings, sum(path.stat().st_size for day in days for path in day.paths), self._most_in_memory
        )
        with self._database(into / "rows.db" if given.on_disk else None) as con:
            self._configure(con, into, given)
            try:
                return _Run(con, days, into, given, self._masks).build()
            except RuntimeError as error:
                if str(error) == _INTERRUPTED:
                    raise KeyboardInterrupt from error
                raise
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
    def _database(self, file: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a database in memory, of which what does not fit spills, or in a new file.

        To give back a gigabyte takes a while, which the caller can use; the next build waits for it.
        """
        if self._closing:
            self._closing.join()
        con = duckdb.connect(str(file) if file else ":memory:")
        try:
            yield con
        finally:
            if file:
                con.close()  # holds little, and the caller is about to remove the file
            else:
                self._closing = Thread(target=con.close, name="telelake-engine-close")
                self._closing.start()

    def _configure(self, con: duckdb.DuckDBPyConnection, into: Path, given: Room) -> None:
        con.execute(f"SET memory_limit = '{given.engine}B'")
        con.execute(f"SET threads = {given.threads}")
        con.execute("PRAGMA disable_checkpoint_on_shutdown")  # a file of rows is of no use to anyone afterwards
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET preserve_insertion_order = false")  # raw has no order to preserve
        con.execute("SET temp_directory = ?", [str(into / "spill")])
        con.execute(sql_file("_macros"))
        con.execute(parse.macros())


class _Run:
    """One build: the connection, its input, and the time that each stage took."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, days: Sequence[DayInput], into: Path, given: Room, masks: Masks | None
    ) -> None:
        self.con = con
        self.days = days
        self.into = into
        self.given = given
        self.masks = masks
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
        if self.masks:
            with self._timed("masks"):
                self.masks.texts(self.con)  # after `states`, which tell two states apart by their words
        # Two at a time: what one leaves of the processors, at its end and in its checks, the other takes.
        with ThreadPoolExecutor(self.given.tables_at_once) as pool:
            tables = dict(zip((table.name for table in BUILT), pool.map(self._table, BUILT), strict=True))
        return Built(tables, self._books(tables), self.seconds)

    def _parse(self) -> list[tuple[date, Broken]]:
        """Make `records`: all of the days' lines, typed. Return the lines that are broken.

        A line that the sealer has marked is as the Bot API has it. Segments with any other line are checked here; those
        in which something is wrong, or at which the engine stops, are read again as `conform` has written them.
        """
        where = {path: day.day for day in self.days for path in day.segments}
        self.con.execute(parse.create_records())
        self.con.execute(parse.create_drifted())
        if not where:
            return []
        strange: Collection[Path] = where
        anew: set[Path] = set()
        while len(anew) < len(where):
            try:
                self._read(parse.insert_records([path for path in where if path not in anew]))
            except duckdb.InvalidInputException:
                # Which line it was is the conformer's to find; if even it finds none more, every segment is written anew.
                self.con.execute("DELETE FROM records")
                found = set() if anew else {path for path in where if not is_regular(path)}
                anew = found or set(where)
                continue
            odd, unmarked, seen = self._odd()
            strange = {*seen, *anew}
            irregular = sorted(odd | {path for path in unmarked - odd if not is_regular(path)})
            if irregular:
                self.con.execute("DELETE FROM records WHERE list_contains(?, file)", [list(self._files(irregular))])
            anew |= set(irregular)
            break
        conformed, broken = self._conform(sorted(anew), where, Content.UPDATES)
        if conformed:
            self._read(parse.insert_records(conformed))
        self._note_drift({path: day for path, day in where.items() if path in strange})
        return broken

    def _note_drift(self, where: Mapping[Path, date]) -> None:
        """Fill `drifted`: what the Bot API does not know, by record."""
        found = (each for path, day in where.items() for each in drift.find(path, day))
        while some := list(islice(found, _DRIFTED_AT_ONCE)):
            self.con.execute(parse.insert_drifted(), [list(column) for column in zip(*some, strict=True)])

    def _parse_calls(self) -> list[tuple[date, Broken]]:
        """Make `called`, and add the messages that calls made to `records`. Return the lines that are broken."""
        where = {path: day.day for day in self.days for path in day.calls}
        irregular = [path for path in where if not is_regular(path, Content.CALLS)]
        self.con.execute(parse.create_call_lines())
        if regular := [path for path in where if path not in set(irregular)]:
            try:
                self._read(parse.insert_call_lines(regular))
            except duckdb.InvalidInputException:
                irregular = list(where)  # as with exports
        conformed, broken = self._conform(irregular, where, Content.CALLS)
        if conformed:
            self._read(parse.insert_call_lines(conformed))
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
                self._read(parse.insert_exported(regular))
            except duckdb.InvalidInputException:
                # In what no column reads: a half character.
                irregular = list(where)
        conformed, broken = self._conform(irregular, where, Content.EXPORTS)
        if conformed:
            self._read(parse.insert_exported(conformed))
        return broken

    def _read(self, statement: str) -> None:
        """Run a statement that reads raw; where a line is longer than lines are, once more with room for it."""
        for longest in parse.LINES:
            self.con.execute(f"SET VARIABLE longest_line = {longest}")
            try:
                self.con.execute(statement)
            except duckdb.InvalidInputException as error:
                if longest == parse.LINES[-1] or "maximum_object_size" not in str(error):
                    raise
            else:
                return

    def _conform(
        self, paths: Sequence[Path], where: Mapping[Path, date], content: Content, into: str = "conformed"
    ) -> tuple[list[Path], list[tuple[date, Broken]]]:
        """Write segments anew; return the files that have lines, and the lines that are broken."""
        written, broken = [], []
        for number, path in enumerate(paths):
            folder = self.into / into / content / f"{number}" / path.parent.parent.name / path.parent.name
            target = folder / f"{number}.ndjson"
            broken += [(where[path], line) for line in conform(path, target, content)]
            if target.stat().st_size:
                written.append(target)
        return written, broken

    def _odd(self) -> tuple[set[Path], set[Path], set[Path]]:
        """Return the segments with a body of no kind or several or with a broken envelope, those with unmarked lines, and
        those with lines that the Bot API may not know.
        """
        rows = self.con.execute(
            f"SELECT file, {parse.ODD}, {parse.UNMARKED}, {parse.STRANGE} FROM records GROUP BY file"
        ).fetchall()
        paths = self._files([path for day in self.days for path in day.segments])
        odd, unmarked, strange = ({paths[file] for file, *counts in rows if counts[place]} for place in range(3))
        return odd, unmarked, strange

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
            self._read(parse.insert_unreadable(paths))
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
        before = {path: day.day for day in self.days for path in day.before}
        undated = self.con.execute(
            "SELECT count(*) FROM records WHERE is_dated IS DISTINCT FROM true AND update_id IS NOT NULL"
        ).fetchone() or (0,)
        paths = list(before) if undated[0] else []
        try:
            self._read(parse.create_earlier(paths))
        except duckdb.InvalidInputException:
            # Told to pass over a line that it cannot read, the engine passes over some of its neighbours too.
            conformed, _ = self._conform(paths, before, Content.UPDATES, "earlier")
            self._read(parse.create_earlier(conformed))
        self.con.execute(sql_file("_duplicates"))
        if any(day.exports for day in self.days):
            self.con.execute(sql_file("_exported_twice"))

    def _present(self) -> frozenset[str]:
        """Return what is there of what tables need: most days have none of most events."""
        (found,) = self.con.execute(
            "SELECT list(DISTINCT kind), list(DISTINCT message_kind), bool_or(is_service), "
            "bool_or(carried_topic_name IS NOT NULL) FROM records"
        ).fetchall()
        return present(*found)

    def _table(self, table: Table) -> Sequence[DayFile]:
        if table.needs and self.present.isdisjoint(table.needs):
            return [DayFile(day.day, None, 0, EMPTY) for day in self.days]
        with self._timed(table.name), self.con.cursor() as con:
            made = f'"{table.name}_made"'
            con.execute(f"CREATE VIEW {made} AS {sql_file(table.name)}")
            produced = [row[0] for row in con.execute(f"DESCRIBE {made}").fetchall()]
            paths = self._write(con, table, derive.cast_select(table, made, produced))
            digests = check(con, table, list(paths.values()))
        return [DayFile(day.day, paths.get(day.day), *digests.get(day.day, (0, EMPTY))) for day in self.days]

    def _write(self, con: duckdb.DuckDBPyConnection, table: Table, select: str) -> dict[date, Path]:
        """Write a table, a file a day; return the files of the days that have rows."""
        folder = self.into / table.name
        order = ""
        if max(day.records for day in self.days) <= _SORTED_RECORDS:
            order = f"ORDER BY {', '.join(('context_date', *table.sort))}"
        options = (
            f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {self.given.row_group}, DICTIONARY_SIZE_LIMIT {_DICTIONARY}, "
            f"WRITE_BLOOM_FILTER false, FIELD_IDS {derive.field_ids(table)}"
        )
        days = ", ".join(f"DATE '{day.day.isoformat()}'" for day in self.days)
        rows = f"{select} WHERE context_date IN ({days})"
        with self.masks.passed(con, table, rows) if self.masks else nullcontext(rows) as passed:
            if len(self.days) > 1:
                return copy_days(con, f"{passed} {order}", folder, options, len(self.days))
            folder.mkdir()
            path = folder / "all.parquet"
            copied = con.execute(f"COPY ({passed} {order}) TO {parse.text(str(path))} ({options})").fetchone()
            return {self.days[0].day: path} if copied and copied[0] else {}

    def _books(self, tables: Mapping[str, Sequence[DayFile]]) -> dict[date, Books]:
        """Return each day's account; the rows are those that were written."""
        return balanced(
            self.days, {day: counts for day, *counts in self.con.execute(sql_file("_books")).fetchall()}, tables
        )

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        except duckdb.BinderException as error:
            raise TableMismatch(f"The SQL of '{stage}' does not fit its inputs: {error}") from error
        finally:
            self.seconds[stage] = round(time.perf_counter() - start, 3)


def present(
    kinds: Sequence[str] | None, content: Sequence[str] | None, has_service: bool | None, has_topic: bool | None
) -> frozenset[str]:
    """Return what tables may need (`Table.needs`) of the kinds of updates and of messages that there are."""
    flags = [flag for flag, is_there in ((SERVICE, has_service), (TOPIC, has_topic)) if is_there]
    return frozenset([*(kinds or ()), *(content or ()), *flags])


def balanced(
    days: Sequence[DayInput], found: Mapping[date, Sequence[int]], tables: Mapping[str, Sequence[DayFile]]
) -> dict[date, Books]:
    """Return each day's account, from what was read and cut (`_books.sql`) and what was written.

    Raises:
        CheckFailed: a day's account does not balance.
    """
    names = (UPDATES.name, CALLS.name, QUARANTINE.name)
    written = {name: {each.day: each.rows for each in tables[name]} for name in names}
    books = {}
    for day in days:
        raw, duplicates, quarantined, notes = (int(count) for count in found.get(day.day, (0, 0, 0, 0)))
        rows = written[UPDATES.name][day.day] + written[CALLS.name][day.day]
        total = rows + duplicates + quarantined
        if not (day.records == raw == total and written[QUARANTINE.name][day.day] == quarantined):
            raise CheckFailed(
                f"{day.day} is not published: its segments promise {day.records} records, {raw} were read, and "
                f"{rows} rows + {duplicates} duplicates + {quarantined} quarantined make {total}."
            )
        books[day.day] = Books(raw, rows, duplicates, quarantined, notes)
    return books


def check(con: duckdb.DuckDBPyConnection, table: Table, paths: Sequence[Path]) -> dict[date, tuple[int, str]]:
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
