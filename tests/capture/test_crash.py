"""Three hundred `kill -9` under load: every 2xx is an obligation, and each is met, once, to the byte."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from capture_oracle import body_of, read_lake, verdict

HERE = Path(__file__).parent
SECRET = "serve-capture-secret"
KILLS = int(os.environ.get("TELELAKE_TEST_KILLS", "300"))
CONNECTIONS = 12


def free_port() -> int:
    """Return a free port below the ephemeral range: there a client that retries would one day connect to itself."""
    while True:
        port = random.randrange(20_000, 30_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def request(body: bytes) -> bytes:
    head = (
        f"POST /telegram/support HTTP/1.1\r\nHost: t\r\nX-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """Sends each id once, over a few connections, and keeps the books."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.next_id = 1
        self.sent: list[int] = []
        self.obligations: list[int] = []

    async def cycle(self, pid: int, seconds: float) -> None:
        """Load a process that is just starting, kill it `seconds` after its first answer."""
        first = asyncio.get_running_loop().create_future()
        senders = [asyncio.create_task(self._send(first)) for _ in range(CONNECTIONS)]
        await asyncio.wait_for(first, 20)
        await asyncio.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
        await asyncio.wait_for(asyncio.gather(*senders), 20)

    async def _send(self, first: asyncio.Future[None]) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except ConnectionError:
                pass
            else:
                await self._use(reader, writer, first)
            # Before the first answer it was the listener of the process killed last, or none yet.
            if first.done():
                return
            await asyncio.sleep(0.003)

    async def _use(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: asyncio.Future[None]
    ) -> None:
        try:
            while True:
                number = self.next_id
                self.next_id += 1
                self.sent.append(number)
                writer.write(request(body_of(number)))
                status = await reader.readline()
                if not status:
                    return
                assert status.startswith(b"HTTP/1.1 200 "), status
                # Counted as soon as the status line is here: the rest of the answer may never come.
                self.obligations.append(number)
                if not first.done():
                    first.set_result(None)
                while (await reader.readline()).strip():
                    pass
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


def gone(pid: int, seconds: float = 20) -> None:
    """Return when a process has ended."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)
    raise AssertionError(f"process {pid} does not end")


def kill_often(folder: Path, kills: int) -> tuple[dict[str, int], int, int]:
    """Kill capture at random moments, sealing included; return the verdict, the number of obligations, and the seed."""
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    port = free_port()
    nursery = subprocess.Popen(
        [sys.executable, str(HERE / "serve_capture.py"), str(folder), "--nursery"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    def start() -> int:
        nursery.stdin.write(f"{port}\n")
        nursery.stdin.flush()
        return int(nursery.stdout.readline())

    load = Load(port)

    async def all_cycles() -> None:
        for _ in range(kills):
            pid = start()
            await load.cycle(pid, rng.choice((rng.uniform(0, 0.02), rng.uniform(0, 0.12))))

    try:
        begun = time.monotonic()
        asyncio.run(all_cycles())
        seconds = time.monotonic() - begun
        last = start()
        fresh = load.next_id
        for _ in range(1000):
            try:
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    connection.sendall(request(body_of(fresh)))
                    assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
                break
            except ConnectionError:
                time.sleep(0.01)
        os.kill(last, signal.SIGTERM)
        gone(last)
    finally:
        nursery.stdin.close()
        nursery.wait(20)
        nursery.stdout.close()
    print(f"{kills} kills in {seconds:.1f} s, {len(load.obligations)} obligations")
    assert not list((folder / "state" / "journal").glob("*.journal")), "something was left unsealed"
    result = verdict(read_lake(folder / "home"), [*load.sent, fresh], [*load.obligations, fresh])
    return result, len(load.obligations), seed


@pytest.mark.slow
def test_no_kill_loses_invents_damages_or_doubles_a_body(tmp_path):
    """After three hundred kills and a last start all obligations lie in raw, once, and no more."""
    result, obligations, seed = kill_often(tmp_path, KILLS)
    assert result == {"lost": 0, "invented_or_damaged": 0, "doubled": 0}, seed
    assert obligations > 10 * KILLS, "too little was at stake"
