"""Who may hold a connection to the capture port, and for how long.

uvicorn bounds an idle connection and nothing else: one that never ends its headers, or its body, stays for ever, and so do
ten thousand of them. Here each wait for the client has a deadline, and open connections have a bound with room left for
the files of the journal. At the bound the newcomer wins: the connection that has waited longest without a request goes,
then one that does not read its answers, then the longest idle one. So a flood of half-open connections does not keep
Telegram out. Only when all are at work is the newcomer told 503.

A request that comes whole, as Telegram's do, pays a few comparisons and no timer: what is late is found by a sweep over
the connections that wait.
"""

from __future__ import annotations

import asyncio
import fcntl
import resource
import struct
import termios
from dataclasses import dataclass
from typing import Any

import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from telelake.capture.webhook import PREFIX, SLOW

HEADER_BYTES = 64 * 1024
"""Request line and headers; a bot that sends 4096 emoji by GET needs 50 KB."""
HANDSHAKE_SECONDS = 10.0
"""A TLS connection whose handshake takes longer is cut off; a loop knows no settings, so it is none."""
_SPARE_DESCRIPTORS = 256  # for the journal, segments and the dashboard
_MOST_DESCRIPTORS = 65_536
_MOST_PIPELINED = 16
"""Requests that may wait behind one on its connection. Bots ask one at a time; one read holds thousands, each of 10 KB here."""
_UNREAD_SECONDS = 3.0
"""Who has read nothing of its answer for so long may be put out for a newcomer; a slow download reads more often."""

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
    """Have the process allowed to open as many files as it may; return how many connections may come in after all.

    Each may need another one that goes out, to the bot or to the Bot API, so at most half of what there is comes in.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(_MOST_DESCRIPTORS, 2 * connections + _SPARE_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, (soft - _SPARE_DESCRIPTORS) // 2))


class Connections:
    """The open connections of one server. `protocol` is what uvicorn takes as `http`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: set[_Connection] = set()
        self._asking: dict[_Connection, float] = {}
        """Those that owe us headers, since when; the longest wait first."""
        self._sending: dict[_Connection, float] = {}
        """Those that owe us a body."""
        self._unread: dict[_Connection, tuple[float, int]] = {}
        """Those that do not read their answer as fast as it comes: since when nothing of it has moved, and how much waits."""
        self._is_sweeping = False
        self.cut: dict[str, int] = {}
        """Connections that were ended by us, by reason: `header_seconds`, `header_bytes`, `body_seconds`, `unread` (nothing of
        an answer was read for `body_seconds`), `pipelined` (too many requests at once), `crowded` (to let another in),
        `refused` (all others were at work)."""

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
        self._unread.pop(connection, None)
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

    def hurries(self, connection: _Connection) -> None:
        """End a connection that has sent more requests than may wait."""
        if connection in self._open:
            self._end(connection, "pipelined")

    def reads_slowly(self, connection: _Connection) -> None:
        """Note that more of an answer waits for the client than should."""
        if connection in self._open:
            self._unread[connection] = (connection.loop.time(), connection.unread_bytes())
            self._sweep_later(connection.loop)

    def reads(self, connection: _Connection) -> None:
        """Note that it has read enough for more to be written."""
        self._unread.pop(connection, None)

    def _make_room(self) -> bool:
        victim = next(iter(self._asking), None) or self._longest_unread()
        if victim is None:
            idle = [each for each in self._open if each.timeout_keep_alive_task is not None]
            victim = min(idle, key=lambda each: each.timeout_keep_alive_task.when(), default=None)  # type: ignore[union-attr]
        if victim is None:
            # Closed by us, and kept open by a client that does not read the end of its answer.
            done = (each for each in self._open if each.transport.is_closing() and each not in self._unread)
            victim = next(done, None)
        if victim is None:
            return False
        self._end(victim, "crowded")
        return True

    def _longest_unread(self) -> _Connection | None:
        stuck = [
            (since, connection)
            for connection, (since, _) in self._unread.items()
            # Who asks again and does not read what it asked for is no bot: they ask one thing at a time.
            if connection.pipeline or connection.loop.time() - since > _UNREAD_SECONDS
        ]
        return min(stuck, key=lambda each: each[0])[1] if stuck else None

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
        for connection, (since, waited) in list(self._unread.items()):
            waits = connection.unread_bytes()
            if waits != waited:
                self._unread[connection] = (now, waits)
            elif now - since > self._limits.body_seconds:
                self._end(connection, "unread")
        if self._asking or self._sending or self._unread:
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


class _TooManyError(Exception):
    """More requests than may wait."""


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

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= _MOST_PIPELINED:
            self._owner.hurries(self)
            raise _TooManyError  # the parser would go on to the end of what was read
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._owner.reads_slowly(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._owner.reads(self)

    def unread_bytes(self) -> int:
        """Return how much waits for the client, here and in the kernel; there megabytes may, and our share stands still."""
        waits = self.transport.get_write_buffer_size()
        socket = self.transport.get_extra_info("socket")
        try:
            (queued,) = struct.unpack("i", fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4)))
        except (AttributeError, OSError):  # it is closed
            return waits
        return waits + int(queued)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        cycle = self.cycle
        if self.transport.is_closing():
            return
        if cycle is None or cycle.scope is not self.scope:
            # A request makes its scope with its first byte, and its cycle when the headers are complete.
            # When another request ended in the same read, how much of it is this one's is not known; it is one read at most.
            self._header_bytes = self._header_bytes + len(data) if cycle is before else 0
            self._is_waiting = True
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
