"""The dashboard's quick copy of a release: what pages count from, in one DuckDB file beside the lake.

A release of a year is hundreds of Parquet files a table: to open them takes longer than to read them (measured: 0.1 s a
table of 365 files, each time), joining a million questions with their topics takes half a second, and who wrote is told
by ten million messages. The copy holds chats, people, hours and questions as they are, and messages of persons added up by
hour. It is made in a process of its own after a release came, day by day: a day whose files are those of the copy before is
not made again. Until it is there, and where there is none, the same SQL reads the release's own files: the copy
changes no number, which a test holds against every insight.

It holds personal data, as its sources do; it lies in the state's cache, which `telelake forget` empties. A copy that was
being made meanwhile is not kept: its sources are gone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telelake.errors import TelelakeError
from telelake.tables import catalog, derive
from telelake.tables.catalog import TABLES, VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import duckdb

COPIED = ("chat_days", "user_days", "chat_hours")
"""Tables that are copied as they are."""
READ = (*COPIED, "messages", "questions", "question_topics")
"""Tables that a copy is made from."""
_BY_DAY = {
    name: f"SELECT * FROM {name} ORDER BY {', '.join(catalog.table(name).sort)}, context_date" for name in COPIED
} | {
    "asked": "SELECT * FROM asked() ORDER BY context_date, chat_id, asked_at",
    "voices": """
        SELECT context_date, local_hour, chat_id, person_id, is_bots, CAST(sum(messages) AS INTEGER) AS messages,
               CAST(sum(characters) AS BIGINT) AS characters, CAST(sum(texts) AS INTEGER) AS texts
        FROM voices() GROUP BY ALL ORDER BY chat_id, context_date, local_hour""",
}
_HOURS = """
    SELECT context_date, local_hour, CAST(sum(messages) AS BIGINT) AS messages,
           CAST(sum(people_messages) AS BIGINT) AS people_messages, CAST(sum(bot_messages) AS BIGINT) AS bot_messages
    FROM hours() GROUP BY ALL ORDER BY ALL"""
_MACROS = ("asked", "voices", "chats_with_bots", "hours")
"""Macros that read the table of that name instead."""
_FEW_FILES, _FEW_BYTES = 300, 30_000_000
"""A release with fewer is quick as it is."""
_DAYS = 31
"""Days that are made at once, to bound memory."""
_DAY = re.compile(r"context_date=(\d{4}-\d\d-\d\d)")


def attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Open a copy beside the database of a query; only before its door is locked."""
    connection.execute(f"ATTACH {_quoted(path)} AS quick (READ_ONLY)")


