"""The door that Telegram knocks at: plain ASGI, `POST /telegram/<bot name>`, `GET /healthz` (ready) and `GET /livez` (alive).

What each answer means to Telegram decides it: any 2xx ends the matter, anything else is sent again and holds up that
chat. So content is never a reason to refuse; only a wrong secret or address (401), size (413) and a failed store (503) are.
Every answer's body is empty, because Telegram executes a JSON body that has `method`. A name that is no bot's, and an
address that is not Telegram's where that is checked, are answered as a wrong secret is: nobody can find out which names exist.

For a bot that exists already, what is on disk is handed on (`forward`), and its answer is ours.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from telelake.capture.addresses import SourceCheck
from telelake.capture.receive import Receiver
from telelake.errors import BodyTooLarge, NotFromTelegram, StoreUnavailable, TelelakeError

PREFIX = "/telegram/"
HEALTH = "/healthz"
ALIVE = "/livez"
PROXY_PREFIXES = ("/bot", "/file/bot")
SOURCE = "webhook"
SLOW = "telelake.slow"
"""Key of a request's scope: its body took too long, and the server has cut it off."""

_RETRY_AFTER = b"5"  # seconds; Telegram obeys it, and backs off to minutes without it

_SWITCH_SECONDS = 0.0005

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
_Headers = Iterable[tuple[bytes, bytes]]


class Forward(Protocol):
    """Where a bot's updates go when they are on disk; `capture.forward.Forwarder` is one."""

    async def hand_on(self, scope: Message, body: bytes, send: Send) -> None:
        """Hand a delivery on, and answer it."""

    async def close(self) -> None:
        """Let go of what is open."""


@dataclass(frozen=True, slots=True)
class WebhookBot:
    """A bot that may knock."""

    bot_id: int
    secret: str = field(repr=False)
    """The webhook's secret token."""
    forward: Forward | None = None
    """Who takes its updates, and answers; None when they are only recorded."""


class _DisconnectedError(Exception):
    """The client left before its body was complete."""


