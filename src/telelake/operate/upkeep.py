"""What keeps a lake small, in one go: raw of closed days compacted, old releases and files of tables dropped."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from telelake.ports import RawStore, TableStore
from telelake.wrangle import rewrite
from telelake.wrangle.compact import Compacted, compact
from telelake.wrangle.plan import list_raw

_OPEN_DAYS = 2
"""Today and yesterday: Telegram brings an update for up to a day after it happened."""


@dataclass(frozen=True, slots=True)
class Upkept:
    """What was done."""

    files_removed: int
    """Releases, and files of tables that nothing needs."""
    compacted: Compacted
    recovered: int
    """Rewrites of raw that a crash had left half-way."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's plain types."""
        return asdict(self)


def closed_before(now: datetime, zone: ZoneInfo) -> date:
    """Return the first day that is still open: to those before it hardly anything is added."""
    return now.astimezone(zone).date() - timedelta(days=_OPEN_DAYS - 1)


def maintain(
    store: RawStore, tables: TableStore, zone: ZoneInfo, scratch: Path, segment_bytes: int, now: datetime | None = None
) -> Upkept:
    """End what a crash left, compact raw, then tidy up the tables.

    Raises:
        Conflict: another telelake is at work in this lake.
        StoreUnavailable: some may be done; run again.
    """
    with tables.writing():
        recovered = rewrite.recover(store, tables.confirm)
        compacted = _joined(store, tables, zone, scratch, segment_bytes, now)
        return Upkept(tables.maintain(), compacted, recovered)


def join(
    store: RawStore, tables: TableStore, zone: ZoneInfo, scratch: Path, segment_bytes: int, now: datetime | None = None
) -> Compacted:
    """End what a crash left of a joining, and join the raw of closed days; nothing else.

    Raises:
        Conflict: another telelake is at work in this lake.
        StoreUnavailable: some may be done; run again.
    """
    with tables.writing():
        rewrite.recover(store, tables.confirm)
        return _joined(store, tables, zone, scratch, segment_bytes, now)


def _joined(
    store: RawStore, tables: TableStore, zone: ZoneInfo, scratch: Path, segment_bytes: int, now: datetime | None
) -> Compacted:
    try:
        until = closed_before(now or datetime.now(UTC), zone)
        return compact(store, list_raw(store), until, scratch, segment_bytes, tables.confirm)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
