"""Read-only SQL over one release, bounded and fenced.

A `Lake` owns a few worker processes (`telelake.present.worker`), each with a locked DuckDB over the release's files
(`telelake.present.sandbox`). This side starts them, hands them queries, keeps the time, and kills. It never runs SQL
itself and never believes a worker more than Arrow and JSON need: what comes back is data.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar

from telelake.errors import QueryRefused
from telelake.present.answer import Answer
from telelake.present.worker import encode, read_frame, write_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from telelake import settings

_WORKERS = 3
"""Queries that run at the same time; more wait. A page asks for all its charts at once."""
_START_SECONDS = 30.0
"""Time for a fresh worker to open the tables, not counted against a query."""
_LOOK_SECONDS = 0.2
"""How often one that waits for a process looks whether it still should."""
_CANCELLED = "The query was cancelled."

T = TypeVar("T")


@dataclass(frozen=True)
class _Order:
    """What a worker is started with."""

    opening: bytes
    environment: Mapping[str, str]


class _Worker:
    """One process; used by one thread at a time."""

    def __init__(self, order: _Order) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "telelake.present.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(order.environment),
            # A terminal's Ctrl-C is for the parent, which then closes stdin.
            start_new_session=True,
        )
        self._timed_out = False
        self._opened = False
        try:
            write_frame(self._input, order.opening)
        except OSError:
            self.kill()

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def ask(self, query: bytes, seconds: float) -> tuple[dict[str, Any], bytes] | None:
        """Return the header and the Arrow bytes; None when the process died of the query."""
        if not self._opened:
            ready = self._within(_START_SECONDS, lambda: read_frame(self._output))
            if ready is None or "error" in (header := json.loads(ready)):
                return None if ready is None else (header, b"")
            self._opened = True
        return self._within(seconds, lambda: self._exchange(query))

    def _exchange(self, query: bytes) -> tuple[dict[str, Any], bytes] | None:
        write_frame(self._input, query)
        head = read_frame(self._output)
        if head is None:
            return None
        header: dict[str, Any] = json.loads(head)
        body = b"" if "error" in header else read_frame(self._output)
        return None if body is None else (header, body)

    def _within(self, seconds: float, work: Callable[[], T | None]) -> T | None:
        timer = threading.Timer(seconds, self._time_out)
        timer.daemon = True
        timer.start()
        try:
            return work()
        except OSError:  # the process is gone, and its pipes with it
            return None
        finally:
            timer.cancel()

    def _time_out(self) -> None:
        self._timed_out = True
        self._process.kill()

    def stop(self) -> None:
        """End the process; who waits for its answer gets none."""
        self._process.kill()

    @property
    def timed_out(self) -> bool:
        """Whether it was killed by the clock."""
        return self._timed_out

    def kill(self) -> None:
        """End the process and forget its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # unsent bytes for a process that is gone
                    continue


