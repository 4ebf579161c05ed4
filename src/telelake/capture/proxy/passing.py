"""One call passed on: its request goes up as it comes, its answer comes back, and the two are recorded together.

What is small is kept whole and recorded before the bot gets it. What is large, or a file, streams through; then only
its last bytes wait for the record. So a bot that has a whole answer can rely on the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from telelake.capture.calls import LARGEST, encode_call
from telelake.capture.headers import Headers, decoded, readable, without
from telelake.capture.proxy.exchange import Exchange
from telelake.capture.proxy.kinds import Wishes, read_wish
from telelake.capture.proxy.polls import Queue, as_form
from telelake.capture.proxy.recorder import Recorder, Room
from telelake.capture.proxy.relay import Address, Answer, Relay
from telelake.errors import StoreUnavailable, TelegramUnavailable

_PATIENCE = 30.0
"""Seconds that an answer is waited for when the bot has left: Telegram does what it was asked all the same."""


@dataclass(frozen=True, slots=True)
class ProxyBot:
    """A bot whose calls pass."""

    name: str
    bot_id: int
    token: str = field(repr=False)
    api: str
    """Address of the Bot API server."""
    is_strict: bool = True
    """Whether a call that cannot be recorded is refused; else it passes, and is counted."""
    is_forwarded: bool = False
    """Whether its updates must come to telelake, which hands them on: no `setWebhook` may lead them past it."""
    webhook_url: str | None = None
    """The address that the `setWebhook` of such a bot gets instead of its own; None when it is not known."""
    secret: str = field(default="", repr=False)
    """The secret token that such a `setWebhook` must name."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked for, and of whom."""

    bot: ProxyBot
    address: Address
    recorder: Recorder
    queue: Queue
    """What is known of the bot's updates."""
    name: str = ""
    """The method as the client wrote it."""
    path: bytes = field(default=b"", repr=False)
    """As it came, the token in it."""
    file_path: str | None = None
    """Set when it is the download of a file."""

    @property
    def method(self) -> str:
        """The method's name; Telegram ignores its case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as Telegram gets it."""

    method: str
    target: bytes = field(repr=False)
    headers: Headers
    body: bytes | AsyncIterable[bytes] | None

    @classmethod
    def as_it_is(cls, exchange: Exchange, call: Call, body: bytes | AsyncIterable[bytes] | None) -> Sent:
        """Return the bot's own request."""
        query = b"?" + exchange.query if exchange.query else b""
        return cls(exchange.method, call.path + query, exchange.headers, body)

    @classmethod
    def as_form(cls, exchange: Exchange, call: Call, fields: dict[str, Any]) -> Sent:
        """Return a request with other fields; in one encoding, whatever the bot's was."""
        kept = without(readable(exchange.headers), b"content-type", b"transfer-encoding")
        headers = [*kept, (b"content-type", b"application/x-www-form-urlencoded")]
        return cls("POST", call.path, headers, as_form(fields))


@dataclass(frozen=True, slots=True)
class Got:
    """An answer, or as much of it as is known."""

    status: int | None = None
    headers: Headers = field(default_factory=list)
    data: bytes | None = None
    """Its bytes as they came; None when they are not kept."""
    size: int | None = None


