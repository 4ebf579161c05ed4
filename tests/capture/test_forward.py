"""Record and forward: a bot that exists gets what Telegram sent, Telegram gets its answer, and the lake has both."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
import zstandard
from capture_oracle import read_lake

from telelake.capture.disk import Disk
from telelake.capture.forward import Forwarder
from telelake.capture.receive import Receiver
from telelake.capture.webhook import Webhook, WebhookBot
from telelake.errors import SettingsError, StoreUnavailable
from telelake.settings import Capture
from telelake.stores.objects import DirectoryStore

SECRET = "canary-forward-secret-51"
TOKEN = "1001:canary-forward-token-8b1d_Zz"
HEADERS = {
    "X-Telegram-Bot-Api-Secret-Token": SECRET,
    "Content-Type": "application/json",
    "User-Agent": "",
    "Accept-Encoding": "gzip, deflate",
}
TELEGRAM = b'{"update_id":10,\n"message":{"message_id":5,"date":1763712000,"text":"ol\\u00e1 \\ud83d\\ude00"}}'
SECONDS = 20.0

Reply = tuple[int, dict[str, str], bytes]


def update(number: int, kind: str = "message") -> bytes:
    """Return an update as Telegram writes it."""
    return b'{"update_id":%d,\n"%s":{"message_id":5,"date":1763712000}}' % (number, kind.encode())


@dataclass
class Request:
    """What the bot was sent."""

    path: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int


@dataclass
class Bot:
    """A bot's own webhook server."""

    port: int
    reply: Callable[[Request], Reply]
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/x%2Fy?key=a%20b"


@contextmanager
def bot_server(reply: Callable[[Request], Reply] | Reply = (200, {}, b""), port: int = 0) -> Iterator[Bot]:
    """Run a bot that answers so."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.path, self.headers.items(), body, self.client_address[1])
            bot.requests.append(request)
            status, headers, content = bot.reply(request)
            with suppress(OSError):  # who asked has gone
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204 and "Content-Length" not in headers and "Transfer-Encoding" not in headers:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 100

    listener = Server(("127.0.0.1", port), Handler)
    bot = Bot(listener.server_port, reply if callable(reply) else lambda _: reply)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield bot
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


class Door:
    """telelake's door in a thread, before a bot, and the lake below it."""

    def __init__(self, folder: Path, to: str, disk: Disk | None = None, **options: Any) -> None:
        self.home = folder / "home"
        capture = Capture(seal_seconds=60)
        self.receiver = Receiver(
            folder / "state", DirectoryStore(self.home), ZoneInfo("UTC"), capture, disk=disk or Disk()
        )
        given = {"seconds": 1.0, "failure": "refuse", "token": TOKEN, **options}
        bot = WebhookBot(1001, SECRET, Forwarder(self.receiver, 1001, to, **given))
        app = Webhook(self.receiver, {"support": bot}, max_body_bytes=capture.max_body_bytes)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/telegram/support"
        config = uvicorn.Config(
            app, loop="uvloop", http="httptools", lifespan="on", log_config=None, server_header=False, date_header=False
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]})
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            time.sleep(0.005)

    def post(self, body: bytes = TELEGRAM, **headers: str) -> httpx.Response:
        """Deliver as Telegram does."""
        return httpx.post(self.url, content=body, headers=HEADERS | headers, timeout=SECONDS)

    def stop(self) -> None:
        """Stop, which seals."""
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()

    def updates(self) -> list[bytes]:
        """Stop; return the bodies that are recorded as updates, or lie in quarantine."""
        self.stop()
        calls = {json.dumps(call) for call in calls_in(self.home)}
        bodies = read_lake(self.home).bodies.values()
        return sorted(
            body for body in bodies if not (body[:8] == b'{"call":' and json.dumps(json.loads(body)) in calls)
        )

    def calls(self) -> list[dict[str, Any]]:
        """Stop; return the recorded calls."""
        self.stop()
        return calls_in(self.home)


def calls_in(home: Path) -> list[dict[str, Any]]:
    """Return the calls in a lake, each checked for what all have in common."""
    found = []
    for path in sorted(home.rglob("*.calls.ndjson.zst")):
        data = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
        assert b"canary" not in data
        for line in data.splitlines():
            envelope = json.loads(line)
            assert (envelope["bot"], envelope["source"]) == (1001, "webhook")
            call = envelope["body"]
            assert list(call)[:5] == ["call", "started_at", "seconds", "status", "request"]
            assert (call["seconds"], call["status"], call["answer"]) == (None, None, None)
            found.append(call)
    return found


