"""What was seen that the Bot API, as telelake knows it, does not have: over all days, from table `drift`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that is unknown, over all days and bots."""

    what: str
    """`kind`, `field`, `tag` or `type`; see docs/drift.md."""
    path: str
    value: str
    updates: int
    """Updates in which it was."""
    first_day: date
    last_day: date
    example_raw: str
    """record_id of the raw record of one of them, of the last day."""


def seen(files: Sequence[Path]) -> list[Seen]:
    """Return what some files of `drift` hold, that of most updates first."""
    if not files:
        return []
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT what, path, value, CAST(sum(updates) AS BIGINT) AS n, min(context_date), max(context_date), "
            "arg_max(example_raw, (context_date, example_raw)) FROM read_parquet(?) GROUP BY ALL "
            "ORDER BY n DESC, what, path, value",
            [[str(path) for path in files]],
        ).fetchall()
    return [Seen(*row) for row in rows]


def counted(found: Sequence[Seen]) -> Mapping[str, int]:
    """Return how many different things there are of each sort."""
    return {**dict.fromkeys(("kind", "field", "tag", "type"), 0), **Counter(each.what for each in found)}
