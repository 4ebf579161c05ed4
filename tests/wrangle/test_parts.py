"""A long run publishes part by part: what cuts it off costs the part at hand, and the next run builds only the rest."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from telelake.ports import Built, DayInput
from telelake.settings import Storage
from telelake.stores.iceberg import IcebergTables
from telelake.stores.objects import open_store
from telelake.wrangle import duckdb as engine_module
from telelake.wrangle import run as run_module
from telelake.wrangle.day import Wrangler
from tests.conftest import NOW, LakeFolder, message

DAY = NOW.date()
ONE = timedelta(days=1)
COMMAND = [sys.executable, "-m", "telelake", "wrangle"]
SMALL_PARTS = {"TELELAKE_WRANGLE__BATCH_BYTES": "1", "TELELAKE_WRANGLE__PUBLISH_SECONDS": "0.001"}
MakeLake = Callable[..., LakeFolder]


def fill(lake: LakeFolder, days: int) -> None:
    """Put a message into each of some days, and make the folder a lake."""
    lake.store.put("lake.json", json.dumps({"format": 1, "timezone": str(lake.zone)}).encode())
    for number in range(days):
        sent = message(number + 1, number + 1, f"text {number}", date=int((NOW + number * ONE).timestamp()))
        lake.add(sent, at=NOW + number * ONE)


def start(home: str, **more: str) -> subprocess.Popen[str]:
    """Start `telelake wrangle` as a process."""
    command = [*COMMAND, "--home", home]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **more})


def wait_for_releases(lake: LakeFolder, count: int, *processes: subprocess.Popen[str]) -> None:
    """Wait until processes have published some releases."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends and None in [each.poll() for each in processes]:
        release = lake.tables.latest()
        if release and release.number >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"{count} releases were not seen; the processes say {[each.poll() for each in processes]}")


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT], ids=["kill", "interrupt"])
def test_a_run_that_is_cut_off_goes_on_where_it_stopped(lake: LakeFolder, sign: signal.Signals) -> None:
    """A real process, cut off after some parts: these stay and are whole; the next run builds the other days only."""
    fill(lake, 40)
    process = start(str(lake.root), **SMALL_PARTS)
    wait_for_releases(lake, 2, process)
    process.send_signal(sign)
    said = process.communicate(timeout=120)[1]

    if sign == signal.SIGINT:
        assert process.returncode == 130, said
        assert "Interrupted. What was published stays; the next run builds the rest." in said
    built = [day for (day,) in lake.rows("SELECT DISTINCT context_date FROM builds ORDER BY 1")]
    assert 2 <= len(built) < 40
    assert built == [DAY + number * ONE for number in range(len(built))]
    assert lake.rows("SELECT context_date FROM messages ORDER BY 1") == [(day,) for day in built]

    report = lake.wrangle()

    assert report.days == [DAY + number * ONE for number in range(len(built), 40)]
    assert lake.rows("SELECT count(*), count(DISTINCT context_date) FROM messages") == [(40, 40)]
    assert lake.wrangle().days == []