@contextmanager
def door(folder: Path, to: str, disk: Disk | None = None, **options: Any) -> Iterator[Door]:
    made = Door(folder, to, disk, **options)
    try:
        yield made
    finally:
        made.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_bot_gets_what_telegram_sent(tmp_path):
    """The same bytes, method, address and headers, hop-by-hop ones apart; nothing but the peer's address is added."""
    sent = {**HEADERS, "X-Twice": "a, b", "Connection": "keep-alive, X-Hop", "X-Hop": "1", "TE": "trailers"}
    with bot_server() as bot, door(tmp_path, bot.url) as made:
        assert made.post(**sent).status_code == 200
        (got,) = bot.requests
        assert got.path == "/hook/x%2Fy?key=a%20b"
        assert got.body == TELEGRAM
        assert {name.lower(): value for name, value in got.headers} == {
            "host": f"127.0.0.1:{bot.port}",
            "x-telegram-bot-api-secret-token": SECRET,
            "content-type": "application/json",
            "user-agent": "",
            "accept-encoding": "gzip, deflate",
            "accept": "*/*",
            "x-twice": "a, b",
            "content-length": str(len(TELEGRAM)),
            "x-forwarded-for": "127.0.0.1",
        }
        assert made.updates() == [TELEGRAM.replace(b"\n", b" ")]


def test_a_body_in_pieces_arrives_whole(tmp_path):
    """A chunked delivery reaches the bot with its length; an X-Forwarded-For that came is left as it is."""
    with bot_server() as bot, door(tmp_path, bot.url) as made:
        pieces = iter([TELEGRAM[:7], TELEGRAM[7:]])
        answer = httpx.post(made.url, content=pieces, headers=HEADERS | {"X-Forwarded-For": "149.154.167.220"})
        assert answer.status_code == 200
        headers = {name.lower(): value for name, value in bot.requests[0].headers}
        assert (bot.requests[0].body, headers["content-length"]) == (TELEGRAM, str(len(TELEGRAM)))
        assert headers["x-forwarded-for"] == "149.154.167.220"
        assert "transfer-encoding" not in headers


ANSWERS: list[Reply] = [
    (200, {"Content-Type": "text/plain", "X-Own": "1", "Date": "then", "Server": "own/1"}, b"ok"),
    (204, {"X-Own": "1"}, b""),
    (201, {}, b""),
    (302, {"Location": "http://127.0.0.1:1/"}, b""),
    (400, {"Content-Type": "text/html"}, b"<p>no</p>"),
    (401, {}, b""),
    (403, {}, b"\x00\xff"),
    (410, {}, b"gone"),
    (429, {"Retry-After": "7"}, b""),
    (500, {"Content-Type": "text/plain"}, b"broken"),
    (503, {"Retry-After": "9"}, b"busy"),
]


def test_its_answer_goes_back_unchanged(tmp_path):
    """Status, headers and body, whatever they are, and once; no redirect is followed. The record is there either way."""
    with bot_server() as bot, door(tmp_path, bot.url) as made:
        for count, (status, headers, body) in enumerate(ANSWERS, 1):
            bot.reply = lambda _, reply=(status, headers, body): reply
            answer = made.post()
            assert (answer.status_code, answer.content) == (status, body)
            assert {name: answer.headers[name] for name in headers} == headers
            assert set(answer.headers) <= {"content-length", *(name.lower() for name in headers)}
            assert (len(bot.requests), made.receiver.counters.stored) == (count, count)
        assert made.updates() == [TELEGRAM.replace(b"\n", b" ")] * len(ANSWERS)


def multipart(**fields: str) -> Reply:
    """Return a call as aiogram answers it."""
    lines = b"".join(
        b'--b0undary\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (name.encode(), value.encode())
        for name, value in fields.items()
    )
    file = (
        b'--b0undary\r\nContent-Type: image/png\r\nContent-Disposition: form-data; name="f1"; filename="a.png"\r\n\r\n'
    )
    return (
        200,
        {"Content-Type": "multipart/form-data; boundary=b0undary"},
        lines + file + b"\x89PNG" * 200_000 + b"\r\n--b0undary--\r\n",
    )


