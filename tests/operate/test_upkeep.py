"""What keeps a lake small: raw of closed days in few segments, a file a day and table, metadata that does not grow."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from telelake.errors import CheckFailed
from telelake.operate.upkeep import closed_before, maintain
from telelake.settings import Upkeep, load
from telelake.stores.iceberg import IcebergTables
from telelake.stores.upkeep import KEPT_RELEASES
from telelake.tables.catalog import BUILT, TABLES
from telelake.wiring import App
from tests.conftest import NOW, LakeFolder, message

ONE = timedelta(days=1)
LONG = bool(os.environ.get("TELELAKE_TEST_LONG"))
DAYS, RELEASE_DAYS = (365, 1) if LONG else (8, 2)
SEGMENTS = 12
"""Segments that sealing makes of one day here."""
METADATA = 26
"""Most files of metadata of one table: of the kept releases, of the table's log, and manifests until eight are merged."""


def fill(lake: LakeFolder, day: int) -> None:
    """Put a day's messages into raw, in many segments, some unreadable."""
    at = NOW + day * ONE
    for number in range(day * 100, day * 100 + SEGMENTS - 1):
        lake.add(message(number, number, "oi", date=int(at.timestamp())), at=at)
    lake.add(b"no json", at=at)


def keep(lake: LakeFolder, day: int) -> Any:
    """Do the upkeep as in the night after a day."""
    return maintain(lake.store, lake.tables, lake.zone, lake.root / "state/upkeep", 1 << 20, NOW + day * ONE)


def files(lake: LakeFolder) -> Counter[str]:
    """Count what lies in the lake: segments by day, files of data and of metadata by table."""
    found = Counter[str]()
    for each in lake.store.list():
        parts = each.key.split("/")
        if parts[0] in ("raw", "quarantine"):
            found[f"raw {parts[2]}"] += 1
        elif parts[0] == "tables":
            found[f"{parts[2]} {parts[1]}"] += 1
        elif parts[0] == "releases":
            found["releases"] += 1
    return found


def test_a_year_of_days_stays_flat(lake: LakeFolder) -> None:
    """Day after day with a release and upkeep: a closed day has a segment a bot and area, a table a file a day, and the rest
    does not grow at all. (By default 8 days; a year with TELELAKE_TEST_LONG=1.)"""
    lake.tables = IcebergTables(lake.store, str(lake.root), lake.root / "state", upkeep=Upkeep(reader_seconds=0.0))
    lake.wrangler = replace(lake.wrangler, tables=lake.tables)
    for day in range(0, DAYS, RELEASE_DAYS):
        for each in range(day, day + RELEASE_DAYS):
            fill(lake, each)
        lake.wrangle()
        keep(lake, day + RELEASE_DAYS)
        found = files(lake)
        open_since = closed_before(NOW + (day + RELEASE_DAYS) * ONE, lake.zone)
        closed = [name for name in found if name.startswith("raw ") and name < f"raw context_date={open_since}"]
        assert all(found[name] == 2 for name in closed), "one of raw, one of quarantine"
        for table in TABLES:
            built = day + RELEASE_DAYS
            assert found[f"data {table.name}"] <= built, f"{table.name} after {built} days"
            assert found[f"metadata {table.name}"] <= METADATA, f"{table.name} after {built} days"

    assert found["releases"] == min(KEPT_RELEASES, DAYS // RELEASE_DAYS)
    assert lake.wrangler.due(*lake.wrangler.status()[:2]) == []
    assert lake.rows("SELECT count(*) FROM messages") == [(DAYS * (SEGMENTS - 1),)]


def test_upkeep_says_what_it_did(lake: LakeFolder) -> None:
    """Once there is something to do, then nothing; no day becomes due, and no row changes."""
    for day in range(4):
        fill(lake, day)
    lake.wrangle()
    before = lake.content(*(table.name for table in BUILT))
    done = keep(lake, 3)

    assert done.as_json() == {
        "files_removed": 0, "recovered": 0,
        "compacted": {"days": 2, "before": 2 * (SEGMENTS - 1), "after": 2, "damaged": ()},
    }  # fmt: skip
    assert keep(lake, 3).compacted.before == 0
    assert lake.wrangler.due(*lake.wrangler.status()[:2]) == []
    assert lake.wrangle(lambda _: True).published == 0
    assert lake.content(*(table.name for table in BUILT)) == before


@pytest.mark.parametrize(
    ("now", "day"),
    [("2026-03-10T15:00+00:00", "2026-03-09"), ("2026-03-10T02:00+00:00", "2026-03-08")],
    ids=["noon", "before midnight in São Paulo"],
)
def test_a_day_is_closed_a_day_after_it(now: str, day: str) -> None:
    """Yesterday is still open: Telegram brings an update for a day."""
    assert closed_before(datetime.fromisoformat(now), ZoneInfo("America/Sao_Paulo")) == date.fromisoformat(day)


@pytest.fixture
def app(lake: LakeFolder, tmp_path: Path) -> App:
    """A lake as `telelake run` has it."""
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    fill(lake, -300)
    return App(load(home=str(lake.root)))


def test_the_schedule_does_it_once_a_night(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first run after a start and after each midnight, not at every look."""
    done = []
    whole = App.maintain
    monkeypatch.setattr(App, "maintain", lambda self: done.append(whole(self)))
    app.nightly()
    app.nightly()

    assert [each.compacted.before for each in done] == [SEGMENTS - 1]
    assert app._upkept is not None
    app._upkept -= ONE
    app.nightly()
    assert len(done) == 2


def test_a_bad_day_is_no_reason_to_grow(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Upkeep is done also when a day cannot be built; the failure is told all the same."""

    def fail(*_: Any) -> None:
        raise CheckFailed("a bad day")

    done: list[App] = []
    monkeypatch.setattr(App, "wrangle_due", fail)
    monkeypatch.setattr(App, "maintain", lambda self: done.append(self))

    with pytest.raises(CheckFailed, match="a bad day"):
        app.nightly()
    assert len(done) == 1
