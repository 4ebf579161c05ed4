"""Capture as a process of its own, for tests that kill it.

    python serve_capture.py FOLDER             serve until killed; print port and pid
    python serve_capture.py FOLDER --nursery   fork such a process for each line "PORT"; print its pid

The nursery has everything imported, so that a start takes milliseconds and three hundred kills take a minute.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import uvicorn
import uvloop  # noqa: F401 - imported before the fork

from telelake.capture.receive import Receiver
from telelake.capture.webhook import Webhook, WebhookBot
from telelake.settings import Capture
from telelake.stores.objects import open_store

SECRET = "serve-capture-secret"
BOT = 4242
ZONE = ZoneInfo("America/Sao_Paulo")
SEAL = {"seal_bytes": 30_000, "seal_seconds": 0.05}


def application(folder: Path, **settings: float) -> Webhook:
    capture = Capture(**(SEAL | settings))
    receiver = Receiver(folder / "state", open_store(str(folder / "home")), ZONE, capture, retry_seconds=0.05)
    return Webhook(receiver, {"support": WebhookBot(BOT, SECRET)}, max_body_bytes=capture.max_body_bytes)


def serve(folder: Path, listener: socket.socket) -> None:
    config = uvicorn.Config(
        application(folder), loop="uvloop", http="httptools", log_level="error", access_log=False, lifespan="on"
    )
    uvicorn.Server(config).run(sockets=[listener])


def listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for _ in range(2000):
        try:
            listener.bind(("127.0.0.1", port))
            break
        except OSError:
            # The process that was just killed has not let go yet.
            time.sleep(0.005)
    listener.listen(256)
    return listener


def main() -> None:
    folder = Path(sys.argv[1])
    if "--nursery" not in sys.argv:
        listener = listen(0)
        print(listener.getsockname()[1], os.getpid(), flush=True)
        serve(folder, listener)
        return
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if child == 0:
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            serve(folder, listen(int(line)))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
