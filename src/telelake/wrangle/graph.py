"""What a table's day is made from: the graph that the declarations draw (`Table.reads`), and a digest of it.

Raw stands in it by the digests of its segments, other tables by what the ledger says of their content. So a change goes
from day to day and from table to table as far as it is one, and no further: a day that is built anew and comes out the same
makes nothing due.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from graphlib import CycleError, TopologicalSorter

from telelake.errors import TableMismatch
from telelake.ports import EMPTY
from telelake.raw import Segment, digest_of
from telelake.tables.model import Table
from telelake.wrangle.frozen import Frozen

_NOTHING = "-"
"""Stands for a table's day that has no rows, or was never built: to who reads it that is the same."""


@dataclass(frozen=True, slots=True)
class RawDay:
    """The segments of one day, of all bots."""

    day: date
    segments: tuple[Segment, ...] = ()

    @property
    def records(self) -> int:
        """Records in them, quarantined ones included."""
        return sum(each.records for each in self.segments)


@dataclass(frozen=True)
class RawListing:
    """All raw days, as their keys tell."""

    days: Mapping[date, RawDay] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Compressed bytes of each segment, by its key."""
    frozen: Frozen = field(default_factory=Frozen)
    """Days whose raw has expired; never due."""

    def segments(self, day: date) -> tuple[Segment, ...]:
        """Return a day's segments; none when it has no raw."""
        return self.days[day].segments if day in self.days else ()

    def bytes_of(self, day: date) -> int:
        """Return the compressed bytes of a day's own raw."""
        return sum(self.sizes[each.key] for each in self.segments(day))


@dataclass(frozen=True, slots=True)
class BuiltDay:
    """What the ledger says of one table's day."""

    input_digest: str
    recipe_digest: str
    content_digest: str


Ledger = Mapping[tuple[date, str], BuiltDay]


def in_order(tables: Sequence[Table]) -> list[Table]:
    """Return tables so that each comes after all that it reads.

    Raises:
        TableMismatch: one reads a table that there is not, or, by a detour perhaps, itself.
    """
    known = {table.name: table for table in tables}
    for table in tables:
        if missing := sorted(set(table.reads.tables) - set(known)):
            raise TableMismatch(
                f"Table {table.name} reads {', '.join(missing)}, which is not there. Known: {', '.join(sorted(known))}."
            )
    try:
        names = TopologicalSorter({table.name: table.reads.tables for table in tables}).static_order()
        return [known[name] for name in names]
    except CycleError as error:
        raise TableMismatch(f"Tables read each other in a circle: {' → '.join(error.args[1])}.") from error


def input_digest(table: Table, day: date, raw: RawListing, ledger: Ledger) -> str:
    """Return the digest of all that a table's day is made from: a word for each day of each input, always in one order."""
    return " ".join(_word(name, each, raw, ledger) for name, each in _inputs(table, day))


def changes(table: Table, day: date, then: str, now: str) -> Iterator[str]:
    """Yield in words what has changed between two digests of a day's inputs."""
    words = list(zip(then.split(), now.split(), strict=False))
    inputs = list(_inputs(table, day))
    if not len(then.split()) == len(now.split()) == len(inputs):
        yield f"{table.name} reads other days or tables than it did"
        return
    for (name, each), (before, after) in zip(inputs, words, strict=True):
        if before == after:
            continue
        if name is not None:
            yield f"{name} of {each}, which {table.name} reads, has changed"
        elif each != day:
            yield f"raw of {each}, which {table.name} reads, has changed"
        else:
            records, now_records = (digest.partition("-")[0] for digest in (before, after))
            yield f"raw has changed: {records} records then, {now_records} now"


def _inputs(table: Table, day: date) -> Iterator[tuple[str | None, date]]:
    """Yield the days of a table's window: those of raw, then those of each table."""
    if table.reads.raw is not None:
        # The day itself first: a window may grow, and most have this one only.
        yield from ((None, each) for each in sorted(table.reads.raw.around(day), reverse=True))
    for name, days in sorted(table.reads.tables.items()):
        yield from ((name, each) for each in days.around(day))


def _word(name: str | None, day: date, raw: RawListing, ledger: Ledger) -> str:
    if name is None:
        return digest_of(raw.segments(day))
    built = ledger.get((day, name))
    if built is None or built.content_digest == EMPTY:
        return _NOTHING
    # A content digest covers what the recipe made of raw only together with the recipe.
    found = f"{built.content_digest} {built.recipe_digest}".encode()
    return hashlib.blake2b(found, digest_size=8).hexdigest()
