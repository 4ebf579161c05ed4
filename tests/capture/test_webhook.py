"""The webhook under a real uvicorn: what Telegram is told, and what lies in raw afterwards."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from capture_oracle import read_lake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telelake.capture.disk import Disk
from telelake.capture.receive import Receiver
from telelake.capture.webhook import Webhook, WebhookBot
from telelake.settings import Capture
from telelake.stores.objects import DirectoryStore

SECRET = "canary-webhook-secret-9f3e"
HEADER = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
BOTS = {"support": WebhookBot(1001, SECRET), "vendas": WebhookBot(1002, SECRET + "-2")}
LIMIT = 1 << 20
TELEGRAM = b'{"update_id":10,\n"message":{"message_id":5,"date":1763712000,"text":"ol\\u00e1 \\ud83d\\ude00"}}'


class Running:
    """A server in a thread, and the lake below it."""

    def __init__(self, folder: Path, disk: Disk, **capture: float) -> None:
        self.home = folder / "home"
        self.capture = Capture(max_body_bytes=LIMIT, seal_seconds=60, **capture)
        self.receiver = Receiver(folder / "state", DirectoryStore(self.home), ZoneInfo("UTC"), self.capture, disk=disk)
        self.app = Webhook(self.receiver, BOTS, max_body_bytes=LIMIT)
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(100)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            self.app, loop="uvloop", http="httptools", log_level="info", lifespan="on", log_config=None
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            time.sleep(0.005)

    def stop(self) -> list[bytes]:
        """Stop, which seals; return the bodies in raw and quarantine."""
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()
        return sorted(read_lake(self.home).bodies.values())

    def post(self, body: bytes, name: str = "support", headers: dict[str, str] = HEADER, **more) -> httpx.Response:
        return httpx.post(f"{self.url}/telegram/{name}", content=body, headers=headers, **more)

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 10)


@contextmanager
def running(folder: Path, disk: Disk | None = None, **capture: float) -> Iterator[Running]:
    server = Running(folder, disk or Disk(), **capture)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def server(tmp_path):
    with running(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with running(tmp_path_factory.mktemp("shared")) as made, httpx.Client(headers=HEADER) as made.client:
        yield made


def answer(connection: socket.socket) -> bytes:
    """Return one answer's head; its body must be empty."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            break
        data += more
    assert b"content-length: 0\r\n" in data.lower()
    assert data.endswith(b"\r\n\r\n")
    return data


def head(length: int | None, secret: str = SECRET, *lines: str) -> bytes:
    size = f"Content-Length: {length}\r\n" if length is not None else "Transfer-Encoding: chunked\r\n"
    extra = "".join(f"{line}\r\n" for line in lines)
    return f"POST /telegram/support HTTP/1.1\r\nHost: t\r\nX-Telegram-Bot-Api-Secret-Token: {secret}\r\n{size}{extra}\r\n".encode()


