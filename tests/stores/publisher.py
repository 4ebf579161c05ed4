"""A process that publishes, to be killed and cheated meanwhile; and another that holds all packages and forks it.

Reads lines of JSON: `{"home": …, "work": …, "storage": {…}, "days": {table: [[day, file, rows, digest], …]}}`. Forks a
process for each, prints `PID` once that is ready, publishes when `WORK/go` is there, and leaves in `WORK/outcome` what
came of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

from telelake.errors import TelelakeError
from telelake.ports import DayFile
from telelake.settings import Storage
from telelake.stores import commits, glue, sqlite, upkeep  # noqa: F401 - loaded once, before the forks
from telelake.stores.iceberg import IcebergTables
from telelake.stores.objects import open_store

ROOT = Path(__file__).parents[2]


class Publishing:
    """One process that publishes."""

    def __init__(self, pid: int, work: Path) -> None:
        self.pid = pid
        self.work = work

    def go(self) -> None:
        """Let it begin."""
        (self.work / "go").touch()

    def kill(self) -> None:
        """End it now."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def outcome(self, seconds: float = 60) -> str | None:
        """Wait until it has ended; return what it left, or None when it was killed."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                path = self.work / "outcome"
                return path.read_text() if path.exists() else None
            time.sleep(0.005)
        self.kill()
        raise AssertionError("the publisher does not end")


class Press:
    """Forks publishers that have everything imported."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stores.publisher"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def start(
        self, home: str, work: Path, storage: Storage | None, days: Mapping[str, Sequence[DayFile]]
    ) -> Publishing:
        """Return a process that is ready to publish."""
        for name in ("go", "outcome"):
            (work / name).unlink(missing_ok=True)
        wanted = {
            "home": home, "work": str(work), "storage": storage.model_dump(mode="json") if storage else None,
            "days": {t: [[str(f.day), str(f.path) if f.path else None, f.rows, f.digest] for f in fs] for t, fs in days.items()},
        }  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        return Publishing(int(self._process.stdout.readline()), work)

    def close(self) -> None:
        """End the process that forks."""
        self._process.communicate(timeout=20)


@contextmanager
def press() -> Iterator[Press]:
    """A press that goes with the block."""
    made = Press()
    try:
        yield made
    finally:
        made.close()


def _publish(wanted: dict[str, Any]) -> None:
    work = Path(wanted["work"])
    storage = Storage(**wanted["storage"]) if wanted["storage"] else None
    tables = IcebergTables(open_store(wanted["home"], storage), wanted["home"], work / "state", storage)
    tables.catalog  # noqa: B018 - opened by being asked for
    days = {
        name: [DayFile(date.fromisoformat(day), Path(path) if path else None, rows, digest) for day, path, rows, digest in files]
        for name, files in wanted["days"].items()
    }  # fmt: skip
    print(os.getpid(), flush=True)
    while not (work / "go").exists():
        time.sleep(0.002)
    try:
        with tables.writing():
            said = f"release {tables.publish(days).number}"
    except TelelakeError as error:
        said = f"{type(error).__name__}: {error}"
    (work / "outcome").write_text(said)


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            try:
                _publish(json.loads(line))
            except BaseException as error:
                wanted = json.loads(line)
                (Path(wanted["work"]) / "outcome").write_text(f"not our own error: {type(error).__name__}: {error}")
            os._exit(0)
