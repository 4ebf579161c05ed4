"""Long polling: what Telegram has is in raw, whatever happens between the fetch and the disk."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from capture_oracle import read_lake
from tests.telegram.bot_api import Server, bot_api

from telelake.capture.disk import Disk
from telelake.capture.poll import PollBot, Poller
from telelake.capture.receive import Receiver
from telelake.settings import Capture
from telelake.stores.objects import DirectoryStore
from telelake.telegram.client import BotApi
from telelake.telegram.update import update_kinds

TOKEN, OTHER = "7000000001:canary-poll-8b1d", "7000000002:canary-poll-77aa"
SPLIT = b'{"update_id":%d,\n"message":{"message_id":5,"date":1763712000,"text":"ol\\u00e1 \\ud83d\\ude00"}}'


def update(number: int) -> bytes:
    """Return an update in the bytes in which Telegram writes it, with a line break between tokens."""
    return SPLIT % number


@pytest.fixture
def server() -> Iterator[Server]:
    """A Bot API server that knows two tokens."""
    with bot_api(TOKEN, OTHER) as running:
        yield running


class Failing(Disk):
    """A disk on which syncing fails while it is told to."""

    broken = False

    def sync(self, descriptor: int) -> None:
        if self.broken:
            raise OSError(errno.EIO, "the medium is gone")
        super().sync(descriptor)


def poll(
    folder: Path,
    server: Server,
    until: Callable[[], bool],
    *,
    disk: Disk | None = None,
    tokens: tuple[str, ...] = (TOKEN,),
) -> list[Poller]:
    """Poll into a lake until something is so, then stop, which seals."""

    async def work() -> list[Poller]:
        receiver = Receiver(
            folder / "state", DirectoryStore(folder / "home"), ZoneInfo("UTC"), Capture(seal_seconds=60),
            disk=disk or Disk(),
        )  # fmt: skip
        await receiver.start()
        pollers = [
            Poller(
                receiver, PollBot(f"bot{number}", int(token.partition(":")[0]), BotApi(token, server.url)), seconds=1
            )
            for number, token in enumerate(tokens)
        ]
        tasks = [asyncio.create_task(each.run()) for each in pollers]
        ends = time.monotonic() + 30
        while not until():
            assert time.monotonic() < ends, [each.failure for each in pollers]
            assert not any(task.done() for task in tasks)
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await receiver.close()
        return pollers

    return asyncio.run(work())


def kept(folder: Path) -> list[bytes]:
    """Return the bodies in raw and quarantine."""
    return sorted(read_lake(folder / "home").bodies.values())


def offsets(server: Server) -> list[int | None]:
    """Return the offsets that were asked for, in order."""
    return [arguments.get("offset") for name, arguments in server.calls if name == "getUpdates"]


def test_what_telegram_has_is_kept_verbatim_and_confirmed(server: Server, tmp_path: Path) -> None:
    """250 updates come in three answers, and one that comes later in a fourth; none is asked for again."""
    for number in range(1, 251):
        server.add(TOKEN, number, update(number))

    given: list[int] = []

    def all_confirmed() -> bool:
        if 251 in offsets(server) and 300 not in given:
            given.append(300)
            server.add(TOKEN, 300, update(300))
        return 301 in offsets(server)

    poll(tmp_path, server, all_confirmed)

    assert kept(tmp_path) == sorted(update(number).replace(b"\n", b" ") for number in (*range(1, 251), 300))
    assert list(dict.fromkeys(offsets(server))) == [None, 101, 201, 251, 301]
    assert not server.waiting[TOKEN]
    assert {tuple(arguments["allowed_updates"]) for _, arguments in server.calls} == {update_kinds()}


def test_nothing_is_confirmed_before_it_is_on_the_medium(server: Server, tmp_path: Path) -> None:
    """While the disk fails the same updates are asked for again and again; Telegram keeps them."""
    disk = Failing()
    disk.broken = True
    for number in (1, 2, 3):
        server.add(TOKEN, number, update(number))

    def healed() -> bool:
        if disk.broken and len(offsets(server)) >= 3:
            assert offsets(server) == [None] * len(offsets(server))
            assert len(server.waiting[TOKEN]) == 3
            disk.broken = False
        return 4 in offsets(server)

    poll(tmp_path, server, healed, disk=disk)

    assert set(kept(tmp_path)) == {update(number).replace(b"\n", b" ") for number in (1, 2, 3)}


def test_ids_that_begin_anew(server: Server, tmp_path: Path) -> None:
    """After a quiet time Telegram may count from a lower number: what comes then is not taken for confirmed."""
    server.add(TOKEN, 900, update(900))

    def anew() -> bool:
        if 901 in offsets(server) and offsets(server)[-1] is None and 5 not in given:
            given.append(5)
            server.add(TOKEN, 5, update(5))
        return 6 in offsets(server)

    given: list[int] = []
    poll(tmp_path, server, anew)

    assert kept(tmp_path) == sorted(update(number).replace(b"\n", b" ") for number in (5, 900))


def test_a_fault_of_our_own_does_not_end_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An exception that nobody thought of is said, without its text, and polling goes on."""
    asks = BotApi.get_updates
    faults = [ZeroDivisionError("canary")]

    def once(self: BotApi, *given: Any, **named: Any) -> Any:
        if faults:
            raise faults.pop()
        return asks(self, *given, **named)

    monkeypatch.setattr(BotApi, "get_updates", once)
    server.add(TOKEN, 1, update(1))
    poll(tmp_path, server, lambda: 2 in offsets(server))

    said = "".join(capfd.readouterr())
    assert "ZeroDivisionError while polling" in said
    assert "canary" not in said


