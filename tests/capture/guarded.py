"""Starts `serve_guarded.py`'s processes, and reads what they counted."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from tests.canaries import WEBHOOK_SECRET

ROOT = Path(__file__).parents[2]


def request(body: bytes, secret: str = WEBHOOK_SECRET) -> bytes:
    """Return a delivery as Telegram posts it."""
    head = (
        f"POST /telegram/support HTTP/1.1\r\nHost: t\r\nX-Telegram-Bot-Api-Secret-Token: {secret}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def status_of(connection: socket.socket) -> int | None:
    """Return an answer's status; None when the connection ended first."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    assert data.endswith(b"\r\n\r\n"), "an answer must have no body"
    return int(data.split(None, 2)[1])


@dataclass(frozen=True)
class Guarded:
    """One capture process."""

    port: int
    pid: int
    folder: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def stop(self, number: int = signal.SIGTERM, seconds: float = 30) -> None:
        """Send a signal and wait until the process has ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        self.gone(seconds)

    def gone(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.005)
        raise AssertionError(f"process {self.pid} does not end")

    def counted(self) -> dict[str, float] | None:
        """Return each figure by name and labels; None when the process did not end in order."""
        path = self.folder / "metrics.prom"
        return figures(path.read_text()) if path.exists() else None

    def memory(self, what: str = "VmHWM") -> int:
        """Return bytes of resident memory: `VmHWM` at most so far, `VmRSS` now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) * 1024
        raise AssertionError(what)


def figures(text: str) -> dict[str, float]:
    """Return samples by name, or by `name{label="value"}`."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def total(counted: dict[str, float], name: str) -> int:
    """Return a counter's sum over its labels."""
    return int(sum(value for key, value in counted.items() if key.partition("{")[0] == name))


class Nursery:
    """Forks capture processes that have everything imported."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.capture.serve_guarded"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, cwd=ROOT,
        )  # fmt: skip
        self._started: list[Guarded] = []

    def start(self, folder: Path, sync_seconds: float = 0.0, sabotage: str | None = None, **settings: float) -> Guarded:
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {"folder": str(folder), "settings": settings, "sync_seconds": sync_seconds, "sabotage": sabotage}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        port, pid = map(int, self._process.stdout.readline().split())
        made = Guarded(port, pid, folder)
        self._started.append(made)
        with made.connect() as connection:  # the listener is there at once, an answer only when capture has started
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
            assert status_of(connection) == 200
        return made

    def close(self) -> None:
        for each in self._started:
            with suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@contextmanager
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    try:
        yield made
    finally:
        made.close()
