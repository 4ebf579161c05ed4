"""How often somebody may ask: a bucket that fills with time, one for each who asks.

Kept in memory and by nobody else: a restart forgives. Those that are full again are forgotten, so that a flood of
addresses does not fill the memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_KEPT = 10_000
"""Buckets that are held; past it the full ones go, then all."""


class Buckets:
    """Buckets of `size` drops, each of which comes back after `seconds`."""

    def __init__(self, size: float, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def wait(self, who: str) -> float:
        """Return the seconds until somebody may ask; 0 is now. Takes nothing."""
        with self._lock:
            level = self._level(who, self._clock())
        return 0.0 if level >= 1 else (1 - level) * self._seconds

    def take(self, who: str) -> float:
        """Take a drop if there is one; return the seconds to wait, 0 when it was there."""
        now = self._clock()
        with self._lock:
            level = self._level(who, now)
            if level < 1:
                return (1 - level) * self._seconds
            self._levels[who] = (level - 1, now)
            if len(self._levels) > _KEPT:
                self._tidy(now)
        return 0.0

    def _level(self, who: str, now: float) -> float:
        level, at = self._levels.get(who, (self._size, now))
        return min(self._size, level + (now - at) / self._seconds)

    def _tidy(self, now: float) -> None:
        self._levels = {who: kept for who, kept in self._levels.items() if self._level(who, now) < self._size}
        if len(self._levels) > _KEPT:
            self._levels = {}
