"""A run: what is due, what is published, and what is left when it fails or dies."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from telelake import raw
from telelake.errors import CheckFailed, StoreError
from telelake.ports import Books, Built, DayInput
from telelake.settings import Wrangle
from telelake.stores.iceberg import IcebergTables
from telelake.tables.catalog import BUILT
from telelake.wrangle import duckdb as engine_module
from telelake.wrangle import ledger, plan
from tests.conftest import NOW, LakeFolder, message

DAY = NOW.date()
ONE = timedelta(days=1)
CONTENT = tuple(table.name for table in BUILT)
MakeLake = Callable[..., LakeFolder]


def _said(number: int, days: int = 0) -> dict[str, Any]:
    """Return an update with a message of some days after the first."""
    return message(number, number, f"text {number}", date=int((NOW + days * ONE).timestamp()))


def _fill(lake: LakeFolder, days: int = 3) -> None:
    """Put one message into each of some days."""
    for number in range(days):
        lake.add(_said(number + 1, number), at=NOW + number * ONE)


def _segment(lake: LakeFolder) -> Path:
    return next((lake.root / "raw").rglob("*.zst"))


def _snapshots(lake: LakeFolder) -> dict[str, int]:
    assert isinstance(lake.tables, IcebergTables)
    opened = {name: lake.tables.table(name) for name in (*CONTENT, "builds")}
    return {name: len(table.snapshots()) for name, table in opened.items() if table}


def _old(lake: LakeFolder) -> tuple[int, dict[str, Any]]:
    return lake.release().number, lake.content(*CONTENT, "builds")


@pytest.mark.parametrize("wanted", [None, lambda _: True], ids=["due", "forced"])
def test_twice_is_once(lake: LakeFolder, wanted: Callable[[date], bool] | None) -> None:
    """A second run publishes nothing: no release, no snapshot; also when it is told to build every day anew."""
    _fill(lake)
    first = lake.wrangle()
    before = _snapshots(lake)
    second = lake.wrangle(wanted)

    assert (first.release, first.days) == (1, [DAY, DAY + ONE, DAY + 2 * ONE])
    assert (second.release, second.published, len(second.days)) == (None, 0, 3 if wanted else 0)
    assert _snapshots(lake) == before
    assert lake.release().number == 1


def test_a_late_record_makes_due_what_may_differ(lake: LakeFolder) -> None:
    """It makes its own day due, and of the next day what looks at the day before; only what changed is published."""
    _fill(lake, 4)
    lake.wrangle()
    lake.add(_said(9, 1), at=NOW + 3 * ONE)
    found = lake.wrangler.why_due(*lake.wrangler.status()[:2])
    report = lake.wrangle()

    assert [each.day for each in found] == report.days == [DAY + ONE, DAY + 2 * ONE]
    assert report.rows["messages"] == 3
    assert lake.rows("SELECT context_date, count(*) FROM messages GROUP BY 1 ORDER BY 1") == [
        (DAY, 1), (DAY + ONE, 2), (DAY + 2 * ONE, 1), (DAY + 3 * ONE, 1),
    ]  # fmt: skip
    assert report.published == 6, (
        "updates, messages, message_versions and the three tables of counts, of the one day that changed"
    )
    assert lake.wrangler.why_due(*lake.wrangler.status()[:2]) == []


def test_a_changed_recipe_makes_all_days_due(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a table's SQL changes every day is due, and that table is published again, no other."""
    _fill(lake, 2)
    lake.wrangle()
    sql = plan.sql_file
    monkeypatch.setattr(plan, "sql_file", lambda name: sql(name) + (" -- better" if name == "messages" else ""))
    found = lake.wrangler.why_due(*lake.wrangler.status()[:2])
    report = lake.wrangle()

    assert found == [plan.Due(day, ("the recipe of messages has changed",)) for day in (DAY, DAY + ONE)]
    assert (report.published, report.release) == (2, 2)
    assert lake.wrangler.why_due(*lake.wrangler.status()[:2]) == []


