"""Which records of an import are in raw already, so that importing twice adds nothing.

The question is put in three steps, each dearer than the one before and seldom needed: is the segment's name there, are
there segments in its day at all, and what ids do these hold.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from telelake.errors import NotStored
from telelake.ports import RawStore
from telelake.raw import QUARANTINE, RAW, parse_key, read_blocks

_FEW_DAYS = 31  # more are found sooner by listing all that a bot has
_TURNS = 3
"""Attempts at reading a day whose segments are being joined: that happens to a day once a night."""
_ID = re.compile(rb'^\{"v":\d+,"record_id":"([^"]+)"', re.MULTILINE)


class Known:
    """What raw holds of some days of some bots.

    `own` begins the ids of records that only this file can have. They end in a number, and are looked for in the days
    beside too, `around` of them: another --timezone moves a message to another day. Without `own` any id counts, in its day.
    """

    def __init__(self, store: RawStore, folder: Path, own: str | None, around: int) -> None:
        self._store = store
        self._folder = folder
        self._around = around
        self._own = f'"record_id":"{own}'.encode() if own is not None else None
        self._own_id = (
            re.compile(rb'^\{"v":\d+,' + re.escape(self._own) + rb'(\d+)"', re.MULTILINE) if self._own else _ID
        )
        self._segments: dict[tuple[int, date], list[str]] = defaultdict(list)
        self._keys: set[str] = set()
        self._numbers = bytearray()
        self._read: set[tuple[int, date]] = set()

    def look(self, places: Iterable[tuple[int, date]]) -> None:
        """Look which segments there are in these days of these bots."""
        wanted: dict[int, set[date]] = defaultdict(set)
        for bot_id, day in places:
            wanted[bot_id].update(self._beside(day))
        for bot_id, days in wanted.items():
            for area in (RAW, QUARANTINE):
                top = f"{area}bot={bot_id}/"
                few = [f"{top}context_date={day.isoformat()}/" for day in sorted(days)]
                for prefix in few if len(few) <= _FEW_DAYS else [top]:
                    for stored in self._store.list(prefix):
                        segment = parse_key(stored.key)
                        if segment and segment.day in days:
                            self._segments[bot_id, segment.day].append(stored.key)
                            self._keys.add(stored.key)

    def has(self, key: str) -> bool:
        """Return whether there is a segment of that name: its name is made from its records."""
        return key in self._keys

    def read(self, bot_id: int, day: date) -> None:
        """Learn the file's own ids that lie in this day and beside it, unless that was done."""
        for each in self._beside(day):
            if self._own is None or (bot_id, each) in self._read:
                continue
            self._read.add((bot_id, each))
            for block in self._blocks(bot_id, each):
                if self._own in block:
                    for match in self._own_id.finditer(block):
                        number = int(match[1])
                        if number >= len(self._numbers):
                            self._numbers.extend(bytes(number + 1 - len(self._numbers)))
                        self._numbers[number] = 1

    def may_have(self, bot_id: int, day: date) -> bool:
        """Return whether there is any segment in which records of this day may lie."""
        return any((bot_id, each) in self._segments for each in self._beside(day))

    def new(self, bot_id: int, day: date, lines: list[bytes]) -> list[bytes]:
        """Return the lines, each with its line break, whose records are not there yet."""
        if self._own is None:
            ids = {match[1] for block in self._blocks(bot_id, day) for match in _ID.finditer(block)}
            return [line for line in lines if not (match := _ID.match(line)) or match[1] not in ids]
        held = self._numbers
        return [
            line
            for line in lines
            if not (match := self._own_id.match(line)) or (n := int(match[1])) >= len(held) or not held[n]
        ]

    def _beside(self, day: date) -> list[date]:
        return [day + timedelta(days=shift) for shift in range(-self._around, self._around + 1)]

    def _blocks(self, bot_id: int, day: date) -> Iterable[bytes]:
        if not self._segments.get((bot_id, day)):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        # Several threads may look into one day: each has copies of its own, and removes no other's.
        with TemporaryDirectory(dir=self._folder) as name:
            yield from day_blocks(self._store, bot_id, day, Path(name), self._segments[bot_id, day])


def day_blocks(
    store: RawStore, bot_id: int, day: date, folder: Path, keys: Sequence[str] | None = None
) -> Iterator[bytes]:
    """Yield the lines of a day of a bot, raw and quarantined, in blocks; some perhaps twice.

    A segment that is gone was joined with others meanwhile (upkeep): its lines lie in another then, and all are read anew.

    Raises:
        StoreError: a segment is damaged.
        StoreUnavailable: call again.
    """
    for turn in range(_TURNS):
        if keys is None:
            places = [f"{area}bot={bot_id}/context_date={day.isoformat()}/" for area in (RAW, QUARANTINE)]
            keys = [each.key for place in places for each in store.list(place) if parse_key(each.key)]
        try:
            for key in keys:
                yield from _blocks_of(store, key, folder)
        except NotStored:
            if turn + 1 == _TURNS:
                raise
            keys = None
        else:
            return


def _blocks_of(store: RawStore, key: str, folder: Path) -> Iterator[bytes]:
    """Yield a segment's lines in blocks; a copy in `folder` is removed."""
    path = store.stage(key, folder)
    try:
        yield from read_blocks(path)
    except FileNotFoundError as error:
        raise NotStored(f"There is no {key} in the store any more.") from error
    if path.is_relative_to(folder):
        path.unlink()
