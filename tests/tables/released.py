"""All columns that were ever released, and the way to add to them: `make released`.

Nothing is ever taken out of the list. A column that is in it and not declared any more, or under another name, type or
id, would break lakes and queries that people have.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from telelake.tables.catalog import TABLES
from telelake.tables.model import Table

FILE = Path(__file__).with_name("released_columns.json")


class Released(NamedTuple):
    """A column as it was released."""

    table: str
    id: int
    name: str
    type: str
    element_id: int | None


def released() -> list[Released]:
    """Return the list as it is kept."""
    return [Released(*each) for each in json.loads(FILE.read_text(encoding="utf-8"))]


def declared(tables: tuple[Table, ...] = TABLES) -> list[Released]:
    """Return the columns as they are declared."""
    return [
        Released(table.name, each.id, each.name, each.kind.iceberg, each.element_id)
        for table in tables
        for each in table.columns
    ]


def faults(kept: list[Released], now: list[Released]) -> list[str]:
    """Return what a release may not do and this one would: remove, rename, retype a column, use its id again."""
    there = set(now)
    found = [
        f"{each.table}.{each.name} was released as {tuple(each)} and is not declared so"
        for each in kept
        if each not in there
    ]
    ids: dict[tuple[str, int], str] = {}
    for each in [*kept, *now]:
        for number, name in ((each.id, each.name), (each.element_id, f"{each.name}.element")):
            if number is not None and ids.setdefault((each.table, number), name) != name:
                found.append(f"{each.table}: id {number} was {ids[each.table, number]}'s and is now {name}'s")
    return found


def main() -> None:
    """Add what is declared and not in the list yet."""
    kept, now = released() if FILE.exists() else [], declared()
    if wrong := faults(kept, now):
        raise SystemExit("\n".join(wrong))
    news = [each for each in now if each not in set(kept)]
    lines = ",\n".join(json.dumps(each) for each in [*kept, *news])
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(news)} columns added; {len(kept) + len(news)} were ever released.")


if __name__ == "__main__":
    main()