class Cancel:
    """A reader's wish to hear no more of a query: ends its process, or its waiting for one. May be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._asked = False

    def __call__(self) -> None:
        """Ask."""
        with self._lock:
            self._asked = True
            if self._worker is not None:
                self._worker.stop()

    @property
    def is_asked(self) -> bool:
        """Whether it was asked."""
        return self._asked

    def holds(self, worker: _Worker | None) -> None:
        """Say which process works for it; None when it has ended."""
        with self._lock:
            self._worker = worker
            if worker is not None and self._asked:
                worker.stop()


class Lake:
    """The tables of one release, to be read. Safe to use from many threads; close it to end its processes."""

    def __init__(self, order: _Order, zone: ZoneInfo, bounds: settings.Sql, ahead: int = 1) -> None:
        self.zone = zone
        """The zone that decides where a day begins."""
        self.bounds = bounds
        self._order = order
        self._slots = threading.BoundedSemaphore(_WORKERS)
        self._lock = threading.Lock()
        self._closed = False
        # Started ahead: it gets ready while the caller reads its arguments.
        self._idle = [_Worker(order) for _ in range(ahead)]

    def query(self, sql: str, params: Mapping[str, Any] | None = None, cancel: Cancel | None = None) -> Answer:
        """Run one read over the tables, the views, and the macros of `macros.sql`.

        Values for `$name` are given in `params`: None, text, numbers, bool, date or datetime.

        Raises:
            QueryRefused: not a single read, an error in the SQL, over a bound of `settings.Sql`, or cancelled.
        """
        cancel = cancel or Cancel()
        values = {name: encode(value) for name, value in (params or {}).items()}
        query = json.dumps({"sql": sql, "params": values}).encode()
        started = time.monotonic()
        while not self._slots.acquire(timeout=_LOOK_SECONDS):
            if cancel.is_asked:
                raise QueryRefused(_CANCELLED)
            if time.monotonic() - started > self.bounds.seconds:
                raise QueryRefused(
                    f"{_WORKERS} other queries run, and took {self.bounds.seconds:g} s. Try again later."
                )
        try:
            worker = self._take()
            reply = None
            try:
                cancel.holds(worker)
                reply = worker.ask(query, self.bounds.seconds)
            finally:
                cancel.holds(None)
                # One that was stopped just as it answered is dead all the same.
                alive = reply is not None and "error" not in reply[0] and not cancel.is_asked
                self._give_back(worker, alive=alive)
        finally:
            self._slots.release()
        if reply is None and cancel.is_asked:
            raise QueryRefused(_CANCELLED)
        if reply is None:
            raise self._died(worker.timed_out, time.monotonic() - started)
        header, body = reply
        if "error" in header:
            raise QueryRefused(header["error"])
        import pyarrow as pa

        return Answer(pa.ipc.open_stream(body).read_all(), tuple(header["types"]))

    def close(self) -> None:
        """End the idle processes; one that is at work ends with its query."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Worker(self._order)

    def _give_back(self, worker: _Worker, *, alive: bool) -> None:
        if not alive:
            worker.kill()
        with self._lock:
            if not self._closed:
                if alive:
                    self._idle.append(worker)
                elif not self._idle:
                    self._idle.append(_Worker(self._order))
                return
        worker.kill()

    def _died(self, timed_out: bool, elapsed: float) -> QueryRefused:
        if timed_out:
            return QueryRefused(
                f"The query ran longer than {self.bounds.seconds:g} s (sql.seconds) and was stopped. "
                "Filter by context_date, or join less."
            )
        return QueryRefused(
            f"The query's process ended after {elapsed:.1f} s, most likely for want of memory "
            f"({self.bounds.memory}, sql.memory). Filter or group earlier."
        )


def open_lake(
    tables: Mapping[str, Sequence[Path]], zone: ZoneInfo, bounds: settings.Sql, copy: Path | None = None
) -> Lake:
    """Open the tables of one release, given by the local Parquet files of each; a table without files is empty.

    `copy` is the release's quick copy (`telelake.present.quick`), where there is one.
    """
    files = {name: [str(path.absolute()) for path in paths] for name, paths in tables.items()}
    opening = {
        "files": files,
        "copy": str(copy.absolute()) if copy else None,
        "zone": zone.key,
        "memory": bounds.memory,
        "memory_bytes": _bytes(bounds.memory),
        "rows": bounds.rows,
        "seconds": bounds.seconds,
        "threads": max(1, min(4, os.cpu_count() or 1)),
    }
    kept = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    order = _Order(json.dumps(opening).encode(), environment | {"LC_ALL": "C.UTF-8"})
    # Where there is a copy there are pages, which ask for much at once.
    return Lake(order, zone, bounds, _WORKERS if copy else 1)


def _bytes(memory: str) -> int:
    return int(memory[:-2]) * (1_000_000_000 if memory.endswith("GB") else 1_000_000)
