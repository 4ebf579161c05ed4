"""Raw expires by age and rows stay: a frozen day is never built of what is left, and forgetting reaches its rows too."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from telelake.errors import CheckFailed, SettingsError
from telelake.operate import health, proof, rows
from telelake.operate.forget import Forgetter
from telelake.operate.retention import Expired, expire_raw
from telelake.ports import DayFile
from telelake.raw import parse_key
from telelake.settings import Retention, Settings, Wrangle
from telelake.tables import catalog, derive
from telelake.tables.model import Column, Days, Kind, Personal, Reads, Table
from telelake.wrangle.frozen import Frozen
from telelake.wrangle.masks.ids import Pseudonyms
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.operate.test_forget import HER, OTHER, forgetter, found, hers, others
from tests.wrangle.mask_canaries import MASKS

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


def test_what_comes_late_is_merged(aged: LakeFolder) -> None:
    """A late record of a frozen day costs no row and waits in raw until it is merged; then it is a row, and goes as raw does."""
    expire(aged)
    before = texts(aged)
    add(aged, 99, 40, "tarde")
    assert state(aged)[OLD.date()] == (None, "frozen; 1 late records wait to be merged")
    expire(aged)
    assert OLD.date() in raw_days(aged)

    assert aged.wrangle().days == []

    assert texts(aged) == [*before, (99, "tarde")]
    assert state(aged)[OLD.date()] == (None, "frozen; 1 late records merged")
    expire(aged)
    assert OLD.date() not in raw_days(aged)


def test_late_and_forgotten(aged: LakeFolder) -> None:
    """Who is forgotten before the merging is not in the rows after it; the record is."""
    expire(aged)
    before = texts(aged)
    aged.add(message(99, 99, "tarde", date=int(OLD.timestamp()), **{"from": {**OTHER, "id": HER}}), at=OLD)

    assert forgetter(aged).forget(user=HER).is_proven

    assert texts(aged) == before
    assert aged.rows("SELECT count(*) FROM updates WHERE update_id = 99 AND user_id IS NULL") == [(1,)]
    assert state(aged)[OLD.date()] == (None, "frozen; 1 late records merged")


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


ASKED = Table(
    name="asked",
    en="Made from messages: who asked what.",
    pt="Feita de mensagens: quem perguntou o quê.",
    key=("chat_id", "message_id"),
    sort=("message_id",),
    reads=Reads(raw=None, tables={"messages": Days()}),
    columns=(
        Column(1, "context_date", Kind.DAY, "Lake day.", "Dia do lago.", required=True),
        Column(2, "account_id", Kind.LONG, "Account.", "Conta.", personal=Personal.ID),
        Column(3, "chat_id", Kind.LONG, "Chat.", "Chat.", personal=Personal.ID),
        Column(4, "message_id", Kind.LONG, "Message.", "Mensagem."),
        Column(5, "asker", Kind.LONG, "Who asked.", "Quem perguntou.", personal=Personal.ID),
        Column(6, "words", Kind.TEXT, "What.", "O quê.", personal=Personal.TEXT),
        Column(7, "called", Kind.TEXT, "Name of who asked.", "Nome de quem perguntou.", personal=Personal.NAME),
    ),
)


class Asked:
    """Makes `asked`: of every message a row."""

    table = ASKED
    recipe = "1"

    def make(self, days: Sequence[date], inputs: Mapping[str, Sequence[Path]], into: Path) -> Sequence[DayFile]:
        """Make some days."""
        into.mkdir(parents=True)
        return [self._day(day, inputs["messages"], into / f"{day}.parquet") for day in days]

    def _day(self, day: date, files: Sequence[Path], path: Path) -> DayFile:
        with duckdb.connect() as con:
            made = con.execute(
                "COPY (SELECT context_date, account_id, chat_id, message_id, coalesce(reply_to_user_id, user_id) AS asker, text "
                f"AS words, sender_name AS called FROM read_parquet({[str(each) for each in files]}) WHERE context_date = "
                f"DATE '{day}') TO '{path}' (FORMAT parquet, FIELD_IDS {derive.field_ids(ASKED)})"
            ).fetchone()
        rows = made[0] if made else 0
        return DayFile(day, path if rows else None, rows, hashlib.sha256(path.read_bytes()).hexdigest())


def filled_with_her(lake: LakeFolder) -> None:
    """Put what she and others said on one day long ago into a lake; build and freeze it."""
    for each in [*hers()[:2], *others()]:
        kind = next(name for name in each if name != "update_id")
        lake.add({**each, kind: {**each[kind], "date": int(OLD.timestamp())}}, at=OLD)
    lake.wrangle()
    expire(lake)
    assert raw_days(lake) == set()


@pytest.fixture
def asked(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[LakeFolder]:
    """A lake with her on a frozen day, and with a table that is made of its messages."""
    monkeypatch.setattr(catalog, "TABLES", (*catalog.TABLES, ASKED))
    monkeypatch.setattr(proof, "TABLES", catalog.TABLES)
    proof._declared.cache_clear()
    lake.wrangler = replace(lake.wrangler, makers=[Asked()])
    filled_with_her(lake)
    yield lake
    proof._declared.cache_clear()


def test_forgetting_reaches_what_others_make(asked: LakeFolder) -> None:
    """A table that a maker makes is reached by its declaration, also where no name tells what a column holds."""
    before = {row[0]: row[1:] for row in made_rows(asked)}
    assert before[1][0] == before[22][0] == HER and found(asked.root)

    assert forgetter(asked).forget(user=HER).is_proven

    after = {row[0]: row[1:] for row in made_rows(asked)}
    assert after.keys() == before.keys() - {1}
    assert (after[22][0], after[29]) == (0, before[29])
    assert (after[20][1], set(after[23][1])) == ("😀 oi ██, tudo bem?", {"█"})
    assert found(asked.root) == {}


def test_twin_without_the_declaration(asked: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: were what a table declares not looked at, her id would stay in it, and the search would find it."""
    monkeypatch.setattr(rows, "is_id_column", lambda name: name.endswith("_id"))
    bare = replace(ASKED, columns=tuple(replace(column, personal=None) for column in ASKED.columns))
    monkeypatch.setattr(Asked, "table", bare)

    with pytest.raises(CheckFailed, match="column asker"):
        forgetter(asked).forget(user=HER)


