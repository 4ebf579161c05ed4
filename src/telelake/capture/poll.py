"""Long polling: the bot's updates are fetched, for a lake that has no public address.

Telegram forgets an update when it is asked for those behind it. So the offset moves only after the bytes are on the
medium: a crash in between brings the same updates again, and what came twice is cut when the tables are built.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Protocol, TypeVar

from telelake.capture.receive import Receiver
from telelake.errors import TelegramUnavailable, TelelakeError
from telelake.telegram.client import Fetched
from telelake.telegram.update import update_kinds

SOURCE = "poll"
WAIT_SECONDS = 50
"""How long Telegram may keep a request open when there is nothing new."""
_TOGETHER = 16
"""Updates that are handed over at once: they share a sync, and the largest that Telegram sends fit what may wait."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

_T = TypeVar("_T")


class Updates(Protocol):
    """Where a bot's updates are fetched; `telegram.client.BotApi` is one."""

    def get_updates(self, offset: int | None, *, kinds: Sequence[str], seconds: int) -> list[Fetched]:
        """Return the updates from `offset` on, and have Telegram forget those before it.

        Raises:
            TelegramError: refused, or not to be had now.
        """


@dataclass(frozen=True, slots=True)
class PollBot:
    """A bot that is polled."""

    name: str
    bot_id: int
    updates: Updates


class Poller:
    """Fetches one bot's updates, again and again."""

    def __init__(self, receiver: Receiver, bot: PollBot, *, seconds: int = WAIT_SECONDS) -> None:
        self._receiver = receiver
        self._bot = bot
        self._seconds = seconds
        self._offset: int | None = None
        self._together = _TOGETHER
        self.failure: str | None = None
        """Why the last attempt failed; None when it did not."""

    async def run(self) -> None:
        """Fetch and keep until cancelled. No failure ends it: what Telegram has not been told of it keeps for 24 hours."""
        loop = asyncio.get_running_loop()
        pause = 0.0
        while True:
            if pause:
                await asyncio.sleep(pause)
            asked_at = loop.time()
            try:
                found = await _in_thread(
                    lambda: self._bot.updates.get_updates(self._offset, kinds=update_kinds(), seconds=self._seconds)
                )
                await self._keep(found)
            except Exception as error:
                asked = error.retry_after if isinstance(error, TelegramUnavailable) else None
                pause = asked or min(max(pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
                self._say(str(error) if isinstance(error, TelelakeError) else f"{type(error).__name__} while polling")
            else:
                # A server that does not wait for updates must not be asked without end.
                pause = 0.0 if found or loop.time() - asked_at > _FIRST_PAUSE else _FIRST_PAUSE
                self._say(None)

    async def _keep(self, found: Sequence[Fetched]) -> None:
        """Store all, then move the offset.

        Raises:
            StoreUnavailable: some are not stored; all are fetched again.
        """
        # After a failure one by one: what is too large to wait beside others is let in alone.
        count, self._together = self._together, 1
        for start in range(0, len(found), count):
            together = [
                self._receiver.receive(self._bot.bot_id, SOURCE, each.body) for each in found[start : start + count]
            ]
            for stored in await asyncio.gather(*together, return_exceptions=True):
                if isinstance(stored, BaseException):
                    raise stored
        self._together = _TOGETHER
        # An empty answer says that Telegram has forgotten all that we have. After a quiet week ids begin anew, maybe lower:
        # an old offset would then have updates forgotten that nobody has seen.
        self._offset = found[-1].update_id + 1 if found else None

    def _say(self, failure: str | None) -> None:
        """Log what has changed: a network that is away for a night is two lines, not thousands."""
        if failure == self.failure:
            return
        import structlog

        log = structlog.get_logger("telelake.capture")
        if failure is None:
            log.info("polling goes on", bot=self._bot.name)
        else:
            log.warning("polling failed, and is tried again", bot=self._bot.name, reason=failure)
        self.failure = failure


async def _in_thread(work: Callable[[], _T]) -> _T:
    """Run what blocks, in a thread that nobody waits for: a process that is to end must not wait out a long poll."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def finish(result: _T | None, error: BaseException | None) -> None:
        if done.done():  # cancelled; what came is not confirmed, so it comes again
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as failure:
            error = failure
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(finish, result, error)

    Thread(target=run, name="telelake-poll", daemon=True).start()
    return await done