def test_what_telegram_sends_is_kept_verbatim(server):
    """A 200 has an empty body; raw holds the bytes as they came, escapes included, a line break between tokens as a space."""
    response = server.post(TELEGRAM)
    assert (response.status_code, response.content) == (200, b"")
    (stored,) = server.stop()
    assert stored == TELEGRAM.replace(b"\n", b" ")
    (path,) = server.home.rglob("*.zst")
    assert path.relative_to(server.home).as_posix().startswith("raw/bot=1001/context_date=2025-11-21/1-")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00", b"not JSON", b"[]", b"{}", b"null", b'{"update_id":"1"}', b'{"update_id":1', b"\xef\xbb\xbf{}",
        b'{"update_id":1,"message":{"text":"\xed\xa0\x80"}}', b'{"update_id":1,"message":"\xff"}', b"[" * 100_000,
        b'{"update_id":99999999999999999999}',
        b'{"update_id":1,"message":{"text":"a\nb"}}', b'{"update_id":1,"message":{"date":NaN}}',
    ],
)  # fmt: skip
def test_no_content_is_refused_and_what_cannot_be_read_is_kept(server, body):
    """An authenticated body that is not an update gets 200 and lies in quarantine, byte for byte."""
    response = server.post(body)
    assert (response.status_code, response.content) == (200, b"")
    assert server.stop() == [body]
    assert len(read_lake(server.home).quarantined) == 1
    assert server.receiver.counters.quarantined == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"update_id":1}', b'{"update_id":-5,"new_kind":[1,2]}', b'{"update_id":1,"message":{"text":"\\ud800"}}',
        b'{"update_id":1,"message":{"date":"x"}}', b' \r\n{"update_id" :\t1 }\n',
        b'{"update_id":1,"message":{"date":99999999999999999999}}',
    ],
)  # fmt: skip
def test_odd_updates_are_updates(server, body):
    """Unknown kinds, wrong types, lone surrogates and white space are no reason for quarantine."""
    assert server.post(body).status_code == 200
    assert server.stop() == [body.replace(b"\n", b" ").replace(b"\r", b" ")]
    assert not read_lake(server.home).quarantined


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=2000)
    | st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(
        lambda value: json.dumps({"update_id": 1, "message": value}).encode()
    )
)
def test_any_body_is_answered_200(shared, body):
    """No generated body of an authenticated request gets anything but an empty 200."""
    response = shared.client.post(f"{shared.url}/telegram/support", content=body)
    assert (response.status_code, response.content) == (200, b"")


def test_every_generated_body_is_in_raw(tmp_path):
    """A thousand random bodies over one keep-alive connection all lie in the lake afterwards, unchanged."""
    rng = random.Random(11)
    bodies = sorted(rng.randbytes(rng.randrange(200)) + b"%d" % number for number in range(1000))
    with running(tmp_path) as server:
        with httpx.Client(headers=HEADER) as client:
            for body in bodies:
                assert client.post(f"{server.url}/telegram/support", content=body).status_code == 200
        assert server.stop() == bodies
        counters = server.receiver.counters
        assert (counters.received, counters.stored, counters.sealed_records) == (1000, 1000, 1000)


def test_without_the_secret_nothing_is_stored(server):
    """No secret, a wrong one, another bot's, and an unknown bot with a right one are all the same 401, and count."""
    wrong = [
        server.post(TELEGRAM, headers={}),
        server.post(TELEGRAM, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1]}),
        server.post(TELEGRAM, headers={"X-Telegram-Bot-Api-Secret-Token": ""}),
        server.post(TELEGRAM, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET + "-2"}),
        server.post(TELEGRAM, name="nobody"),
        server.post(TELEGRAM, name=""),
    ]
    assert [(response.status_code, response.content) for response in wrong] == [(401, b"")] * 6
    plain = [{key: value for key, value in response.headers.items() if key != "date"} for response in wrong]
    assert all(headers == plain[0] for headers in plain), "an unknown name can be told from a wrong secret"
    assert server.stop() == []
    assert server.receiver.counters.rejected == {"secret": 6}
    assert server.receiver.counters.received == 6


def test_the_answer_401_does_not_wait_for_the_body(server):
    """A wrong secret is answered from the head alone, and the connection goes on to be of use."""
    with server.raw() as connection:
        connection.sendall(head(500_000, secret="wrong"))
        assert answer(connection).startswith(b"HTTP/1.1 401 ")
        connection.sendall(bytes(500_000) + head(len(TELEGRAM)) + TELEGRAM)
        assert answer(connection).startswith(b"HTTP/1.1 200 ")
    assert len(server.stop()) == 1


def test_other_methods_and_paths(server):
    """405 says which method is allowed; what is not ours is 404; neither stores anything."""
    for method in ("GET", "PUT", "DELETE", "HEAD", "OPTIONS"):
        response = httpx.request(method, f"{server.url}/telegram/support", headers=HEADER)
        assert (response.status_code, response.headers["allow"], response.content) == (405, "POST", b"")
    for path in ("/", "/telegram", "/telegram/support/more", "/telegram/a%2Fb", "/favicon.ico", "/healthz/x"):
        response = httpx.post(server.url + path, headers=HEADER, content=TELEGRAM)
        assert (response.status_code, response.content) == (404, b""), path
    for path in ("/healthz", "/livez"):
        assert httpx.post(server.url + path).headers["allow"] == "GET, HEAD"
    assert server.stop() == []


