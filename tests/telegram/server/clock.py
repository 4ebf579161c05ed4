"""The stand-in's time: the machine's, faster, put forward by a test, or leaping over each wait."""

from __future__ import annotations

import asyncio
import time

_ROUND_TRIP = 0.0005
"""Seconds that a waiting task lets the others work before it leaps."""


class Clock:
    """What time it is at Telegram.

    Everything that the rules count in seconds goes by it: dates, expiry, pauses, limits. What the network needs
    (an answer's time-out) goes by the machine's own time.
    """

    def __init__(self, *, speed: float = 1.0, leaps: bool = False) -> None:
        """Begin now.

        Args:
            speed: seconds here for each second of the machine.
            leaps: a wait between two attempts takes no time: the clock is put forward to its end.
        """
        self.speed = speed
        self.leaps = leaps
        self._began = time.monotonic()
        self._zero = time.time()
        self._ahead = 0.0
        self._moved = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def now(self) -> float:
        """Return Unix seconds."""
        return self._zero + (time.monotonic() - self._began) * self.speed + self._ahead

    def date(self) -> int:
        """Return whole Unix seconds, as a message's `date` has them."""
        return int(self.now())

    def belongs_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say whose tasks wait by this clock."""
        self._loop = loop

    def advance(self, seconds: float) -> None:
        """Put it forward, from any thread; who waited for what is now past goes on."""
        self._ahead += seconds
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    async def until(self, moment: float) -> None:
        """Wait for a moment."""
        while (left := moment - self.now()) > 0:
            if self.leaps:
                await asyncio.sleep(_ROUND_TRIP)
                self._ahead += max(0.0, moment - self.now())
                self._wake()
                return
            await self._wait(left / self.speed)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._moved.wait(), seconds)
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