JSON_CALL = b'{"method":"sendMessage","chat_id":7,"text":"ol\\u00e1"}'
JSON_TYPE = {"Content-Type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    ("reply", "method", "request_fields"),
    [
        ((200, JSON_TYPE, JSON_CALL), "sendMessage", {"chat_id": 7, "text": "olá"}),
        ((201, JSON_TYPE, JSON_CALL), "sendMessage", {"chat_id": 7, "text": "olá"}),
        (
            (200, {"Content-Type": "application/x-www-form-urlencoded"}, b"chat_id=7&method=SendMessage&text=ol%C3%A1+%26"),
            "SendMessage",
            {"chat_id": "7", "text": "olá &"},
        ),
        (
            multipart(method="sendPhoto", chat_id="7", photo="attach://f1", caption="olá"),
            "sendPhoto",
            {
                "chat_id": "7", "photo": "attach://f1", "caption": "olá",
                "f1": {"file_name": "a.png", "mime_type": "image/png", "bytes": 800_000},
            },
        ),
        (
            (200, {**JSON_TYPE, "Content-Encoding": "gzip"}, gzip.compress(JSON_CALL)),
            "sendMessage",
            {"chat_id": 7, "text": "olá"},
        ),
        (
            (200, {**JSON_TYPE, "Content-Encoding": "deflate"}, zlib.compress(JSON_CALL)),
            "sendMessage",
            {"chat_id": 7, "text": "olá"},
        ),
        (
            (200, JSON_TYPE, b'{"method":"sendMessage","chat_id":7,"text":"https://x/%s"}' % TOKEN.encode()),
            "sendMessage",
            {"chat_id": 7, "text": "https://x/<token>"},
        ),
        (
            (200, {**JSON_TYPE, "Transfer-Encoding": "chunked"}, b"%x\r\n%s\r\n0\r\n\r\n" % (len(JSON_CALL), JSON_CALL)),
            "sendMessage",
            {"chat_id": 7, "text": "olá"},
        ),
    ],
)  # fmt: skip
def test_a_call_in_the_answer_is_recorded(tmp_path, reply, method, request_fields):
    """JSON, form and multipart, compressed or not: the answer goes back to the byte, and the call is in the lake."""
    with bot_server(reply) as bot, door(tmp_path, bot.url) as made:
        with httpx.stream("POST", made.url, content=TELEGRAM, headers=HEADERS) as answer:
            raw = b"".join(answer.iter_raw())
        body = JSON_CALL if "Transfer-Encoding" in reply[1] else reply[2]
        assert (answer.status_code, raw) == (reply[0], body)
        assert answer.headers["content-type"] == reply[1]["Content-Type"]
        assert made.receiver.counters.stored == 2
        (call,) = made.calls()
        assert (call["call"], call["request"]) == (method, request_fields)


NO_CALLS: list[Reply] = [
    (200, JSON_TYPE, b"{}"),
    (200, JSON_TYPE, b'{"ok":true,"method":7}'),
    (200, JSON_TYPE, b'{"method":""}'),
    (200, JSON_TYPE, b'[{"method":"sendMessage"}]'),
    (200, JSON_TYPE, b'{"method":"sendMessage"'),
    (200, {"Content-Type": "text/plain"}, b'{"method":"sendMessage"}'),
    (200, JSON_TYPE, b'{"method":"getMe"}'),
    (200, JSON_TYPE, b'{"method":"DeleteWebhook"}'),
    (200, {**JSON_TYPE, "Content-Encoding": "gzip"}, b"no gzip"),
    (500, JSON_TYPE, JSON_CALL),
]


def test_what_telegram_does_not_execute_is_no_call(tmp_path):
    """No method, one that Telegram refuses in an answer, a content type that it does not read, or no success."""
    with bot_server() as bot, door(tmp_path, bot.url) as made:
        for reply in NO_CALLS:
            bot.reply = lambda _, reply=reply: reply
            with httpx.stream("POST", made.url, content=TELEGRAM, headers=HEADERS) as answer:
                assert (answer.status_code, b"".join(answer.iter_raw())) == (reply[0], reply[2])
        assert made.calls() == []


