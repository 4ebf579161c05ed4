"""Segments of raw in the place of others, all at once for whoever goes by `wrangle.plan.list_raw`.

A rewrite is announced before it begins, in `state/rewrites/<random>.json`: the segments that go, those that come, and
which of these it makes. While one that comes is missing, what was made does not count; when all are there, what goes does
not. So the change is the moment at which the last new segment is written, and a crash at any step leaves the one side or
the other. Nothing is deleted before all that stands in its place is durable; `recover` ends or takes back what a crash
left. A reader that goes by the files alone may see a record twice meanwhile, by its record_id, and never not at all.

Only the holder of the lake's pen rewrites, and `confirm` is asked before each step that cannot be taken back.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from telelake.errors import NotStored
from telelake.ports import RawStore

ANNOUNCED = "state/rewrites/"

Confirm = Callable[[], None]
"""Makes sure that the pen is still ours; raises Conflict when it is not."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A rewrite that was announced and not ended."""

    key: str
    old: frozenset[str]
    """Segments that go."""
    new: frozenset[str]
    """Segments that stand in their place."""
    made: frozenset[str]
    """Those of the new ones that were not there before."""

    def hides(self, there: Collection[str]) -> frozenset[str]:
        """Return the segments that do not count while these are there."""
        return self.old if self.new.issubset(there) else self.made


def announced(store: RawStore) -> Iterator[Rewrite]:
    """Yield the rewrites that have not ended.

    Raises:
        StoreUnavailable: call again.
    """
    for stored in store.list(ANNOUNCED):
        try:
            found = json.loads(store.get(stored.key))
        except NotStored:  # it has just ended
            continue
        yield Rewrite(stored.key, *(frozenset(found[name]) for name in ("old", "new", "made")))


def counting(keys: Collection[str], rewrites: Iterable[Rewrite]) -> set[str]:
    """Return the keys of raw and quarantine that count. The rewrites must have been read before the keys were listed."""
    hidden = [each.hides(keys) for each in rewrites]
    return set(keys).difference(*hidden)


def replace(store: RawStore, old: Collection[str], new: Mapping[str, bytes], confirm: Confirm) -> None:
    """Put new segments in the place of old ones. A key that is in both stays as it is.

    Raises:
        Conflict: the pen is another's; what was announced is theirs to end.
        StoreUnavailable: it is done or not done, for every reader; `recover` ends it.
    """
    gone, made = set(old) - set(new), {key: data for key, data in new.items() if key not in old}
    there = _there(store, made)
    rewrite = {"old": sorted(gone), "new": sorted(made), "made": sorted(set(made) - there)}
    key = f"{ANNOUNCED}{secrets.token_hex(16)}.json"
    confirm()
    store.put(key, json.dumps(rewrite, indent=1).encode())
    for name, data in made.items():
        store.put(name, data)
    confirm()
    store.delete(sorted(gone))
    store.delete([key])


def recover(store: RawStore, confirm: Confirm) -> int:
    """End each rewrite that has all its new segments, take back each other; return how many there were.

    Raises:
        Conflict: the pen is another's.
        StoreUnavailable: call again.
    """
    rewrites = list(announced(store))
    for each in rewrites:
        hidden = each.hides(_there(store, each.new))
        confirm()
        store.delete(sorted(hidden))
        store.delete([each.key])
    return len(rewrites)


def _there(store: RawStore, keys: Collection[str]) -> set[str]:
    """Return those of some segments that are in the store."""
    folders = {f"{key.rpartition('/')[0]}/" for key in keys}
    return {each.key for folder in folders for each in store.list(folder)}.intersection(keys)
