"""Days whose raw has expired: their rows stay as they are, and nothing is built of what is left.

A day is frozen by an object `state/frozen/<day>-<digest>.json`, which names the segments that its rows were made of. It is
written before the first of them is deleted, so a half-deleted day is never mistaken for one that has lost records.

What comes late for a frozen day is merged over its rows (`wrangle.late`) and then named by such an object too. Between the two
lies a publication, so the merging is announced first, in `state/late/`, with what the ledger will say of the day once it is
published: who comes next can tell by that whether it was, and no segment is merged twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from telelake.ports import RawStore
from telelake.raw import Segment, parse_key

FOLDER = "state/frozen/"
ANNOUNCED = "state/late/"
_MARGIN = timedelta(days=1)
"""The day after a frozen one, which is not frozen, still reads its raw: a dateless update may lie in both."""


@dataclass(frozen=True)
class Frozen:
    """The frozen days of a lake, each with the segments that its rows were made of."""

    days: Mapping[date, frozenset[str]] = field(default_factory=dict)
    merged: Mapping[date, int] = field(default_factory=dict)
    """Records that came late and are in the rows, by day."""
    keys: Mapping[date, str | None] = field(default_factory=dict)
    """Fingerprint of the key of the pseudonyms in a day's rows, None for rows in clear; days of older lakes are not here."""

    def late(self, day: date, segments: Collection[Segment]) -> list[Segment]:
        """Return those of a frozen day's segments that came after its rows were made."""
        return [each for each in segments if each.key not in self.days[day]]


def read(store: RawStore) -> Frozen:
    """Return the frozen days.

    Raises:
        StoreUnavailable: call again.
    """
    found: dict[date, frozenset[str]] = {}
    merged: dict[date, int] = {}
    masked: dict[date, str | None] = {}
    for stored in store.list(FOLDER):
        day = date.fromisoformat(stored.key.removeprefix(FOLDER)[:10])
        said = json.loads(store.get(stored.key))
        found[day] = found.get(day, frozenset()) | frozenset(said["segments"])
        if said.get("late"):
            merged[day] = merged.get(day, 0) + sum(each.records for key in said["segments"] if (each := parse_key(key)))
        if "pseudonyms" in said:
            masked[day] = said["pseudonyms"]
    return Frozen(found, merged, masked)


def freeze(store: RawStore, day: date, keys: Collection[str], pseudonyms: str | None) -> None:
    """Freeze a day whose rows are made of exactly these segments, with pseudonyms of the key of this fingerprint, or in clear."""
    store.put(*_named(FOLDER, day, {"segments": sorted(keys), "pseudonyms": pseudonyms}))


def also(store: RawStore, day: date, keys: Collection[str], *, late: bool = False) -> None:
    """Say of further segments that the rows of a frozen day are made of them: merged, or put in the place of others."""
    store.put(*_named(FOLDER, day, {"segments": sorted(keys)} | ({"late": True} if late else {})))


def announce(store: RawStore, day: date, late: Sequence[Segment], after: str) -> None:
    """Say that late segments are about to be merged, and what the ledger says of the day's raw once they are."""
    store.put(*_named(ANNOUNCED, day, {"segments": sorted(each.key for each in late), "after": after}))


def settle(store: RawStore, says: Callable[[date], str | None], confirm: Callable[[], None]) -> None:
    """End what was announced: merged segments become the day's; of what was not published nothing is left.

    `says` is what the ledger says of a day's raw. The caller holds the pen.

    Raises:
        Conflict: another has the pen.
        StoreUnavailable: call again.
    """
    for key in [each.key for each in store.list(ANNOUNCED)]:
        said = json.loads(store.get(key))
        day = date.fromisoformat(key.removeprefix(ANNOUNCED)[:10])
        confirm()
        if says(day) == said["after"]:
            also(store, day, said["segments"], late=True)
        store.delete([key])


def expirable(frozen: Frozen, oldest: date, there: Collection[str]) -> list[str]:
    """Return the segments that may go: those of frozen days, but for the day before the first that is not."""
    return sorted(key for day, keys in frozen.days.items() if day < oldest - _MARGIN for key in keys & set(there))


def _named(folder: str, day: date, said: Mapping[str, object]) -> tuple[str, bytes]:
    body = json.dumps(said, indent=1).encode()
    return f"{folder}{day}-{hashlib.sha256(body).hexdigest()[:16]}.json", body