def test_a_large_answer_streams_and_ends_after_its_call_is_recorded(tmp_path):
    """Telegram sees the beginning while the bot still writes; the last piece waits for the disk."""
    whole = multipart(method="sendDocument", chat_id="7")[2]
    head, tail = whole[:600_000], whole[600_000:]
    go_on = threading.Event()

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: multipart/form-data; boundary=b0undary\r\nContent-Length: %d\r\n\r\n"
                    % (len(head) + len(tail))
                )
                connection.sendall(head)
                go_on.wait(SECONDS)
                connection.sendall(tail)

        bot = threading.Thread(target=serve)
        bot.start()
        disk = Slow()
        with door(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}", disk) as made:
            got = b""
            with httpx.stream("POST", made.url, content=TELEGRAM, headers=HEADERS, timeout=SECONDS) as answer:
                pieces = answer.iter_raw()
                while len(got) < 300_000:
                    got += next(pieces)
                disk.may_sync.clear()  # the call will wait for the disk
                go_on.set()
                threading.Timer(0.5, disk.may_sync.set).start()
                for piece in pieces:
                    got += piece
                    assert len(got) < len(head) + len(tail) or disk.may_sync.is_set(), "the end came before the record"
            assert got == head + tail
            (call,) = made.calls()
            assert call["call"] == "sendDocument"
        bot.join()


class Slow(Disk):
    """Syncs when allowed."""

    def __init__(self) -> None:
        self.may_sync = threading.Event()
        self.may_sync.set()

    def sync(self, descriptor: int) -> None:
        self.may_sync.wait(SECONDS)
        super().sync(descriptor)


class Failing(Disk):
    """Syncs until told not to."""

    is_failing = False

    def sync(self, descriptor: int) -> None:
        if self.is_failing:
            raise OSError(errno.EIO, "Input/output error")
        super().sync(descriptor)


def test_a_bot_that_comes_back_in_time_gets_it(tmp_path):
    """While nothing listens the delivery waits within Telegram's request; then the bot gets it, once."""
    port = free_port()
    with door(tmp_path, f"http://127.0.0.1:{port}/", seconds=15.0) as made, ThreadPoolExecutor() as pool:
        waiting = pool.submit(made.post)
        time.sleep(0.4)
        assert not waiting.done()
        with bot_server((200, JSON_TYPE, JSON_CALL), port) as bot:
            assert (waiting.result().status_code, waiting.result().content) == (200, JSON_CALL)
            assert [request.body for request in bot.requests] == [TELEGRAM]
        assert len(made.calls()) == 1


@pytest.mark.parametrize(("failure", "status"), [("refuse", 503), ("accept", 200)])
def test_a_bot_that_stays_down(tmp_path, failure, status):
    """It is tried for `forward_seconds`; then Telegram is told to come back, or that all is well. Both have the record."""
    with door(tmp_path, f"http://127.0.0.1:{free_port()}/", seconds=0.5, failure=failure) as made:
        began = time.monotonic()
        answer = made.post()
        assert 0.2 < time.monotonic() - began < 5
        assert (answer.status_code, answer.content) == (status, b"")
        assert answer.headers.get("retry-after") == (None if status == 200 else "5")
        assert made.updates() == [TELEGRAM.replace(b"\n", b" ")]


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize(("failure", "answered"), [("refuse", None), ("accept", 200)])
def test_a_gateway_that_speaks_for_a_bot_that_is_down(tmp_path, status, failure, answered):
    """502, 503 and 504 are tried again; what stays is handed back, or 200 when so set."""
    with (
        bot_server((status, {"X-Gate": "1"}, b"down")) as bot,
        door(tmp_path, bot.url, seconds=0.5, failure=failure) as made,
    ):
        answer = made.post()
        assert len(bot.requests) > 2
        if answered:
            assert (answer.status_code, answer.content) == (200, b"")
        else:
            assert (answer.status_code, answer.headers["x-gate"], answer.content) == (status, "1", b"down")
        bot.reply = lambda _: (200, {}, b"") if len(bot.requests) % 2 == 0 else (status, {}, b"")
        assert made.post(update(11)).status_code == 200


