"""Record and forward: a delivery that is on disk is handed to the bot that was there before, and its answer goes back.

The bot gets the bytes and headers that Telegram sent, and Telegram gets the bot's answer. An answer may carry a method
call, which Telegram executes; no API proxy ever sees it, so it is recorded here, before the last byte is passed on.

A bot that is down (it cannot be reached, breaks off, or a gateway answers 502-504 for it) is tried again for some seconds,
within Telegram's request. A bot that has the delivery and thinks is waited for, as long as Telegram would: a second copy
would make it act twice. Who forwards never decides about content: what cannot be read as an update is recorded, and the
bot is spared it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from telelake.capture.calls import encode_call
from telelake.capture.carried import Carried
from telelake.capture.headers import end_to_end, without
from telelake.capture.receive import Receiver
from telelake.capture.webhook import SOURCE, Message, Send, answer
from telelake.errors import SettingsError, StoreUnavailable, UnreadableUpdate
from telelake.raw import format_time
from telelake.settings import USERINFO, has_userinfo
from telelake.telegram.update import read_update, update_kinds

if TYPE_CHECKING:
    import httpcore

PATIENCE_SECONDS = 50.0
"""The longest that a delivery takes here. Telegram gives a request up after 60 seconds."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_CONNECTIONS = 100
"""Open to the bot at once, as many as Telegram opens to a webhook at most. Further deliveries wait for one."""
ROOM_BYTES = 64 << 20
"""Of deliveries that wait for the bot. Past it they are answered as when it is down: memory has a bound, and they are
recorded."""
_IDLE_SECONDS = 4.0
"""How long an idle connection to the bot is kept: less than any usual server keeps it (Node's 5 s)."""
_HELD_BYTES = 256 * 1024
"""Of an answer that is larger, the beginning goes back before its end has come."""
_RETRY_AFTER = (b"retry-after", b"5")
_DOWN = frozenset({502, 503, 504})

_Headers = Iterable[tuple[bytes, bytes]]


class Forwarder:
    """Hands one bot's deliveries on. Its methods belong to one event loop."""

    def __init__(
        self,
        receiver: Receiver,
        bot_id: int,
        to: str,
        *,
        seconds: float,
        failure: Literal["refuse", "accept"],
        token: str | None = None,
        wanted: Callable[[], frozenset[str] | None] = lambda: None,
        patience: float = PATIENCE_SECONDS,
        room: int = ROOM_BYTES,
    ) -> None:
        """Make a forwarder.

        Args:
            receiver: what calls in answers are handed to.
            bot_id: whose they are.
            to: the bot's address.
            seconds: how long a bot that is down is tried again.
            failure: what Telegram is told when it stays down.
            token: the bot's, which must not be recorded.
            wanted: says which kinds of update the bot asked for; None for all.
            patience: how long the bot may think.
            room: bytes of deliveries that may wait for it.

        Raises:
            SettingsError: the address cannot be used.
        """
        import httpcore

        self._receiver = receiver
        self._bot_id = bot_id
        self._url = _address(to)
        self._seconds = seconds
        self._failure = failure
        self._token = token
        self._wanted = wanted
        self._patience = patience
        self._room = room
        self._pool = httpcore.AsyncConnectionPool(
            # Its own default is made anew for each connection.
            ssl_context=ssl.create_default_context() if to.startswith("https") else None,
            max_connections=_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
        )
        self._trouble: str | None = None
        self._undelivered = 0

    async def hand_on(self, scope: Message, body: bytes, send: Send) -> None:
        """Hand a recorded delivery to the bot, and answer it."""
        if not self._is_for_the_bot(body):
            await answer(send, 200)
            return
        relay = _Relay(self._receiver, self._bot_id, self._token, send)
        last = None
        if len(body) > self._room:
            trouble: str | None = "too many deliveries wait for it"
        else:
            self._room -= len(body)
            try:
                async with asyncio.timeout(self._patience):
                    last, trouble = await self._try(_request_headers(scope), body, relay)
            except TimeoutError:
                trouble = f"it has not answered within {self._patience:g} seconds"
            except asyncio.CancelledError:
                # The grace of a stop is over. Raised, it would be a 500 and a traceback; answered so, Telegram comes again.
                last, trouble = None, "telelake stopped before it answered"
            finally:
                self._room += len(body)
        self._say(trouble)
        # Where the beginning of an answer is out nothing more is sent: the server closes the connection, and Telegram comes again.
        if trouble is not None and not relay.has_begun:
            self._undelivered += 1
            await self._give_up(last, send)

    async def close(self) -> None:
        """Close the connections to the bot."""
        await self._pool.aclose()

    def _is_for_the_bot(self, body: bytes) -> bool:
        try:
            kind = read_update(body).kind
        except UnreadableUpdate:
            return False
        wanted = self._wanted()
        # A kind that is newer than what we know comes only when the bot has named it.
        return wanted is None or kind is None or kind in wanted or kind not in update_kinds()

    async def _try(self, headers: _Headers, body: bytes, relay: _Relay) -> tuple[_Answer | None, str | None]:
        """Hand on until the bot answers; return None, None then, else its gateway's last answer and what the trouble is."""
        import httpcore

        ends = time.monotonic() + self._seconds
        pause = _FIRST_PAUSE
        while True:
            last = None
            left = {"connect": max(ends - time.monotonic(), 0.1)}
            try:
                async with self._pool.stream(
                    "POST", self._url, headers=list(headers), content=body, extensions={"timeout": left}
                ) as response:
                    if not _is_down(response):
                        await relay.answer(response)
                        return None, None
                    last = await _Answer.read(response)
                    trouble = f"a gateway answers {response.status} for it"
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
                trouble = f"{type(error).__name__} {error}".strip()
            if relay.has_begun or time.monotonic() + pause >= ends:
                return last, trouble
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _give_up(self, last: _Answer | None, send: Send) -> None:
        if self._failure == "accept":
            await answer(send, 200)
        elif last is not None:
            await last.send(send)
        else:
            await answer(send, 503, _RETRY_AFTER)

    def _say(self, trouble: str | None) -> None:
        """Log what has changed: a bot that is away for a night is two lines, not thousands."""
        if trouble == self._trouble:
            return
        import structlog

        log = structlog.get_logger("telelake.capture")
        if trouble is None:
            log.info("the bot takes updates again", bot=self._bot_id, not_delivered=self._undelivered)
            self._undelivered = 0
        elif self._trouble is None:
            what = "are dropped for it" if self._failure == "accept" else "are refused, and Telegram brings them again"
            log.warning(
                f"the bot does not take updates; they are recorded, and {what}", bot=self._bot_id, reason=trouble
            )
        self._trouble = trouble


