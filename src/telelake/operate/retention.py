"""Let raw expire by age: first its day is frozen, then its segments go. How long rows are kept is the wrangle's own matter.

Only a day whose rows are made of exactly what lies in raw is frozen: what is due, or cannot be built, keeps its raw and is
said so, whatever its age.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from telelake.ports import RawStore, TableStore
from telelake.wrangle import frozen as freezing
from telelake.wrangle.day import Wrangler


@dataclass
class Expired:
    """What a run let go."""

    frozen: list[date] = field(default_factory=list)
    """Days that were frozen now."""
    kept: list[date] = field(default_factory=list)
    """Days old enough that are due, and keep their raw until they are built."""
    segments: int = 0
    """Files of raw and quarantine that were removed."""


def expire_raw(
    store: RawStore, tables: TableStore, wrangler: Wrangler, raw_days: int | None, now: datetime | None = None
) -> Expired:
    """Freeze the days that are older than `raw_days`, and remove their raw; the caller holds the pen.

    Raises:
        Conflict: another wrangler took the pen.
        StoreUnavailable: some may be gone; call again.
    """
    done = Expired()
    if raw_days is None:
        return done
    oldest = (now or datetime.now(UTC)).date() - timedelta(days=raw_days)
    listing, ledger, _ = wrangler.status()
    due = set(wrangler.due(listing, ledger))
    frozen = listing.frozen
    for day in (day for day in listing.days if day < oldest and day not in frozen.days):
        is_built = day not in due and any(built == day for built, _ in ledger)
        if not is_built and day >= wrangler.oldest():  # what has no rows any more needs none
            done.kept.append(day)
            continue
        tables.confirm()
        keys = [each.key for each in listing.days[day].segments]
        freezing.freeze(store, day, keys, wrangler.fingerprint())
        done.frozen.append(day)
    there = {each.key for raw_day in listing.days.values() for each in raw_day.segments}
    gone = freezing.expirable(freezing.read(store), oldest, there)
    tables.confirm()
    store.delete(gone)
    done.segments = len(gone)
    return done
