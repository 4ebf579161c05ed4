"""The runbooks are rehearsed: their commands are pasted and run over a lake that is broken, and the tests they name exist."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from telelake.capture.receive import Receiver
from telelake.errors import CheckFailed, Conflict, StoreError, StoreUnavailable
from telelake.settings import Capture, load
from telelake.stores.objects import DirectoryStore, memory_store, open_store
from telelake.stores.pen import KEY, LeasePen
from telelake.wiring import App
from tests.conftest import BOT, message
from tests.operate.test_copies import app_of, due, filled, rows

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "runbooks"
PAGES = ("kill", "disk-full", "clock-jump", "damaged-segment", "damaged-catalog", "network-loss")


@cache
def named_in(path: str) -> frozenset[str]:
    """Return the names of a file's tests."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_names_tests_that_there_are(page: str) -> None:
    """And says what one sees, what it means and what to do; the index has it."""
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    named = re.findall(r"- `(tests/[a-z_/0-9]+\.py)::(\w+)`", text.partition("**Rehearsed by**")[2])
    assert len(named) >= 3
    assert [f"{path}::{name}" for path, name in named if name not in named_in(path)] == []
    assert "**What you see.**" in text
    assert "**What it means" in text
    assert "What to do" in text or "what to do" in text or "## " in text
    assert f"({page}.md)" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_no_page_is_forgotten() -> None:
    """Each page is one of these, so that it is held to be rehearsed; links between pages lead somewhere."""
    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *PAGES}
    for path in FOLDER.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
            assert (FOLDER / link).exists(), f"{path.name} links to {link}"


