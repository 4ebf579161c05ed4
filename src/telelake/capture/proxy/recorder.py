"""What becomes of the record of a proxied call when recording fails: the policy, in one place.

`strict` refuses a call that could not be recorded, before it is sent. Once Telegram has answered, the call has happened:
a refusal would have the bot make it twice. So a record that fails then is counted, and the answer goes to the bot. From
that moment nothing more is sent until a record has succeeded; what tries the disk is the record of a refused call. A
disk that hangs says nothing: `Receiver.is_healthy` knows it by the time its batch takes, and such a call is refused
without a record. What had been sent by then gets its answer after `_LONGEST`, for the same reason.

`pass-through` lets everything go, and waits for the disk no longer than `_PATIENCE` in all for what one bot asked; and,
after it waited in vain, not at all until a record has settled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
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
_LONGEST = 10.0  # seconds: below what clients wait, who would make the call again
_ROOM = 16 * 1024
"""Bytes that are held for a call while it is under way: its fields, and a usual answer."""


class Room:
    """What a call takes: memory, counted against what may wait for the disk, and time to wait for it."""

    def __init__(self, receiver: Receiver) -> None:
        self.patience = _PATIENCE
        """Seconds that it may still wait for the disk, under `pass-through`."""
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
        self._is_late = False
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
        self.reject("unavailable")
        return None

    def reject(self, reason: str) -> None:
        """Count a call that is neither sent nor recorded, as when its bot left before it was complete."""
        self._receiver.reject(reason, self._bot_id, SOURCE, is_call=True)

    async def call(self, body: bytes, room: Room | None = None, *, was_sent: bool = True) -> None:
        """Record a call, if that is possible at all. The caller's end does not end it."""
        if self._receiver.is_stuck and not was_sent:
            self.reject("unavailable")  # its record would wait, and tell nothing that is not known
        else:
            await self._record([body], room, 1 if was_sent else 0, is_call=True)

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
            are_stored &= await self._record(together, room, count, is_call=False)
            if self.is_strict and not are_stored:
                raise StoreUnavailable("The updates are not on the medium.")
        return are_stored

    async def keep(self, saving: Coroutine[Any, Any, None], room: Room) -> None:
        """Keep something beside the journal: what a bot wants.

        Raises:
            StoreUnavailable: it is not kept, under `strict`.
        """
        task = asyncio.create_task(saving)
        task.add_done_callback(_seen)
        if not await self._wait(task, room):
            if self.is_strict:
                raise StoreUnavailable("What the bot wants cannot be kept: the disk hangs.")
            return
        failure = task.exception()
        if failure is not None:
            self._say(str(failure))
            if self.is_strict or not isinstance(failure, StoreUnavailable):
                raise failure

    async def _record(self, bodies: Sequence[bytes], room: Room | None, count: int, *, is_call: bool) -> bool:
        """Return whether bodies are on the medium now; `count` went their way if they never will be."""
        receiver = self._receiver
        if not self.is_strict and not receiver.is_healthy and not receiver.is_stuck:
            for _ in bodies:
                receiver.reject("unrecorded", self._bot_id, SOURCE, is_call=is_call)
            self.unrecorded += count
            self._say("Capture is not healthy.")
            return False
        # It goes on when the caller is cancelled.
        task = asyncio.create_task(self._write(bodies, room, is_call=is_call))
        task.add_done_callback(lambda done: self._settle(done, count))
        return await self._wait(task, room) and task.exception() is None

    async def _write(self, bodies: Sequence[bytes], room: Room | None, *, is_call: bool) -> None:
        receiver = self._receiver
        if room is not None:
            room.give_back()  # and `receive` takes it again in the same turn of the loop
        work = [receiver.receive(self._bot_id, SOURCE, body, is_call=is_call) for body in bodies]
        for result in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _wait(self, task: asyncio.Task[None], room: Room | None) -> bool:
        """Return whether a write has come to its end, well or not, in the time that there is."""
        patience = room.patience if room is not None else _PATIENCE
        seconds = _LONGEST if self.is_strict else 0.0 if self._is_late else patience
        began = time.monotonic()
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if room is not None:
            room.patience = max(0.0, room.patience - (time.monotonic() - began))
        if not done:
            self._is_late = self._is_doubtful = True
            self._say(f"the disk takes more than {_LONGEST if self.is_strict else _PATIENCE:g} seconds")
        return bool(done)

    def _settle(self, task: asyncio.Task[None], count: int) -> None:
        """Learn from a record that has come to its end, whether or not anyone still waits for it."""
        failure = None if task.cancelled() else task.exception()
        self._is_late, self._is_doubtful = False, failure is not None
        if failure is None:
            self._say(None)
            return
        self.unrecorded += count
        self._say(str(failure) if isinstance(failure, StoreUnavailable) else type(failure).__name__)

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
