"""What the tests of the recording proxy run: a scripted Bot API that keeps what it saw, the proxy before a real lake,
and a client that sends exactly what it is told.
"""

from __future__ import annotations

import asyncio
import errno
import gzip
import http.client
import json
import socket
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

import uvicorn
import zstandard

from telelake.capture.disk import DISK, Disk
from telelake.capture.proxy.app import Proxy
from telelake.capture.proxy.kinds import Wishes
from telelake.capture.proxy.passing import ProxyBot
from telelake.capture.receive import Receiver
from telelake.capture.webhook import Webhook
from telelake.settings import Capture
from telelake.stores.objects import DirectoryStore
from telelake.telegram.calls import NOT_BY_DEFAULT, read_call

BOT = 7000000001
TOKEN = f"{BOT}:canary-Proxy_5f0d1b"

Headers = list[tuple[str, str]]


@dataclass
class Seen:
    """A request as the Bot API saw it."""

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        """The fields of its query and form."""
        query = self.target.partition("?")[2]
        return dict(parse_qsl(query, keep_blank_values=True)) | dict(
            parse_qsl(self.body.decode(), keep_blank_values=True)
        )

    @property
    def name(self) -> str:
        """What was called, in lower case."""
        return self.target.partition("?")[0].rpartition("/")[2].lower()


@dataclass
class BotApi:
    """A Bot API: an ASGI application. What is called decides how it answers, so both ways to it get the same."""

    seen: list[Seen] = field(default_factory=list)
    updates: dict[int, bytes] = field(default_factory=dict)
    """Those that wait."""
    allowed: frozenset[str] | None = None
    """The kinds last asked for by name."""
    polls: int = 0
    """getUpdates that are open."""
    abandoned: int = 0
    """getUpdates that were open when the other side left."""
    at_call: Callable[[str], None] = lambda _: None
    """Is told of each call before its answer."""
    keeps_bodies: bool = True
    too_many: int = 0
    """How many further calls of setWebhook are answered 429."""

    def add(self, *bodies: bytes) -> None:
        """Have updates wait, each under its own id."""
        for body in bodies:
            self.updates[json.loads(body)["update_id"]] = body

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
            return
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message.get("body", b""))
            if self.keeps_bodies:
                parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        seen = Seen(
            scope["method"], (scope["raw_path"] + query).decode("latin-1"), list(scope["headers"]), b"".join(parts)
        )
        self.seen.append(seen)
        self.at_call(seen.name)
        if seen.name == "getupdates" and scope["method"] in ("GET", "POST"):
            await self.get_updates(seen, receive, send)
            return
        status, headers, chunks = self.answer(seen, size)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for chunk in chunks:
            if chunk is None:
                return  # the connection breaks off here
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})

    async def get_updates(self, seen: Seen, receive: Any, send: Any) -> None:
        """Answer as Telegram does: confirm, wait, deliver."""
        fields = seen.fields
        offset, limit = int(fields.get("offset") or 0), int(fields.get("limit") or 100)
        if "allowed_updates" in fields:
            self.allowed = frozenset(json.loads(fields["allowed_updates"]))
        if offset < 0:
            for update_id in sorted(self.updates)[:offset]:
                del self.updates[update_id]
        for update_id in [each for each in self.updates if each < offset]:
            del self.updates[update_id]
        ends = time.monotonic() + int(fields.get("timeout") or 0)
        left = asyncio.create_task(receive())
        self.polls += 1
        while not (ready := [self.updates[each] for each in sorted(self.updates)]) and time.monotonic() < ends:
            await asyncio.wait({left}, timeout=0.01)
            if left.done():
                self.abandoned += 1
                break
        self.polls -= 1
        left.cancel()
        body = b'{"ok":true,"result":[' + b",\n".join(ready[:limit]) + b"]}"
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-from", b"bot-api"), length]})
        await send({"type": "http.response.body", "body": body})

    def answer(self, seen: Seen, size: int) -> tuple[int, list[tuple[bytes, bytes]], list[bytes | None]]:
        """Return status, headers and body of any other call."""
        name = seen.name
        kind = (b"content-type", b"application/json")
        if seen.target.endswith("/big.mp4"):
            return 200, [(b"content-length", b"%d" % (20 << 20))], [bytes(1 << 20)] * 20
        if "/file/" in seen.target:
            data = b"\x00\xffPNG" * 40_000
            return 200, [(b"content-type", b"application/octet-stream"), (b"content-length", b"%d" % len(data))], [
                data[start : start + 50_000] for start in range(0, len(data), 50_000)
            ]  # fmt: skip
        message = {
            "message_id": 7,
            "date": 1763712000,
            "chat": {"id": 1, "type": "private"},
            "text": "ol\u00e1 \U0001f600",
        }
        good = json.dumps({"ok": True, "result": {**message, "bytes": size}}).encode().replace(b", ", b",\n")
        if name == "missing":
            return 404, [kind], [b'{"ok":false,"error_code":404,"description":"Not Found: method not found"}']
        if name == "bad":
            return 400, [kind], [b'{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}']
        if name == "setwebhook" and self.too_many:
            self.too_many -= 1
            name = "flood"
        if name == "flood":
            body = b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}'
            return 429, [kind, (b"retry-after", b"7")], [body]
        if name == "broken":
            return 502, [(b"content-type", b"text/html"), (b"server", b"nginx")], [b"<html>502 Bad Gateway</html>"]
        if name == "zipped":
            data = gzip.compress(good, mtime=0)
            return 200, [kind, (b"content-encoding", b"gzip"), (b"content-length", b"%d" % len(data))], [data]
        if name == "deflated":
            return 200, [kind, (b"content-encoding", b"deflate")], [zlib.compress(good)]
        if name == "chunked":
            return 200, [kind], [good[:5], good[5:9], good[9:]]
        if name == "large":
            return 200, [kind], [b'{"ok":true,"result":"', *[b"x" * 60_000] * 40, b'"}']
        if name == "cut":
            return 200, [kind, (b"content-length", b"1000")], [b'{"ok":true,', None]
        if name == "repeated":
            return 200, [kind, (b"x-a", b"1"), (b"x-a", b"2"), (b"set-cookie", b"a=1"), (b"x-a", b"3")], [good]
        if name == "nothing":
            return 204, [], []
        return 200, [kind, (b"content-length", b"%d" % len(good))], [good]