class Bench:
    """A folder with `lake` and `backups` in it, in which a page's commands are pasted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = filled(folder / "lake")
        programs = folder / "programs"
        programs.mkdir()
        (programs / "telelake").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m telelake "$@"\n')
        (programs / "telelake").chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TELELAKE_")}
        self.environment = kept | {"PATH": f"{programs}:{os.environ['PATH']}"}

    def app(self, home: str = "lake") -> App:
        """Open a lake of the folder."""
        return app_of(self.folder / home)

    def backup(self) -> None:
        """Make a backup, as each night."""
        self.app().backup(open_store(str(self.folder / "backups")))

    def paste(self, page: str, block: int, **variables: str) -> subprocess.CompletedProcess[str]:
        """Paste a block of a page's commands into a shell."""
        blocks = re.findall(
            r"^```sh\n(.*?)^```$", (FOLDER / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
        return self.run(blocks[block], **variables)

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the shell; any command that fails fails it, but for a doctor that only warns (3)."""
        wrapped = (
            f'telelake() {{ command telelake "$@" || {{ code=$?; [ $code -eq 3 ] || return $code; }}; }}\n{script}'
        )
        done = subprocess.run(
            ["bash", "-e", "-c", wrapped], cwd=self.folder, env={**self.environment, **variables},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A lake that is built, and a shell."""
    return Bench(tmp_path)


def test_the_catalog_is_made_again(bench: Bench) -> None:
    """A damaged catalog stops publishing and no reader; moved away, all goes on."""
    before = rows(bench.app())
    (bench.folder / "lake" / "catalog.db").write_bytes(b"no database" * 1000)
    bench.lake._ids = iter(range(300, 400))  # type: ignore[assignment]
    bench.lake.add(message(30, 30))
    with pytest.raises(StoreUnavailable, match="Publishing release 2"):
        bench.app().wrangle_due()
    assert rows(bench.app()) == before
    bench.paste("damaged-catalog", 0)
    assert len(rows(bench.app())["messages"]) == len(before["messages"]) + 1
    assert due(bench.app()) == []


def test_tables_are_built_again_from_raw(bench: Bench) -> None:
    """The same rows of all tables as before, from raw alone; the doctor finds nothing more."""
    before = rows(bench.app())
    for path in (bench.folder / "lake" / "tables" / "messages").rglob("*.parquet"):
        path.unlink()
    assert "table_damaged" in [each.code for each in bench.app().doctor(asks_telegram=False).findings]
    bench.paste("damaged-catalog", 1)
    assert rows(bench.app()) == before
    assert (bench.folder / "aside" / "tables").is_dir()


def test_tables_come_back_from_a_backup(bench: Bench) -> None:
    """Also rows of frozen days, whose raw is gone; what came after the backup is built."""
    app_of(bench.folder / "lake", retention__raw_days=1).maintain()
    before = rows(bench.app())
    bench.backup()
    shutil.rmtree(bench.folder / "lake" / "tables")
    now = datetime.now(UTC)
    bench.lake._ids = iter(range(300, 400))  # type: ignore[assignment]
    bench.lake.add(message(30, 30, date=int(now.timestamp())), at=now)
    (bench.folder / "lake" / "quarantine").mkdir(exist_ok=True)
    bench.paste("damaged-catalog", 2)
    after = rows(bench.app("restored"))
    assert len(after["messages"]) == len(before["messages"]) + 1
    assert set(before["messages"]) < set(after["messages"])


def test_a_damaged_segment_comes_back_from_a_backup(bench: Bench) -> None:
    """Put back under its own name; the day that it held up is built."""
    bench.lake._ids = iter(range(300, 400))  # type: ignore[assignment]
    bench.lake.add(message(30, 30), message(31, 31))
    bench.backup()
    newest = max((bench.folder / "lake" / "raw").rglob("*.zst"), key=lambda each: each.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-40])
    with pytest.raises((StoreError, CheckFailed)):
        bench.app().wrangle_due()
    said = bench.paste("damaged-segment", 0, KEY=str(newest.relative_to(bench.folder / "lake")))
    assert newest.name in said.stdout, "the doctor names it"
    assert len(rows(bench.app())["messages"]) == 5


def test_a_damaged_segment_without_a_backup(bench: Bench) -> None:
    """Until it is moved the day keeps its rows; then what only it held is lost, and the rest is built."""
    path = next((bench.folder / "lake" / "raw").rglob("2-*.zst"))
    before = rows(bench.app())
    path.write_bytes(b"nothing")
    bench.app().wrangle_due()
    assert rows(bench.app()) == before
    bench.paste("damaged-segment", 1, KEY=str(path.relative_to(bench.folder / "lake")))
    assert len(rows(bench.app())["messages"]) == len(before["messages"]) - 2
    assert due(bench.app()) == []


def test_what_may_go_is_made_again(bench: Bench) -> None:
    """Work, cache and the like: without them the next run does what it would have done; upkeep makes room."""
    before = rows(bench.app())
    for name in ("state/work", "state/cache", "state/upkeep", ".tmp"):
        shutil.rmtree(bench.folder / "lake" / name, ignore_errors=True)
    bench.lake._ids = iter(range(300, 400))  # type: ignore[assignment]
    bench.lake.add(message(30, 30))
    bench.app().wrangle_due()
    bench.paste("disk-full", 0)
    assert len(rows(bench.app())["messages"]) == len(before["messages"]) + 1


def captured(folder: Path, ahead: timedelta) -> App:
    """Take a dated and a dateless update by a clock that is wrong, then two by one that is right, and build."""
    now = datetime.now(UTC)
    DirectoryStore(folder / "lake").put("lake.json", b'{"format": 1, "timezone": "UTC"}')
    bodies = [
        [message(number, number, date=int(now.timestamp())), {"update_id": number + 1, "poll": {"id": str(number)}}]
        for number in (1, 11)
    ]

    async def work(clock: datetime, bodies: list[dict[str, Any]]) -> None:
        receiver = Receiver(
            folder / "lake" / "state", DirectoryStore(folder / "lake"), load(timezone="UTC").zone, Capture(),
            now=lambda: int(clock.timestamp() * 1e6),
        )  # fmt: skip
        await receiver.start()
        for body in bodies:
            await receiver.receive(BOT, "webhook", json.dumps(body).encode())
        await receiver.close()

    asyncio.run(work(now + ahead, bodies[0]))
    asyncio.run(work(now, bodies[1]))
    app = app_of(folder / "lake")
    app.wrangle_due()
    return app


def by_day(app: App) -> dict[int, int]:
    """Return how many updates lie in each day, by days from today."""
    today = datetime.now(UTC).date()
    return {(each.day - today).days: each.raw for each in app.status().days}


def test_a_clock_that_was_ahead(tmp_path: Path) -> None:
    """What has a date lies in its own day, the rest in a day to come, which the doctor names; the books balance."""
    app = captured(tmp_path, timedelta(days=40))
    assert by_day(app) == {0: 3, 40: 1}
    assert all(day.raw == (day.rows or 0) for day in app.status().days)
    assert "future_days" in {each.code for each in app.doctor(asks_telegram=False).findings}


def test_a_clock_that_was_behind(tmp_path: Path) -> None:
    """By more than a day: a date that seems to be in the future counts as none, so all of it lies in the day of its receipt."""
    app = captured(tmp_path, -timedelta(days=40))
    assert by_day(app) == {0: 2, -40: 2}
    assert len(rows(app)["messages"]) == 2


def test_a_lease_of_a_clock_that_was_ahead() -> None:
    """Nobody can take the pen, until its object is removed."""
    store = memory_store()
    ahead = LeasePen(store, clock=lambda: datetime.now(UTC) + timedelta(days=400))
    held = ahead.hold()
    held.__enter__()  # and it is killed
    with pytest.raises(Conflict, match="its lease ends at"), LeasePen(store).hold():
        pass
    store.delete([KEY])
    with LeasePen(store).hold() as pen:
        pen.confirm()