class Passing:
    """Passes calls on and records them."""

    def __init__(self, relay: Relay, wishes: Wishes) -> None:
        self.relay = relay
        self.wishes = wishes

    async def send(
        self, exchange: Exchange, call: Call, sent: Sent, room: Room, *, again_after: float | None = None
    ) -> None:
        """Make a call, record it, answer it; when Telegram says "too many", once again after some seconds, if given."""
        exchange.end_with_bot(0.0 if call.file_path is not None else _PATIENCE)
        got = Got()
        try:
            answer = await self.relay.open(call.address, sent.method, sent.target, sent.headers, sent.body)
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS and again_after is not None:
                await answer.close()
                await asyncio.sleep(again_after)
                answer = await self.relay.open(call.address, sent.method, sent.target, sent.headers, sent.body)
            got = Got(answer.status, answer.headers)
            try:
                got, rest = await _take(exchange, call, answer, room)
            finally:
                await answer.close()
        except TelegramUnavailable:
            await self.record(exchange, call, got, room)
            # A half of an answer is not completed, so that the connection breaks off here as it did there.
            if got.status is None:
                await exchange.refuse(502, "Bad Gateway")
            return
        except asyncio.CancelledError:
            await self.record(exchange, call, got, room)
            raise
        await self.record(exchange, call, got, room)
        await self._remember(exchange, call, got, room)
        if not exchange.is_begun:
            await exchange.begin(answer.status, answer.headers)
        await exchange.end(rest)

    async def record(
        self, exchange: Exchange, call: Call, got: Got, room: Room | None, *, was_sent: bool = True
    ) -> None:
        """Record a call and what is known of its answer."""
        reader = exchange.reader
        fields = reader.fields()
        answer = None if got.data is None else decoded(got.data, got.headers, LARGEST)
        body = encode_call(
            call.name,
            started_at=exchange.started_at,
            seconds=None if got.status is None else exchange.seconds,
            status=got.status,
            request=fields if call.file_path is None else {"file_path": call.file_path, **fields},
            answer=answer,
            token=call.bot.token,
            request_bytes=None if reader.is_readable else reader.size or len(exchange.query),
            answer_bytes=got.size if answer is None else None,
        )
        await call.recorder.call(body, room, was_sent=was_sent)

    async def whole(self, call: Call, sent: Sent, room: Room, largest: int) -> Got:
        """Make a call and return its whole answer.

        Raises:
            TelegramUnavailable: there is none.
            StoreUnavailable: there is no room for it.
        """
        answer = await self.relay.open(call.address, sent.method, sent.target, sent.headers, sent.body)
        parts, size = [], 0
        try:
            async for chunk in answer.chunks():
                size += len(chunk)
                has_room = room.take(len(chunk)) or not call.recorder.is_strict
                if not has_room or size > largest:
                    raise StoreUnavailable("There is no room for the answer.")
                parts.append(chunk)
        finally:
            await answer.close()
        return Got(answer.status, answer.headers, b"".join(parts), size)

    async def _remember(self, exchange: Exchange, call: Call, got: Got, room: Room) -> None:
        """Keep which kinds a bot wants, once Telegram has taken its word. A failure costs no answer: it is done."""
        if call.method == "setwebhook" and got.status == 200:
            wish = read_wish(exchange.reader.fields().get("allowed_updates"))
            if wish is not None:
                with suppress(StoreUnavailable):
                    await call.recorder.keep(self.wishes.remember(call.bot.name, wish), room)


async def _take(exchange: Exchange, call: Call, answer: Answer, room: Room) -> tuple[Got, bytes]:
    """Return the answer and its last bytes, which are not sent yet; what comes before them is sent when it is large.

    Raises:
        TelegramUnavailable: it broke off; what came of it is sent.
    """
    kept, size, last = bytearray(), 0, b""
    is_kept = call.file_path is None or answer.status != 200
    if not is_kept:
        await exchange.begin(answer.status, answer.headers)
    try:
        async for chunk in answer.chunks():
            size += len(chunk)
            if is_kept and size <= LARGEST and room.take(len(chunk)):
                kept += chunk
                continue
            if is_kept:
                is_kept, last = False, bytes(kept)
                kept.clear()
                room.give_back()
                await exchange.begin(answer.status, answer.headers)
            if last:
                await exchange.add(last)
            last = chunk
    except TelegramUnavailable:
        if not exchange.is_begun:
            await exchange.begin(answer.status, answer.headers)
        await exchange.add(last or bytes(kept))
        raise
    if is_kept:
        return Got(answer.status, answer.headers, bytes(kept), size), bytes(kept)
    return Got(answer.status, answer.headers, None, size), last