class Webhook:
    """The ASGI application; starts and closes its receiver with the server's lifespan."""

    def __init__(
        self,
        receiver: Receiver,
        bots: Mapping[str, WebhookBot],
        *,
        max_body_bytes: int,
        beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
        proxy: Application | None = None,
        source: SourceCheck | None = None,
        at_stop: Callable[[], None] | None = None,
    ) -> None:
        """Make the application.

        Args:
            receiver: what bodies are handed to.
            bots: those that may knock, by name.
            max_body_bytes: a larger body is answered 413.
            beside: sources that need no door; they run until the receiver closes.
            proxy: what answers below `/bot` and `/file/bot`; these paths are nobody's when there is none.
            source: says which addresses may post; None for all.
            at_stop: ends requests that would hold up a stop for as long as they may wait.
        """
        self._receiver = receiver
        self._beside = beside
        self._proxy = proxy
        self._source = source
        self._at_stop = at_stop
        self._max_body_bytes = max_body_bytes
        self._bots = {name: (bot, digest(bot.secret.encode())) for name, bot in bots.items()}
        self._nobody = (WebhookBot(0, ""), os.urandom(32))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            if path.startswith(PREFIX) and "/" not in path[len(PREFIX) :]:
                await self._update(scope, receive, send)
            elif path == HEALTH:
                await self._health(scope, send)
            elif path == ALIVE:
                await self._health(scope, send, is_asked_for=False)
            elif self._proxy is not None and path.startswith(PROXY_PREFIXES):
                await self._proxy(scope, receive, send)
            else:
                await answer(send, 404)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            raise NotImplementedError(f"The webhook does not speak {scope['type']}.")

    def drain(self) -> None:
        """Say that the server is about to stop. Call from the loop."""
        if self._at_stop is not None:
            self._at_stop()

    async def _update(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await answer(send, 405, (b"allow", b"POST"))
            return
        receiver = self._receiver
        if self._source is not None and not self._source.admits((scope["client"] or (None,))[0], scope["headers"]):
            receiver.reject("address")
            await answer(send, 401)
            return
        try:
            bot = self._admit(scope["path"][len(PREFIX) :], scope["headers"])
            body = await self._read(receive)
            await receiver.receive(bot.bot_id, SOURCE, body)
        except NotFromTelegram:
            receiver.reject("secret")
            await answer(send, 401)
        except BodyTooLarge:
            receiver.reject("too_large")
            await answer(send, 413)
        except _DisconnectedError:
            receiver.reject("slow" if SLOW in scope else "disconnected")
        except StoreUnavailable:
            await answer(send, 503, (b"retry-after", _RETRY_AFTER))
        except asyncio.CancelledError:
            # The grace of a stop is over, and the server ends with this. Raised, it would be a 500 and a traceback.
            await answer(send, 503, (b"retry-after", _RETRY_AFTER))
        else:
            if bot.forward is None:
                await answer(send, 200)
            else:
                await bot.forward.hand_on(scope, body, send)

    def _admit(self, name: str, headers: _Headers) -> WebhookBot:
        """Return the bot whose secret the headers hold, before any of the body is read."""
        given = length = b""
        for key, value in headers:
            if key == b"x-telegram-bot-api-secret-token":
                given = value
            elif key == b"content-length":
                length = value
        bot, expected = self._bots.get(name, self._nobody)
        # Digests have one length: not even that of the secret shows in the time taken.
        if not hmac.compare_digest(digest(given), expected):
            raise NotFromTelegram
        if length.isdigit() and int(length) > self._max_body_bytes:
            raise BodyTooLarge
        return bot

    async def _read(self, receive: Receive) -> bytes:
        try:
            return await self._read_all(receive)
        except asyncio.CancelledError:
            self._receiver.reject("cancelled")
            raise

    async def _read_all(self, receive: Receive) -> bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        body: bytes = message.get("body", b"")
        if len(body) > self._max_body_bytes:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return body
        return await self._read_on(body, receive)

    async def _read_on(self, first: bytes, receive: Receive) -> bytes:
        """Read the rest of a body that comes in pieces; they count as pending, so that slow senders are bounded too."""
        parts: list[bytes] = []
        held, part, more = 0, first, True
        try:
            while True:
                self._hold(len(part))
                held += len(part)
                parts.append(part)
                if held > self._max_body_bytes:
                    raise BodyTooLarge
                if not more:
                    return b"".join(parts)
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _DisconnectedError
                part, more = message.get("body", b""), message.get("more_body", False)
        finally:
            self._receiver.release(held)

    def _hold(self, count: int) -> None:
        try:
            self._receiver.hold(count)
        except StoreUnavailable:
            self._receiver.reject("unavailable")
            raise

    async def _health(self, scope: Message, send: Send, *, is_asked_for: bool = True) -> None:
        """Say whether bodies can be stored, or, when that is not asked for, that somebody answers."""
        if scope["method"] not in ("GET", "HEAD"):
            await answer(send, 405, (b"allow", b"GET, HEAD"))
        else:
            await answer(send, 503 if is_asked_for and not self._receiver.is_healthy else 200)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._receiver.start()
        except Exception as error:
            # Raised, it would read as "this application has no lifespan", and the server would go on without a journal.
            reason = (
                str(error) if isinstance(error, TelelakeError) else f"{type(error).__name__} while starting capture"
            )
            await send({"type": "lifespan.startup.failed", "message": reason})
            return
        # The journal's thread asks for the interpreter after each system call; a busy loop would keep it for 5 ms each time.
        sys.setswitchinterval(_SWITCH_SECONDS)
        running = [asyncio.create_task(source()) for source in self._beside]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        closing = (bot.forward.close() for bot, _ in self._bots.values() if bot.forward is not None)
        try:
            await asyncio.gather(*closing, return_exceptions=True)
        finally:
            await self._receiver.close()
        await send({"type": "lifespan.shutdown.complete"})


def digest(secret: bytes) -> bytes:
    """Return what secrets are compared by: it has one length, and says nothing of theirs."""
    return hashlib.sha256(secret).digest()


async def answer(send: Send, status: int, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0"), *headers]})
    await send({"type": "http.response.body"})