@contextmanager
def serving(app: Any) -> Iterator[int]:
    """Serve an ASGI application from a thread, as `telelake.serve` does; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    server = uvicorn.Server(
        uvicorn.Config(
            app, loop="uvloop", http="httptools", ws="none", lifespan="on", log_level="critical", access_log=False,
            server_header=False, date_header=False, timeout_keep_alive=75, timeout_graceful_shutdown=1,
        )
    )  # fmt: skip
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


@dataclass
class Running:
    """A proxy that runs before a lake."""

    port: int
    home: Path
    receiver: Receiver
    proxy: Proxy
    wishes: Wishes
    loop: asyncio.AbstractEventLoop


@contextmanager
def proxied(
    folder: Path,
    api_port: int,
    *,
    base: str = "",
    disk: Disk = DISK,
    settings: dict[str, Any] | None = None,
    bots: Sequence[ProxyBot] | None = None,
    **bot: Any,
) -> Iterator[Running]:
    """Run the proxy of one bot before a lake in `folder`; its end seals."""
    receiver = Receiver(
        folder / "state", DirectoryStore(folder / "home"), ZoneInfo("UTC"),
        Capture(**{"seal_seconds": 3600, **(settings or {})}), disk=disk, retry_seconds=0.05,
    )  # fmt: skip
    wishes = Wishes(folder / "state", disk=disk)
    own = ProxyBot("support", BOT, TOKEN, f"http://127.0.0.1:{api_port}{base}", **bot)
    proxy = Proxy(receiver, bots or [own], wishes)
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await proxy.run()

    door = Webhook(receiver, {}, max_body_bytes=4 << 20, beside=[run], proxy=proxy)
    with serving(door) as port:
        while not loops:
            time.sleep(0.001)
        yield Running(port, folder / "home", receiver, proxy, wishes, loops[0])


@dataclass
class Answered:
    """An answer as the client got it."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        """Its body, read."""
        return json.loads(self.body)


@dataclass
class Request:
    """What a client sends, to the letter."""

    method: str
    path: str
    """Behind the token."""
    headers: Headers = field(default_factory=list)
    body: bytes | list[bytes] | None = None
    """A list is sent chunked."""
    prefix: str = "/bot"
    token: str = TOKEN

    @property
    def target(self) -> str:
        """The request line's middle."""
        return f"{self.prefix}{self.token}/{self.path}"