def test_several_bots_at_once(server: Server, tmp_path: Path) -> None:
    """Each has its own queue, and a bot that is refused holds up no other."""
    server.webhooks[OTHER] = {"url": "https://elsewhere.example"}
    server.add(TOKEN, 7, update(7))
    server.add(OTHER, 8, update(8))

    def both() -> bool:
        if not server.waiting[TOKEN] and OTHER in server.webhooks:
            del server.webhooks[OTHER]
        return not any(server.waiting.values())

    first, second = poll(tmp_path, server, both, tokens=(TOKEN, OTHER))

    assert kept(tmp_path) == sorted(update(number).replace(b"\n", b" ") for number in (7, 8))
    assert (first.failure, second.failure) == (None, None)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((409, b'{"ok":false,"description":"Conflict: terminated by other getUpdates request"}', {}), "other poller"),
        ((401, b'{"ok":false,"description":"Unauthorized"}', {}), "BotFather"),
        ((502, b"<html>Bad Gateway</html>", {}), "HTTP 502"),
        ((200, b'{"ok":true,"result":[{"no_id":1}]}', {}), "no list of updates"),
        ((200, b'{"ok":true,"result":[{"update_id":1}', {}), "no list of updates"),
        ((200, b'{"ok":true,"result":7}', {}), "no list of updates"),
    ],
)
def test_a_refusal_is_said_and_does_not_end_it(
    server: Server, tmp_path: Path, answer: tuple[int, bytes, dict[str, str]], says: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Once, with what to do, without the token; then it goes on."""
    server.add(TOKEN, 1, update(1))
    server.answer = answer

    def over() -> bool:
        if len(server.asked_at) > 1:
            server.answer = None
        return 2 in offsets(server)

    poll(tmp_path, server, over)

    said = "".join(capfd.readouterr())
    assert said.count("polling failed") == 1 and says in said
    assert said.count("polling goes on") == 1
    assert "canary" not in said
    assert kept(tmp_path) == [update(1).replace(b"\n", b" ")]


def test_telegram_is_not_asked_again_before_the_time_it_names(server: Server, tmp_path: Path) -> None:
    """429 with `retry_after`."""
    server.answer = (429, b'{"ok":false,"description":"Too Many Requests","parameters":{"retry_after":2}}', {})

    def asked_twice() -> bool:
        if len(server.asked_at) == 2:
            server.answer = None
        return offsets(server) != []

    poll(tmp_path, server, asked_twice)

    assert server.asked_at[1] - server.asked_at[0] > 1.9


def test_a_network_that_is_away(server: Server, tmp_path: Path) -> None:
    """Nobody listens at first; later all that waited is fetched."""

    class Away:
        def __init__(self) -> None:
            self.left = 2
            self.api = BotApi(TOKEN, server.url)

        def get_updates(self, *given: object, **named: object) -> object:
            self.left -= 1
            api = self.api if self.left < 0 else BotApi(TOKEN, "http://127.0.0.1:9")
            return api.get_updates(*given, **named)  # type: ignore[arg-type]

    server.add(TOKEN, 1, update(1))

    async def work() -> None:
        receiver = Receiver(tmp_path / "state", DirectoryStore(tmp_path / "home"), ZoneInfo("UTC"), Capture())
        await receiver.start()
        task = asyncio.create_task(Poller(receiver, PollBot("support", 1, Away()), seconds=1).run())  # type: ignore[arg-type]
        while 2 not in offsets(server):
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await receiver.close()

    asyncio.run(asyncio.wait_for(work(), 30))
    assert kept(tmp_path) == [update(1).replace(b"\n", b" ")]


def start(folder: Path, server: Server) -> subprocess.Popen[str]:
    """Start `telelake capture` with a bot that is polled."""
    (folder / "telelake.toml").write_text(
        f'home = "{folder}/home"\n[capture]\nport = 0\nseal_seconds = 0.3\n'
        f'[bots.support]\nmode = "poll"\napi = "{server.url}"\ntoken = {{ env = "POLL_TOKEN" }}\n',
        encoding="utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TELELAKE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "telelake", "capture"], cwd=folder, stderr=subprocess.PIPE, text=True,
        env={**environment, "POLL_TOKEN": TOKEN},
    )  # fmt: skip


def test_kill(server: Server, tmp_path: Path) -> None:
    """Killed again and again, at any moment: each update that Telegram was asked to forget is in raw."""
    chance = random.Random(20261121)
    number = 0
    for _ in range(6):
        running = start(tmp_path, server)
        ends = time.monotonic() + chance.uniform(0.6, 1.6)
        while time.monotonic() < ends:
            number += 1
            server.add(TOKEN, number, update(number))
            time.sleep(chance.uniform(0, 0.01))
        running.send_signal(signal.SIGKILL)
        running.communicate()
    running = start(tmp_path, server)
    number += 1
    server.add(TOKEN, number, update(number))  # confirmed by nobody but the last
    ends = time.monotonic() + 30
    while server.waiting[TOKEN]:
        assert time.monotonic() < ends
        time.sleep(0.05)
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=30)

    assert running.returncode == 0
    assert time.monotonic() - began < 20, "it does not wait for the long poll"
    assert "Polling for support" in said
    assert "canary" not in said
    assert set(kept(tmp_path)) == {update(each).replace(b"\n", b" ") for each in range(1, number + 1)}
    assert not any(b"canary" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
