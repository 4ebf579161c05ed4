"""Durable capture against a bare ASGI app that group-commits the same bytes, under the same server and load.

Both run under uvicorn with httptools and uvloop, each in a process of its own; a second process sends requests over
keep-alive connections, one at a time on each. Rounds alternate A B A B…; medians and their ratio are printed.

    python bench/capture.py --requests 20000 --connections 40 100 256
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path

import uvicorn
import uvloop

SECRET = "bench-secret"  # not a secret


def body_of(number: int, size: int) -> bytes:
    """Return an update as Telegram writes it, padded to `size` bytes."""
    head = (
        f'{{"update_id":{number},\n"message":{{"message_id":{number},"from":{{"id":{number % 5000 + 1},"is_bot":false,'
        f'"first_name":"Ana","language_code":"pt-br"}},"chat":{{"id":-1001234567890,"title":"Suporte","type":"supergroup"}},'
        f'"date":1763712000,"text":"'
    )
    return (head + "a" * max(0, size - len(head) - 3) + '"}}').encode()


class Bare:
    """The peer: reads the body, appends it to one file, group-commits in a thread, answers 200. Nothing else."""

    def __init__(self, folder: Path) -> None:
        self.file = os.open(folder / "bare.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self.busy = False

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((body, future))
        if not self.busy:
            self.busy = True
            self.task = asyncio.create_task(self.commit())
        await future
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    def write(self, data: bytes) -> None:
        os.write(self.file, data)
        os.fdatasync(self.file)

    async def commit(self) -> None:
        loop = asyncio.get_running_loop()
        while self.waiting:
            batch, self.waiting = self.waiting, []
            await loop.run_in_executor(None, self.write, b"".join(body for body, _ in batch))
            for _, future in batch:
                future.set_result(None)
        self.busy = False


def durable(folder: Path, seal_seconds: float):
    """Return telelake's capture over a directory store."""
    from zoneinfo import ZoneInfo

    from telelake.capture.receive import Receiver
    from telelake.capture.webhook import Webhook, WebhookBot
    from telelake.settings import Capture
    from telelake.stores.objects import open_store

    store = open_store(str(folder / "home"))
    settings = Capture(seal_seconds=seal_seconds)
    receiver = Receiver(folder / "state", store, ZoneInfo("America/Sao_Paulo"), settings)
    return Webhook(receiver, {"support": WebhookBot(1, SECRET)}, max_body_bytes=settings.max_body_bytes)


def serve(kind: str, folder: str, listener: socket.socket, seal_seconds: float) -> None:
    """Run one of the two applications until stopped."""
    app = durable(Path(folder), seal_seconds) if kind == "telelake" else Bare(Path(folder))
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", log_level="error", access_log=False, lifespan="on", backlog=2048
    )
    uvicorn.Server(config).run(sockets=[listener])


class Sender(asyncio.Protocol):
    """One keep-alive connection that sends the next request when the answer to the last is complete."""

    def __init__(self, shared: Load) -> None:
        self.shared = shared

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.next()

    def next(self) -> None:
        if not self.shared.requests:
            self.transport.close()
            self.shared.closed()
            return
        self.sent = time.perf_counter()
        self.transport.write(self.shared.requests.pop())

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 200") or not data.endswith(b"\r\n\r\n"):
            raise SystemExit(f"unexpected answer: {data[:100]!r}")
        self.shared.latencies.append(time.perf_counter() - self.sent)
        self.next()


class Load:
    """The requests to send, and what came of them."""

    def __init__(self, requests: list[bytes], connections: int) -> None:
        self.requests = requests
        self.open = connections
        self.latencies: list[float] = []
        self.done = asyncio.get_running_loop().create_future()

    def closed(self) -> None:
        self.open -= 1
        if not self.open:
            self.done.set_result(None)


async def load(port: int, requests: list[bytes], connections: int) -> tuple[float, list[float]]:
    """Return requests a second and each latency."""
    shared = Load(requests, connections)
    count = len(requests)
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    await asyncio.gather(
        *(loop.create_connection(lambda: Sender(shared), "127.0.0.1", port) for _ in range(connections))
    )
    await shared.done
    return count / (time.perf_counter() - begun), shared.latencies


def measure(kind: str, options: argparse.Namespace, connections: int, seal_seconds: float) -> dict[str, float]:
    """Start an application on an empty folder, load it once, stop it; return what was seen."""
    folder = tempfile.mkdtemp(prefix="bench-capture-", dir=options.folder)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    port = listener.getsockname()[1]
    process = multiprocessing.get_context("fork").Process(target=serve, args=(kind, folder, listener, seal_seconds))
    process.start()
    listener.close()
    requests = []
    for number in range(options.requests):
        body = body_of(number, options.body_bytes)
        requests.append(
            f"POST /telegram/support HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
    try:
        # The socket listens before the application is there; its imports are no part of the rate.
        uvloop.run(load(port, requests[:connections], connections))
        rate, latencies = uvloop.run(load(port, requests, connections))
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.join(30)
        shutil.rmtree(folder, ignore_errors=True)
    latencies.sort()
    return {"rate": rate, "p50_ms": latencies[len(latencies) // 2] * 1e3, "p99_ms": latencies[len(latencies) * 99 // 100] * 1e3,
            "memory_mb": memory}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=20_000, help="per round")
    parser.add_argument("--connections", type=int, nargs="+", default=[40, 100, 256])
    parser.add_argument("--rounds", type=int, default=5, help="of each application")
    parser.add_argument("--body-bytes", type=int, default=700)
    parser.add_argument(
        "--seal-seconds", type=float, help="seal while measuring, this often; by default at the end only"
    )
    parser.add_argument("--folder", help="where to write; it should lie on the disk that will be used")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--at-least", type=float, default=0.5, help="exit 1 when a ratio is lower")
    options = parser.parse_args()
    seal_seconds = options.seal_seconds or 3600.0
    results = []
    for connections in options.connections:
        rounds: dict[str, list[dict[str, float]]] = {"bare": [], "telelake": []}
        for _ in range(options.rounds):
            for kind, seen in rounds.items():
                seen.append(measure(kind, options, connections, seal_seconds))
        result: dict[str, object] = {"connections": connections, "requests": options.requests}
        for kind, seen in rounds.items():
            result[kind] = {key: round(statistics.median(one[key] for one in seen), 1) for key in seen[0]}
        # Of neighbours, so that a machine that slows down for a while slows both.
        ratios = [ours["rate"] / bare["rate"] for ours, bare in zip(rounds["telelake"], rounds["bare"], strict=True)]
        result["ratio"] = round(statistics.median(ratios), 3)
        results.append(result)
        if not options.json:
            for kind in rounds:
                shown = "  ".join(f"{key} {value:>9,}" for key, value in result[kind].items())
                print(f"{connections:>4} connections  {kind:<9} {shown}")
            print(f"{connections:>4} connections  ratio     {result['ratio']}", flush=True)
    worst = min(result["ratio"] for result in results)
    if options.json:
        print(json.dumps({"results": results, "ratio": worst}))
    return 0 if worst >= options.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
