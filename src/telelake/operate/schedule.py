"""When to wrangle: every so often, and once soon after midnight. What to wrangle is not decided here.

Because what is due is computed from the lake, a run that was missed, that failed or that died is made good by the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from telelake.errors import TelelakeError


def seconds_to_next(now: datetime, zone: ZoneInfo, every: float, after_midnight: float) -> float:
    """Return the seconds from `now` (UTC) to the next run: `every`, or sooner when a day has just ended."""
    local = now.astimezone(zone)
    midnight = datetime.combine(local.date(), time(), zone)
    turns = (midnight + timedelta(days=days, seconds=after_midnight) for days in (0, 1))
    waits = [(turn.astimezone(UTC) - now).total_seconds() for turn in turns]
    return min([every, *(wait for wait in waits if wait > 0)])


_log = structlog.get_logger("telelake.schedule")


class Schedule:
    """Runs a job in a thread of its own until stopped; a failed run is logged, and the next one tries again."""

    def __init__(
        self,
        job: Callable[[], object],
        zone: ZoneInfo,
        *,
        every: float,
        after_midnight: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._job = job
        self._zone = zone
        self._every = every
        self._after_midnight = after_midnight
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin, with a run at once."""
        self._thread.start()

    def stop(self, wait: float) -> None:
        """Stop before the next run, and wait at most some seconds for the one at hand; if it is cut, nothing is lost."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(wait)

    def run(self) -> None:
        """Run the job until stopped, in the caller's thread."""
        while not self._stopping.is_set():
            self._once()
            self._stopping.wait(seconds_to_next(self._clock(), self._zone, self._every, self._after_midnight))

    def _once(self) -> None:
        try:
            self._job()
        except TelelakeError as error:
            _log.error("wrangle failed", error=str(error), retry=error.retry)
        except Exception:
            _log.exception("wrangle failed unexpectedly")
