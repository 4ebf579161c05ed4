"""A recorder that fails, under either policy, and a proxy that is stopped."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from proxied import (
    BOT,
    HIDDEN,
    TOKEN,
    Failing,
    Hanging,
    Request,
    ask,
    calls_of,
    ids,
    once,
    proxied,
    stored,
    update,
    updates_of,
    wait_for,
)

from telelake.capture.calls import LARGEST
from telelake.capture.disk import Disk
from telelake.serve import GRACE_SECONDS
from telelake.settings import Settings
from telelake.wiring import App


def test_strict_refuses_before_anything_is_sent(tmp_path, api, api_port):
    """While the medium is gone no call goes to Telegram unrecorded but the one that found out; then all is as before."""
    disk = Failing()
    with proxied(tmp_path, api_port, disk=disk) as running:
        assert once(running.port, Request("GET", "sendMessage?n=1")).status == 200
        disk.broken = True
        assert once(running.port, Request("GET", "sendMessage?n=2")).status == 200  # it had happened: no 503 may follow
        for number in range(3, 9):
            got = once(running.port, Request("GET", f"sendMessage?n={number}"))
            assert (got.status, got.json["ok"], got.json["error_code"]) == (503, False, 503)
            assert dict(got.headers)["retry-after"] == "5"
        assert [seen.fields["n"] for seen in api.seen] == ["1", "2"]
        disk.broken = False
        assert once(running.port, Request("GET", "sendMessage?n=9")).status == 503  # its record shows that all is well
        assert once(running.port, Request("GET", "sendMessage?n=10")).status == 200
        counters = running.receiver.counters
        assert counters.received == counters.stored + sum(counters.rejected.values())
        assert counters.rejected == {"unavailable": 7}
    recorded = {each["request"]["n"]: each["status"] for each in calls_of(running.home)}
    assert (recorded["1"], recorded["9"], recorded["10"]) == (200, 503, 200)


def test_strict_goes_by_the_last_record_however_long_ago_that_was(tmp_path, api, api_port, monkeypatch):
    """The receiver forgets an old failure, so that someone tries the disk; that must not be a call that goes out."""
    monkeypatch.setattr("telelake.capture.receive._FAILING_SECONDS", 0.0)
    disk = Failing()
    with proxied(tmp_path, api_port, disk=disk) as running:
        disk.broken = True
        statuses = [once(running.port, Request("GET", "sendMessage")).status for _ in range(4)]
        disk.broken = False
        statuses += [once(running.port, Request("GET", "sendMessage")).status for _ in range(2)]
    assert statuses == [200, 503, 503, 503, 503, 200]
    assert len(api.seen) == 2


def test_strict_refuses_what_a_hanging_disk_would_not_record(tmp_path, api, api_port, monkeypatch):
    """It reports no failure: the time says it. What was sent before that gets its answer; nothing is lost, /healthz tells it."""
    monkeypatch.setattr("telelake.capture.commit._STUCK_SECONDS", 0.4)
    monkeypatch.setattr("telelake.capture.proxy.recorder._LONGEST", 1.5)
    disk = Hanging()
    with proxied(tmp_path, api_port, disk=disk) as running, ThreadPoolExecutor(2) as pool:
        assert once(running.port, Request("GET", "sendMessage?n=1")).status == 200
        assert httpx.get(f"http://127.0.0.1:{running.port}/healthz").status_code == 200
        disk.hang()
        try:
            sent = pool.submit(once, running.port, Request("GET", "sendMessage?n=2"))
            wait_for(lambda: not running.receiver.is_healthy)
            posted = asyncio.run_coroutine_threadsafe(running.receiver.receive(7, "proxy", b"{}"), running.loop)
            for number in range(3, 6):
                begun = time.monotonic()
                got = once(running.port, Request("GET", f"sendMessage?n={number}"))
                assert (got.status, dict(got.headers)["retry-after"]) == (503, "5")
                assert ask(running.port, {"offset": 1}).status == 503
                assert time.monotonic() - begun < 0.5
            assert httpx.get(f"http://127.0.0.1:{running.port}/healthz").status_code == 503
            assert sent.result(10).status == 200
            assert [seen.fields["n"] for seen in api.seen] == ["1", "2"]
            assert not posted.done()
        finally:
            disk.let_go()
        posted.result(10)  # the door takes what comes while there is room
        wait_for(lambda: running.receiver.is_healthy)
        assert once(running.port, Request("GET", "sendMessage?n=6")).status == 200
        assert running.receiver.counters.rejected == {"unavailable": 6}
        assert running.receiver.counters.streams[BOT, "proxy", True].received == 9
    assert [each["request"]["n"] for each in calls_of(running.home)] == ["1", "2", "6"]


def test_strict_gives_no_update_that_is_not_stored(tmp_path, api, api_port):
    """The bot hears 503, Telegram keeps them, and they come when the medium is back: visible and hidden ones."""
    disk = Failing()
    api.add(update(1), update(2, HIDDEN))
    with proxied(tmp_path, api_port, disk=disk) as running:
        disk.broken = True
        for _ in range(3):
            assert ask(running.port, {"offset": 1}).status == 503
        assert sorted(api.updates) == [1, 2]
        disk.broken = False
        assert ask(running.port, {"offset": 1}).status == 503
        assert ids(ask(running.port, {"offset": 1})) == [1]
        assert ids(ask(running.port, {"offset": 2})) == []
    assert stored(updates_of(running.home)).keys() == stored([update(1), update(2, HIDDEN)]).keys()


def test_pass_through_lets_everything_go_and_counts_it(tmp_path, api, api_port):
    disk = Failing()
    api.add(update(1), update(2, HIDDEN), update(3))
    with proxied(tmp_path, api_port, disk=disk, is_strict=False) as running:
        disk.broken = True
        for _ in range(5):
            assert once(running.port, Request("GET", "sendMessage")).status == 200
        assert ids(ask(running.port, {"offset": 1})) == [1, 3]
        counters = running.receiver.counters
        assert counters.received == sum(counters.rejected.values()) == 8
        assert counters.rejected == {"unavailable": 1, "unrecorded": 7}
        assert {origin: each.received for origin, each in counters.streams.items()} == {
            (BOT, "proxy", True): 5, (BOT, "proxy", False): 3,
        }  # fmt: skip
    assert len(api.seen) == 6


@pytest.mark.parametrize("offset", [0, 1, -1])
def test_pass_through_confirms_no_hidden_update_that_is_not_stored(tmp_path, api, api_port, monkeypatch, offset):
    """Nobody would ever get it. The bot waits as long as it asked, Telegram keeps it, and it is stored when that is possible."""
    monkeypatch.setattr("telelake.capture.receive._FAILING_SECONDS", 0.1)
    monkeypatch.setattr("telelake.capture.proxy.batches._AGAIN_SECONDS", 0.3)
    disk = Failing()
    api.add(update(1, HIDDEN), update(2, HIDDEN))
    with proxied(tmp_path, api_port, disk=disk, is_strict=False) as running, ThreadPoolExecutor(1) as pool:
        disk.broken = True
        begun = time.monotonic()
        assert ids(ask(running.port, {"offset": offset, "timeout": 1})) == []
        assert 0.4 < time.monotonic() - begun < 3
        assert 2 <= len(api.seen) <= 5
        assert ids(ask(running.port, {"offset": 0})) == []
        assert sorted(api.updates) == [1, 2]
        polling = pool.submit(ask, running.port, {"offset": max(offset, 0), "timeout": 10})
        time.sleep(0.5)
        api.add(update(3))
        assert ids(polling.result()) == [3]  # what it wants it gets, stored or not
        del api.updates[3]
        disk.broken = False
        time.sleep(0.2)
        assert ids(ask(running.port, {"offset": 1, "timeout": 1})) == []
        assert api.updates == {}
    assert stored(updates_of(running.home)).keys() >= stored([update(1, HIDDEN), update(2, HIDDEN)]).keys()


def test_pass_through_waits_once_for_a_disk_that_hangs(tmp_path, api, api_port, monkeypatch):
    """Once for all of an answer's updates, and not again before a record has settled; they are stored all the same."""
    monkeypatch.setattr("telelake.capture.proxy.recorder._PATIENCE", 0.6)
    disk = Hanging()
    bodies = [update(number) for number in range(1, 101)]
    api.add(*bodies)
    with proxied(tmp_path, api_port, disk=disk, is_strict=False) as running:
        disk.hang()
        try:
            seconds = []
            for _ in range(3):
                begun = time.monotonic()
                assert len(ids(ask(running.port, {"offset": 1, "allowed_updates": ["message"]}))) == 100
                seconds.append(time.monotonic() - begun)
        finally:
            disk.let_go()
        assert 0.5 < seconds[0] < 1.6
        assert max(seconds[1:]) < 0.4
        wait_for(lambda: running.receiver.counters.stored == 300)
        disk.hang()
        try:
            begun = time.monotonic()
            assert once(running.port, Request("GET", "sendMessage")).status == 200
            assert time.monotonic() - begun > 0.5  # it settled: there is something to wait for again
        finally:
            disk.let_go()
    assert stored(updates_of(running.home)).keys() == stored(bodies).keys()


