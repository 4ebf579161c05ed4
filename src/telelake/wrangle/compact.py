"""Few segments a day, where sealing made many: closed days are rewritten, line by line as they lie.

Sealing makes a segment a minute, and a reader pays for each. Lines are joined and never changed, dropped or sorted, so the
records, and with them the digest of the day, stay what they were: no day becomes due. A segment whose lines are not what its
name promises is left as it lies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from telelake.errors import StoreError
from telelake.ports import RawStore
from telelake.raw import MODULUS, Content, Packer, Segment, joined_key, lines_of, reread_line
from telelake.wrangle.graph import RawListing
from telelake.wrangle.rewrite import Confirm, replace


@dataclass(frozen=True, slots=True)
class Compacted:
    """What compacting did."""

    days: int = 0
    before: int = 0
    """Segments that were joined."""
    after: int = 0
    """Segments that stand in their place."""
    damaged: tuple[str, ...] = ()
    """Segments whose lines are not what their names promise; left as they lie."""


def compact(
    store: RawStore, listing: RawListing, until: date, scratch: Path, segment_bytes: int, confirm: Confirm
) -> Compacted:
    """Join the segments of the days before `until`, those of one bot and content with each other.

    A segment is not joined once it has half of `segment_bytes` (compressed), and none grows beyond `segment_bytes` by joining.
    So of a day's bot and content no more stay than 1 + 2 × their bytes / `segment_bytes`.

    Raises:
        Conflict: the pen is another's.
        StoreUnavailable: what was begun is ended by `rewrite.recover`.
    """
    days, before, after, damaged = set[date](), 0, 0, list[str]()
    for joined in _joins(listing, until, segment_bytes):
        packer, bad = Packer(), list[str]()
        for segment in joined:
            path = store.stage(segment.key, scratch)
            if is_whole(path, segment):
                for line in lines_of(path):
                    packer.add(line)
            else:
                bad.append(segment.key)
        damaged += bad
        good = [each for each in joined if each.key not in bad]
        if len(good) < 2:
            continue
        replace(store, [each.key for each in good], {joined_key(good): packer.end()}, confirm)
        days.add(good[0].day)
        before, after = before + len(good), after + 1
    return Compacted(len(days), before, after, tuple(damaged))


def _joins(listing: RawListing, until: date, segment_bytes: int) -> Iterator[list[Segment]]:
    """Yield the segments that are to be one: of one day, bot and content, each small, together not too large."""
    groups: dict[tuple[date, bool, int, Content], list[Segment]] = defaultdict(list)
    # Of a frozen day the segments that came late are known by their names.
    for day in (day for day in listing.days if day < until and day not in listing.frozen.days):
        for each in listing.segments(day):
            if listing.sizes[each.key] * 2 < segment_bytes:
                groups[day, each.quarantined, each.bot_id, each.content].append(each)
    for segments in groups.values():
        yield from (each for each in _filled(segments, listing, segment_bytes) if len(each) > 1)


def _filled(segments: Sequence[Segment], listing: RawListing, most: int) -> Iterator[list[Segment]]:
    found: list[Segment] = []
    total = 0
    for each in sorted(segments, key=lambda each: (listing.sizes[each.key], each.key)):
        size = listing.sizes[each.key]
        if found and total + size > most:
            yield found
            found, total = [], 0
        found.append(each)
        total += size
    if found:
        yield found


def is_whole(path: Path, segment: Segment) -> bool:
    """Return whether a segment holds what its name promises."""
    records, digest = 0, 0
    try:
        for data in lines_of(path):
            if (line := reread_line(data)) is None:
                return False
            records, digest = records + 1, digest + line.digest
    except StoreError as error:
        if error.retry:
            raise
        return False
    return (records, digest % MODULUS) == (segment.records, segment.digest)