def test_a_body_over_the_limit_is_413_from_its_length(server):
    """A Content-Length over the limit is answered at once, before a byte of the body; one at the limit is taken."""
    with server.raw() as connection:
        connection.sendall(head(LIMIT + 1))
        assert answer(connection).startswith(b"HTTP/1.1 413 ")
    assert server.post(b"x" * LIMIT).status_code == 200
    assert server.stop() == [b"x" * LIMIT]
    assert server.receiver.counters.rejected == {"too_large": 1}


def test_a_body_over_the_limit_is_413_while_it_streams(server):
    """A chunked body is answered as soon as it passes the limit, though it has no end yet; nothing of it is stored."""
    with server.raw() as connection:
        connection.sendall(head(None))
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        for _ in range(LIMIT // 65536 + 1):
            connection.sendall(chunk)
        assert answer(connection).startswith(b"HTTP/1.1 413 ")
    assert server.stop() == []
    assert server.receiver.status().pending_bytes == 0


def test_chunks_and_slow_pieces_are_one_body(server):
    """A chunked body, and one that dribbles in, are stored as the bytes that they carry."""
    with server.raw() as connection:
        connection.sendall(head(None))
        for byte in TELEGRAM:
            connection.sendall(b"1\r\n%c\r\n" % byte)
        connection.sendall(b"0\r\n\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200 ")
        connection.sendall(head(len(TELEGRAM), SECRET, "Content-Encoding: gzip"))
        for start in range(0, len(TELEGRAM), 20):
            connection.sendall(TELEGRAM[start : start + 20])
            time.sleep(0.005)
        assert answer(connection).startswith(b"HTTP/1.1 200 ")
    assert server.stop() == [TELEGRAM.replace(b"\n", b" ")] * 2


def test_pipelined_requests_are_all_answered(server):
    """Requests that come in one packet are each stored and answered."""
    with server.raw() as connection:
        connection.sendall((head(len(TELEGRAM)) + TELEGRAM) * 5)
        data = b""
        while data.count(b"\r\n\r\n") < 5:
            data += connection.recv(65536)
        assert data.count(b"HTTP/1.1 200 ") == 5
    assert len(server.stop()) == 5


def test_half_a_body_is_not_stored(server):
    """A client that leaves in the middle leaves nothing, and is counted."""
    with server.raw() as connection:
        connection.sendall(head(len(TELEGRAM)) + TELEGRAM[:-1])
        time.sleep(0.05)
    for _ in range(400):
        if server.receiver.counters.rejected:
            break
        time.sleep(0.005)
    assert server.receiver.counters.rejected == {"disconnected": 1}
    assert server.stop() == []
    assert server.receiver.status().pending_bytes == 0


class Failing(Disk):
    """Syncs until told not to."""

    is_failing = False

    def sync(self, descriptor: int) -> None:
        if self.is_failing:
            raise OSError(errno.EIO, "Input/output error")
        super().sync(descriptor)


def test_a_failed_disk_is_503_until_it_is_back(tmp_path):
    """A failed sync is 503 with Retry-After and an unhealthy /healthz, never 2xx; when the disk is back, all goes on unaided."""
    disk = Failing()
    with running(tmp_path, disk) as server:
        health = f"{server.url}/healthz"
        assert httpx.get(health).status_code == 200
        assert server.post(b'{"update_id":1}').status_code == 200
        disk.is_failing = True
        for number in range(2, 12):
            response = server.post(b'{"update_id":%d}' % number)
            assert (response.status_code, response.headers["retry-after"], response.content) == (503, "5", b"")
        assert httpx.get(health).status_code == 503
        assert httpx.get(f"{server.url}/livez").status_code == 200, "to start it anew would not make room"
        disk.is_failing = False
        assert server.post(b'{"update_id":12}').status_code == 200
        assert httpx.get(health).status_code == 200
        stored = server.stop()
        assert {b'{"update_id":1}', b'{"update_id":12}'} <= set(stored)
        counters = server.receiver.counters
        assert (counters.received, counters.stored, counters.rejected) == (12, 2, {"unavailable": 10})


class Slow(Disk):
    """Syncs when allowed."""

    def __init__(self) -> None:
        self.may_sync = threading.Event()

    def sync(self, descriptor: int) -> None:
        self.may_sync.wait(20)
        super().sync(descriptor)


def test_what_waits_for_the_disk_is_bounded(tmp_path):
    """Past max_pending_bytes a body is 503 at once; those that wait are answered 200 when the disk comes round."""
    disk = Slow()
    with running(tmp_path, disk, max_pending_bytes=50_000) as server:

        async def overload() -> list[int]:
            async with httpx.AsyncClient(headers=HEADER, limits=httpx.Limits(max_connections=40)) as client:

                async def one(number: int) -> int:
                    body = b"%04d" % number + bytes(9_000)
                    return (await client.post(f"{server.url}/telegram/support", content=body)).status_code

                tasks = [asyncio.create_task(one(number)) for number in range(40)]
                while sum(task.done() for task in tasks) < 30:
                    await asyncio.sleep(0.01)
                assert server.receiver.status().pending_bytes <= 50_000
                disk.may_sync.set()
                return await asyncio.gather(*tasks)

        statuses = asyncio.run(overload())
        taken = statuses.count(200)
        assert 1 <= taken <= 6
        assert statuses.count(503) == 40 - taken
        assert server.receiver.status().pending_bytes == 0
        assert len(server.stop()) == taken


def test_bodies_that_dribble_in_are_bounded_too(tmp_path):
    """Unfinished bodies count as pending: many slow senders cannot fill the memory."""
    with running(tmp_path, max_pending_bytes=300_000) as server:
        connections = [server.raw() for _ in range(8)]
        try:
            for connection in connections:
                connection.sendall(head(LIMIT) + bytes(60_000))
            time.sleep(0.3)
            assert server.receiver.status().pending_bytes <= 300_000
            with server.raw() as connection:
                connection.sendall(head(400_000) + bytes(400_000))
                assert answer(connection).startswith(b"HTTP/1.1 503 ")
        finally:
            for connection in connections:
                connection.close()


def test_a_second_capture_on_the_same_folder_does_not_start(server, tmp_path):
    """The server's start fails with the reason, instead of serving without a journal."""
    second = Receiver(tmp_path / "state", DirectoryStore(tmp_path / "home"), ZoneInfo("UTC"), server.capture)
    app = Webhook(second, BOTS, max_body_bytes=LIMIT)
    messages: list[dict] = []

    async def receive() -> dict:
        return {"type": "lifespan.startup"}

    async def send(message: dict) -> None:
        messages.append(message)

    asyncio.run(app({"type": "lifespan"}, receive, send))
    assert [message["type"] for message in messages] == ["lifespan.startup.failed"]
    assert "already captures into" in messages[0]["message"]


def test_no_secret_and_no_body_is_ever_logged_or_echoed(tmp_path, caplog, capfd):
    """After good, bad and failing requests neither secret nor body is in any log, output, answer, repr or lake file."""
    caplog.set_level(logging.DEBUG)
    disk = Failing()
    seen = b""
    with running(tmp_path, disk) as server:
        for failing in (False, True):
            disk.is_failing = failing
            for headers in (HEADER, {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"}):
                for method in ("POST", "GET"):
                    response = httpx.request(
                        method, f"{server.url}/telegram/support", content=b"canary-body-77", headers=headers
                    )
                    seen += response.content + repr(response.headers).encode()
        assert SECRET not in repr(BOTS) + repr(server.app) + repr(vars(server.app))
    out, err = capfd.readouterr()
    seen += (out + err + caplog.text).encode()
    assert SECRET.encode() not in seen
    assert b"canary-body-77" not in seen
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
    assert not any(SECRET.encode() in body for body in read_lake(tmp_path / "home").bodies.values())
