"""The lake itself: what it says it is, its journal, raw, catalog and tables; a sample of the files, or all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import duckdb

from telelake.capture.frames import SUFFIX, FileName, Report, read
from telelake.capture.journal import backlog
from telelake.errors import SettingsError, StoreError
from telelake.operate.doctor.findings import Finding
from telelake.operate.health import Status, told
from telelake.operate.home import FORMAT, Home, read_home
from telelake.ports import RawStore, Release
from telelake.raw import Segment
from telelake.wrangle.compact import is_whole
from telelake.wrangle.plan import RawListing, list_raw

_T = TypeVar("_T")

SAMPLE = 20
"""Files of each kind that are read when not all are: the newest, and as many spread over the rest."""
_STUCK_MINUTES = 15.0
_NAMED = 5
_LATELY = timedelta(days=30)
_GROUPS = 30


@dataclass(frozen=True, slots=True)
class File:
    """A file that the newest release needs."""

    key: str
    check: Callable[[], bool]
    """Whether it is there, and whole: reads it."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What is asked of the published tables."""

    release: int | None
    files: Callable[[], Sequence[File]]
    """Raises StoreError when metadata cannot be read."""
    catalog: Path | None
    """SQLite's file; None for a catalog elsewhere."""
    catalog_damage: Callable[[], str | None]
    """What is wrong with it."""


def is_captured(journal: Path, locks: Path = Path("/proc/locks")) -> bool:
    """Return whether a capture holds a journal's folder. The lock is looked up, not tried: a start at this moment may not fail."""
    try:
        inode = (journal / "lock").stat().st_ino
        held = (line.split() for line in locks.read_text(encoding="ascii").splitlines() if "->" not in line)
        return any(words[1] == "FLOCK" and words[5].endswith(f":{inode}") for words in held)
    except (OSError, IndexError):
        return False


def home(store: RawStore, timezone: str | None) -> tuple[Home | None, Finding]:
    """Return what the home says of itself, and what is to be said of it; `timezone` is the setting, when it is given."""
    try:
        made = read_home(store)
    except SettingsError as error:
        return None, Finding("settings", "lake.json", {"reason": str(error)})
    except (StoreError, ValueError, KeyError) as error:
        return None, Finding("home_away", "lake.json", {"reason": f"{error}"})
    if made is None:
        return None, Finding("no_lake", "lake.json")
    if timezone is not None and timezone != made.timezone:
        return made, Finding("zone_differs", "lake.json", {"wanted": timezone, "timezone": made.timezone})
    return made, Finding("lake_fine", "lake.json", {"format": FORMAT, "timezone": made.timezone})


def journal(folder: Path, *, captured: bool) -> Iterator[Finding]:
    """Look at what is not sealed yet."""
    waits = backlog(folder)
    if waits.bytes and not captured:
        yield Finding("journal_waits", str(folder), {"bytes": waits.bytes})
    elif waits.oldest_seconds > _STUCK_MINUTES * 60:
        yield Finding("journal_stuck", str(folder), {"minutes": waits.oldest_seconds / 60})
    else:
        yield Finding("journal_fine", str(folder), {"bytes": waits.bytes})
    lost = 0
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        report = Report()
        try:
            if FileName.parse(path.name):
                for _ in read(path, report):
                    pass
        except OSError:  # sealed meanwhile
            continue
        if report.damaged_bytes > report.torn_bytes:
            lost += report.damaged_frames
    if lost:
        yield Finding("journal_damaged", str(folder), {"frames": lost})


def raw(store: RawStore, zone: ZoneInfo, *, deep: bool) -> Iterator[Finding]:
    """Read segments, and look for days that have not come.

    Raises:
        StoreError: the store cannot be asked.
    """
    listing = list_raw(store)
    segments = [each for day in listing.days for each in listing.segments(day)]
    looked = segments if deep else sample(segments)
    damaged = _damaged(store, looked)
    if damaged:
        yield Finding("segment_damaged", "raw", {"count": len(damaged), "keys": _few(damaged)})
    else:
        yield Finding("segments_fine", "raw", {"looked": len(looked), "count": len(segments)})
    yield from future_days(listing, datetime.now(zone).date())


