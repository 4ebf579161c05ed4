"""The lake's local clock as SQL.

The hour is counted from the zone's offsets as Python's `zoneinfo` has them, by whole numbers: engines carry time zones of
their own, of other years, and to ask them costs more for ten million rows than to write the column.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_AROUND = timedelta(days=2)
"""How far beyond the days that are built changes of the offset are looked for."""


def local_hour_macro(zone: ZoneInfo, days: Sequence[date]) -> str:
    """Return the macro `local_hour(moment, day)` for some days: the hour of a moment that lies in its day, else NULL.

    A message whose date cannot be true lies in another day than its date says. Its own day counts, not the first and last
    of those that are built together: these must not decide a row.
    """
    first, last = min(days, default=date(2013, 1, 1)), max(days, default=date(2013, 1, 1))
    branches = " ".join(
        f"WHEN floor(epoch(moment)) < {until} THEN {offset}" for until, offset in _offsets(zone, first, last)
    )
    local = f"(CAST(floor(epoch(moment)) AS BIGINT) + CASE {branches} END)"
    number = "date_diff('day', DATE '1970-01-01', day)"
    return f"CREATE MACRO local_hour(moment, day) AS CASE WHEN {local} // 86400 = {number} THEN ({local} // 3600) % 24 END;"


def _offsets(zone: ZoneInfo, first: date, last: date) -> list[tuple[int, int]]:
    """Return (until, offset) in seconds, in order, from the first day to the last and somewhat beyond."""
    start, end = _seconds(first) - int(_AROUND.total_seconds()), _seconds(last) + int(_AROUND.total_seconds())
    found: list[tuple[int, int]] = []
    before = _offset(zone, start)
    for hour in range(start, end, 3600):
        after = _offset(zone, hour + 3600)
        if after != before:
            found.append((_change(zone, hour, hour + 3600), before))
            before = after
    return [*found, (end, before)]


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the first second with the offset of `high`."""
    later = _offset(zone, high)
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(zone, middle) == later else (middle, high)
    return high


def _offset(zone: ZoneInfo, seconds: int) -> int:
    offset = datetime.fromtimestamp(seconds, UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
