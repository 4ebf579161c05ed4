"""Try the quarantine again: what this version can read goes to raw, as it would have on the day when it came.

A body that is readable now is written to raw with the record_id, bot, source and receipt that it had, in its own
context_date; then it leaves quarantine, in one step with that (`wrangle.rewrite`). The days of both become due by that
alone. What still cannot be read stays as it lies, to the byte.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from telelake.capture.seal import line_of
from telelake.errors import StoreError
from telelake.ports import RawStore
from telelake.raw import Line, Segment, lines_of, pack, quarantined_record, reread_line, segment_key
from telelake.wrangle import rewrite
from telelake.wrangle.plan import list_raw

_DAMAGED = "damaged in quarantine"


@dataclass
class Replayed:
    """What a replay did."""

    tried: int = 0
    """Bodies that lay in quarantine."""
    readable: int = 0
    """Those of them that are in raw now."""
    days: set[date] = field(default_factory=set)
    """Days of which raw or quarantine has changed; they are due."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why the others stay, with their number."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's plain types."""
        return {
            "tried": self.tried,
            "readable": self.readable,
            "unreadable": self.tried - self.readable,
            "days": sorted(day.isoformat() for day in self.days),
            "reasons": dict(self.reasons.most_common()),
        }


def replay(
    store: RawStore,
    zone: ZoneInfo,
    scratch: Path,
    confirm: rewrite.Confirm,
    wanted: Callable[[date], bool] | None = None,
) -> Replayed:
    """Try what lies in quarantine, of all days or of those that are wanted. The caller holds the lake's pen.

    Raises:
        Conflict: the pen is another's.
        StoreUnavailable: run again; what was done is done, nothing is half done.
    """
    rewrite.recover(store, confirm)
    listing, done = list_raw(store), Replayed()
    for day in (day for day in listing.days if wanted is None or wanted(day)):
        for segment in listing.segments(day):
            if segment.quarantined:
                _replay_segment(segment, store, zone, scratch, confirm, done)
    return done


def _replay_segment(
    segment: Segment, store: RawStore, zone: ZoneInfo, scratch: Path, confirm: rewrite.Confirm, done: Replayed
) -> None:
    """Try one segment of quarantine; replace it when something in it is readable."""
    done.tried += segment.records
    try:
        lines = [line for data in lines_of(store.stage(segment.key, scratch)) if (line := reread_line(data))]
    except StoreError as error:
        if error.retry:
            raise
        lines = []
    if segment_key(quarantined=True, bot_id=segment.bot_id, day=segment.day, lines=lines) != segment.key:
        # Nobody can say what would be taken out of it: it stays where it is.
        done.reasons[_DAMAGED] += segment.records
        return
    stay, go = list[Line](), defaultdict[date, list[Line]](list)
    for line in lines:
        found = quarantined_record(line.data)
        is_unreadable, day, raw_line = line_of(found.record, zone) if found else (True, segment.day, line)
        if is_unreadable:
            stay.append(line)
            done.reasons[found.reason if found else _DAMAGED] += 1
        else:
            go[day].append(raw_line)
    if not go:
        return
    bot_id = segment.bot_id
    new = {segment_key(quarantined=False, bot_id=bot_id, day=day, lines=read): pack(read) for day, read in go.items()}
    if stay:
        new[segment_key(quarantined=True, bot_id=bot_id, day=segment.day, lines=stay)] = pack(stay)
    rewrite.replace(store, [segment.key], new, confirm)
    done.readable += len(lines) - len(stay)
    done.days |= {segment.day, *go}