def future_days(listing: RawListing, today: date) -> Iterator[Finding]:
    """Say which days of raw have not come: a message may be dated one day ahead at most."""
    ahead = [str(day) for day in listing.days if day > today + timedelta(days=1)]
    if ahead:
        yield Finding("future_days", "raw", {"days": _few(ahead)})


def tables(found: Tables, *, deep: bool) -> Iterator[Finding]:
    """Look at the catalog, and at files of the newest release."""
    if found.catalog is not None and found.release is not None:
        if not found.catalog.exists():
            yield Finding("catalog_missing", str(found.catalog))
        elif reason := found.catalog_damage():
            yield Finding("catalog_damaged", str(found.catalog), {"path": str(found.catalog), "reason": reason})
        else:
            yield Finding("catalog_fine", str(found.catalog))
    if found.release is None:
        yield Finding("no_release", "tables")
        return
    try:
        files = found.files()
    except StoreError as error:
        yield Finding("table_damaged", "tables", {"count": 1, "keys": str(error)})
        return
    looked = files if deep else sample(files)
    damaged = [each.key for each in looked if not each.check()]
    facts: dict[str, str | int] = {"release": found.release, "looked": len(looked), "count": len(files)}
    if damaged:
        yield Finding("table_damaged", "tables", {"count": len(damaged), "keys": _few(damaged)})
    else:
        yield Finding("tables_fine", "tables", facts)


def state(status: Status, begun: int, zone: ZoneInfo) -> Iterator[Finding]:
    """Say how fresh the lake is, what should have been built, and what lies aside."""
    fresh = status.freshness
    yield Finding("fresh", "tables", {"update": told(fresh.update_seconds), "tables": told(fresh.behind_seconds)})
    yesterday = datetime.now(zone).date() - timedelta(days=1)
    stuck = [str(each.day) for each in status.days if each.due and each.is_kept and each.day < yesterday]
    if stuck:
        yield Finding("days_stuck", "tables", {"count": len(stuck), "days": _few(stuck)})
    if count := sum(status.quarantined.values()):
        yield Finding("quarantine", "quarantine", {"count": count})
    if begun:
        yield Finding("forgetting_begun", "state", {"count": begun})


def groups(updates: Sequence[Path], bot_id: int, release: Release | None) -> list[int]:
    """Return the groups and channels from which a bot had messages lately, the busiest first."""
    if release is None or not updates:
        return []
    since = datetime.now(UTC).date() - _LATELY
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT chat_id FROM read_parquet(?) WHERE bot_id = ? AND chat_id < 0 AND context_date >= ? "
            "AND kind IN ('message', 'edited_message', 'channel_post') GROUP BY chat_id ORDER BY count(*) DESC, chat_id LIMIT ?",
            [[str(path) for path in updates], bot_id, since, _GROUPS],
        ).fetchall()
    return [chat for (chat,) in rows]


def sample(found: Sequence[_T]) -> list[_T]:
    """Return the newest, and as many spread evenly over the rest."""
    if len(found) <= 2 * SAMPLE:
        return list(found)
    rest = len(found) - SAMPLE
    return [*(found[rest * number // SAMPLE] for number in range(SAMPLE)), *found[rest:]]


def _damaged(store: RawStore, segments: Sequence[Segment]) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="telelake-doctor-") as folder:
        found = []
        for segment in segments:
            try:
                path = store.stage(segment.key, Path(folder))
                if not is_whole(path, segment):
                    found.append(segment.key)
            except StoreError:
                found.append(segment.key)
    return found


def _few(names: Sequence[str]) -> str:
    more = [f"… {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more])