class Slow(Disk):
    """A disk on which each sync takes some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def sync(self, descriptor: int) -> None:
        time.sleep(self._seconds)
        super().sync(descriptor)


def test_pass_through_waits_so_long_for_all_that_a_bot_asked(tmp_path, api, api_port, monkeypatch):
    """No sync takes too long, but there are seven: the bot's patience is for all of them, and each update is stored."""
    monkeypatch.setattr("telelake.capture.proxy.recorder._PATIENCE", 0.8)
    api.add(*(update(number) for number in range(1, 101)))
    with proxied(tmp_path, api_port, disk=Slow(0.3), is_strict=False) as running:
        begun = time.monotonic()
        assert len(ids(ask(running.port, {"offset": 1}))) == 100
        assert time.monotonic() - begun < 1.6
        wait_for(lambda: running.receiver.counters.stored == 100)


def test_pass_through_waits_for_no_slow_disk(tmp_path, api_port, monkeypatch):
    monkeypatch.setattr("telelake.capture.proxy.recorder._PATIENCE", 0.2)

    with proxied(tmp_path, api_port, disk=Slow(2), is_strict=False) as running:
        begun = time.monotonic()
        assert once(running.port, Request("GET", "sendMessage")).status == 200
        assert time.monotonic() - begun < 1.5
    assert len(calls_of(running.home)) == 1