def _lose_a_row(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine lose one record."""
    sql = engine_module.sql_file
    lost = "; DELETE FROM records WHERE update_id = 2; "
    monkeypatch.setattr(engine_module, "sql_file", lambda name: (lost if name == "_duplicates" else "") + sql(name))


def _promise_more(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a segment's name promise a record that it does not hold."""
    path = max((lake.root / "raw").rglob("*.zst"))
    path.rename(path.with_name(f"2-{path.name.partition('-')[2]}"))


@pytest.mark.parametrize("harm", [_lose_a_row, _promise_more])
def test_books_that_do_not_balance_publish_nothing(
    lake: LakeFolder, monkeypatch: pytest.MonkeyPatch, harm: Callable[[LakeFolder, pytest.MonkeyPatch], None]
) -> None:
    """raw = rows + duplicates + quarantined, or the run is refused and the old release stays."""
    lake.add(_said(1))
    lake.wrangle()
    old = _old(lake)
    lake.add(_said(2, 1), at=NOW + ONE)
    harm(lake, monkeypatch)

    with pytest.raises(CheckFailed, match=f"{DAY + ONE} is not published: its segments promise"):
        lake.wrangle()
    assert _old(lake) == old


@pytest.mark.parametrize("batch_bytes", [1, 1 << 28])
def test_one_bad_day_costs_no_other(make_lake: MakeLake, batch_bytes: int) -> None:
    """A day that fails its checks is named and stays due; the days beside it are published, in one batch or in many."""
    lake = make_lake(iceberg=False)
    _fill(lake)
    path = max((lake.root / "raw").rglob("*.zst"))
    good = path.with_name(path.name)
    bad = path.rename(path.with_name(f"2-{path.name.partition('-')[2]}"))
    wrangler = replace(lake.wrangler, batch_bytes=batch_bytes)

    with pytest.raises(CheckFailed, match=str(DAY + 2 * ONE)):
        wrangler.run()
    assert lake.rows("SELECT DISTINCT context_date FROM messages ORDER BY ALL") == [(DAY,), (DAY + ONE,)]

    bad.rename(good)

    assert wrangler.run().days == [DAY + 2 * ONE]


@pytest.mark.parametrize("harm", ["flipped", "cut"])
def test_a_damaged_segment_stops_the_day(make_lake: MakeLake, harm: str) -> None:
    """A segment that cannot be decompressed, or ends too soon, stops the run with an error that names it or its day."""
    lake = make_lake(iceberg=False)
    lake.add(*(_said(number) for number in range(1, 40)))
    path = _segment(lake)
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(
        data[:middle] if harm == "cut" else data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]
    )

    with pytest.raises((StoreError, CheckFailed), match=path.name if harm == "flipped" else str(DAY)):
        lake.wrangle()
    assert lake.tables.latest() is None


def test_a_broken_raw_line_costs_itself_only(make_lake: MakeLake) -> None:
    """A line that was broken by hand lies in table quarantine, and the rest of the day is published."""
    lake = make_lake(iceberg=False)
    lines = [raw.raw_line(lake.record(json.dumps(_said(number)).encode())) for number in (1, 2, 3)]
    key = raw.segment_key(quarantined=False, bot_id=7, day=DAY, lines=lines)
    lines[1] = raw.Line(lines[1].data[:80], 0)
    lake.store.put(key, raw.pack(lines))
    report = lake.wrangle()

    assert report.books[str(DAY)] == {"raw": 3, "rows": 2, "duplicates": 0, "quarantined": 1, "notes": 0}
    assert lake.rows("SELECT message_id FROM messages ORDER BY 1") == [(1,), (3,)]
    assert lake.rows("SELECT reason FROM quarantine") == [("raw line is not JSON",)]


