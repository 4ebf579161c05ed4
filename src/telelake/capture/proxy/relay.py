"""The way to the Bot API server: one request as the bot made it, its answer as it came, both streamed.

Adds no header, follows no redirect, tries nothing twice: what the client below would do, the bot does itself. The token
is a part of the address, so an error from below is never chained.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpcore

from telelake.capture.headers import Headers, end_to_end, header, without
from telelake.errors import TelegramUnavailable

_CONNECT_SECONDS = 10.0
_WRITE_SECONDS = 60.0
_IDLE_SECONDS = 15.0  # below what servers keep an idle connection for: sending on one that is being closed fails

_FAILURES = (
    httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """Where a Bot API server is."""

    scheme: bytes
    host: bytes
    port: int | None
    path: bytes
    """What stands before `/bot…`, without a slash at its end."""

    @classmethod
    def of(cls, base: str) -> Address:
        """Read an address such as `http://127.0.0.1:8081/prefix`."""
        parts = urlsplit(base)
        host = (parts.hostname or "").encode("idna" if not (parts.hostname or "").isascii() else "ascii")
        return cls(parts.scheme.encode(), host, parts.port, parts.path.rstrip("/").encode())

    @property
    def authority(self) -> bytes:
        """What the Host header says."""
        host = b"[%b]" % self.host if b":" in self.host else self.host
        return host if self.port is None else b"%b:%d" % (host, self.port)


@dataclass(slots=True)
class Answer:
    """An answer whose body is still on its way."""

    status: int
    headers: Headers
    """As they came, without those that concern one connection only."""
    _response: httpcore.Response = field(repr=False)
    _done: Callable[[], Awaitable[None]] = field(repr=False)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, compressed or not.

        Raises:
            TelegramUnavailable: it broke off.
        """
        try:
            async for chunk in self._response.aiter_stream():
                yield chunk
        except _FAILURES as error:
            raise TelegramUnavailable(f"The Bot API's answer broke off ({type(error).__name__}).") from None

    async def close(self) -> None:
        """Let go of it. What was not read to its end closes the connection."""
        await self._response.aclose()
        await self._done()


class Relay:
    """Keeps connections to Bot API servers.

    One request has a connection to itself, and there is no bound on them: each long poll holds one, and who waited for a
    free one would be a send. How many there are, the bots decide. (httpcore's own pool looks at each of its connections,
    by a system call, before and after every request.)
    """

    def __init__(self) -> None:
        self._tls = ssl.create_default_context()
        self._idle: dict[Address, deque[httpcore.AsyncHTTPConnection]] = {}
        """The one that was used last is at the end, and is taken first; those at the beginning expire."""
        self._is_closed = False

    async def open(
        self, address: Address, method: str, target: bytes, headers: Headers, body: bytes | AsyncIterable[bytes] | None
    ) -> Answer:
        """Send a request and return when the head of its answer is there. A cancelled one closes its connection.

        Args:
            address: the server.
            method: the HTTP method.
            target: path and query, after the server's own path.
            headers: as the client sent them.
            body: None for none.

        Raises:
            TelegramUnavailable: there is no answer.
        """
        request = httpcore.Request(
            method.encode(),
            httpcore.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.path + target),
            headers=_for(address, headers, body),
            content=body,
            extensions={"timeout": {"connect": _CONNECT_SECONDS, "write": _WRITE_SECONDS}},
        )
        connection = await self._take(address, request.url.origin)
        try:
            response = await connection.handle_async_request(request)
        except _FAILURES as error:
            raise TelegramUnavailable(
                f"The Bot API at {address.authority.decode()} gave no answer ({type(error).__name__})."
            ) from None
        return Answer(
            response.status, end_to_end(response.headers), response, lambda: self._give_back(address, connection)
        )

    async def close(self) -> None:
        """Close all connections."""
        self._is_closed = True
        for idle in self._idle.values():
            while idle:
                await idle.pop().aclose()

    async def _take(self, address: Address, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        idle = self._idle.setdefault(address, deque())
        while idle:
            connection = idle.pop()
            if not connection.has_expired():  # nor was closed by the server
                return connection
            await connection.aclose()
        return httpcore.AsyncHTTPConnection(origin, ssl_context=self._tls, keepalive_expiry=_IDLE_SECONDS)

    async def _give_back(self, address: Address, connection: httpcore.AsyncHTTPConnection) -> None:
        idle = self._idle[address]
        if connection.is_idle() and not self._is_closed:
            idle.append(connection)
        else:
            await connection.aclose()
        while idle and idle[0].has_expired():
            await idle.popleft().aclose()


def _for(address: Address, headers: Headers, body: bytes | AsyncIterable[bytes] | None) -> Headers:
    """Return the headers to send: the client's own, with the server's Host, framed as the client framed its body."""
    is_chunked = bool(header(headers, b"transfer-encoding"))
    kept = [(key, address.authority if key.lower() == b"host" else value) for key, value in end_to_end(headers)]
    if isinstance(body, bytes):
        return [*without(kept, b"content-length"), (b"content-length", b"%d" % len(body))]
    if is_chunked and body is not None:
        return [*without(kept, b"content-length"), (b"transfer-encoding", b"chunked")]
    return kept
