"""When people write: the hours of the period and their share of the messages; when the desk is open.

All in the group's own time zone, and only here: everything after this module counts in Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_HOURS = (6, 4, 2, 1, 1, 2, 6, 14, 30, 48, 66, 70, 54, 44, 46, 46, 44, 44, 52, 68, 72, 54, 30, 14)
"""Weight of each hour of a day: two peaks, 10-12h and 19-21h."""
_WEEKDAYS = (1.1, 1.05, 1.0, 1.0, 0.95, 0.55, 0.4)
_GROWTH_PER_DAY = 0.006
_INCIDENT_HOURS = range(14, 17)
_INCIDENT_FACTOR = 4.0


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the period."""

    start: float
    """Unix seconds."""
    end: float
    done: float
    """Share of all messages that should have been written when it ends, 0 to 1."""
    is_incident: bool


@dataclass(frozen=True, slots=True)
class Period:
    """The days to fill: from the first local midnight to `end`."""

    days: int
    end: datetime
    zone: ZoneInfo

    def midnight(self, index: int) -> float:
        """Return when the day of that index (0 is the first) begins."""
        day = self.end.astimezone(self.zone).date() - timedelta(days=self.days - 1 - index)
        return datetime.combine(day, time(), self.zone).timestamp()

    def moment(self, index: int, hour: float) -> float:
        """Return a moment of a day; the hour is meant by the clock, so it is an hour off where clocks are changed."""
        return self.midnight(index) + hour * 3600

    @property
    def incident_day(self) -> int:
        """The day on which the site is down: past the middle, on a weekday where the period has one there."""
        first = int((self.days - 1) * 0.6)
        candidates = [*range(first, self.days - 1), *range(first - 1, -1, -1), first]
        return next((i for i in candidates if self._local(self.midnight(i)).weekday() < 5), first)

    def hours(self) -> list[Hour]:
        """Return the hours with their shares; the last one ends at `end`, so that the last day is partly filled."""
        end = self.end.timestamp()
        weighed: list[tuple[float, float, float, bool]] = []
        incident_day = self.incident_day
        for index in range(self.days):
            start, next_midnight = self.midnight(index), self.midnight(index + 1)
            while start < min(next_midnight, end):
                stop = min(start + 3600, next_midnight, end)
                local = self._local(start)
                weight = _HOURS[local.hour] * _WEEKDAYS[local.weekday()] * (1 + _GROWTH_PER_DAY * index)
                is_incident = index == incident_day and local.hour in _INCIDENT_HOURS
                weight *= (_INCIDENT_FACTOR if is_incident else 1.0) * (stop - start) / 3600
                weighed.append((start, stop, weight, is_incident))
                start = stop
        total = sum(weight for _, _, weight, _ in weighed)
        hours, done = [], 0.0
        for start, stop, weight, is_incident in weighed:
            done += weight
            hours.append(Hour(start, stop, done / total, is_incident))
        return hours

    def desk_opens(self, at: float) -> float:
        """Return `at` when attendants are at work then, else when they next are."""
        local = self._local(at)
        for _ in range(8):
            weekday = local.weekday()
            opens, closes = (8, 20) if weekday < 5 else (9, 14) if weekday == 5 else (24, 24)
            if opens <= local.hour < closes:
                return local.timestamp()
            if local.hour < opens < 24:
                return local.replace(hour=opens, minute=0, second=0).timestamp()
            local = datetime.combine(local.date() + timedelta(days=1), time(), self.zone)
        raise AssertionError("the desk opens within a week")

    def _local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self.zone)