def test_without_room_strict_refuses_and_memory_stays_bounded(tmp_path, api, api_port):
    """What waits for the disk and what is under way have one bound: past it a call is refused, not held."""
    is_held = threading.Event()
    api.at_call = lambda name: is_held.wait(10) if name == "slow" else None  # type: ignore[assignment,return-value]
    with proxied(tmp_path, api_port, settings={"max_pending_bytes": 40_000}) as running, ThreadPoolExecutor(2) as pool:
        held = [pool.submit(once, running.port, Request("GET", "slow")) for _ in range(2)]
        wait_for(lambda: running.receiver.status().pending_bytes >= 32_000)
        assert once(running.port, Request("GET", "sendMessage")).status == 503
        is_held.set()
        assert [each.result().status for each in held] == [200, 200]
        assert once(running.port, Request("GET", "sendMessage")).status == 200
        large = once(running.port, Request("GET", "large"))
        assert (large.status, len(large.body) > LARGEST) == (200, True)
        assert running.receiver.status().pending_bytes == 0


# A lake that has one


SECRET = "canary-proxy-secret-4f1a"


def app_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **bot: Any) -> App:
    monkeypatch.setenv("PROXIED_TOKEN", TOKEN)
    monkeypatch.setenv("PROXIED_SECRET", SECRET)
    named = {"token": {"env": "PROXIED_TOKEN"}, "secret": {"env": "PROXIED_SECRET"}}
    return App(
        Settings.model_validate({
            "home": str(tmp_path / "home"), "bots": {"support": named | bot},
            "capture": {"public_url": "https://lake.example/"},
        })
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bot", "url"),
    [
        ({"mode": "proxy", "recorder_failure": "pass-through", "api": "http://127.0.0.1:8081/p"}, None),
        ({"mode": "webhook", "forward_to": "http://127.0.0.1:9/"}, "https://lake.example/telegram/support"),
    ],
)  # fmt: skip
def test_a_lake_has_a_proxy_for_the_bots_that_want_one(tmp_path, monkeypatch, bot, url):
    """By its mode, or for the calls of a bot that is forwarded to."""
    door = app_of(tmp_path, monkeypatch, **bot).webhook()
    (call,) = door._proxy._bots.values()  # type: ignore[union-attr]
    assert (call.bot.bot_id, call.bot.webhook_url, call.bot.is_strict) == (BOT, url, url is not None)
    assert call.address.path == (b"/p" if url is None else b"")
    assert call.bot.is_forwarded == (url is not None)


def test_a_lake_without_one_loads_no_http_client(tmp_path):
    program = (
        "import sys; from telelake.settings import Settings; from telelake.wiring import App\n"
        "App(Settings.model_validate({'home': sys.argv[1], 'bots': {'a': {'id': 1, 'secret': {'env': 'S'}}}})).webhook()\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], env={**os.environ, "S": "s"}, capture_output=True, text=True, check=True
    )  # fmt: skip
    loaded = done.stdout.split()
    assert "telelake" in loaded
    assert not {"httpcore", "h11", "python_multipart"}.intersection(loaded)


def test_a_process_that_is_stopped_in_a_long_poll_ends_within_its_grace(tmp_path, api, api_port):
    """Its bot hears 503, its exit code is 0, and what passed is sealed."""
    config = tmp_path / "telelake.toml"
    config.write_text(
        f'[bots.support]\nmode = "proxy"\napi = "http://127.0.0.1:{api_port}"\ntoken = {{ env = "PROXIED_TOKEN" }}\n'
        '[capture]\nhost = "127.0.0.1"\nport = 0\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "telelake", "capture", "--config", str(config), "--home", str(tmp_path / "home")],
        env={**os.environ, "PROXIED_TOKEN": TOKEN}, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        said = ""
        while not (found := re.search(r"127\.0\.0\.1:(\d+)", said)):
            line = process.stderr.readline()  # type: ignore[union-attr]
            assert line, said
            said += line
        port = int(found[1])
        assert once(port, Request("GET", "sendMessage")).status == 200
        with ThreadPoolExecutor(1) as pool:
            poll = pool.submit(ask, port, {"timeout": 50}, 60)
            wait_for(lambda: api.polls == 1)
            begun = time.monotonic()
            process.terminate()
            out, err = process.communicate(timeout=40)
            assert time.monotonic() - begun < GRACE_SECONDS / 2
            assert poll.result().status == 503
    finally:
        process.kill()
    assert (process.returncode, out) == (0, "")
    assert TOKEN.partition(":")[2] not in said + err
    assert [(each["call"], each["status"]) for each in calls_of(tmp_path / "home")] == [
        ("sendMessage", 200), ("getUpdates", None),
    ]  # fmt: skip
