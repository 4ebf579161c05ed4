"""What came late for frozen days: built alone, less what the lake has already, and merged over the published rows.

Owns the order build → look for copies → build without them → merge → balance the books. Which days, and how they are
published, is the run's matter; how rows are merged, `merge`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb

from telelake.errors import CheckFailed
from telelake.ports import Books, Built, DayFile, DayInput, Engine
from telelake.raw import MODULUS, Line, Segment, digest_of, lines_of, pack
from telelake.tables.catalog import CALLS, QUARANTINE, UPDATES
from telelake.wrangle import merge
from telelake.wrangle.graph import BuiltDay

_HEAD = re.compile(rb'\{"v":\d+,"record_id":"(?P<id>[^"\\]*)"')


@dataclass(frozen=True, slots=True)
class Published:
    """What the newest release holds of the days that something came late for."""

    files: merge.Files
    """Files of these days, by table."""
    before: Sequence[Path]
    """Files of `updates` of the days before them."""
    books: Mapping[date, Books]


def raw_word(built: BuiltDay | None) -> str | None:
    """Return what the ledger says of the day's own raw that a table's day was made from."""
    return built.input_digest.partition(" ")[0] if built else None


def word_with(word: str | None, late: Sequence[Segment]) -> str:
    """Return what the ledger says of the raw of a day once late segments are merged: digests add up."""
    told = digest_of(late)
    if word is None:
        return told
    (records, digest), (more, added) = (each.split("-") for each in (word, told))
    return f"{int(records) + int(more)}-{(int(digest, 16) + int(added, 16)) % MODULUS:032x}"


def merged(engine: Engine, inputs: Sequence[DayInput], published: Published, into: Path, memory: int | None) -> Built:
    """Return what the tables of some frozen days become with their late records.

    Each input holds a day's late segments and nothing else. `memory` bounds the merging, in bytes.

    Raises:
        CheckFailed: a day does not pass its checks, or its books do not balance; nothing of these days may be published.
        StoreError: a late segment is damaged.
    """
    try:
        return _merged(engine, inputs, published, into, memory)
    except duckdb.Error as error:
        days = ", ".join(str(each.day) for each in inputs)
        raise CheckFailed(
            f"{days}: what came late could not be merged ({type(error).__name__}: {error}). It waits in raw; nothing published "
            "has changed. If memory is short, raise wrangle.memory; else keep the message and open an issue."
        ) from error


def _merged(engine: Engine, inputs: Sequence[DayInput], published: Published, into: Path, memory: int | None) -> Built:
    first = engine.build(inputs, into / "late-0")
    late = {name: {file.day: file.path for file in files} for name, files in first.tables.items()}
    books, left = dict(first.books), {each.day: each for each in inputs}
    known: list[merge.Copy] = []
    with merge.database(into, memory) as con:
        while again := merge.copies(con, published.files, published.before, _files(late)):
            known += again
            # What the engine took for copies of these comes to light once they are gone.
            some = [_less(left[day], again, into / f"raw-{len(known)}") for day in sorted({each.day for each in again})]
            left |= {each.day: each for each in some}
            built = engine.build(some, into / f"late-{len(known)}")
            for name, files in built.tables.items():
                late[name] |= {file.day: file.path for file in files}
            books |= built.books
        days = sorted(left)
        tables = merge.merge(con, published.files, _files(late), known, days, into / "merged")
        unread = _overlap(con)
    cut = {each.day: each.records - left[each.day].records for each in inputs}
    return Built(
        tables,
        {day: _books(day, tables, published.books.get(day), books[day], cut[day], unread.get(day, 0)) for day in days},
        first.seconds,
    )


def _files(late: Mapping[str, Mapping[date, Path | None]]) -> dict[str, list[Path]]:
    return {name: [path for path in days.values() if path] for name, days in late.items()}


def _less(day: DayInput, again: Sequence[merge.Copy], into: Path) -> DayInput:
    """Return a day's late input without the records that the lake has already."""
    ids = {each.raw.encode() for each in again if each.day == day.day}
    gone = 0

    def cut(paths: Sequence[Path], kind: str) -> list[Path]:
        nonlocal gone
        kept: list[Path] = []
        for number, path in enumerate(paths):
            lines = list(lines_of(path))
            stay = [line for line in lines if not ((head := _HEAD.match(line)) and head["id"] in ids)]
            gone += len(lines) - len(stay)
            if len(stay) == len(lines):
                kept.append(path)
            elif stay:
                # Its folders tell the bot and the day, as those of the segment do.
                target = into / kind / str(number) / path.parent.parent.name / path.parent.name / path.name
                target.parent.mkdir(parents=True)
                target.write_bytes(pack(Line(line, 0) for line in stay))
                kept.append(target)
        return kept

    segments, calls, exports = cut(day.segments, "u"), cut(day.calls, "c"), cut(day.exports, "e")
    if not gone:
        raise CheckFailed(f"{day.day}: {len(ids)} late records are in the tables, and in none of the late segments.")
    return replace(day, records=day.records - gone, segments=segments, calls=calls, exports=exports)


def _overlap(con: duckdb.DuckDBPyConnection) -> dict[date, int]:
    """Return how many unreadable bodies of each day are in quarantine already."""
    sql = "SELECT context_date, count(*) - count(DISTINCT raw) FROM both_quarantine GROUP BY ALL"
    return dict(con.execute(sql).fetchall())


def _books(
    day: date, tables: Mapping[str, Sequence[DayFile]], before: Books | None, late: Books, cut: int, unread: int
) -> Books:
    """Return the account of a day with what came late, whose rows are those that were written."""
    old = before or Books(0, 0, 0, 0, 0)
    rows, unreadable = (
        sum(file.rows for name in names for file in tables[name] if file.day == day)
        for names in ((UPDATES.name, CALLS.name), (QUARANTINE.name,))
    )
    raw, duplicates = old.raw + late.raw + cut, old.duplicates + late.duplicates + cut + unread
    if raw != rows + duplicates + unreadable:
        raise CheckFailed(
            f"{day} with what came late is not published: {raw} raw records, and {rows} rows + {duplicates} duplicates + "
            f"{unreadable} quarantined make {rows + duplicates + unreadable}."
        )
    return Books(raw, rows, duplicates, unreadable, old.notes + late.notes)
