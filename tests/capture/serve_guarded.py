"""Capture as `telelake` serves it, in a process of its own that tests may starve, break and stop.

Reads lines of JSON: `{"folder": …, "settings": {…}, "sync_seconds": …, "sabotage": …}`. Forks a process for each, which
listens on a free port; prints `PORT PID`. When such a process ends in order, it leaves what it counted in
`FOLDER/metrics.prom`, and what it says in `FOLDER/log`.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import uvloop  # noqa: F401 - imported before the fork
from tests.canaries import WEBHOOK_SECRET
from tests.capture.serve_capture import BOT, SEAL, ZONE, listen

from telelake import serve
from telelake.capture.commit import GroupCommit
from telelake.capture.connection import Connections, Limits
from telelake.capture.counters import Counters
from telelake.capture.disk import Disk
from telelake.capture.journal import Journal
from telelake.capture.receive import Receiver
from telelake.capture.webhook import Webhook, WebhookBot
from telelake.operate.metrics import Metrics, Sources
from telelake.settings import Capture
from telelake.stores.objects import open_store


class PoorDisk(Disk):
    """A disk whose syncs take at least so long, and which is full while there is a file `full` in the folder."""

    def __init__(self, seconds: float, full: Path) -> None:
        self.seconds = seconds
        self.full = full

    def create(self, path: Path) -> int:
        self._room()
        return super().create(path)

    def write(self, descriptor: int, data: bytes) -> None:
        self._room()
        super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        time.sleep(self.seconds)
        super().sync(descriptor)

    def _room(self) -> None:
        if self.full.exists():
            raise OSError(errno.ENOSPC, "No space left on device")


SABOTAGE: dict[str, tuple[type, str, Any]] = {
    "a file that failed is used again": (Journal, "_abandon", lambda self, file: None),
    "what waits has no bound": (GroupCommit, "hold", lambda self, count: None),
    "nobody is cut off": (Connections, "_sweep", lambda self, loop: None),
    "nobody gives way": (Connections, "_make_room", lambda self: False),
    "refusals are not counted": (Counters, "reject", lambda self, reason: None),
}
"""The guarded line taken out, by what is then wrong."""


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    for line in iter(sys.stdin.readline, ""):
        wanted = json.loads(line)
        listener = listen(0)
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            log = os.open(Path(wanted["folder"]) / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            run(listener, **wanted)
            os._exit(0)
        print(listener.getsockname()[1], child, flush=True)
        listener.close()


def run(listener: Any, folder: str, settings: dict[str, float], sync_seconds: float, sabotage: str | None) -> None:
    """Serve until SIGTERM, then write down what was counted."""
    if sabotage is not None:
        setattr(*SABOTAGE[sabotage])
    capture = Capture(**(SEAL | settings))
    root = Path(folder)
    receiver = Receiver(
        root / "state", open_store(str(root / "home")), ZONE, capture,
        disk=PoorDisk(sync_seconds, root / "full"), retry_seconds=0.05,
    )  # fmt: skip
    door = Webhook(receiver, {"support": WebhookBot(BOT, WEBHOOK_SECRET)}, max_body_bytes=capture.max_body_bytes)
    connections = Connections(Limits(capture.header_seconds, capture.body_seconds, capture.open_connections))
    serve._until_stopped(serve._server(door, http=connections.protocol), listener)
    metrics = Metrics(Sources(receiver.snapshot, connections=connections, bots={BOT: "support"}))
    (root / "metrics.prom").write_bytes(metrics.text())


if __name__ == "__main__":
    main()