class _Relay:
    """Passes one answer on, and records the call that it carries."""

    def __init__(self, receiver: Receiver, bot_id: int, token: str | None, send: Send) -> None:
        self._receiver = receiver
        self._bot_id = bot_id
        self._token = token
        self._send = send
        self.has_begun = False
        """Whether Telegram has the beginning of the answer, so that no other can be given."""

    async def answer(self, response: httpcore.Response) -> None:
        """Pass an answer on as it is."""
        reader = Carried(response)
        kept: list[bytes] = []
        async for chunk in response.aiter_stream():
            reader.feed(chunk)
            kept.append(chunk)
            if sum(map(len, kept)) > _HELD_BYTES:
                # The end stays here until the call is recorded: Telegram acts when the answer is complete.
                await self._begin(response)
                for each in kept[:-1]:
                    await self._send({"type": "http.response.body", "body": each, "more_body": True})
                del kept[:-1]
        await self._record(reader)
        await self._begin(response)
        await self._send({"type": "http.response.body", "body": b"".join(kept)})

    async def _begin(self, response: httpcore.Response) -> None:
        if not self.has_begun:
            self.has_begun = True
            await self._send(_head(response))

    async def _record(self, reader: Carried) -> None:
        """Record the call in an answer; when that fails the answer goes on, and the receiver has counted it."""
        method, fields = reader.call()
        if method is None:
            return
        began = format_time(datetime.now(UTC))

        def encode(request: dict[str, object], size: int | None = None) -> bytes:
            return encode_call(
                method, started_at=began, seconds=None, status=None, request=request, answer=None,
                token=self._token, request_bytes=size,
            )  # fmt: skip

        try:
            call = encode(fields)
        except RecursionError:
            call = encode({}, reader.size)
        try:
            await self._receiver.receive(self._bot_id, SOURCE, call, is_call=True)
        except StoreUnavailable:
            return


class _Answer:
    """A gateway's answer, small and kept, for when there will be no better one."""

    def __init__(self, head: Message, body: bytes) -> None:
        self._head = head
        self._body = body

    @classmethod
    async def read(cls, response: httpcore.Response) -> _Answer | None:
        """Return an answer; None when it is too large to keep."""
        body = b""
        async for chunk in response.aiter_stream():
            body += chunk
            if len(body) > _HELD_BYTES:
                return None
        return cls(_head(response), body)

    async def send(self, send: Send) -> None:
        """Answer so."""
        await send(self._head)
        await send({"type": "http.response.body", "body": self._body})


def _is_down(response: httpcore.Response) -> bool:
    """Return whether an answer is a gateway's for a bot that is down. Who says when to come back is the bot itself."""
    return response.status in _DOWN and not any(name.lower() == b"retry-after" for name, _ in response.headers)


def _head(response: httpcore.Response) -> Message:
    headers = end_to_end(response.headers)
    return {"type": "http.response.start", "status": response.status, "headers": headers}


def _request_headers(scope: Message) -> list[tuple[bytes, bytes]]:
    """Return the headers to hand on. Host is the bot's own; a bot that looks at addresses finds the peer's."""
    headers = without(end_to_end(scope["headers"]), b"host", b"expect")
    if scope["client"] is not None and not any(name == b"x-forwarded-for" for name, _ in headers):
        headers.append((b"x-forwarded-for", scope["client"][0].encode()))
    return headers


def _address(to: str) -> str:
    parts = urlsplit(to)
    try:
        is_usable = bool(parts.hostname) and parts.port != 0 and to.isascii() and to.isprintable() and " " not in to
    except ValueError:
        is_usable = False
    if not is_usable:
        raise SettingsError("A bot's forward_to is no address. Write it as http://127.0.0.1:9000/path.")
    if has_userinfo(to):
        raise SettingsError(
            f"A bot's forward_to: {USERINFO} What stands in capture.public_url Telegram sends as Authorization, and that is "
            "handed on."
        )
    return parts._replace(fragment="").geturl()