@pytest.mark.parametrize("word", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_a_receipt_that_is_no_time_costs_itself_only(make_lake: MakeLake, word: str) -> None:
    """An envelope whose `received_at` was damaged goes to quarantine; its day is built."""
    lake = make_lake(iceberg=False)
    lines = [raw.raw_line(lake.record(_said(number))) for number in (1, 2)]
    lines[1] = raw.Line(
        re.sub(rb'"received_at":"[^"]*"', f'"received_at":"{word}"'.encode(), lines[1].data), lines[1].digest
    )
    lake.store.put(raw.segment_key(quarantined=False, bot_id=7, day=DAY, lines=lines), raw.pack(lines))
    lake.wrangle()

    assert lake.rows("SELECT update_id FROM updates") == [(1,)]
    assert lake.rows("SELECT reason FROM quarantine") == [("raw line is not an envelope",)]


def test_batches_do_not_show(make_lake: MakeLake) -> None:
    """Days built one by one give the tables of days that were built together."""
    lakes = [make_lake(iceberg=False), make_lake(iceberg=False)]
    for lake in lakes:
        _fill(lake)
        lake.add(_said(2, 1), b"no json", at=NOW + 2 * ONE)
    together = lakes[0].wrangle()
    one_by_one = replace(lakes[1].wrangler, batch_bytes=1).run()

    assert lakes[0].content(*CONTENT) == lakes[1].content(*CONTENT)
    assert (together.rows, together.books) == (one_by_one.rows, one_by_one.books)


def test_a_run_that_breaks_off_leaves_the_old_state(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in a later batch publishes nothing and leaves no files under work; the next run does it all."""
    lake.add(_said(9))
    lake.wrangle()
    old = _old(lake)
    _fill(lake, 2)
    build = lake.engine.build

    def fail(days: list[DayInput], into: Path) -> Built:
        if days[0].day == DAY + ONE:
            raise RuntimeError("power")
        return build(days, into)

    wrangler = replace(lake.wrangler, batch_bytes=1)
    with monkeypatch.context() as patch:
        patch.setattr(lake.engine, "build", fail)
        with pytest.raises(RuntimeError, match="power"):
            wrangler.run()

    assert _old(lake) == old
    assert not wrangler.scratch.exists()
    assert wrangler.run().release == 2
    assert lake.rows("SELECT count(*) FROM messages") == [(3,)]


def test_other_builds_have_another_digest(tmp_path: Path) -> None:
    """A file of the ledger is named by its content: what a publication that died left is never taken for the next one's."""
    digests = set()
    for rows in (1, 2):
        entry = ledger.Entry(
            DAY, "updates", plan.BuiltDay("in", "recipe", "out"), rows, Books(rows, rows, 0, 0, 0), 0.1, NOW, "1"
        )
        digests |= {each.digest for each in ledger.write([], [entry], tmp_path / str(rows))}

    assert len(digests) == 2


# Loads everything once, then forks a run at each line and kills it after the seconds that the line says: a kill then
# falls into the run itself, not into the loading of packages.
FORKER = """
import os, sys, time
import telelake.stores.commits, telelake.wrangle.duckdb, pyiceberg.io.pyarrow, telelake.stores.durable
from telelake.settings import load
from telelake.wiring import App
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        App(load(home=sys.argv[1])).wrangle_due()
        os._exit(0)
    if line != "never\\n":
        time.sleep(float(line))
        os.kill(child, 9)
    print(os.waitpid(child, 0)[1], flush=True)
"""


def _agree(tables: IcebergTables, number: int) -> int:
    """Return the messages of a release; its tables must tell the same number, and the ledger too."""
    release = tables.read_release(f"releases/{number:010d}.json")
    with duckdb.connect() as con:
        counts = {
            sql: con.execute(
                f"SELECT {sql} FROM read_parquet(?)", [list(map(str, tables.files(release, name)))]
            ).fetchall()[0][0]
            for name, sql in (
                ("updates", "count(*)"),
                ("messages", "count(DISTINCT message_id)"),
                ("chat_days", "sum(messages)"),
                ("builds", "sum(rows) FILTER (table_name = 'updates')"),
            )
        }
    assert len(set(counts.values())) == 1, counts
    return int(counts["count(*)"])


@pytest.mark.slow
def test_killed_at_any_moment_a_release_is_whole(lake: LakeFolder) -> None:
    """`kill -9` during a run, again and again while days grow: every release is whole, and the last run makes all right."""
    assert isinstance(lake.tables, IcebergTables)
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    command = [sys.executable, "-c", FORKER, str(lake.root)]
    killed, whole = 0, dict[int, int]()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=lake.root) as runs:
        assert runs.stdin is not None
        assert runs.stdout is not None
        assert runs.stdout.readline() == "ready\n"
        usual = 0.0
        for turn in range(1, 21):
            lake.add(_said(2 * turn), _said(2 * turn + 1, turn % 3), at=NOW + 3 * ONE)
            started = time.monotonic()
            # The first ends, so that there is something old to see.
            runs.stdin.write(f"{dice.uniform(0.2, 1.0) * usual}\n" if usual else "never\n")
            runs.stdin.flush()
            killed += runs.stdout.readline() == "9\n"
            usual = usual or min(time.monotonic() - started, 0.8)
            latest = lake.tables.latest()
            assert latest is not None
            count = _agree(lake.tables, latest.number)
            assert whole.setdefault(latest.number, count) == count <= 2 * turn, f"seed {seed}"
        runs.stdin.close()
    lake.wrangle()

    assert killed >= 5, f"seed {seed}"
    assert _agree(lake.tables, lake.release().number) == 40, f"seed {seed}"
    assert lake.wrangler.why_due(*lake.wrangler.status()[:2]) == []


def test_days_too_old_to_keep_leave_the_tables(lake: LakeFolder) -> None:
    """With `wrangle.keep_days` old days go from every table, and their raw, which stays, does not bring them back."""
    _fill(lake, days=3)
    lake.wrangle()
    keeping = replace(lake.wrangler, keep_days=1, clock=lambda: NOW + 3 * ONE)
    report = keeping.run()

    assert report.expired == [DAY, DAY + ONE]
    for table in ("updates", "messages", "builds"):
        assert lake.rows(f"SELECT DISTINCT context_date FROM {table}") == [(DAY + 2 * ONE,)]
    assert len(plan.list_raw(lake.store).days) == 3
    release = lake.release().number
    again = keeping.run()
    assert (again.days, again.expired, lake.release().number) == ([], [], release)
    assert lake.wrangle().days == [DAY, DAY + ONE]


def test_too_little_memory_is_said(lake: LakeFolder) -> None:
    """A build that runs out of memory names the day and the setting; nothing is published."""
    _fill(lake, days=1)
    small = replace(lake.wrangler, engine=engine_module.DuckDBEngine(Wrangle(memory="1MB")))

    with pytest.raises(CheckFailed, match=rf"{DAY}: .*wrangle\.memory = 1MB"):
        small.run()
    assert lake.tables.latest() is None


def test_a_day_does_not_depend_on_which_days_are_built_with_it(make_lake: MakeLake) -> None:
    """Whether a delivery repeats one of the day before is asked of what has no date of its own, and of nothing else."""
    impossible = message(1, 1, "a", date=100)
    before = NOW.replace(day=11, hour=2, minute=59)  # a minute before midnight in São Paulo
    click = {"update_id": 9, "callback_query": {"id": "1", "from": {"id": 11, "is_bot": False, "first_name": "Ana"}}}
    found = []
    for wanted in (lambda day: day == DAY + ONE, lambda _: True):
        lake = make_lake(iceberg=False)
        lake.add(impossible, at=before)
        lake.add(impossible, _said(2, 1), at=before + timedelta(minutes=2))
        lake.add(click, at=before + ONE + timedelta(minutes=2))
        lake.wrangle(wanted)
        found.append(lake.rows(f"SELECT count(*) FROM updates WHERE context_date = DATE '{DAY + ONE}'"))

    assert found == [[(1,)], [(1,)]]


def test_what_the_engine_fails_at_costs_one_day(lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure that nobody thought of stops the day that holds it; the others are published."""
    _fill(lake)
    whole = engine_module.sql_file
    odd = "CASE WHEN update_id = 2 THEN error('an odd value') ELSE bytes END AS bytes,"

    def read(name: str) -> str:
        return whole(name).replace("       bytes,", f"       {odd}", 1) if name == "updates" else whole(name)

    monkeypatch.setattr(engine_module, "sql_file", read)

    with pytest.raises(CheckFailed, match=f"(?s){DAY + ONE}: the engine failed.*an odd value"):
        lake.wrangle()

    with lake.open() as opened:
        days = opened.query("SELECT context_date FROM updates ORDER BY ALL").rows
    assert days == [(DAY,), (DAY + 2 * ONE,)]
