"""Backup, restore, migrate: the same rows elsewhere, whatever goes on meanwhile, and nothing damaged passes unseen."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import duckdb
import pytest

from telelake import cli
from telelake.capture.frames import Entry, FileName, encode
from telelake.capture.journal import Journal
from telelake.capture.receive import Receiver, journal_folder, seal_now
from telelake.errors import Conflict, SettingsError, StoreError
from telelake.operate.copies import backup as backups
from telelake.operate.copies import parcel
from telelake.operate.copies.settle import settle
from telelake.ports import RawStore
from telelake.raw import lines_of
from telelake.settings import Capture, load
from telelake.stores.objects import DirectoryStore, open_store
from telelake.tables.catalog import TABLES
from telelake.wiring import App
from tests.conftest import BOT, NOW, LakeFolder, message
from tests.stores.buckets import new_bucket

CLOCKS = ("built_at", "seconds")


@pytest.fixture
def lake(tmp_path: Path) -> LakeFolder:
    """A lake of two days with quarantine, built."""
    return filled(tmp_path / "lake")


def filled(root: Path) -> LakeFolder:
    """Make such a lake."""
    made = LakeFolder(root)
    made.store.put("lake.json", json.dumps({"format": 1, "timezone": str(made.zone), "made_up": False}).encode())
    made.add(message(1, 1, "como eu renovo?"), message(2, 2, "oi"), b"no json")
    made.add(message(3, 3, date=int(NOW.timestamp()) + 86400), at=datetime.fromtimestamp(NOW.timestamp() + 86400, UTC))
    made.store.put("models/kept/0000000001.bin", b"a model")
    app_of(root).wrangle_due()
    return made


def app_of(home: Path | str, **more: Any) -> App:
    """Open a lake as a command does."""
    return App(load(home=str(home), **more))


def rows(app: App, number: int | None = None) -> dict[str, list[str]]:
    """Return all rows of all tables of a release, the newest if none is named, as text, less the builds' clocks."""
    release = app.tables.read_release(f"releases/{number:010d}.json") if number else app.tables.latest()
    assert release is not None
    found = {}
    for table in TABLES:
        names = [f'CAST("{each.name}" AS VARCHAR)' for each in table.columns if each.name not in CLOCKS]
        if files := app.tables.files(release, table.name):
            with duckdb.connect() as con:
                con.execute("SET TimeZone = 'UTC'")
                sql = f"SELECT {', '.join(names)} FROM read_parquet({[str(path) for path in files]}, union_by_name = true)"
                found[table.name] = sorted(map(str, con.execute(sql).fetchall()))
    return found


def due(app: App) -> list[Any]:
    """Return the days that are due."""
    return app.wrangler.due(*app.wrangler.status()[:2])


def goes_on(app: App) -> None:
    """A lake takes in and publishes as one that was always there."""
    before = rows(app)
    number = app.tables.latest().number  # type: ignore[union-attr]
    made = LakeFolder(Path(app.settings.state_path) / "maker", str(app.zone))
    made.store = app.store  # type: ignore[assignment]
    made._ids = iter(range(900, 1000))  # type: ignore[assignment]
    made.add(message(99, 99, "depois"))
    report = app.wrangle_due()
    assert (report.release, due(app)) == (number + 1, [])
    assert len(rows(app)["messages"]) == len(before["messages"]) + 1
    assert app.maintain().compacted.damaged == ()


# There and back


def test_a_backup_restored_elsewhere_is_the_same_lake(lake: LakeFolder, tmp_path: Path) -> None:
    """Identical rows of all tables, the same release, nothing due; the restored lake goes on by itself."""
    app = app_of(lake.root)
    done = app.backup(open_store(str(tmp_path / "backups")))
    other = app_of(tmp_path / "other" / "place")
    other.restore(open_store(str(tmp_path / "backups")))

    assert (done.number, done.damaged) == (1, [])
    assert rows(other) == rows(app)
    assert (other.home, due(other)) == (app.home, [])
    assert other.tables.latest().number == app.tables.latest().number  # type: ignore[union-attr]
    assert other.store.get("models/kept/0000000001.bin") == b"a model"
    assert not any(str(lake.root).encode() in path.read_bytes() for path in (tmp_path / "other").rglob("*.json"))
    goes_on(other)