def test_an_interrupt_within_a_query_is_one(make_lake: MakeLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine calls Ctrl-C an error of its own; it must not be taken for a bad day, nor for a fault of telelake."""
    lake = make_lake(iceberg=False)
    fill(lake, 1)
    whole = engine_module.sql_file
    endless = (
        "CREATE TABLE endless AS SELECT count(*) FROM range(1000000000) a, range(1000) b WHERE a.range % 7 = b.range;"
    )
    monkeypatch.setattr(
        engine_module, "sql_file", lambda name: (endless if name == "_duplicates" else "") + whole(name)
    )
    timer = threading.Timer(3.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            lake.wrangle()
    finally:
        timer.cancel()
    assert lake.tables.latest() is None


def test_parts_give_what_one_publication_gives(make_lake: MakeLake) -> None:
    """The tables do not show in how many parts they were published."""
    lakes = [make_lake(iceberg=False), make_lake(iceberg=False)]
    for lake in lakes:
        fill(lake, 5)
    reports = [
        lakes[0].wrangle(),
        replace(lakes[1].wrangler, batch_bytes=1, publish_seconds=1e-9).run(),
    ]

    assert [each.releases for each in reports] == [1, 5]
    tables = ("updates", "messages", "chat_days", "user_days")
    assert lakes[0].content(*tables) == lakes[1].content(*tables)


def test_a_part_has_some_hundreds_of_days_at_most(make_lake: MakeLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast the days are built."""
    monkeypatch.setattr(run_module, "_PART_DAYS", 2)
    lake = make_lake(iceberg=False)
    fill(lake, 5)
    seen: list[int] = []
    report = lake.wrangler.run(progress=lambda done, total: seen.append(done) or seen.append(total))  # type: ignore[func-returns-value]

    assert report.releases == 3
    assert seen == [2, 5, 4, 5, 5, 5]


def test_a_failure_in_a_later_part_keeps_the_earlier(make_lake: MakeLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was published before the disk, or the power, failed is there; the next run does the rest."""
    lake = make_lake(iceberg=False)
    fill(lake, 4)
    build = lake.engine.build

    def fail(days: list[DayInput], into: Path) -> Built:
        if days[0].day == DAY + 2 * ONE:
            raise RuntimeError("power")
        return build(days, into)

    wrangler = replace(lake.wrangler, batch_bytes=1, publish_seconds=1e-9)
    with monkeypatch.context() as patch:
        patch.setattr(lake.engine, "build", fail)
        with pytest.raises(RuntimeError, match="power"):
            wrangler.run()

    assert lake.rows("SELECT context_date FROM messages ORDER BY 1") == [(DAY,), (DAY + ONE,)]
    assert wrangler.run().days == [DAY + 2 * ONE, DAY + 3 * ONE]


def test_going_on_needs_the_parts(make_lake: MakeLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: a run that publishes at its end only loses everything."""
    monkeypatch.setattr(run_module.Run, "_close_if_full", lambda _: None)

    with pytest.raises(AssertionError):
        test_a_failure_in_a_later_part_keeps_the_earlier(make_lake, monkeypatch)


def test_a_bar_on_a_terminal_only(lake: LakeFolder) -> None:
    """Where stderr is a terminal, the days that are done are told there as they are done; stdout has the data alone."""
    fill(lake, 3)
    ours, theirs = pty.openpty()
    command = [*COMMAND, "--json", "--home", str(lake.root)]
    environment = {**os.environ, **SMALL_PARTS, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        said = b""
        with suppress(OSError):  # the terminal ends with its process
            while chunk := os.read(ours, 4096):
                said += chunk
        assert process.stdout is not None
        report = json.loads(process.stdout.read())
    os.close(ours)

    assert b"Wrangling" in said
    assert b"3/3" in said
    assert len(report["days"]) == 3
    for day in range(3):
        lake.add(message(90 + day, 90 + day, "late", date=int((NOW + day * ONE).timestamp())), at=NOW)
    plain = start(str(lake.root), **SMALL_PARTS)
    assert "Wrangling" not in plain.communicate(timeout=120)[1]


@pytest.fixture
def bucket(aws: str, lake: LakeFolder, monkeypatch: pytest.MonkeyPatch) -> LakeFolder:
    """A lake in a bucket; the environment is that of its processes."""
    import boto3

    name = f"parts-{abs(hash(str(lake.root)))}"
    state = lake.root / "state"
    for key, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        "TELELAKE_STORAGE__ENDPOINT": aws, "TELELAKE_STATE_DIR": str(state),
    }.items():  # fmt: skip
        monkeypatch.setenv(key, value)
    boto3.client("s3", endpoint_url=aws, region_name="us-east-1").create_bucket(Bucket=name)
    home = f"s3://{name}/lake"
    monkeypatch.setenv("TELELAKE_HOME", home)
    store = open_store(home, Storage(endpoint=aws))
    lake.store = store  # type: ignore[assignment]
    lake.tables = IcebergTables(store, home, state, Storage(endpoint=aws))
    lake.wrangler = Wrangler(lake.store, lake.tables, lake.engine, state / "work", 1 << 28, lake.zone)
    return lake


@pytest.mark.parametrize(("kind", "days"), [("lake", 8), ("bucket", 4)])
def test_of_concurrent_wranglers_one_wins(kind: str, days: int, request: pytest.FixtureRequest) -> None:
    """Two real processes at once, and one more in the middle of it: who is refused says so and exits with 75, nothing is
    built twice, and the tables are whole."""
    lake: LakeFolder = request.getfixturevalue(kind)
    fill(lake, days)
    home = os.environ["TELELAKE_HOME"] if kind == "bucket" else str(lake.root)
    rivals = [start(home, **SMALL_PARTS) for _ in range(2)]
    wait_for_releases(lake, 1, *rivals)
    late = start(home, **SMALL_PARTS)
    said = [each.communicate(timeout=300)[1] for each in (*rivals, late)]
    codes = [each.returncode for each in (*rivals, late)]

    assert codes[2] == 75, said
    assert 0 in codes, said
    assert set(codes) == {0, 75}, said
    refusals = [text for text, code in zip(said, codes, strict=True) if code]
    assert all("Another telelake" in text or "are taking this lake's pen" in text for text in refusals), said
    assert lake.release().number == days, "one part a day"
    assert lake.rows("SELECT count(*), count(DISTINCT context_date) FROM messages") == [(days, days)]
    assert lake.wrangle().days == []