def made_rows(lake: LakeFolder) -> list[tuple[Any, ...]]:
    """Return what table `asked` holds."""
    files = [str(each) for each in lake.files("asked")]
    with duckdb.connect() as con:
        return con.execute(
            "SELECT message_id, asker, words, called FROM read_parquet(?) ORDER BY 1", [files]
        ).fetchall()


def test_forgetting_knows_pseudonyms(make_lake: Callable[..., LakeFolder], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of frozen days that hold a hash for her are hers; with another key, or none, nothing is touched."""
    lake = make_lake(masks=MASKS)
    filled_with_her(lake)
    hashed = MASKS.pseudonyms.of(HER)
    where = f"SELECT count(*) FROM messages WHERE user_id = {hashed} OR reply_to_user_id = {hashed}"
    assert lake.rows(where)[0][0] > 1
    release = lake.release().number

    for masks in (None, replace(MASKS, pseudonyms=Pseudonyms("another key that is long enough to be one", [BOT]))):
        lake.mask(masks)
        with pytest.raises(SettingsError, match=f"fingerprint {MASKS.pseudonyms.fingerprint}"):
            forgetter(lake).forget(user=HER)
        add(lake, 99, 0)
        with pytest.raises(SettingsError, match="Put the setting and the key back"):
            lake.wrangle()
    assert lake.release().number == release

    lake.mask(MASKS)
    with monkeypatch.context() as patch:
        patch.setattr(rows, "without", lambda *_: {})
        with pytest.raises(CheckFailed, match="column"):
            forgetter(lake).forget(user=HER)
    assert forgetter(lake).forget(user=HER).is_proven
    assert lake.rows(where) == [(0,)]


def test_a_lake_in_clear_is_not_mixed(aged: LakeFolder) -> None:
    """Pseudonyms that are switched on when rows are frozen in clear are refused; before that, all days are built anew."""
    aged.mask(MASKS)
    assert len(aged.wrangle().days) == 5
    aged.mask(None)
    aged.wrangle()
    expire(aged)
    aged.mask(MASKS)

    with pytest.raises(SettingsError, match="in clear"):
        aged.wrangle()

    aged.wrangler = replace(aged.wrangler, keep_days=30, clock=lambda: NOW)
    assert aged.wrangle().expired == [NOW.date() - timedelta(days=each) for each in (40, 32, 31)]


def test_two_names_of_one_setting() -> None:
    """`wrangle.keep_days` still means what it meant; two different numbers are refused."""
    assert Settings(wrangle=Wrangle(keep_days=9)).tables_days == 9
    assert Settings(retention=Retention(tables_days=8)).tables_days == 8
    with pytest.raises(SettingsError, match="two names of one setting"):
        _ = Settings(wrangle=Wrangle(keep_days=9), retention=Retention(tables_days=8)).tables_days
