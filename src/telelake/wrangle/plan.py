"""What is due: a day whose raw, or whose recipe, is not what its published tables were built from.

There is no other state. A crash, a missed run, a late record and a changed table all show up here by themselves.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from telelake.ports import RawStore
from telelake.raw import QUARANTINE, RAW, Segment, digest_of, parse_key
from telelake.tables.catalog import BUILT
from telelake.tables.derive import declaration_digest
from telelake.tables.model import Table
from telelake.wrangle import parse
from telelake.wrangle.sql import sql_file

ONE_DAY = timedelta(days=1)
_SHARED_SQL = (
    "_macros",
    "_called",
    "_sent",
    "_exported",
    "_exported_twice",
    "_duplicates",
    "_states",
    "_message_states",
    "_events",
    "_polls",
)


@dataclass(frozen=True, slots=True)
class RawDay:
    """The segments of one day, of all bots."""

    day: date
    segments: tuple[Segment, ...] = ()

    @property
    def records(self) -> int:
        """Records in them, quarantined ones included."""
        return sum(each.records for each in self.segments)


@dataclass(frozen=True, slots=True)
class BuiltDay:
    """What the ledger says of one table's day."""

    input_digest: str
    recipe_digest: str
    content_digest: str


Ledger = Mapping[tuple[date, str], BuiltDay]


@dataclass(frozen=True, slots=True)
class Due:
    """A day to build and why."""

    day: date
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class RawListing:
    """All raw days, as their keys tell."""

    days: Mapping[date, RawDay] = field(default_factory=dict)

    def input_digest(self, table: Table, day: date) -> str:
        """Return the digest of all that a table's day is built from."""
        own = digest_of(self._segments(day))
        if not table.reads_day_before:
            return own
        return f"{own} after {digest_of(self._segments(day - ONE_DAY))}"

    def _segments(self, day: date) -> tuple[Segment, ...]:
        return self.days[day].segments if day in self.days else ()


def list_raw(store: RawStore) -> RawListing:
    """Read what lies in raw and quarantine, from keys alone.

    Raises:
        StoreUnavailable: call again.
    """
    days: dict[date, list[Segment]] = defaultdict(list)
    for area in (RAW, QUARANTINE):
        for stored in store.list(area):
            if segment := parse_key(stored.key):
                days[segment.day].append(segment)
    return RawListing({day: RawDay(day, tuple(days[day])) for day in sorted(days)})


def recipe_digest(table: Table, zone: ZoneInfo) -> str:
    """Return the digest of what decides a table's rows beside its input: its SQL, its declaration, how lines are read.

    `zone` is the lake's, in which its local hours are; its name counts, not what rules a machine has for it.
    """
    conform = files(__package__).joinpath("conform.py").read_text(encoding="utf-8")
    clock = files(__package__).joinpath("clock.py").read_text(encoding="utf-8")
    form_rules = files("telelake.tables").joinpath("form.py").read_text(encoding="utf-8")
    parts = [
        declaration_digest(table),
        sql_file(table.name),
        parse.create_records(),
        parse.macros(),
        parse.create_call_lines(),
        parse.insert_sent(),
        parse.insert_exported([]),
        conform,
        form_rules,
        clock,
        zone.key,
        *map(sql_file, _SHARED_SQL),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def due(
    raw: RawListing, ledger: Ledger, zone: ZoneInfo, oldest: date = date.min, tables: Sequence[Table] = BUILT
) -> list[Due]:
    """Return the days from `oldest` on that are due, oldest first. A day without raw is never due: its raw has expired."""
    recipes = {table.name: recipe_digest(table, zone) for table in tables}
    found = []
    for day in (day for day in raw.days if day >= oldest):
        reasons: dict[str, None] = {}
        if not any((day, table.name) in ledger for table in tables):
            found.append(Due(day, ("never built",)))
            continue
        for table in tables:
            built = ledger.get((day, table.name))
            if built is None:
                reasons[f"{table.name} was never built"] = None
            elif built.input_digest != raw.input_digest(table, day):
                reasons["raw has changed"] = None
            elif built.recipe_digest != recipes[table.name]:
                reasons[f"the recipe of {table.name} has changed"] = None
        if reasons:
            found.append(Due(day, tuple(reasons)))
    return found
