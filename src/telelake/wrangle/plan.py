"""What is due: a day of which a table's input, or recipe, is not what the published one was built from.

There is no other state. A crash, a missed run, a late record and a changed table all show up here by themselves.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from telelake.ports import Maker, RawStore
from telelake.raw import QUARANTINE, RAW, Segment, parse_key
from telelake.tables.catalog import BUILT, DRIFT
from telelake.tables.derive import declaration_digest
from telelake.tables.model import Table
from telelake.wrangle import frozen, parse, rewrite
from telelake.wrangle.graph import BuiltDay, Ledger, RawDay, RawListing, changes, in_order, input_digest
from telelake.wrangle.sql import sql_file

__all__ = [
    "ONE_DAY", "BuiltDay", "Due", "Ledger", "RawDay", "RawListing", "Step", "all_steps", "due", "due_tables", "list_raw",
    "recipe_digest",
]  # fmt: skip

ONE_DAY = timedelta(days=1)
_NEVER = "{} was never built"
_RECIPE = "the recipe of {} has changed"
_NAMED = 3
"""Tables up to which each is named in what people read."""
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
class Due:
    """A day to build and why."""

    day: date
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A table to make, and the digest of what decides its rows beside its input."""

    table: Table
    recipe: str


def list_raw(store: RawStore) -> RawListing:
    """Read what lies in raw and quarantine, from keys alone; what a rewrite replaces does not count.

    Raises:
        StoreUnavailable: call again.
    """
    rewrites = list(rewrite.announced(store))
    sizes = {stored.key: stored.size for area in (RAW, QUARANTINE) for stored in store.list(area)}
    days: dict[date, list[Segment]] = defaultdict(list)
    for key in sorted(rewrite.counting(sizes, rewrites)):
        if segment := parse_key(key):
            days[segment.day].append(segment)
    return RawListing({day: RawDay(day, tuple(days[day])) for day in sorted(days)}, sizes, frozen.read(store))


def recipe_digest(table: Table, zone: ZoneInfo, rules: str = "") -> str:
    """Return the digest of what decides a table's rows beside its input: its SQL, its declaration, how lines are read.

    `zone` is the lake's, in which its local hours are; its name counts, not what rules a machine has for it. `rules` is the
    digest of what settings decide, such as pseudonyms.
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
        *([rules] if rules else []),
    ]
    if table is DRIFT:
        parts += [files(package).joinpath("drift.py").read_text() for package in ("telelake.telegram", __package__)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def all_steps(zone: ZoneInfo, makers: Sequence[Maker] = (), rules: str = "") -> list[Step]:
    """Return what a build makes, each after all that it reads: the tables of the engine, then those of the makers.

    `zone` and `rules` are as of `recipe_digest`; what is made from others has it from them.

    Raises:
        TableMismatch: one reads what is not there, or itself.
    """
    recipes = {maker.table.name: _maker_recipe(maker) for maker in makers}
    tables = in_order([*BUILT, *(maker.table for maker in makers)])
    return [Step(table, recipes.get(table.name) or recipe_digest(table, zone, rules)) for table in tables]


def due(raw: RawListing, ledger: Ledger, steps: Sequence[Step], oldest: date = date.min) -> list[Due]:
    """Return the days from `oldest` on that are due, oldest first. A day without raw is never due: its raw has expired."""
    return [Due(day, _together(found)) for day, found in due_tables(raw, ledger, steps, oldest).items()]


def due_tables(
    raw: RawListing, ledger: Ledger, steps: Sequence[Step], oldest: date = date.min
) -> dict[date, dict[str, list[str]]]:
    """Return the days that are due, oldest first; of each the tables, with the reasons."""
    found = {}
    for day in (day for day in raw.days if day >= oldest and day not in raw.frozen.days):
        if not any((day, step.table.name) in ledger for step in steps):
            found[day] = {step.table.name: ["never built"] for step in steps}
        elif tables := {step.table.name: why for step in steps if (why := _reasons(step, day, raw, ledger, oldest))}:
            found[day] = tables
    return found


def _together(tables: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the reasons of a day's tables, each once; those that differ by their table only, and are many, as one."""
    reasons = dict.fromkeys(reason for found in tables.values() for reason in found)
    for what, together in ((_NEVER, "{} tables were never built"), (_RECIPE, "the recipes of {} tables have changed")):
        alike = [reason for reason in (what.format(name) for name in tables) if reason in reasons]
        if len(alike) > _NAMED:
            reasons = {reason: None for reason in reasons if reason not in alike}
            reasons[together.format(len(alike))] = None
    return tuple(reasons)


def _reasons(step: Step, day: date, raw: RawListing, ledger: Ledger, oldest: date) -> list[str]:
    """Return why a table's day is due; nothing when it is not."""
    table = step.table
    built = ledger.get((day, table.name))
    if built is None:
        return [_NEVER.format(table.name)]
    if any(days.around(day)[0] < oldest for days in table.reads.tables.values()):
        return []  # made when all that it reads was there; what is no longer kept must not be missed from it
    now = input_digest(table, day, raw, ledger)
    if built.input_digest != now:
        return list(changes(table, day, built.input_digest, now))
    return [] if built.recipe_digest == step.recipe else [_RECIPE.format(table.name)]


def _maker_recipe(maker: Maker) -> str:
    return hashlib.sha256(f"{declaration_digest(maker.table)}\n{maker.recipe}".encode()).hexdigest()[:32]
