"""Who may hold a connection to the capture port, and for how long.

uvicorn bounds an idle connection and nothing else: one that never ends its headers, or its body, stays for ever, and so do
ten thousand of them. Here each wait for the client has a deadline, and open connections have a bound with room left for
the files of the journal. At the bound the newcomer wins: the connection that has waited longest without a request goes,
then the longest idle one. So a flood of half-open connections does not keep Telegram out. Only when all are at work is
the newcomer told 503.

A request that comes whole, as Telegram's do, pays a few comparisons and no timer: what is late is found by a sweep over
the connections that wait.
"""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass
from typing import Any

import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from telelake.capture.webhook import PREFIX, SLOW

HEADER_BYTES = 64 * 1024
"""Request line and headers; a bot that sends 4096 emoji by GET needs 50 KB."""
HANDSHAKE_SECONDS = 10.0
"""A TLS connection whose handshake takes longer is cut off; a loop knows no settings, so it is none."""
_SPARE_DESCRIPTORS = 256  # for the journal, segments, the dashboard, and connections to the Bot API

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take."""

    header_seconds: float
    """From the connection, or the first byte of a request, to the end of its headers."""
    body_seconds: float
    """From there to the end of an update's body; of another body, between two of its pieces."""
    open_connections: int
    header_bytes: int = HEADER_BYTES


def descriptors_for(connections: int) -> int:
    """Have the process allowed to open so many connections beside its files; return how many it may after all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _SPARE_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, soft - _SPARE_DESCRIPTORS))


class Connections:
    """The open connections of one server. `protocol` is what uvicorn takes as `http`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: set[_Connection] = set()
        self._asking: dict[_Connection, float] = {}
        """Those that owe us headers, since when; the longest wait first."""
        self._sending: dict[_Connection, float] = {}
        """Those that owe us a body."""
        self._is_sweeping = False
        self.cut: dict[str, int] = {}
        """Connections that were ended by us, by reason: `header_seconds`, `header_bytes`, `body_seconds`, `crowded`
        (to let another in), `refused` (all others were at work)."""

    def protocol(self, **given: Any) -> asyncio.Protocol:
        """Return the protocol of one new connection."""
        return _Connection(self, **given)

    @property
    def open(self) -> int:
        """How many there are."""
        return len(self._open)

    def opened(self, connection: _Connection) -> None:
        """Let a connection in, or not."""
        if len(self._open) >= self._limits.open_connections and not self._make_room():
            self._count("refused")
            connection.transport.write(_BUSY)
            connection.transport.close()
            return
        self._open.add(connection)
        self.asks(connection, 0)

    def lost(self, connection: _Connection) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self.settled(connection)

    def asks(self, connection: _Connection, count: int) -> None:
        """Note that headers are not complete, after `count` bytes of them."""
        if count > self._limits.header_bytes:
            self._count("header_bytes")
            connection.answer(_TOO_LARGE)
        elif connection not in self._asking:
            self._sending.pop(connection, None)
            self._asking[connection] = connection.loop.time()
            self._sweep_later(connection.loop)

    def sends(self, connection: _Connection) -> None:
        """Note that a body is not complete."""
        self._asking.pop(connection, None)
        # An update is small, whoever dribbles it is up to no good; a file may take its time as long as it moves.
        if connection not in self._sending or not connection.scope["path"].startswith(PREFIX):
            self._sending[connection] = connection.loop.time()
            self._sweep_later(connection.loop)

    def settled(self, connection: _Connection) -> None:
        """Note that a connection owes us nothing."""
        self._asking.pop(connection, None)
        self._sending.pop(connection, None)

    def _make_room(self) -> bool:
        victim = next(iter(self._asking), None)
        if victim is None:
            idle = [each for each in self._open if each.timeout_keep_alive_task is not None]
            victim = min(idle, key=lambda each: each.timeout_keep_alive_task.when(), default=None)  # type: ignore[union-attr]
        if victim is None:
            return False
        self._end(victim, "crowded")
        return True

    def _sweep_later(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_sweeping:
            self._is_sweeping = True
            shortest = min(self._limits.header_seconds, self._limits.body_seconds)
            loop.call_later(min(max(shortest / 4, 0.02), 1.0), self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_sweeping = False
        now = loop.time()
        for waiting, seconds, reason in (
            (self._asking, self._limits.header_seconds, "header_seconds"),
            (self._sending, self._limits.body_seconds, "body_seconds"),
        ):
            for connection, since in list(waiting.items()):
                if connection.flow.read_paused:
                    waiting[connection] = now  # we do not read: the client waits for us
                elif now - since > seconds:
                    if waiting is self._sending:
                        connection.scope[SLOW] = True  # type: ignore[literal-required]
                    self._end(connection, reason)
        if self._asking or self._sending:
            self._sweep_later(loop)

    def _end(self, connection: _Connection, reason: str) -> None:
        self._count(reason)
        self.lost(connection)
        # Not `close`, which would wait until a client that does not read has read.
        connection.transport.abort()

    def _count(self, reason: str) -> None:
        self.cut[reason] = self.cut.get(reason, 0) + 1


class Loop(uvloop.Loop):
    """The event loop. Until its handshake is done a TLS connection is nobody's but the loop's, for a minute by default."""

    async def create_server(  # type: ignore[override]
        self, *given: Any, **named: Any
    ) -> asyncio.AbstractServer:
        """Listen, with a bound on handshakes; uvicorn hands on none."""
        if named.get("ssl") is not None:
            named.setdefault("ssl_handshake_timeout", HANDSHAKE_SECONDS)
        return await super().create_server(*given, **named)


class _Connection(HttpToolsProtocol):
    """uvicorn's protocol, which says when it waits for its client."""

    def __init__(self, owner: Connections, **given: Any) -> None:
        super().__init__(**given)
        self._owner = owner
        self._is_waiting = True
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._owner.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.lost(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        cycle = self.cycle
        if cycle is None or cycle.scope is not self.scope:
            # A request makes its scope with its first byte, and its cycle when the headers are complete.
            self._header_bytes += len(data)
            self._is_waiting = True
            if not self.transport.is_closing():
                self._owner.asks(self, self._header_bytes)
        elif cycle.response_complete:
            # The rest of a body that was refused, or line breaks: either stops uvicorn's timer for idle connections.
            self._header_bytes = 0
            self._is_waiting = True
            self._owner.asks(self, 0)
        elif cycle.more_body:
            self._header_bytes = 0
            self._is_waiting = True
            self._owner.sends(self)
        elif self._is_waiting:
            self._header_bytes = 0
            self._is_waiting = False
            self._owner.settled(self)

    def answer(self, data: bytes) -> None:
        """Send an answer of our own, unless one of the application's is under way, and close."""
        self._owner.lost(self)
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(data)
            self.transport.close()
        else:
            self.transport.abort()
