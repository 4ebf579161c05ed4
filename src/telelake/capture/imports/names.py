"""The times in the names of the course design's objects, and by which clock they were written.

Its Lambda names an object after its own clock: `20230101101530123456.json`. As the course teaches it, that clock is at UTC-3;
who left the zone out wrote UTC. A name does not say which, but the messages do: each was received soon after it was sent.
So the distance between the two, over some messages, is the clock's distance from UTC.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from telelake.errors import UnreadableUpdate
from telelake.ports import Stored
from telelake.telegram.update import read_update

COURSE_ZONE = ZoneInfo("Etc/GMT+3")
"""The clock of the course design's Lambda: three hours behind UTC, all year."""

_NAME = re.compile(r"(\d{14})(\d{0,6})")
_FOLDER = re.compile(r"(?:^|/)context_date=(\d{4}-\d\d-\d\d)/")
_SENT_NOW = ("message", "channel_post", "business_message")
"""Kinds that come when their `date` says; an edit bears the date of the message that it edits."""
_STEP = 900  # seconds: no zone's distance from UTC is a fraction of this
_BEFORE = 120  # seconds that a Lambda's clock may be behind Telegram's
_FARTHEST = 14 * 3600


@dataclass(frozen=True, slots=True)
class Clock:
    """By which clock names are read."""

    zone: tzinfo
    why: str

    def __str__(self) -> str:
        name = self.zone.key if isinstance(self.zone, ZoneInfo) else str(self.zone)
        return f"{'UTC-03:00' if self.zone is COURSE_ZONE else name} ({self.why})"


def named_time(key: str) -> datetime | None:
    """Return the time in an object's name, by whatever clock; None when there is none."""
    if not (match := _NAME.fullmatch(key.rpartition("/")[2].partition(".")[0])):
        return None
    try:
        moment = datetime.strptime(match[1], "%Y%m%d%H%M%S")  # noqa: DTZ007 - the name does not say
    except ValueError:
        return None
    return moment.replace(microsecond=int(match[2].ljust(6, "0")))


def received_at(stored: Stored, zone: tzinfo) -> datetime:
    """Return the time in an object's name, by a clock of the zone, else the object's own (UTC)."""
    named = named_time(stored.key)
    return (named.replace(tzinfo=zone) if named else stored.modified).astimezone(UTC)


def said_day(key: str) -> date | None:
    """Return the day of the folder in which an object lies; None when it tells none."""
    match = _FOLDER.search(key)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def clock_of(sample: Iterable[tuple[Stored, bytes]]) -> Clock:
    """Return the clock by which at least half of some objects were named; the course's when they do not agree."""
    votes: Counter[int] = Counter()
    for stored, body in sample:
        named, sent = named_time(stored.key), _sent(body)
        if named and sent is not None:
            ahead = int(named.replace(tzinfo=UTC).timestamp()) - sent
            votes[(ahead + _BEFORE) // _STEP * _STEP] += 1
    ahead, agree = votes.most_common(1)[0] if votes else (0, 0)
    if agree * 2 < max(votes.total(), 1) or abs(ahead) > _FARTHEST:
        return Clock(COURSE_ZONE, "the course's clock, since the messages do not tell; set another with --timezone")
    return Clock(timezone(timedelta(seconds=ahead)), f"told by {agree} of {votes.total()} messages that were looked at")


def _sent(body: bytes) -> int | None:
    try:
        update = read_update(body)
    except UnreadableUpdate:
        return None
    return update.date if update.kind in _SENT_NOW else None