def test_a_bot_that_breaks_off_is_tried_again(tmp_path):
    """A connection that is reset, closed without an answer, or closed in the middle of one, is no answer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(10)
        bodies = []

        def serve() -> None:
            for number in range(4):
                connection, _ = listener.accept()
                with connection:
                    got = b""
                    while TELEGRAM not in got:
                        got += connection.recv(65536)
                    bodies.append(got.partition(b"\r\n\r\n")[2])
                    if number == 0:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
                    elif number == 2:
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
                    elif number == 3:
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfull")

        bot = threading.Thread(target=serve)
        bot.start()
        with door(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}/", seconds=10.0) as made:
            answer = made.post()
            assert (answer.status_code, answer.content) == (200, b"full")
        bot.join()
        assert bodies == [TELEGRAM] * 4


def test_a_slow_bot_is_waited_for_and_asked_once(tmp_path):
    """Longer than `forward_seconds`, for it is not down; a second copy would make it act twice."""
    with (
        bot_server(lambda _: (time.sleep(1.2), (200, {}, b"at last"))[1]) as bot,
        door(tmp_path, bot.url, seconds=0.3) as made,
    ):
        answer = made.post()
        assert (answer.status_code, answer.content) == (200, b"at last")
        assert len(bot.requests) == 1


@pytest.mark.parametrize(("failure", "status"), [("refuse", 503), ("accept", 200)])
def test_a_bot_that_never_answers_is_given_up_before_telegram_does(tmp_path, failure, status):
    """When its patience is at an end the delivery is answered as set, and the bot has had it once."""
    with (
        bot_server(lambda _: (time.sleep(3), (200, {}, b""))[1]) as bot,
        door(tmp_path, bot.url, failure=failure, patience=0.5) as made,
    ):
        began = time.monotonic()
        assert made.post().status_code == status
        assert time.monotonic() - began < 2.5
        assert len(bot.requests) == 1


def test_what_waits_for_the_bot_is_bounded(tmp_path):
    """Past the room a delivery is answered at once, as for a bot that is down; those that wait get their answers."""
    go_on = threading.Event()
    with (
        bot_server(lambda _: (go_on.wait(SECONDS), (200, {}, b""))[1]) as bot,
        door(tmp_path, bot.url, room=2 * len(TELEGRAM)) as made,
        ThreadPoolExecutor(2) as pool,
    ):
        waiting = [pool.submit(made.post) for _ in range(2)]
        while len(bot.requests) < 2:
            time.sleep(0.01)
        assert [made.post().status_code for _ in range(3)] == [503] * 3
        go_on.set()
        assert [each.result().status_code for each in waiting] == [200] * 2
        assert made.post().status_code == 200
        assert (len(bot.requests), len(made.updates())) == (3, 6)


def test_an_answer_that_breaks_off_late_is_not_completed(tmp_path):
    """When Telegram has its beginning, its connection is closed: it comes again. The door goes on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(10)

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    got = b""
                    while TELEGRAM not in got:
                        got += connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(700_000))

        bot = threading.Thread(target=serve)
        bot.start()
        with door(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}/", seconds=5.0) as made:
            for _ in range(2):
                with pytest.raises(httpx.RemoteProtocolError):
                    made.post()
            assert len(made.updates()) == 2
        bot.join()


def test_many_deliveries_go_on_side_by_side(tmp_path):
    """A slow one holds up no other; connections are used again; each answer belongs to its delivery."""

    def reply(request: Request) -> Reply:
        number = json.loads(request.body)["update_id"]
        time.sleep(0.3 if number % 10 == 0 else 0)
        return 200, JSON_TYPE, b'{"method":"sendMessage","chat_id":%d}' % number

    with bot_server(reply) as bot, door(tmp_path, bot.url) as made:
        with httpx.Client(headers=HEADERS, timeout=SECONDS) as client, ThreadPoolExecutor(20) as pool:

            def deliver(number: int) -> bool:
                return client.post(made.url, content=update(number)).json()["chat_id"] == number

            assert all(pool.map(deliver, range(200)))
        assert len({request.connection for request in bot.requests}) < 60
        assert sorted(call["request"]["chat_id"] for call in made.calls()) == list(range(200))
        assert len(made.updates()) == 200
        counters = made.receiver.counters
        assert (counters.received, counters.stored, dict(counters.rejected)) == (400, 400, {})


def test_an_update_that_comes_again_is_recorded_and_handed_on_again(tmp_path):
    """Telegram brings what was refused; the bot decides each time."""
    with (
        bot_server(lambda _: (500 if len(bot.requests) == 1 else 200, {}, b"")) as bot,
        door(tmp_path, bot.url) as made,
    ):
        assert [made.post().status_code for _ in range(2)] == [500, 200]
        assert made.updates() == [TELEGRAM.replace(b"\n", b" ")] * 2


