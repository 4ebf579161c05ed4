"""`telelake run` as people run it: a process of its own, stopped by a signal, killed, started twice."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from telelake.errors import Conflict, SettingsError
from telelake.settings import Dashboard
from telelake.stores.iceberg import IcebergTables
from telelake.stores.objects import open_store
from tests.conftest import BOT, NOW, message

SECRET = "canary_s3cret"
SECONDS = 30.0


class Running:
    """A `telelake run` over a home; it takes free ports and says which."""

    def __init__(self, home: Path, config: Path, *options: str) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TELELAKE_")}
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-m", "telelake", "run", "--config", str(config), "--home", str(home), *options],
            env={**environment, "BOT_SECRET": SECRET}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=config.parent,
        )  # fmt: skip
        self.said = ""

    def ready(self) -> Running:
        """Wait until both addresses are said."""
        assert self.process.stderr is not None
        while "Dashboard:" not in self.said:
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        return self

    def url(self, what: str) -> str:
        """Return an address that it said."""
        found = re.search(rf"{what}.*?(http://[\d.]+:\d+)", self.said)
        assert found
        return found[1]

    def post(self, *updates: dict[str, Any]) -> None:
        """Deliver updates as Telegram does."""
        with httpx.Client(headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as client:
            for update in updates:
                answer = client.post(f"{self.url('Capture')}/telegram/support", json=update)
                assert (answer.status_code, answer.content) == (200, b"")

    def messages(self) -> int:
        """Return what the dashboard counts on the day; 0 before there is anything."""
        answer = httpx.get(f"{self.url('Dashboard')}/api/insights/messages_per_day", timeout=SECONDS)
        found = answer.json() if answer.status_code == 200 else []
        rows = found["rows"] if isinstance(found, dict) else found
        return sum(
            value for row in rows for value in (row.values() if isinstance(row, dict) else row) if type(value) is int
        )

    def wait_for(self, count: int) -> None:
        """Wait until the dashboard shows so many messages."""
        ends = time.monotonic() + SECONDS
        while self.messages() != count:
            assert time.monotonic() < ends, f"{self.messages()} of {count}"
            time.sleep(0.1)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended by itself; return the exit code."""
        try:
            out, err = self.process.communicate(timeout=SECONDS)
        finally:
            self.process.kill()
        assert out == "", "speech goes to stderr"
        self.said += err
        return self.process.returncode


Run = Callable[..., Running]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A maker of running telelakes over one home; what still runs is killed."""
    config = tmp_path / "telelake.toml"
    config.write_text(
        f'timezone = "America/Sao_Paulo"\n[bots.support]\nid = {BOT}\nsecret = {{ env = "BOT_SECRET" }}\n'
        '[capture]\nhost = "127.0.0.1"\nport = 0\nseal_seconds = 0.2\n[dashboard]\nport = 0\n[schedule]\nevery_seconds = 0.3\n'
    )
    with ExitStack() as stack:

        def start(*options: str) -> Running:
            running = Running(tmp_path / "home", config, *options)
            stack.callback(running.process.wait)
            stack.callback(running.process.kill)
            return running

        yield start


def _journal(home: Path) -> list[Path]:
    return [path for path in (home / "state" / "journal").iterdir() if path.name != "lock" and path.stat().st_size]


def _take(pen: ExitStack, tables: IcebergTables) -> None:
    while True:
        try:
            pen.enter_context(tables.writing())
        except Conflict:  # a run of its own is at work
            time.sleep(0.01)
        else:
            return


def _said(number: int) -> dict[str, Any]:
    return message(number, number, f"text {number}", date=int(NOW.timestamp()))


def test_from_the_webhook_to_the_page_through_a_kill_to_a_clean_end(run: Run) -> None:
    """What is posted shows by itself; after `kill -9` the next start shows all that was acknowledged; SIGTERM seals and ends."""
    first = run().ready()
    first.post(*map(_said, range(1, 6)))
    first.wait_for(5)
    first.post(*map(_said, range(6, 31)))
    first.process.kill()
    first.process.wait()

    second = run().ready()
    second.wait_for(30)
    second.post(_said(31))
    started = time.monotonic()

    assert second.stop() == 0
    assert time.monotonic() - started < 10
    assert _journal(second.home) == []
    assert sum(int(path.name.partition("-")[0]) for path in (second.home / "raw").rglob("*.zst")) >= 31
    assert SECRET not in first.said + second.said
    assert "Traceback" not in first.said + second.said


def test_a_second_one_on_the_same_home_refuses(run: Run) -> None:
    """One writer per home: a second says who holds it and ends with 75, having begun nothing; the first goes on."""
    first = run().ready()
    second = run()

    assert second.ended() == 75
    assert f"Process {first.process.pid} already captures into {first.home}/state/journal" in second.said
    assert "Capture listens" not in second.said
    assert "Traceback" not in second.said
    first.post(_said(1))
    first.wait_for(1)
    assert first.stop(signal.SIGINT) == 0


@pytest.mark.parametrize("port", ["capture", "dashboard"])
def test_a_port_in_use_is_said(run: Run, port: str) -> None:
    """A port that another has is named, with the setting to change; nothing begins."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        running = run(f"--{port}-port", str(number))

        assert running.ended() == 1
    assert f"127.0.0.1:{number} ({port}.port) cannot be listened on" in running.said
    assert "Traceback" not in running.said


def test_without_a_bot_it_says_what_to_write(tmp_path: Path) -> None:
    """Nothing could come in without a bot: what to put into the settings file is said."""
    (tmp_path / "telelake.toml").write_text("")
    running = Running(tmp_path / "home", tmp_path / "telelake.toml")

    assert running.ended() == 1
    assert "[bots.support]" in running.said
    assert not (tmp_path / "home").exists()


def test_a_lake_that_is_wrangled_elsewhere_waits(run: Run) -> None:
    """While another process holds the pen the schedule logs and tries again; capture and page go on."""
    first = run().ready()
    first.post(_said(1))
    first.wait_for(1)
    home = str(first.home)
    with ExitStack() as pen:
        _take(pen, IcebergTables(open_store(home), home, first.home / "state"))
        first.post(_said(2))
        time.sleep(1)
        assert first.messages() == 1
    first.wait_for(2)

    assert first.stop() == 0
    assert "Another telelake is wrangling this lake" in first.said


@pytest.mark.parametrize(
    "more", [{"host": "0.0.0.0"}, {"host": "192.0.2.1"}, {"host": "::"}, {"public_url": "https://lake.example"}]
)
def test_a_dashboard_without_login_stays_at_home(more: dict[str, str]) -> None:
    """Where others could reach it, and nobody would have to log in, it does not start."""
    with pytest.raises(SettingsError, match=r"nobody has to log in.*telelake password"):
        Dashboard(**more).check()
    for host in ("127.0.0.1", "::1", "localhost"):
        Dashboard(host=host).check()
    Dashboard(**more, users={"ana": {"telegram": 1}}, telegram_bot="support").check()
