"""A bot's `getUpdates` through the proxy: every kind goes into the record, and to the bot what it wants.

The bot's wait is as long as it asked for: an answer that holds nothing for it is asked for again with the time that is
left. An answer in which nothing is hidden goes to the bot byte for byte, and so does an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from telelake.capture.calls import LARGEST
from telelake.capture.headers import decoded, without
from telelake.capture.proxy.exchange import Exchange
from telelake.capture.proxy.kinds import Wish, read_wish
from telelake.capture.proxy.passing import Call, Got, Passing, Sent
from telelake.capture.proxy.polls import Asked, Found, joined, sift
from telelake.capture.proxy.recorder import RETRY_AFTER, UNRECORDED, Room
from telelake.errors import StoreUnavailable, TelegramUnavailable

_LARGEST_BATCH = 64 << 20
"""Bytes of an answer; Telegram cuts it at 4 MiB."""
_SOON = 0.5  # seconds: a wait that is over, as Telegram counts whole ones
_AGAIN_SECONDS = 2.0
"""How long Telegram is left alone when it holds nothing but hidden updates that could not be stored."""


async def answer_updates(passing: Passing, exchange: Exchange, call: Call, room: Room) -> None:
    """Answer a getUpdates."""
    exchange.end_with_bot(0.0)
    body = await exchange.whole_body(LARGEST) if exchange.has_body else b""
    try:
        got, found = await _ask(passing, exchange, call, body, room)
    except TelegramUnavailable:
        await passing.record(exchange, call, Got(), room)
        await exchange.refuse(502, "Bad Gateway")
    except StoreUnavailable:
        # Telegram has not been told that these updates arrived: they come again.
        await exchange.refuse(503, UNRECORDED, RETRY_AFTER)
    except asyncio.CancelledError:
        await passing.record(exchange, call, Got(), room)
        raise
    else:
        if found is None:
            await passing.record(exchange, call, got, room)
        elif not all(each.is_visible for each in found):
            got = _of_visible(got, found)
        await exchange.answer(got.status or 502, got.headers, got.data or b"")


async def _ask(
    passing: Passing, exchange: Exchange, call: Call, body: bytes, room: Room
) -> tuple[Got, Sequence[Found] | None]:
    """Ask until something visible has come or the bot's time is over; return the last answer and its updates, stored.

    Raises:
        TelegramUnavailable: there is no answer.
        StoreUnavailable: updates could not be stored, and the bot must not get them.
    """
    asked = Asked.read(exchange.reader.fields())
    said = read_wish(asked.fields.get("allowed_updates"))
    wish = said or passing.wishes.of(call.bot.name)
    last = -asked.offset if asked.offset < 0 else None
    (offset, limit), seconds = call.queue.ask(asked), asked.seconds
    is_readable = exchange.reader.is_readable
    while True:
        if is_readable:
            sent = Sent.as_form(exchange, call, asked.changed(wish, offset, limit, seconds))
        else:
            sent = Sent.as_it_is(exchange, call, body)
        got = await passing.whole(call, sent, room, _LARGEST_BATCH)
        found = _sifted(got, wish, last, asked.limit)
        if found is None:
            if got.status == 200 and call.recorder.is_strict:
                raise StoreUnavailable("The answer to getUpdates cannot be read, so it cannot be stored.")
            return got, None
        if said is not None:
            await call.recorder.keep(passing.wishes.remember(call.bot.name, said), room)
        are_stored = await call.recorder.updates([each for each in found if not call.queue.is_kept(each)], room)
        stored = found if are_stored else ()
        call.queue.note(offset, stored)
        if last is not None:
            call.queue.forget_below(stored)
        left = asked.seconds - exchange.seconds
        is_over = left < _SOON and len(found) < limit
        if not found or is_over or not is_readable or any(each.is_visible for each in found):
            return got, found
        if not are_stored:
            # A higher offset would tell Telegram that they have arrived, and nobody would ever get them.
            if left < _SOON:
                return got, found
            await asyncio.sleep(min(left, _AGAIN_SECONDS))
            seconds = max(0, round(asked.seconds - exchange.seconds))
            continue
        # All of them are stored and hidden, and what lay before them the bot has confirmed.
        offset, limit, last = (found[-1].update_id or 0) + 1, asked.limit, None
        seconds = max(0, round(left))


def _sifted(got: Got, wish: Wish, last: int | None, limit: int) -> list[Found] | None:
    """Return the updates of an answer; None when it is an error, or cannot be read."""
    plain = decoded(got.data or b"", got.headers, _LARGEST_BATCH) if got.status == 200 else None
    return None if plain is None else sift(plain, wish, last, limit)


def _of_visible(got: Got, found: Sequence[Found]) -> Got:
    data = joined(found)
    kept = without(got.headers, b"content-length", b"content-encoding", b"etag")
    return replace(got, headers=[*kept, (b"content-length", b"%d" % len(data))], data=data)
