"""Durable capture against a bare ASGI app that group-commits the same bytes, under the same server and load.

Both run under uvicorn with httptools and uvloop, each in a process of its own; a second process sends requests over
keep-alive connections, one at a time on each. Rounds alternate A B A B…; medians and their ratio are printed. With
`--soak` telelake alone is loaded for some seconds, sealing as it does in use, and its memory is looked at meanwhile.

    python bench/capture.py --requests 20000 --connections 40 100 256
    python bench/capture.py --soak 300 --connections 100
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
from collections.abc import Iterator
from contextlib import contextmanager
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


def protocol():
    """Return the protocol of telelake's capture port, with its deadlines and bounds."""
    from telelake.capture.connection import Connections, Limits, descriptors_for
    from telelake.settings import Capture

    capture = Capture()
    limits = Limits(capture.header_seconds, capture.body_seconds, descriptors_for(capture.open_connections))
    return Connections(limits).protocol


def serve(kind: str, folder: str, listener: socket.socket, seal_seconds: float) -> None:
    """Run one of the two applications until stopped."""
    ours = kind == "telelake"
    app = durable(Path(folder), seal_seconds) if ours else Bare(Path(folder))
    config = uvicorn.Config(
        app, loop="uvloop", http=protocol() if ours else "httptools", log_level="error", access_log=False, lifespan="on",
        backlog=2048, proxy_headers=not ours,
    )  # fmt: skip
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


def requests_of(count: int, size: int) -> list[bytes]:
    """Return so many deliveries, as they go over the wire."""
    found = []
    for number in range(count):
        body = body_of(number, size)
        found.append(
            f"POST /telegram/support HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
    return found


@contextmanager
def running(kind: str, options: argparse.Namespace, seal_seconds: float) -> Iterator[tuple[int, int]]:
    """Run an application on an empty folder; yield its port and process number."""
    folder = tempfile.mkdtemp(prefix="bench-capture-", dir=options.folder)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    port = listener.getsockname()[1]
    process = multiprocessing.get_context("fork").Process(target=serve, args=(kind, folder, listener, seal_seconds))
    process.start()
    listener.close()
    try:
        yield port, process.pid
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.join(30)
        shutil.rmtree(folder, ignore_errors=True)


def megabytes(pid: int, what: str) -> float:
    """Return a figure of a process's memory: VmRSS now, VmHWM at most."""
    return int(Path(f"/proc/{pid}/status").read_text().partition(f"{what}:")[2].split()[0]) / 1024


def measure(kind: str, options: argparse.Namespace, connections: int, seal_seconds: float) -> dict[str, float]:
    """Start an application on an empty folder, load it once, stop it; return what was seen."""
    requests = requests_of(options.requests, options.body_bytes)
    with running(kind, options, seal_seconds) as (port, pid):
        # The socket listens before the application is there; its imports are no part of the rate.
        uvloop.run(load(port, requests[:connections], connections))
        rate, latencies = uvloop.run(load(port, requests, connections))
        memory = megabytes(pid, "VmHWM")
    latencies.sort()
    return {"rate": rate, "p50_ms": latencies[len(latencies) // 2] * 1e3, "p99_ms": latencies[len(latencies) * 99 // 100] * 1e3,
            "memory_mb": memory}  # fmt: skip


def soak(options: argparse.Namespace, connections: int) -> None:
    """Load telelake for a time, sealing every few seconds; print its memory, in the medians of ten equal parts."""
    requests = requests_of(options.requests, options.body_bytes)
    seen: list[tuple[float, float]] = []
    count = 0
    with running("telelake", options, options.seal_seconds or 5.0) as (port, pid):
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < options.soak:
            uvloop.run(load(port, list(requests), connections))
            count += len(requests)
            seen.append((passed, megabytes(pid, "VmRSS")))
    parts = [[memory for passed, memory in seen if int(passed * 10 / options.soak) == part] for part in range(10)]
    shown = "  ".join(f"{statistics.median(part):.0f}" for part in parts if part)
    print(f"{connections:>4} connections  {count:,} requests in {options.soak} s  memory, MB, by tenths: {shown}")


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
    parser.add_argument("--soak", type=int, help="load telelake for so many seconds, and look at its memory")
    options = parser.parse_args()
    if options.soak:
        for connections in options.connections:
            soak(options, connections)
        return 0
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