def replace(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros read the copy that is attached; its tables and views are `source`'s to say."""
    for name in _MACROS:
        connection.execute(f"CREATE OR REPLACE MACRO {name}() AS TABLE SELECT * FROM quick.{name}")


def source(name: str) -> str | None:
    """Return what a table or view of the lake is read from in the copy; None when it is not there."""
    return f'SELECT * FROM quick."{name}"' if name in (*COPIED, *(view.name for view in _views())) else None


class Copies:
    """The copy of the newest release; made in the background, the older ones removed."""

    def __init__(self, folder: Path, zone: str, memory: str, ready: Callable[[], object] = lambda: None) -> None:
        """`ready` is called when a copy is there: to open it before somebody asks."""
        self._ready = ready
        self._folder = folder
        self._zone = zone
        self._memory = memory
        self._lock = threading.Lock()
        self._work: threading.Thread | None = None
        self._failed: set[Path] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def of(self, release: int, files: Callable[[], Mapping[str, Sequence[Path]]]) -> Path | None:
        """Return the release's copy; None while there is none, and where none is worth its making."""
        target = self._folder / f"{release:010}-{_version(self._zone)}.duckdb"
        with self._lock:
            if target in self._failed:
                return None
            if target.exists():
                return target
            if self._work is None or not self._work.is_alive():
                self._work = threading.Thread(target=self._make, args=(target, files()), name="copy", daemon=True)
                self._work.start()
        return None

    def close(self) -> None:
        """Stop what is being made."""
        process = self._process
        if process is not None:
            process.kill()

    def wait(self) -> None:
        """Wait until nothing is being made."""
        if self._work is not None:
            self._work.join()

    def _make(self, target: Path, files: Mapping[str, Sequence[Path]]) -> None:
        read = [path for name in READ for path in files.get(name, ())]
        older = sorted(self._folder.glob(f"*-{_version(self._zone)}.duckdb"))
        if not is_large(read) or not self._made(target, files, older[-1] if older else None):
            self._failed.add(target)
            return
        for path in self._folder.iterdir():
            if path != target:
                path.unlink(missing_ok=True)  # who reads it has it open
        with suppress(TelelakeError):
            self._ready()

    def _made(self, target: Path, files: Mapping[str, Sequence[Path]], before: Path | None) -> bool:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(f".{os.getpid()}.part")
        try:
            if before is not None:
                shutil.copyfile(before, part)
            named = {name: [str(path) for path in files.get(name, ())] for name in READ}
            job = {"files": named, "zone": self._zone, "memory": self._memory, "target": str(part)}
            # A copy of files that are gone may hold whom somebody wanted forgotten.
            if not self.run(job) or not all(path.exists() for name in READ for path in files.get(name, ())):
                return False
            part.replace(target)
            return True
        except OSError:  # a full disk: the release's own files are read then
            return False
        finally:
            part.unlink(missing_ok=True)

    def run(self, job: Mapping[str, Any]) -> bool:
        """Make a copy in a process of its own; return whether it is there."""
        environment = {
            name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH", "VIRTUAL_ENV"}
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "telelake.present.quick"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True,
        )  # fmt: skip
        self._process.communicate(json.dumps(job).encode())
        return self._process.returncode == 0


def is_large(files: Iterable[Path]) -> bool:
    """Return whether a copy of such files is worth its making."""
    all_ = list(files)
    with suppress(OSError):
        return len(all_) >= _FEW_FILES or sum(path.stat().st_size for path in all_) >= _FEW_BYTES
    return False


def make(path: Path, files: Mapping[str, Sequence[Path]], zone: str, memory: str) -> list[str]:
    """Make a copy of a release's files, or bring the copy of another release that lies there to it; return the days made."""
    by_day: dict[str, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for name in READ:
        for each in files.get(name, ()):
            by_day[_day(each)][name].append(each)
    marks = {day: _mark(of) for day, of in by_day.items()}
    with _open(path, {}, zone, memory) as connection:
        for name, sql in _BY_DAY.items():
            connection.execute(f"CREATE TABLE IF NOT EXISTS quick.{name} AS {sql} LIMIT 0")
        connection.execute("CREATE TABLE IF NOT EXISTS quick.days (day VARCHAR, mark VARCHAR)")
        known = dict(connection.execute("FROM quick.days").fetchall())
        gone = [day for day, mark in known.items() if marks.get(day) != mark]
        for name in (*_BY_DAY, "days"):
            column = "day" if name == "days" else "CAST(context_date AS VARCHAR)"
            connection.execute(f"DELETE FROM quick.{name} WHERE {column} IN (SELECT unnest(?))", [gone])
    days = sorted(day for day, mark in marks.items() if known.get(day) != mark)
    for at in range(0, len(days), _DAYS):
        part = days[at : at + _DAYS]
        read = {name: [each for day in part for each in by_day[day][name]] for name in READ}
        with _open(path, read, zone, memory) as connection:
            for name, sql in _BY_DAY.items():
                connection.execute(f"INSERT INTO quick.{name} {sql}")
            connection.executemany("INSERT INTO quick.days VALUES (?, ?)", [(day, marks[day]) for day in part])
    with _open(path, {}, zone, memory) as connection:
        for table in COPIED:
            connection.execute(f'CREATE OR REPLACE VIEW "{table}" AS FROM quick."{table}"')
        for view in _views():
            connection.execute(f'CREATE OR REPLACE TABLE quick."{view.name}" AS {view.sql}')
        connection.execute("CREATE OR REPLACE TABLE quick.chats_with_bots AS FROM chats_with_bots()")
        connection.execute(f"CREATE OR REPLACE TABLE quick.hours AS {_HOURS}")
    return days


def _open(path: Path, files: Mapping[str, Sequence[Path]], zone: str, memory: str) -> duckdb.DuckDBPyConnection:
    import duckdb

    from telelake.present import sandbox

    connection = duckdb.connect(config={"memory_limit": memory, "threads": 2, "preserve_insertion_order": True})
    connection.execute("SET GLOBAL TimeZone = 'UTC'; SET enable_progress_bar = false")
    sandbox.define(connection, files, zone)
    connection.execute(f"ATTACH {_quoted(path)} AS quick")
    return connection


def _views() -> list[Any]:
    return [view for view in VIEWS if view.name in {"chats", "users"}]


def _day(path: Path) -> str:
    return str(_DAY.findall(path.as_posix())[-1])


def _mark(files: Mapping[str, Sequence[Path]]) -> str:
    """Return what a day was made from: files are named after their rows and never written twice."""
    named = {name: sorted(path.name for path in paths) for name, paths in files.items()}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()


def _version(zone: str) -> str:
    """Return what else a copy depends on: how it is made."""
    from telelake.present import sandbox

    declared = [derive.declaration_digest(table) for table in TABLES if table.name in READ]
    views = [view.sql for view in _views()]
    text = json.dumps([zone, _BY_DAY, declared, views, sandbox.macros()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def main() -> None:
    """Make a copy as stdin says; others' work goes first."""
    job = json.loads(sys.stdin.buffer.read())
    with suppress(OSError):
        os.nice(10)
    files = {name: [Path(path) for path in paths] for name, paths in job["files"].items()}
    make(Path(job["target"]), files, job["zone"], job["memory"])


if __name__ == "__main__":
    main()
