"""What becomes of the record of a proxied call when recording fails: the policy, in one place.

`strict` refuses a call that could not be recorded, before it is sent. Once Telegram has answered, the call has happened:
a refusal would have the bot make it twice. So a record that fails then is counted, and the answer goes to the bot. From
that moment nothing more is sent until a record has succeeded; what tries the disk is the record of a refused call.

`pass-through` lets everything go, and waits for the disk no longer than `_PATIENCE`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from telelake.capture.proxy.polls import Found
from telelake.capture.receive import Receiver
from telelake.errors import StoreUnavailable

SOURCE = "proxy"
UNRECORDED = "Service Unavailable: telelake cannot record this call now (recorder_failure is strict)"
"""What a bot is told whose call is refused."""
RETRY_AFTER = (b"retry-after", b"5")

_TOGETHER = 16  # updates that are handed over at once, as in polling
_PATIENCE = 5.0  # seconds
_ROOM = 16 * 1024
"""Bytes that are held for a call while it is under way: its fields, and a usual answer."""


class Room:
    """Memory that a call takes, counted against what may wait for the disk."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._held = 0

    def take(self, count: int) -> bool:
        """Hold bytes; return whether there was room."""
        try:
            self._receiver.hold(count)
        except StoreUnavailable:
            return False
        self._held += count
        return True

    def give_back(self) -> None:
        """Let go of all that is held."""
        held, self._held = self._held, 0
        if held:
            self._receiver.release(held)


class Recorder:
    """Records for one bot, and knows what to do when that fails."""

    def __init__(self, receiver: Receiver, name: str, bot_id: int, *, is_strict: bool) -> None:
        self.is_strict = is_strict
        self.unrecorded = 0
        """Calls and updates that went their way without being recorded."""
        self._receiver = receiver
        self._name = name
        self._bot_id = bot_id
        self._is_doubtful = False
        self._has_failed = False

    @property
    def is_ready(self) -> bool:
        """Whether a call may be sent now."""
        return not self.is_strict or (self._receiver.is_healthy and not self._is_doubtful)

    def room(self) -> Room | None:
        """Return room for a call; None when there is none and it must be refused."""
        room = Room(self._receiver)
        if room.take(_ROOM) or not self.is_strict:
            return room
        self._receiver.reject("unavailable", self._bot_id, SOURCE)
        return None

    def left(self, reason: str) -> None:
        """Count a call whose bot left before it was complete; Telegram does nothing with a part of one."""
        self._receiver.reject(reason, self._bot_id, SOURCE)

    async def call(self, body: bytes, room: Room | None = None, *, was_sent: bool = True) -> None:
        """Record a call, if that is possible at all. The caller's end does not end it."""
        await self._settled(self._write([body], room, is_call=True), 1 if was_sent else 0)

    async def updates(self, found: Sequence[Found], room: Room) -> bool:
        """Record updates; return whether all are on the medium.

        Raises:
            StoreUnavailable: they are not, under `strict`.
        """
        bodies = [each.body for each in found]
        are_stored = True
        for start in range(0, len(bodies), _TOGETHER):
            together = bodies[start : start + _TOGETHER]
            # Under `strict` the bot does not get them, and Telegram brings them again: none goes by.
            count = 0 if self.is_strict else len(together)
            are_stored &= await self._settled(self._write(together, room, is_call=False), count)
            if self.is_strict and not are_stored:
                raise StoreUnavailable("The updates are not on the medium.")
        return are_stored

    async def keep(self, saving: Awaitable[None]) -> None:
        """Keep something beside the journal: what a bot wants.

        Raises:
            StoreUnavailable: it is not kept, under `strict`.
        """
        try:
            await saving
        except StoreUnavailable as error:
            self._say(str(error))
            if self.is_strict:
                raise

    async def _write(self, bodies: Sequence[bytes], room: Room | None, *, is_call: bool) -> None:
        receiver = self._receiver
        if room is not None:
            room.give_back()  # and `receive` takes it again in the same turn of the loop
        if not self.is_strict and not receiver.is_healthy:
            for _ in bodies:
                receiver.reject("unrecorded", self._bot_id, SOURCE)
            raise StoreUnavailable("Capture is not healthy.")
        work = [receiver.receive(self._bot_id, SOURCE, body, is_call=is_call) for body in bodies]
        for result in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _settled(self, writing: Coroutine[Any, Any, None], count: int) -> bool:
        """Return whether a record is on the medium; count what went by without it."""
        task = asyncio.create_task(writing)  # it goes on when the caller is cancelled
        task.add_done_callback(_seen)
        done, _ = await asyncio.wait({task}, timeout=None if self.is_strict else _PATIENCE)
        if not done:
            self.unrecorded += count
            self._say(f"the disk takes more than {_PATIENCE:g} seconds")
            return False
        failure = task.exception()
        self._is_doubtful = failure is not None
        if failure is not None:
            self.unrecorded += count
            reason = str(failure) if isinstance(failure, StoreUnavailable) else type(failure).__name__
            self._say(reason)
        else:
            self._say(None)
        return failure is None

    def _say(self, failure: str | None) -> None:
        """Log what has changed, once."""
        if self._has_failed == (failure is not None):
            return
        import structlog

        self._has_failed = failure is not None
        log = structlog.get_logger("telelake.capture")
        if failure is None:
            log.info("calls are recorded again", bot=self._name, unrecorded=self.unrecorded)
        else:
            policy = "are refused" if self.is_strict else "go unrecorded"
            log.error(f"recording failed, calls {policy}", bot=self._name, reason=failure)


def _seen(task: asyncio.Future[None]) -> None:
    with suppress(asyncio.CancelledError):
        task.exception()
