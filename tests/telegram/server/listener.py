"""A small HTTP/1.1 server: it keeps connections alive, and hangs up when it is told to."""

from __future__ import annotations

import asyncio
import http
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote

import httptools

_PIECE = 64 * 1024


@dataclass
class Request:
    """What came."""

    verb: str = ""
    path: str = ""
    query: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    """By lower-case name."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Response | None]]
"""None hangs up without an answer."""


class Listener:
    """Listens at a free port of this machine."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0
        self.accepted = 0
        """Connections that there ever were."""

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, backlog=1024, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everyone; the port is kept for the next start."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.accepted += 1
        try:
            with suppress(ConnectionError, httptools.HttpParserError):
                await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # stopped; asyncio's streams would call it an error
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        keeps_alive = True
        while keeps_alive:
            reading = _Reading(writer)
            parser = httptools.HttpRequestParser(reading)
            reading.parser = parser
            while not reading.is_done:
                data = await reader.read(_PIECE)
                if not data:
                    return
                parser.feed_data(data)
            keeps_alive = parser.should_keep_alive()
            response = await self._handler(reading.request)
            if response is None:
                return
            writer.write(_head(response, keeps_alive) + response.body)
            await writer.drain()


class _Reading:
    """Takes what the parser finds."""

    parser: httptools.HttpRequestParser

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.request = Request()
        self.is_done = False
        self._writer = writer
        self._url = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        path, _, query = self._url.partition(b"?")
        self.request.verb = self.parser.get_method().decode()
        self.request.path, self.request.query = unquote(path.decode("latin-1")), query
        if self.request.headers.get("expect", "").lower() == "100-continue":
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self.request.body += body

    def on_message_complete(self) -> None:
        self.is_done = True


def _head(response: Response, keeps_alive: bool) -> bytes:
    try:
        reason = http.HTTPStatus(response.status).phrase
    except ValueError:
        reason = "Unknown"
    given = {
        "Content-Type": "application/json", **response.headers, "Content-Length": str(len(response.body)),
        "Connection": "keep-alive" if keeps_alive else "close",
    }  # fmt: skip
    lines = [f"HTTP/1.1 {response.status} {reason}", *(f"{name}: {value}" for name, value in given.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
