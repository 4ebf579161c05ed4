"""How the lake is: each day's books, what is due and why, and how fresh the tables are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from telelake.capture.frames import SUFFIX
from telelake.operate.drift import Seen
from telelake.ports import RawStore, Release
from telelake.wrangle.plan import Due, RawListing

_LATEST_DUE = 3
"""Days that are looked into for what came last: older ones are due for another reason, or have waited long."""


@dataclass(frozen=True, slots=True)
class DayStatus:
    """One day's account."""

    day: date
    raw: int
    """Records in raw and quarantine now."""
    rows: int | None
    """Rows of `updates` as published; None when the day was never built."""
    duplicates: int | None
    quarantined: int | None
    notes: int | None
    """Values of a wrong type that became null."""
    built_at: datetime | None
    due: str | None
    """Why the day is due; None when it is not."""
    is_kept: bool = True
    """Whether its rows are kept: days older than `retention.tables_days` are not built."""
    frozen: str | None = None
    """That its raw has expired, and what came late: merged, or about to be; None when it is not frozen."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the newest of everything is."""

    last_update_at: datetime | None
    """Newest receipt that is known: in the journal, in raw that is not built yet (to the minute), or in the tables."""
    published_at: datetime | None
    """When the newest release was made."""
    update_seconds: float | None
    """Seconds since the last update came; None when none ever did."""
    behind_seconds: float | None
    """Seconds by which the newest update in the tables is older than the last that came; 0 when all is built."""


@dataclass(frozen=True, slots=True)
class Status:
    """The lake at one moment."""

    home: str
    timezone: str
    is_made_up: bool
    release: int | None
    last_received_at: datetime | None
    """Newest receipt in the published tables."""
    unsealed_bytes: int
    """Bytes in the journal that are not in raw yet."""
    days: Sequence[DayStatus]
    quarantined: Mapping[str, int]
    """Published bodies that could not be read, counted by reason."""
    drift: Sequence[Seen] = ()
    """What telelake's Bot API does not know."""
    freshness: Freshness = Freshness(None, None, None, None)

    def as_json(self) -> dict[str, Any]:
        """Return the status as JSON's plain types; times are ISO 8601."""
        return {
            **asdict(self),
            "days": [_plain(asdict(day)) for day in self.days],
            "drift": [_plain(asdict(each)) for each in self.drift],
            "freshness": _plain(asdict(self.freshness)),
        } | _plain({"last_received_at": self.last_received_at})


def day_statuses(
    raw: RawListing, due: Sequence[Due], builds: Sequence[Path], oldest: date = date.min
) -> list[DayStatus]:
    """Return each day's account, oldest first; of those before `oldest` no rows are kept."""
    books = _books(builds)
    reasons = {each.day: "; ".join(each.reasons) for each in due}
    found = []
    for day in sorted({*raw.days, *books}):
        rows, duplicates, quarantined, notes, built_at = books.get(day, (None,) * 5)
        records = raw.days[day].records if day in raw.days else 0
        found.append(
            DayStatus(
                day,
                records,
                rows,
                duplicates,
                quarantined,
                notes,
                built_at,
                reasons.get(day),
                day >= oldest,
                _frozen(raw, day),
            )
        )
    return found


def _frozen(raw: RawListing, day: date) -> str | None:
    if day not in raw.frozen.days:
        return None
    waiting = sum(each.records for each in raw.frozen.late(day, raw.segments(day)))
    merged = raw.frozen.merged.get(day, 0)
    said = ["frozen", *([f"{merged:,} late records merged"] if merged else [])]
    return "; ".join([*said, *([f"{waiting:,} late records wait to be merged"] if waiting else [])])


def quarantined(files: Sequence[Path]) -> dict[str, int]:
    """Return how many bodies some files of `quarantine` hold, by reason, the most frequent first."""
    if not files:
        return {}
    with duckdb.connect() as con:
        sql = "SELECT reason, count(*) FROM read_parquet(?) GROUP BY reason ORDER BY ALL"
        rows = con.execute(sql, [[str(path) for path in files]]).fetchall()
    return dict(sorted(rows, key=lambda row: -row[1]))


def book_totals(builds: Sequence[Path]) -> tuple[int, int, int]:
    """Return rows, duplicates and quarantined records of all days, as their books say."""
    books = _books(builds).values()
    rows, duplicates, quarantined = (sum(book[place] or 0 for book in books) for place in range(3))
    return rows, duplicates, quarantined


def last_received(updates: Sequence[Path]) -> datetime | None:
    """Return the newest receipt in some files of `updates`."""
    if not updates:
        return None
    with duckdb.connect() as con:
        row = con.execute(
            "SELECT max(received_at) AT TIME ZONE 'UTC' FROM read_parquet(?)", [[str(path) for path in updates]]
        ).fetchone()
    return _utc(row[0]) if row else None


def freshness(
    in_tables: datetime | None, waiting: Iterable[datetime], published_at: datetime | None, now: datetime
) -> Freshness:
    """Return how old the newest is; `waiting` are times at which something came that is in no table yet."""
    last = max((moment for moment in (in_tables, *waiting) if moment is not None), default=None)
    if last is None:
        return Freshness(None, published_at, None, None)
    behind = None if in_tables is None else max(0.0, (last - in_tables).total_seconds())
    return Freshness(last, published_at, max(0.0, (now - last).total_seconds()), behind)


def told(seconds: float | None) -> str:
    """Return a span of time in the largest unit that has two of it: `12 s`, `4 min`, `30 h`; `-` for none."""
    if seconds is None:
        return "-"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def waiting(store: RawStore, raw: RawListing, due: Sequence[Due], journal: Path) -> Iterator[datetime]:
    """Yield when the newest came of each part that is in no table yet: the journal's files, and segments of days that are due.

    Raises:
        StoreUnavailable: call again.
    """
    for path in journal.glob(f"*{SUFFIX}"):
        with suppress(FileNotFoundError):  # sealed meanwhile
            if (stat := path.stat()).st_size:
                yield datetime.fromtimestamp(stat.st_mtime, UTC)
    segments = {each.key for day in due[-_LATEST_DUE:] for each in raw.segments(day.day)}
    for folder in sorted({key.rpartition("/")[0] for key in segments}):
        yield from (each.modified for each in store.list(f"{folder}/") if each.key in segments)


def unsealed_bytes(journal: Path) -> int:
    """Return the bytes of a journal folder's files."""
    return sum(path.stat().st_size for path in journal.glob(f"*{SUFFIX}"))


def release_number(release: Release | None) -> int | None:
    """Return a release's number, or None when there is none."""
    return release.number if release else None


def _books(builds: Sequence[Path]) -> Mapping[date, tuple[Any, ...]]:
    if not builds:
        return {}
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT context_date, CAST(sum(rows) AS BIGINT), max(duplicates), max(quarantined), max(notes), "
            "max(built_at) AT TIME ZONE 'UTC' FROM read_parquet(?) WHERE table_name IN ('updates', 'calls') GROUP BY ALL",
            [[str(path) for path in builds]],
        ).fetchall()
    return {day: (*rest, _utc(built_at)) for day, *rest, built_at in rows}


def _utc(moment: datetime | None) -> datetime | None:
    # DuckDB hands out times with a zone only through a package that nothing else here needs.
    return moment.replace(tzinfo=UTC) if moment else None


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()}