def test_from_a_folder_to_a_bucket_and_back(
    lake: LakeFolder, aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`migrate` and a backup in the bucket: identical rows in each home, nothing due, and each goes on."""
    base = new_bucket(aws, monkeypatch)
    app = app_of(lake.root)
    in_bucket = app_of(f"{base}/home", state_dir=tmp_path / "state-1")
    app.migrate(in_bucket)
    in_bucket.backup(open_store(f"{base}/backups"))
    back = app_of(tmp_path / "back")
    back.restore(open_store(f"{base}/backups"))

    assert rows(in_bucket) == rows(back) == rows(app)
    assert [due(each) for each in (in_bucket, back)] == [[], []]
    goes_on(in_bucket)


def test_a_frozen_day_stays_frozen(lake: LakeFolder, tmp_path: Path) -> None:
    """Its rows cannot be built again: they come along, and what says so does too."""
    app = app_of(lake.root, retention__raw_days=1)
    app.maintain()
    assert not list((lake.root / "raw").rglob("*.zst"))
    app.backup(open_store(str(tmp_path / "backups")))
    other = app_of(tmp_path / "other", retention__raw_days=1)
    other.restore(open_store(str(tmp_path / "backups")))
    assert rows(other) == rows(app)
    assert all(day.frozen for day in other.status().days)
    assert len(other.status().days) == 2


def test_a_lake_without_a_release(tmp_path: Path) -> None:
    """Raw alone comes along, and is built there."""
    made = LakeFolder(tmp_path / "lake")
    made.store.put("lake.json", b'{"format": 1, "timezone": "America/Sao_Paulo"}')
    made.add(message(1, 1))
    app_of(made.root).backup(open_store(str(tmp_path / "backups")))
    other = app_of(tmp_path / "other")
    other.restore(open_store(str(tmp_path / "backups")))
    assert other.tables.latest() is None
    assert other.wrangle_due().rows["messages"] == 1


# While others are at work


@dataclass
class Busy:
    """A capture that takes bodies and a schedule that publishes, until stopped."""

    app: App
    acknowledged: list[int]

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._capture, self._wrangle)]
        self.failures: list[BaseException] = []

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for each in self._threads:
            each.join(60)

    def _capture(self) -> None:
        async def work() -> None:
            settings = Capture(seal_seconds=0.1, seal_bytes=20_000)
            receiver = Receiver(self.app.state, self.app.store, self.app.zone, settings)
            await receiver.start()
            number = 1000
            while not self._ended.is_set():
                body = json.dumps(message(number, number, f"mensagem {number}")).encode()
                await receiver.receive(BOT, "webhook", body)
                self.acknowledged.append(number)
                number += 1
                await asyncio.sleep(0.002)
            await receiver.close()

        asyncio.run(work())

    def _wrangle(self) -> None:
        try:
            while not self._ended.is_set():
                self.app.wrangle_due()
        except BaseException as error:
            self.failures.append(error)


def test_a_backup_of_a_lake_at_work(lake: LakeFolder, tmp_path: Path) -> None:
    """Bodies come, are sealed and published meanwhile: each backup is one release, and has all that was acknowledged before."""
    home, target = str(lake.root), open_store(str(tmp_path / "backups"))
    acknowledged: list[int] = []
    marks, kept = [], {}
    with Busy(app_of(home), acknowledged) as busy:
        ends, last = time.monotonic() + 60, 1
        while len(marks) < 2 and time.monotonic() < ends:
            app = app_of(home)
            if (number := app.tables.latest().number) == last:  # type: ignore[union-attr]
                time.sleep(0.1)
                continue
            before, last = len(acknowledged), number
            done = app.backup(target)
            marks.append((done.number, before))
            kept[done.number] = backups.chosen(target, done.number).release
    assert (busy.failures, len(marks)) == ([], 2)
    assert len(set(kept.values())) == 2, "nothing was published meanwhile"
    for number, before in marks:
        other = app_of(tmp_path / f"restored-{number}")
        other.restore(target, number)
        assert rows(other) == rows(app_of(home), kept[number])
        assert not backups.verify(target, backups.chosen(target, number))
        other.wrangle_due()
        there = {int(row) for (row,) in _sql(other, "SELECT message_id FROM messages")}
        assert set(acknowledged[:before]) <= there, f"backup {number} lacks what was acknowledged before it"
        assert all(day.raw == day.rows + day.duplicates + day.quarantined for day in other.status().days)  # type: ignore[operator]


def sealing_between(app: App) -> tuple[Callable[[], parcel.Parcel], Callable[[], Mapping[str, bytes]]]:
    """Return both looks, after each of which the journal is sealed."""

    def plan() -> parcel.Parcel:
        found = parcel.plan(app.store, app.tables)
        seal_now(app.state, app.store, app.zone)
        return found

    def journal() -> Mapping[str, bytes]:
        found = parcel.journal(journal_folder(app.state), app.zone)
        seal_now(app.state, app.store, app.zone)
        return found

    return plan, journal


@pytest.mark.parametrize("in_order", [True, False])
def test_what_is_sealed_between_two_looks_is_in_a_backup(lake: LakeFolder, tmp_path: Path, in_order: bool) -> None:
    """The journal is looked at before raw. The twin looks the other way round, and loses what is sealed in between."""
    app = app_of(lake.root)
    folder = journal_folder(app.state)
    folder.mkdir(parents=True)
    write_journal(folder)
    plan, journal = sealing_between(app)
    run: Callable[..., backups.Backed] = backups.backup
    if not in_order:
        source = inspect.getsource(backups.backup)
        first, second = "unsealed = journal()  # before raw is listed: see `parcel.journal`", "parcel = plan()"
        assert first in source
        assert second in source
        swapped = source.replace(first, "@").replace(second, first).replace("@", second)
        names = dict(vars(backups))
        exec(swapped, names)
        run = names["backup"]
    target = DirectoryStore(tmp_path / "backups")
    run("home", app.store, plan, journal, target, tmp_path / "scratch")
    other = app_of(tmp_path / "other")
    other.restore(target)
    other.wrangle_due()
    assert (_sql(other, "SELECT count(*) FROM messages WHERE message_id = 77") == [(1,)]) == in_order


def write_journal(folder: Path) -> None:
    """Put a journal file there with one body, as a crash leaves it."""
    name = FileName.new()
    body = json.dumps(message(77, 77)).encode()
    (folder / str(name)).write_bytes(encode(name, [Entry(int(NOW.timestamp() * 1e6), BOT, "webhook", body)], 0, 0))


def test_the_journal_is_in_a_backup_and_stays(lake: LakeFolder, tmp_path: Path) -> None:
    """What is not sealed comes along as segments; the journal itself is not touched."""
    app = app_of(lake.root)
    folder = journal_folder(app.state)
    folder.mkdir(parents=True)
    write_journal(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    target = DirectoryStore(tmp_path / "backups")
    done = app.backup(target)
    other = app_of(tmp_path / "other")
    other.restore(target)
    other.wrangle_due()
    assert (done.from_journal, {path.name: path.read_bytes() for path in folder.iterdir()}) == (1, before)
    assert _sql(other, "SELECT count(*) FROM messages") == [(4,)]


@pytest.mark.parametrize("looks_twice", [True, False])
def test_a_publication_during_the_listing_is_seen(
    lake: LakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks_twice: bool
) -> None:
    """A release that is newer than the raw that was listed would say of days what their raw does not. The twin looks once."""
    app, real, times = app_of(lake.root), parcel.list_raw, iter(range(100))

    def listing(store: RawStore) -> Any:
        found = real(store)
        if next(times) == 0:
            lake._ids = iter(range(700, 800))  # type: ignore[assignment]
            lake.add(message(70, 70))
            app_of(lake.root).wrangle_due()
        return found

    monkeypatch.setattr(parcel, "list_raw", listing)
    if not looks_twice:
        monkeypatch.setattr(parcel, "_marks", lambda *_: None)
    app.backup(DirectoryStore(tmp_path / "backups"))
    monkeypatch.undo()
    other = app_of(tmp_path / "other")
    other.restore(DirectoryStore(tmp_path / "backups"))
    assert (due(other) == []) == looks_twice


def test_what_vanishes_while_it_is_copied_is_planned_anew(lake: LakeFolder, tmp_path: Path) -> None:
    """Compaction joins segments meanwhile: the backup has the joined one."""
    lake._ids = iter(range(600, 700))  # type: ignore[assignment]
    lake.add(message(60, 60))
    lake.add(message(61, 61))
    app, times = app_of(lake.root), iter(range(100))

    def plan() -> parcel.Parcel:
        found = parcel.plan(app.store, app.tables)
        if next(times) == 0:
            app.compact()
        return found

    target = DirectoryStore(tmp_path / "backups")
    backups.backup("home", app.store, plan, dict, target, tmp_path / "scratch")
    other = app_of(tmp_path / "other")
    other.restore(target)
    other.wrangle_due()
    assert next(times) == 2
    assert _sql(other, "SELECT count(*) FROM messages") == [(5,)]


# What is there already


def test_only_what_is_new_is_copied(lake: LakeFolder, tmp_path: Path) -> None:
    """A second backup brings nothing, one after a message brings what that made; each can be restored."""
    app, target = app_of(lake.root), open_store(str(tmp_path / "backups"))
    first, second = app.backup(target), app.backup(target)
    lake._ids = iter(range(500, 600))  # type: ignore[assignment]
    lake.add(message(50, 50))
    app.wrangle_due()
    third = app.backup(target)
    old, new = app_of(tmp_path / "old"), app_of(tmp_path / "new")
    old.restore(target, 1)
    new.restore(target)

    assert (first.copied, second.copied, second.objects) == (first.objects, 0, first.objects)
    assert 0 < third.copied < third.objects
    assert (len(rows(old)["messages"]), len(rows(new)["messages"])) == (3, 4)


def test_a_backup_that_broke_off_goes_on(lake: LakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing counts before its list is there, and what was brought is not in the way."""
    app, target = app_of(lake.root), DirectoryStore(tmp_path / "backups")
    put, left = target.put, iter(range(5))

    def failing(key: str, data: bytes) -> bool:
        if next(left, None) is None:
            raise StoreError("away")
        return put(key, data)

    monkeypatch.setattr(target, "put", failing)
    with pytest.raises(StoreError, match="away"):
        app.backup(target)
    monkeypatch.setattr(target, "put", put)
    with pytest.raises(SettingsError, match="There is no backup there"):
        backups.chosen(target, None)
    assert app.backup(target).number == 1
    assert backups.verify(target, backups.chosen(target, None)) == []


def test_a_restore_that_broke_off_is_no_lake_and_goes_on(
    lake: LakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every tenth step; `lake.json` comes last."""
    target = DirectoryStore(tmp_path / "backups")
    app_of(lake.root).backup(target)
    made = backups.chosen(target, None)
    for stop in range(0, len(made.objects) + 2, 10):
        other = app_of(tmp_path / "other")
        put, left = other.store.put, iter(range(stop))

        def failing(key: str, data: bytes, put: Any = put, left: Iterator[int] = left) -> bool:
            if next(left, None) is None:
                raise StoreError("away")
            return bool(put(key, data))

        monkeypatch.setattr(other.store, "put", failing)
        with pytest.raises(StoreError, match="away"):
            other.restore(target)
        assert not (tmp_path / "other" / "lake.json").exists()
    again = app_of(tmp_path / "other")
    again.restore(target)
    assert rows(again) == rows(app_of(lake.root))


def test_older_backups_are_let_go(lake: LakeFolder, tmp_path: Path) -> None:
    """With what only they had; what is kept is whole. So a person that was forgotten is in no backup after that."""
    app, target = app_of(lake.root), open_store(str(tmp_path / "backups"))
    app.backup(target)
    app.forgetter().forget(user=11)
    done = app.backup(target, keep=1)
    assert done.removed > 1
    assert [each.number for each in backups.read_all(target)] == [2]
    assert backups.verify(target, backups.chosen(target, None)) == []
    segments = list((tmp_path / "backups").rglob("*.zst"))
    assert segments
    assert not any(b"ana_ficticia" in line for path in segments for line in lines_of(path))


# What is damaged, or in the way


def test_damage_is_seen(lake: LakeFolder, tmp_path: Path) -> None:
    """A flipped bit, a cut file and one that is gone are found by --verify, and restored by nobody; the twin sees nothing."""
    app, target = app_of(lake.root), DirectoryStore(tmp_path / "backups")
    app.backup(target)
    made = backups.chosen(target, None)
    path = next((tmp_path / "backups" / "lake" / "tables" / "messages").rglob("*.parquet"))
    whole = path.read_bytes()
    key = str(path.relative_to(tmp_path / "backups" / "lake"))
    for wrong in (whole[:99] + bytes([whole[99] ^ 1]) + whole[100:], whole[:-1]):
        path.write_bytes(wrong)
        assert backups.verify(target, made) == [key]
        with pytest.raises(StoreError, match="is damaged: its SHA-256 is another"):
            app_of(tmp_path / "other").restore(target)
        assert not (tmp_path / "other" / "lake.json").exists()
    path.write_bytes(whole[:99] + bytes([whole[99] ^ 1]) + whole[100:])
    twin = app_of(tmp_path / "twin")
    settle(made.parcel, lambda key: target.get(f"lake/{key}"), "twin", twin.store, twin.tables)
    assert (tmp_path / "twin" / "lake.json").exists()
    path.unlink()
    assert backups.verify(target, made) == [key]
    with pytest.raises(StoreError, match="lacks tables/messages"):
        app_of(tmp_path / "other").restore(target)
    path.write_bytes(whole)
    assert backups.verify(target, made) == []


def test_a_home_that_keeps_something_else_is_seen(lake: LakeFolder, tmp_path: Path) -> None:
    """What is written is read again: an object that was there under the same name is not taken for ours."""
    target = DirectoryStore(tmp_path / "backups")
    app_of(lake.root).backup(target)
    other = app_of(tmp_path / "other")
    other.store.put("models/kept/0000000001.bin", b"another model")
    with pytest.raises(StoreError, match="is not what was brought"):
        other.restore(target)


def test_a_damaged_segment_of_the_lake_is_told(lake: LakeFolder, tmp_path: Path) -> None:
    """It is copied as it is, once, and said."""
    path = next((lake.root / "raw").rglob("*.zst"))
    path.write_bytes(path.read_bytes()[:-40])
    done = app_of(lake.root).backup(open_store(str(tmp_path / "backups")))
    assert done.damaged == [str(path.relative_to(lake.root))]


def test_another_lakes_backups_are_left_alone(lake: LakeFolder, tmp_path: Path) -> None:
    """Two lakes may have files of one name."""
    target = open_store(str(tmp_path / "backups"))
    app_of(lake.root).backup(target)
    with pytest.raises(SettingsError, match="The backups there are of"):
        app_of(filled(tmp_path / "second").root).backup(target)


def test_a_lake_that_is_there_is_kept(lake: LakeFolder, tmp_path: Path) -> None:
    """Neither restore nor migrate writes over one."""
    target = open_store(str(tmp_path / "backups"))
    app = app_of(lake.root)
    app.backup(target)
    other = app_of(filled(tmp_path / "second").root)
    before = rows(other)
    with pytest.raises(SettingsError, match="There is a lake at"):
        other.restore(target)
    with pytest.raises(SettingsError, match="There is a lake at"):
        app.migrate(other)
    assert rows(other) == before


def test_nobody_may_work_on_a_lake_that_moves(lake: LakeFolder, tmp_path: Path) -> None:
    """What came to the old home during or after the move would be left behind: capture and wrangle must be stopped."""
    app = app_of(lake.root)
    journal = Journal(journal_folder(app.state), seal_bytes=1 << 20)
    with pytest.raises(Conflict, match="already captures"):
        app.migrate(app_of(tmp_path / "new"))
    journal.close()
    with app_of(lake.root).tables.writing(), pytest.raises(Conflict, match="is wrangling"):
        app.migrate(app_of(tmp_path / "new"))
    write_journal(journal_folder(app.state))
    new = app_of(tmp_path / "new")
    app.migrate(new)
    new.wrangle_due()
    assert _sql(new, "SELECT count(*) FROM messages") == [(4,)]


# The commands


def test_the_commands(lake: LakeFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    """What is said, as JSON too, exit codes, and what is refused."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: Any) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["telelake", *map(str, arguments)])
        code: Any = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        return (code, *capsys.readouterr())

    code, out, err = run("backup", "backups", "--home", lake.root, "--json")
    assert (code, json.loads(out)["number"], "Backup 1: " in err) == (0, 1, True)
    assert "objects are whole" in run("backup", "backups", "--home", lake.root, "--verify")[2]
    assert run("restore", "backups", "--home", tmp_path / "new")[0] == 0
    code, _, err = run("migrate", tmp_path / "new", tmp_path / "newer", "--json")
    assert (code, "and still at" in err) == (0, True)
    assert rows(app_of(tmp_path / "newer")) == rows(app_of(lake.root))
    refused = {
        ("backup", lake.root / "in", "--home", lake.root): "are not apart",
        ("backup", "backups", "--home", "nowhere"): "There is no lake at",
        ("restore", "nothing", "--home", tmp_path / "x"): "There is no backup there",
        ("restore", "backups", "--home", tmp_path / "x", "--number", "7"): "There is no backup 7 there. There are: 1",
        ("migrate", lake.root, "s3://bucket/x"): "--state-dir must name",
    }
    for arguments, words in refused.items():
        code, out, err = run(*arguments)
        assert (code, out, words in err) == (1, "", True), err
    victim = next((tmp_path / "backups").rglob("*.parquet"))
    victim.write_bytes(b"x")
    assert run("backup", "backups", "--home", lake.root, "--verify")[0] == 1


def _sql(app: App, sql: str) -> list[tuple[Any, ...]]:
    release = app.tables.latest()
    assert release is not None
    with duckdb.connect() as con:
        files = [str(path) for path in app.tables.files(release, "messages")]
        con.execute(f"CREATE VIEW messages AS FROM read_parquet({files})")
        return con.execute(sql).fetchall()
