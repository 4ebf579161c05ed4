"""What the recording proxy adds to a call: the same calls made directly and through it, in one run.

A small Bot API, the proxy over a journal on disk, and the client are a process each. Rounds alternate direct, proxied,
direct…; latencies of a round are taken at each connection, one call at a time. Printed are medians over the rounds, and
the difference, which is what the proxy costs: its way, and one group commit.

    python bench/proxy.py --calls 4000 --connections 1 16 --think-ms 0
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import shutil
import signal
import socket
import statistics
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
import uvloop

from capture import Load, Sender, body_of

TOKEN = "1:bench"  # not a secret
MESSAGE = json.dumps({"ok": True, "result": {
    "message_id": 7, "from": {"id": 1, "is_bot": True, "first_name": "Bot"}, "date": 1763712000,
    "chat": {"id": -1001234567890, "title": "Suporte", "type": "supergroup"}, "text": "a" * 300,
}}).encode()  # fmt: skip


def bot_api(think: float):
    """Return a Bot API that answers sendMessage after `think` seconds, and getUpdates with ten updates."""
    ids = itertools.count(1)

    async def app(scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        while (await receive()).get("more_body", False):
            pass
        if think:
            await asyncio.sleep(think)
        body = MESSAGE
        if scope["path"].endswith(
            "getUpdates"
        ):  # new ones each time: what the proxy has stored it does not store again
            bodies = [body_of(number, 700) for number in itertools.islice(ids, 10)]
            body = b'{"ok":true,"result":[' + b",\n".join(bodies) + b"]}"
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def proxy(folder: Path, upstream: int):
    """Return telelake's door with the proxy."""
    from zoneinfo import ZoneInfo

    from telelake.capture.proxy.app import Proxy
    from telelake.capture.proxy.kinds import Wishes
    from telelake.capture.proxy.passing import ProxyBot
    from telelake.capture.receive import Receiver
    from telelake.capture.webhook import Webhook
    from telelake.settings import Capture
    from telelake.stores.objects import open_store

    settings = Capture(seal_seconds=3600)
    receiver = Receiver(folder / "state", open_store(str(folder / "home")), ZoneInfo("UTC"), settings)
    bot = ProxyBot("support", 1, TOKEN, f"http://127.0.0.1:{upstream}")
    recording = Proxy(receiver, [bot], Wishes(folder / "state"))
    return Webhook(receiver, {}, max_body_bytes=1 << 22, beside=[recording.run], proxy=recording)


def serve(kind: str, listener: socket.socket, folder: str, upstream: int, think: float) -> None:
    """Run one of the two servers until stopped."""
    app = bot_api(think) if kind == "direct" else proxy(Path(folder), upstream)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", log_level="error", access_log=False, lifespan="on", backlog=2048
    )
    uvicorn.Server(config).run(sockets=[listener])


class Asker(Sender):
    """A connection that waits for a whole answer, which has a body and a length."""

    received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"unexpected answer: {self.received[:200]!r}")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        if len(body) >= length:
            self.received = b""
            super().data_received(b"HTTP/1.1 200\r\n\r\n")


async def ask(port: int, request: bytes, calls: int, connections: int) -> tuple[list[float], float]:
    """Return each latency in seconds, sorted, and the calls a second."""
    loop = asyncio.get_running_loop()
    shared = Load([request] * calls, connections)
    begun = loop.time()
    await asyncio.gather(
        *(loop.create_connection(lambda: Asker(shared), "127.0.0.1", port) for _ in range(connections))
    )
    await shared.done
    return sorted(shared.latencies), calls / (loop.time() - begun)


def request_of(method: str) -> bytes:
    """Return a call as aiogram makes it."""
    fields = {"chat_id": "-1001234567890", "text": "a" * 300} if method == "sendMessage" else {"timeout": "0"}
    body = urlencode(fields).encode()
    return (
        f"POST /bot{TOKEN}/{method} HTTP/1.1\r\nHost: bench\r\nAccept: */*\r\nUser-Agent: bench\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def measured(ports: dict[str, int], method: str, connections: int, options: argparse.Namespace) -> dict[str, object]:
    """Alternate between the two ways, and return the medians of what was seen."""
    seen: dict[str, list[dict[str, float]]] = {kind: [] for kind in ports}
    for round_ in range(options.rounds + 1):
        for kind, port in ports.items():
            calls = options.calls if round_ else min(options.calls, 200)
            latencies, rate = uvloop.run(ask(port, request_of(method), calls, connections))
            if round_:  # the first is warming up
                seen[kind].append({
                    "p50_ms": latencies[len(latencies) // 2] * 1e3, "p99_ms": latencies[len(latencies) * 99 // 100] * 1e3,
                    "rate": rate,
                })  # fmt: skip
    result: dict[str, object] = {"method": method, "connections": connections, "calls": options.calls}
    for kind, rounds in seen.items():
        result[kind] = {key: round(statistics.median(each[key] for each in rounds), 3) for key in rounds[0]}
    result["added"] = {
        key: round(statistics.median(p[key] - d[key] for d, p in zip(seen["direct"], seen["proxied"], strict=True)), 3)
        for key in ("p50_ms", "p99_ms")
    }
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=4000, help="per round")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--rounds", type=int, default=5, help="of each way")
    parser.add_argument(
        "--think-ms", type=float, default=0.0, help="how long the Bot API takes; Telegram takes some tens"
    )
    parser.add_argument("--folder", help="where to write; it should lie on the disk that will be used")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="bench-proxy-", dir=options.folder)
    ports, processes = {}, []
    for kind in ("direct", "proxied"):
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        ports[kind] = listener.getsockname()[1]
        process = multiprocessing.get_context("fork").Process(
            target=serve, args=(kind, listener, folder, ports["direct"], options.think_ms / 1e3)
        )
        process.start()
        listener.close()
        processes.append(process)
    results = []
    try:
        for method in ("sendMessage", "getUpdates"):
            for connections in options.connections if method == "sendMessage" else (1,):
                results.append(measured(ports, method, connections, options))
                if not options.json:
                    for kind in ("direct", "proxied", "added"):
                        shown = "  ".join(f"{key} {value:>9,}" for key, value in results[-1][kind].items())
                        print(f"{method:<12} {connections:>3} connections  {kind:<8} {shown}", flush=True)
        status = Path(f"/proc/{processes[1].pid}/status").read_text()
        memory = round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)
    finally:
        for process in reversed(processes):
            os.kill(process.pid, signal.SIGTERM)
            process.join(30)
        shutil.rmtree(folder, ignore_errors=True)
    print(
        json.dumps({"results": results, "memory_mb": memory}) if options.json else f"memory of the proxy: {memory} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