def test_what_is_no_update_is_recorded_and_kept_from_the_bot(tmp_path):
    """A body that cannot be read lies in quarantine and gets 200, whatever the bot would have said."""
    bodies = [b"", b"\x00", b"[]", b'{"update_id":"1"}', b'{"update_id":1']
    with bot_server((400, {}, b"")) as bot, door(tmp_path, bot.url) as made:
        for body in bodies:
            answer = made.post(body)
            assert (answer.status_code, answer.content, bot.requests) == (200, b"", [])
        assert made.updates() == sorted(bodies)
        assert made.receiver.counters.quarantined == len(bodies)


def test_sabotage_a_bot_that_judges_content_would_block_a_chat(tmp_path, monkeypatch):
    """Twin: without the look at the body, a bot's 400 for unreadable bytes would reach Telegram (law 2)."""
    monkeypatch.setattr(Forwarder, "_is_for_the_bot", lambda *_: True)
    with bot_server((400, {}, b"")) as bot, door(tmp_path, bot.url) as made:
        assert made.post(b"\x00").status_code == 400


def test_kinds_that_the_bot_did_not_ask_for_are_only_recorded(tmp_path):
    """The webhook asks for every kind; a bot that named some gets those, and all when it named none."""
    asked: list[frozenset[str] | None] = [frozenset({"message"})]
    with bot_server((200, {}, b"bot")) as bot, door(tmp_path, bot.url, wanted=lambda: asked[0]) as made:
        assert made.post(update(1)).content == b"bot"
        assert made.post(update(2, "chat_member")).content == b""
        asked[0] = None
        assert made.post(update(3, "chat_member")).content == b"bot"
        asked[0] = frozenset({"message"})
        assert made.post(update(4, "of_tomorrow")).content == b"bot", "only who names a new kind gets it"
        assert [json.loads(request.body)["update_id"] for request in bot.requests] == [1, 3, 4]
        assert len(made.updates()) == 4


def test_what_is_not_on_disk_is_not_handed_on(tmp_path):
    """A failed store is 503 and the bot sees nothing: it would act on what the lake does not have."""
    disk = Failing()
    with bot_server() as bot, door(tmp_path, bot.url, disk) as made:
        disk.is_failing = True
        answer = made.post()
        assert (answer.status_code, answer.headers["retry-after"], bot.requests) == (503, "5", [])
        disk.is_failing = False
        assert made.post().status_code == 200
        assert dict(made.receiver.counters.rejected) == {"unavailable": 1}


def test_sabotage_without_the_wait_the_bot_acts_on_what_is_lost(tmp_path, monkeypatch):
    """Twin: a receiver that does not say that the disk failed lets the delivery through (law 1)."""
    receive = Receiver.receive

    async def careless(self: Receiver, *args: Any, **options: Any) -> None:
        with suppress(StoreUnavailable):
            await receive(self, *args, **options)

    monkeypatch.setattr(Receiver, "receive", careless)
    disk = Failing()
    disk.is_failing = True
    with bot_server() as bot, door(tmp_path, bot.url, disk) as made:
        assert made.post().status_code == 200
        assert len(bot.requests) == 1


def test_an_answer_goes_back_though_its_call_cannot_be_recorded(tmp_path):
    """The bot has acted; the loss is counted."""
    disk = Failing()

    def reply(_: Request) -> Reply:
        disk.is_failing = True
        return 200, JSON_TYPE, JSON_CALL

    with bot_server(reply) as bot, door(tmp_path, bot.url, disk) as made:
        answer = made.post()
        assert (answer.status_code, answer.content) == (200, JSON_CALL)
        assert (made.receiver.counters.stored, dict(made.receiver.counters.rejected)) == (1, {"unavailable": 1})
        disk.is_failing = False


@pytest.mark.parametrize(
    "to", ["http://", "http://:80/", "http://h:99999/", "http://h:0/", "http://h/ü", "http://h/a b", "http://h/\n"]
)
def test_an_address_that_cannot_be_used_is_refused(tmp_path, to):
    """At the start, not at the first delivery."""
    with pytest.raises(SettingsError, match="forward_to is no address"):
        Door(tmp_path, to)