def call(connection: http.client.HTTPConnection, request: Request) -> Answered:
    """Send a request over a connection that stays open, and return the answer."""
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", f"{connection.host}:{connection.port}")
    for name, value in request.headers:
        connection.putheader(name, value.encode("latin-1"))
    if isinstance(request.body, list):
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        for chunk in request.body:
            connection.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        connection.send(b"0\r\n\r\n")
    else:
        if request.body is not None:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
    response = connection.getresponse()
    try:
        body = response.read()
    except http.client.IncompleteRead as error:
        body = error.partial + b"<cut>"
        connection.close()
    return Answered(response.status, response.getheaders(), body)


def once(port: int, request: Request, seconds: float = 30) -> Answered:
    """Send one request over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        return call(connection, request)
    finally:
        connection.close()


def ask(port: int, fields: dict[str, Any] | None = None, seconds: float = 30) -> Answered:
    """Ask for updates, in JSON."""
    body = json.dumps(fields or {}).encode()
    return once(port, Request("POST", "getUpdates", [("Content-Type", "application/json")], body), seconds)


def ids(answer: Answered) -> list[int]:
    """Return the ids of the updates in an answer."""
    assert answer.status == 200, answer
    return [each["update_id"] for each in answer.json["result"]]


def update(number: int, kind: str = "message") -> bytes:
    """Return an update in the bytes in which Telegram writes it."""
    return (
        f'{{"update_id":{number},\n"{kind}":{{"message_id":{number},"date":1763712000,"text":"ol\\u00e1 \\ud83d\\ude00"}}}}'
    ).encode()


HIDDEN = min(NOT_BY_DEFAULT)


class Failing(Disk):
    """A disk on which syncing fails while it is told to."""

    broken = False

    def sync(self, descriptor: int) -> None:
        if self.broken:
            raise OSError(errno.EIO, "the medium is gone")
        super().sync(descriptor)


class Hanging(Disk):
    """A disk on which syncing neither succeeds nor fails until it is let go."""

    def __init__(self) -> None:
        self._is_let_go = threading.Event()
        self._is_let_go.set()

    def hang(self) -> None:
        """From now on."""
        self._is_let_go.clear()

    def let_go(self) -> None:
        """Sync what waits, and all that comes."""
        self._is_let_go.set()

    def sync(self, descriptor: int) -> None:
        self._is_let_go.wait(30)
        super().sync(descriptor)


def calls_of(home: Path) -> list[dict[str, Any]]:
    """Return the recorded calls of a sealed lake; each must be readable as one, and lie where calls lie."""
    bodies = [body for path in home.rglob("*.calls.ndjson.zst") for body in read_segment(path)]
    for body in bodies:
        read_call(body)
    return sorted((json.loads(body) for body in bodies), key=lambda each: each["started_at"])


def updates_of(home: Path) -> list[bytes]:
    """Return the recorded updates of a sealed lake."""
    return [
        body for path in home.rglob("*.ndjson.zst") if ".calls." not in path.name for body in read_segment(path)
    ]  # fmt: skip


def read_segment(path: Path) -> list[bytes]:
    lines = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes()).split(b"\n")[:-1]
    assert all(json.loads(line)["source"] == "proxy" for line in lines)
    return [line[line.index(b',"body":') + len(b',"body":') : -1] for line in lines]


def stored(bodies: list[bytes]) -> Counter[bytes]:
    return Counter(body.replace(b"\n", b" ") for body in bodies)


def wait_for(condition: Any, seconds: float = 10) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.01)


def encoded(how: str, fields: dict[str, str]) -> Request:
    """Return a getUpdates in an encoding."""
    if how == "query":
        return Request("GET", f"getUpdates?{urlencode(fields)}")
    if how == "form":
        kind = [("Content-Type", "application/x-www-form-urlencoded")]
        return Request("POST", "GETupdates", kind, urlencode(fields).encode())
    if how == "json":
        values = {key: json.loads(value) for key, value in fields.items()}
        return Request("POST", "getUpdates", [("Content-Type", "application/json")], json.dumps(values).encode())
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
    return Request(
        "POST", "getupdates", [("Content-Type", "multipart/form-data; boundary=b")], f"{parts}--b--\r\n".encode()
    )
