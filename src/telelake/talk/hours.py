"""Seconds within working hours, in the lake's zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[time, time]
"""From and to; 24:00 is written as midnight, and means the end of the day."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """When attendants work. Without any hours set, always."""

    zone: ZoneInfo
    weekdays: Mapping[int, Sequence[Span]] = field(default_factory=dict)
    """The spans of each weekday, Monday being 0; a weekday without any is a day off."""

    def between(self, start: int, end: int) -> int:
        """Return the seconds of work between two moments (Unix seconds)."""
        if not self.weekdays:
            return max(0, end - start)
        day = datetime.fromtimestamp(start, self.zone).date()
        last = datetime.fromtimestamp(max(start, end), self.zone).date()
        total = 0
        while day <= last:
            for opens, closes in self.weekdays.get(day.weekday(), ()):
                until = day + _DAY if closes == time() else day
                first = int(datetime.combine(day, opens, self.zone).timestamp())
                second = int(datetime.combine(until, closes, self.zone).timestamp())
                total += max(0, min(end, second) - max(start, first))
            day += _DAY
        return total