def test_a_password_in_the_address_is_refused_and_not_shown(tmp_path):
    """Secrets are not written into the settings."""
    with pytest.raises(SettingsError, match="secrets are not written") as refused:
        Door(tmp_path, "http://user:canary@127.0.0.1:9000/")
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("fault", [OSError("broken"), asyncio.CancelledError()])
def test_connections_that_do_not_close_keep_nothing_from_being_sealed(tmp_path, monkeypatch, fault):
    """At a stop the journal is sealed all the same."""

    async def close(self) -> None:
        raise fault

    monkeypatch.setattr(Forwarder, "close", close)
    with bot_server() as bot, door(tmp_path, bot.url) as made:
        assert made.post().status_code == 200
        made.stop()
        assert list(read_lake(tmp_path / "home").bodies.values()) == [TELEGRAM.replace(b"\n", b" ")]
        assert not list((tmp_path / "state" / "journal").glob("*.journal"))


def test_no_client_is_loaded_where_nothing_is_handed_on():
    """The door and the forwarder's module load no HTTP client; a forwarder does."""
    program = (
        "import sys; import telelake.capture.webhook, telelake.capture.forward; print('httpcore' in sys.modules);"
        "telelake.capture.forward.Forwarder(None, 1, 'http://h/', seconds=1, failure='refuse'); print('httpcore' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


RUN = [sys.executable, "-m", "telelake", "capture"]


def test_a_kill_between_record_and_bot_loses_nothing(tmp_path):
    """`kill -9` while the bot thinks: the next start has the record, and the bot is brought it again by Telegram."""
    with bot_server(lambda _: (time.sleep(2), (200, {}, b""))[1]) as bot:
        (tmp_path / "telelake.toml").write_text(
            f'home = "{tmp_path / "home"}"\n[bots.support]\nid = 1001\nsecret = {{ env = "BOT_SECRET" }}\n'
            f'forward_to = "{bot.url}"\n[capture]\nhost = "127.0.0.1"\nport = 0\n'
        )
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TELELAKE_")}

        def start() -> tuple[subprocess.Popen[str], str]:
            process = subprocess.Popen(
                RUN, cwd=tmp_path, env={**environment, "BOT_SECRET": SECRET}, stderr=subprocess.PIPE, text=True
            )
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "Capture listens on" in said
            return process, said.split()[3].replace("<bot>", "support")

        first, url = start()
        with ThreadPoolExecutor() as pool:
            delivery = pool.submit(lambda: httpx.post(url, content=TELEGRAM, headers=HEADERS, timeout=SECONDS))
            ends = time.monotonic() + SECONDS
            while not bot.requests:
                assert time.monotonic() < ends
                time.sleep(0.01)
            first.kill()
            first.wait()
            with pytest.raises(httpx.TransportError):
                delivery.result()
        second, url = start()
        assert httpx.post(url, content=TELEGRAM, headers=HEADERS, timeout=SECONDS).status_code == 200
        second.send_signal(signal.SIGTERM)
        assert second.wait(SECONDS) == 0
        assert list(read_lake(tmp_path / "home").bodies.values()) == [TELEGRAM.replace(b"\n", b" ")] * 2
        for process in (first, second):
            assert process.stderr is not None
            process.stderr.close()


def test_a_bot_made_with_aiogram(tmp_path):
    """Its own webhook server, which answers with a call in multipart: Telegram gets it, and the lake has it."""
    from aiogram import Bot as AiogramBot
    from aiogram import Dispatcher
    from aiogram.methods import SendMessage
    from aiogram.types import Message
    from aiogram.webhook.aiohttp_server import SimpleRequestHandler
    from aiohttp import web

    port, started = free_port(), threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        dispatcher = Dispatcher()

        @dispatcher.message()
        async def echo(message: Message) -> SendMessage:
            return message.answer(f"eco: {message.text}")

        application = web.Application()
        handler = SimpleRequestHandler(dispatcher, AiogramBot(TOKEN), handle_in_background=False, secret_token=SECRET)
        handler.register(application, path="/")
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        started.set()
        while not ended.is_set():
            await asyncio.sleep(0.02)
        await runner.cleanup()

    ended = threading.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert started.wait(SECONDS)
        chat = {"id": 7, "type": "private", "first_name": "A"}
        message = {"message_id": 5, "date": 1763712000, "chat": chat, "text": "olá"}
        with door(tmp_path, f"http://127.0.0.1:{port}/") as made:
            answer = made.post(json.dumps({"update_id": 1, "message": message}).encode())
            assert answer.headers["content-type"].startswith("multipart/form-data")
            assert "eco: olá" in answer.text
            (call,) = made.calls()
            assert (call["call"], call["request"]) == ("sendMessage", {"chat_id": "7", "text": "eco: olá"})
    finally:
        ended.set()
        thread.join()
        loop.close()
