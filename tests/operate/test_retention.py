"""Raw expires by age and rows stay: a frozen day is never built of what is left, and forgetting reaches its rows too."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from telelake.errors import CheckFailed, SettingsError
from telelake.operate import health
from telelake.operate.forget import Forgetter
from telelake.operate.retention import Expired, expire_raw
from telelake.raw import parse_key
from telelake.settings import Retention, Settings, Wrangle
from telelake.wrangle.frozen import Frozen
from tests.conftest import NOW, LakeFolder, message
from tests.operate.test_forget import HER, OTHER, forgetter, found, hers, others

DAYS = 30
OLD = NOW - timedelta(days=40)


def expire(lake: LakeFolder, days: int = DAYS) -> Expired:
    """Let raw expire as the schedule would at `NOW`."""
    with lake.tables.writing():
        return expire_raw(lake.store, lake.tables, lake.wrangler, days, NOW)


def raw_days(lake: LakeFolder) -> set[date]:
    """Return the days that have raw."""
    return {parsed.day for each in lake.store.list("raw/") if (parsed := parse_key(each.key))}


def state(lake: LakeFolder) -> dict[date, tuple[str | None, str | None]]:
    """Return why each day is due, and whether it is frozen, as `status` says."""
    listing, ledger, _ = lake.wrangler.status()
    found = health.day_statuses(listing, lake.wrangler.why_due(listing, ledger), lake.files("builds"))
    return {each.day: (each.due, each.frozen) for each in found}


def add(lake: LakeFolder, number: int, days_ago: int, text: str = "oi") -> None:
    """Put a message of some days ago into raw."""
    at = NOW - timedelta(days=days_ago)
    lake.add(message(number, number, text, date=int(at.timestamp()), **{"from": OTHER}), at=at)


@pytest.fixture
def aged(lake: LakeFolder) -> LakeFolder:
    """A lake with days of every age around the bound, all built."""
    for number, days_ago in enumerate((40, 32, 31, 30, 0), 1):
        add(lake, number, days_ago)
    lake.wrangle()
    return lake


def texts(lake: LakeFolder) -> list[tuple[Any, ...]]:
    """Return the messages in the tables."""
    return lake.rows("SELECT message_id, text FROM messages ORDER BY 1")


def test_raw_goes_and_rows_stay(aged: LakeFolder) -> None:
    """Days before the bound are frozen; the last of them keeps its raw, for the day after reads it; nothing is due."""
    before = texts(aged)

    done = expire(aged)

    day = NOW.date()
    assert done.frozen == [day - timedelta(days=each) for each in (40, 32, 31)]
    assert raw_days(aged) == {day - timedelta(days=each) for each in (31, 30, 0)}
    assert state(aged)[day - timedelta(days=40)] == (None, "frozen")
    assert not [each for each, (why, _) in state(aged).items() if why]
    assert aged.wrangle().days == [] and aged.wrangle(lambda _: True).published == 0
    assert texts(aged) == before
    assert expire(aged).frozen == []


def test_what_comes_late_waits(aged: LakeFolder) -> None:
    """A late record of a frozen day costs no row, is in none, is told, and does not expire."""
    expire(aged)
    before = texts(aged)
    add(aged, 99, 40, "tarde")

    assert aged.wrangle().days == [] and aged.wrangle(lambda _: True)
    assert texts(aged) == before
    assert state(aged)[OLD.date()] == (None, "frozen; 1 late records are in raw only")
    expire(aged)
    assert OLD.date() in raw_days(aged)


def test_twin_without_the_freeze_rows_are_lost(aged: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: did nobody know that the day is frozen, the late record would be all that is left of it."""
    expire(aged)
    add(aged, 99, 40, "tarde")
    monkeypatch.setattr("telelake.wrangle.frozen.read", lambda _: Frozen())

    aged.wrangle()

    assert [row[0] for row in texts(aged)] == [2, 3, 4, 5, 99]


def test_what_is_due_keeps_its_raw(aged: LakeFolder) -> None:
    """A day that was not built since its raw changed is not frozen, however old it is."""
    add(aged, 99, 40)

    done = expire(aged)

    assert done.kept == [OLD.date()] and OLD.date() in raw_days(aged)
    aged.wrangle()
    assert expire(aged).frozen == [OLD.date()]
    assert (99, "oi") in texts(aged)


def test_a_kill_between_freezing_and_removing(aged: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day whose raw is half gone is frozen already; the next run removes the rest."""
    with monkeypatch.context() as patch:
        patch.setattr(aged.store, "delete", lambda keys: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            expire(aged)
    assert OLD.date() in raw_days(aged)
    before = texts(aged)

    assert aged.wrangle(lambda _: True) and texts(aged) == before
    assert expire(aged).segments == 2
    assert OLD.date() not in raw_days(aged)


def test_forgetting_reaches_frozen_days(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that nothing can build anew are edited; the twin that leaves them out is found."""
    old = int(OLD.timestamp())
    for each in [*hers()[:2], *others()]:
        payload = next(each[kind] for kind in each if kind != "update_id")
        lake.add({**each, next(iter(set(each) - {"update_id"})): {**payload, "date": old}}, at=OLD)
    lake.wrangle()
    updates = lake.rows("SELECT count(*) FROM updates")
    expire(lake)
    assert raw_days(lake) == set() and found(lake.root)

    with monkeypatch.context() as patch:
        patch.setattr(Forgetter, "_edit", lambda *_: None)
        with pytest.raises(CheckFailed, match="column"):
            forgetter(lake).forget(user=HER)

    assert forgetter(lake).forget(user=HER).is_proven
    assert found(lake.root) == {}
    assert lake.rows("SELECT count(*) FROM updates") == updates
    assert lake.rows("SELECT text FROM messages WHERE message_id = 20") == [("😀 oi ██, tudo bem?",)]
    assert lake.rows("SELECT text FROM messages WHERE message_id = 29") == [("a Zulmira e a Ana Canela não são ela",)]
    assert lake.rows("SELECT count(*) FROM messages WHERE message_id = 1") == [(0,)]


def test_two_names_of_one_setting() -> None:
    """`wrangle.keep_days` still means what it meant; two different numbers are refused."""
    assert Settings(wrangle=Wrangle(keep_days=9)).tables_days == 9
    assert Settings(retention=Retention(tables_days=8)).tables_days == 8
    with pytest.raises(SettingsError, match="two names of one setting"):
        _ = Settings(wrangle=Wrangle(keep_days=9), retention=Retention(tables_days=8)).tables_days
