"""The recording proxy: `/bot<token>/<method>`, `/bot<token>/test/<method>`, `/file/bot<token>/<path>`. Plain ASGI.

A bot whose API base address points here sees what it would see at Telegram, byte for byte, and each of its calls is on
the medium, with the answer, before the answer's last byte leaves. Three things differ from passing on: a `getUpdates`
asks for all kinds, for the record, and brings the bot those that it wants; a `setWebhook` of a forwarded bot names
telelake's own address; and what cannot be recorded is refused, when the settings say so. Only the tokens of the lake's
own bots pass: it is no open relay.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from telelake.capture.calls import FILE, LARGEST, without_token
from telelake.capture.headers import header
from telelake.capture.proxy.batches import answer_updates
from telelake.capture.proxy.exchange import Exchange, GoneError, TooLargeError, refusal
from telelake.capture.proxy.kinds import Wishes, read_wish
from telelake.capture.proxy.passing import Call, Got, Passing, ProxyBot, Sent
from telelake.capture.proxy.polls import Queue
from telelake.capture.proxy.recorder import RETRY_AFTER, SOURCE, UNRECORDED, Recorder, Room
from telelake.capture.proxy.relay import Address, Relay
from telelake.capture.receive import Receiver
from telelake.capture.webhook import SLOW, Message, Receive, Send, digest

_LAST_SECONDS = 5.0
"""How long the end waits for what it cut short to be recorded."""
_SET_AGAIN_SECONDS = 1.2
_READ = "send it uncompressed, as query, form, multipart or JSON, with at most 1000 fields"
_UNKNOWN = "set capture.public_url in telelake.toml, or take setWebhook out of the bot"
_RESTARTING = "Service Unavailable: telelake is restarting"


class Proxy:
    """The ASGI application; `run` runs beside the door, and closes what is open to Telegram at its end."""

    def __init__(self, receiver: Receiver, bots: Iterable[ProxyBot], wishes: Wishes) -> None:
        """Make the application.

        Args:
            receiver: what calls and updates are handed to.
            bots: those whose tokens pass.
            wishes: which kinds of updates each of them asked for.
        """
        self._receiver = receiver
        self._wishes = wishes
        self._relay = Relay()
        self._passing = Passing(self._relay, wishes)
        self._bots: dict[bytes, Call] = {}
        for bot in bots:
            recorder = Recorder(receiver, bot.name, bot.bot_id, is_strict=bot.is_strict)
            self._bots[digest(bot.token.encode())] = Call(bot, Address.of(bot.api), recorder, Queue())
        self._open: set[asyncio.Task[Any]] = set()
        self._polling: set[asyncio.Task[Any]] = set()
        self._is_draining = False

    async def run(self) -> None:
        """Wait for the end, then for the record of what was cut short, and close all connections."""
        try:
            await asyncio.Event().wait()
        finally:
            self.drain()
            if self._open:
                await asyncio.wait(self._open, timeout=_LAST_SECONDS)
            await self._relay.close()

    def drain(self) -> None:
        """End the long polls, which would hold up a stop for as long as they wait, and take no more."""
        self._is_draining = True
        for task in self._polling:
            task.cancel()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        exchange = Exchange(scope, receive, send)
        call = self._admit(scope["raw_path"])
        if call is None:
            self._receiver.reject("token", 0, SOURCE, is_call=True)
            await exchange.refuse(401, "Unauthorized")
            return
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
        try:
            await self._pass(exchange, call)
        except GoneError:
            call.recorder.reject("slow" if SLOW in scope else "disconnected")
        except TooLargeError:
            call.recorder.reject("too_large")
            await exchange.refuse(413, "Request Entity Too Large")
        except asyncio.CancelledError:
            # The bot has left; or the server stops, and then the bot hears that it may come back.
            if task is not None:
                task.uncancel()
            if not exchange.has_left:
                await exchange.refuse(503, _RESTARTING, RETRY_AFTER)
        except Exception as error:
            _log_fault(call, error)
            await exchange.refuse(500, "Internal Server Error: telelake failed")
        finally:
            exchange.stop_watching()
            if task is not None:
                self._open.discard(task)

    def _admit(self, path: bytes) -> Call | None:
        """Return whose call it is, and which; None when the token is no bot's."""
        is_file = path.startswith(b"/file/bot")
        token, _, rest = path[len(b"/file/bot" if is_file else b"/bot") :].partition(b"/")
        # A digest is looked up: how long that takes says nothing of a token.
        call = self._bots.get(digest(unquote_to_bytes(token)))
        if call is None:
            return None
        if is_file:
            return replace(call, name=FILE, path=path, file_path=unquote(rest.decode("latin-1")))
        return replace(call, name=unquote(rest.removeprefix(b"test/").decode("latin-1")), path=path)

    async def _pass(self, exchange: Exchange, call: Call) -> None:
        if not call.recorder.is_ready:
            await self._refuse(exchange, call)
            return
        room = call.recorder.room()
        if room is None:
            await exchange.refuse(503, UNRECORDED, RETRY_AFTER)
            return
        is_method = call.file_path is None and exchange.method in ("GET", "POST")
        try:
            if is_method and call.method == "getupdates":
                await self._poll(exchange, call, room)
            elif is_method and call.method == "setwebhook" and call.bot.is_forwarded:
                await self._set_webhook(exchange, call, room)
            else:
                body = exchange.body() if exchange.has_body else None
                await self._passing.send(exchange, call, Sent.as_it_is(exchange, call, body), room)
        finally:
            room.give_back()

    async def _poll(self, exchange: Exchange, call: Call, room: Room) -> None:
        task = asyncio.current_task()
        if self._is_draining or task is None:
            await exchange.refuse(503, _RESTARTING, RETRY_AFTER)
            return
        self._polling.add(task)
        try:
            await answer_updates(self._passing, exchange, call, room)
        finally:
            self._polling.discard(task)

    async def _refuse(self, exchange: Exchange, call: Call) -> None:
        """Refuse a call that could not be recorded; its own record shows whether recording works again."""
        length = header(exchange.headers, b"content-length")
        if length.isdigit() and int(length) <= LARGEST:
            await exchange.whole_body(LARGEST)
        await self._answer(exchange, call, 503, UNRECORDED, RETRY_AFTER)

    async def _answer(
        self, exchange: Exchange, call: Call, status: int, why: str, *headers: tuple[bytes, bytes]
    ) -> None:
        """Answer a call that is not sent, and record that."""
        data = refusal(status, why)
        await self._passing.record(exchange, call, Got(status, [], data, len(data)), None, was_sent=False)
        await exchange.refuse(status, why, *headers)

    async def _set_webhook(self, exchange: Exchange, call: Call, room: Room) -> None:
        """Have Telegram post all kinds to telelake, which hands on to the bot; refuse what would lead them past it."""
        body = await exchange.whole_body(LARGEST) if exchange.has_body else b""
        fields = exchange.reader.fields()
        is_readable = exchange.reader.is_readable
        if is_readable and not fields.get("url"):
            await self._passing.send(exchange, call, Sent.as_it_is(exchange, call, body or None), room)
            return
        url, name = call.bot.webhook_url, call.bot.name
        if not is_readable:
            why = f"Bad Request: bots.{name} has forward_to, and telelake cannot read where this setWebhook leads: {_READ}"
            await self._answer(exchange, call, 400, why)
            return
        if url is None:
            why = f"Bad Request: bots.{name} has forward_to, so its webhook is telelake's: {_UNKNOWN}"
            await self._answer(exchange, call, 400, why)
            return
        given = digest(str(fields.get("secret_token", "")).encode())
        if not hmac.compare_digest(given, digest(call.bot.secret.encode())):
            why = f"Bad Request: secret_token must be the secret of bots.{name}, which telelake checks"
            await self._answer(exchange, call, 400, why)
            return
        # Certificate and address are those of the bot's own door, where Telegram will not knock.
        kept = {name: value for name, value in fields.items() if name not in ("certificate", "ip_address")}
        wish = read_wish(fields.get("allowed_updates")) or self._wishes.of(call.bot.name)
        sent = Sent.as_form(exchange, call, {**kept, "url": url, "allowed_updates": wish.widened()})
        # telelake sets it too, at its start, when bots start as well; Telegram takes one a second.
        await self._passing.send(exchange, call, sent, room, again_after=_SET_AGAIN_SECONDS)


def _log_fault(call: Call, error: Exception) -> None:
    """Log a fault by its kind and place: its text could hold an address, and so a token."""
    import structlog

    trace, place = error.__traceback__, ""
    while trace is not None:
        place, trace = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}", trace.tb_next
    structlog.get_logger("telelake.capture").error(
        "the proxy failed", bot=call.bot.name, call=without_token(call.method, call.bot.token),
        fault=type(error).__name__, place=place,
    )  # fmt: skip
