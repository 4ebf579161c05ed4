"""Days whose raw has expired: their rows stay as they are, and nothing is built of what is left.

A day is frozen by an object `state/frozen/<day>-<digest>.json`, which names the segments that its rows were made of. It is
written before the first of them is deleted, so a half-deleted day is never mistaken for one that has lost records. What comes
late for a frozen day waits in raw: it is in no row, `status` counts it, and it does not expire.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from telelake.ports import RawStore
from telelake.raw import Segment

FOLDER = "state/frozen/"
_MARGIN = timedelta(days=1)
"""The day after a frozen one, which is not frozen, still reads its raw: a dateless update may lie in both."""


@dataclass(frozen=True)
class Frozen:
    """The frozen days of a lake, each with the segments that its rows were made of."""

    days: Mapping[date, frozenset[str]] = field(default_factory=dict)

    def late(self, day: date, segments: Collection[Segment]) -> int:
        """Return how many records came for a frozen day after its rows were made for the last time."""
        return sum(each.records for each in segments if each.key not in self.days[day])


def read(store: RawStore) -> Frozen:
    """Return the frozen days.

    Raises:
        StoreUnavailable: call again.
    """
    found: dict[date, frozenset[str]] = {}
    for stored in store.list(FOLDER):
        day = date.fromisoformat(stored.key.removeprefix(FOLDER)[:10])
        found[day] = found.get(day, frozenset()) | frozenset(json.loads(store.get(stored.key))["segments"])
    return Frozen(found)


def freeze(store: RawStore, day: date, keys: Collection[str]) -> None:
    """Freeze a day whose rows are made of exactly these segments; said again of others, both count."""
    body = json.dumps({"segments": sorted(keys)}, indent=1).encode()
    store.put(f"{FOLDER}{day}-{hashlib.sha256(body).hexdigest()[:16]}.json", body)


def expirable(frozen: Frozen, oldest: date, there: Collection[str]) -> list[str]:
    """Return the segments that may go: those of frozen days, but for the day before the first that is not."""
    return sorted(key for day, keys in frozen.days.items() if day < oldest - _MARGIN for key in keys & set(there))
