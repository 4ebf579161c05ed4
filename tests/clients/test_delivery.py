"""Telegram's rules of delivery against telelake's own doors, under kills, failing disks and content of any kind.

The stand-in gives an update up when it expires, and backs a chat off when a post fails. So what must hold is: nothing is
lost, a post fails for the machine's sake only and never for its content, and each chat's updates are stored in order.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import uvicorn

from telelake.capture.disk import Disk
from telelake.capture.receive import Receiver
from telelake.capture.webhook import Webhook, WebhookBot
from telelake.settings import Capture as CaptureSettings
from telelake.stores.objects import DirectoryStore
from tests.clients.conversation import TOKEN
from tests.clients.lake import Found, read
from tests.clients.running import Capture, free_port
from tests.telegram.server import ANA, GROUP, OTHER_GROUP, Bot, Chat, Clock, Fault, Rules, TelegramServer, User
from tests.telegram.server.kinds import KINDS

ROUNDS = 150 if os.environ.get("TELELAKE_TEST_LONG") else 12
SERVE = Path(__file__).parents[1] / "capture" / "serve_capture.py"
CHATS = [Chat(-1001000000100 - number, "supergroup", f"Grupo {number}") for number in range(8)]
WORKERS = [User(100 + number, f"Pessoa {number}") for number in range(8)]


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    """A server whose pauses of minutes take a second, and whose 24 hours take many minutes."""
    with TelegramServer(clock=Clock(speed=100), rules=Rules(webhook_seconds=5)) as running:
        yield running


def _chatter(bot: Bot, chance: random.Random, count: int) -> None:
    """Have people write, edit and react in many chats."""
    for number in range(count):
        chat, user = chance.choice(CHATS), chance.choice(WORKERS)
        said = bot.say(chat, user, f"{number} olá\n😀 \\ud800 \x00")
        if chance.random() < 0.2:
            bot.edit(said, f"{number} de novo")
        if chance.random() < 0.1:
            bot.react(chat, user, said.message_id, "👍")


def _stored(body: bytes) -> bytes:
    return body.replace(b"\n", b" ").replace(b"\r", b" ")


def _check(bot: Bot, found: Found) -> None:
    """Nothing lost, nothing invented, and each queue stored in its order."""
    assert bot.lost == []
    assert set(bot.made) == {each.update_id for each in bot.deliveries if each.is_taken}
    bodies = {_stored(body) for body in bot.made.values()}
    assert {body for _, body in found.updates} == bodies
    assert set(found.record_ids.values()) == {1}
    queues = defaultdict(list)
    for update_id, queue in sorted({(each.update_id, each.queue) for each in bot.deliveries}, key=lambda each: each[0]):
        queues[queue].append(found.first_at[_stored(bot.made[update_id])])
    assert len(queues) >= len(CHATS)
    for queue, moments in queues.items():
        assert moments == sorted(moments), queue


class Nursery:
    """Makes capture processes at one port; each is there within milliseconds."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            [sys.executable, str(SERVE), str(folder), "--nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._child = 0

    def start(self) -> None:
        """Start one; it must not run yet."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{self.port}\n")
        self._process.stdin.flush()
        self._child = int(self._process.stdout.readline())

    def end(self, number: int) -> None:
        """Send it a signal and wait until it is gone."""
        os.kill(self._child, number)
        ends = time.monotonic() + 20
        while Path(f"/proc/{self._child}").exists():
            assert time.monotonic() < ends
            time.sleep(0.002)

    def close(self) -> None:
        """End the maker."""
        self._process.kill()
        self._process.communicate()


def test_killed_again_and_again(telegram: TelegramServer, tmp_path: Path) -> None:
    """kill -9, restarts and pauses at any moment: Telegram brings again what was not answered, and all of it is in raw."""
    chance = random.Random(20261121)
    bot = telegram.bot(TOKEN)
    nursery = Nursery(tmp_path)
    try:
        nursery.start()
        bot.set_webhook(
            f"http://127.0.0.1:{nursery.port}/telegram/support", secret_token="serve-capture-secret",
            allowed_updates=json.dumps(list(KINDS)),
        )  # fmt: skip
        for number in range(ROUNDS):
            _chatter(bot, chance, 25)
            time.sleep(chance.uniform(0, 0.3))
            nursery.end(signal.SIGTERM if number % 4 == 3 else signal.SIGKILL)
            if number % 3 == 0:
                time.sleep(chance.uniform(0, 0.3))
            nursery.start()
        bot.wait_until_delivered(60)
        nursery.end(signal.SIGTERM)
    finally:
        nursery.close()

    failed = [each.status for each in bot.deliveries if not each.is_taken]
    assert failed, "the kills were felt"
    assert set(failed) <= {0, 503}
    _check(bot, read(tmp_path / "home"))


class Weak(Disk):
    """A disk on which each sync may fail, while it is told to."""

    chance: random.Random | None = None

    def sync(self, descriptor: int) -> None:
        if self.chance is not None and self.chance.random() < 0.3:
            raise OSError(errno.EIO, "the medium is gone")
        super().sync(descriptor)


class Door:
    """Capture's door in a thread, over a disk of the test's own."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        receiver = Receiver(
            folder / "state", DirectoryStore(folder / "home"), ZoneInfo("UTC"), CaptureSettings(seal_seconds=0.2), disk=disk,
            retry_seconds=0.05,
        )  # fmt: skip
        door = Webhook(receiver, {"support": WebhookBot(7, "weak-secret")}, max_body_bytes=4 << 20)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/telegram/support"
        self._server = uvicorn.Server(uvicorn.Config(door, log_level="error", access_log=False, lifespan="on"))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve(sockets=[self._socket])))
        self._thread.start()

    def close(self) -> None:
        """Stop it, which seals."""
        self._server.should_exit = True
        self._thread.join(30)
        self._socket.close()


def test_a_disk_that_fails(telegram: TelegramServer, tmp_path: Path) -> None:
    """503 with Retry-After, which Telegram obeys; it recovers by itself, and nothing is lost or out of order."""
    bot = telegram.bot(TOKEN)
    chance = random.Random(7)
    disk = Weak()
    door = Door(tmp_path, disk)
    try:
        bot.set_webhook(door.url, secret_token="weak-secret", allowed_updates=json.dumps(list(KINDS)))
        for weak in (None, chance, None, chance, None):
            disk.chance = weak
            _chatter(bot, chance, 60)
            time.sleep(0.3)
        bot.wait_until_delivered(60)
    finally:
        disk.chance = None
        door.close()

    refused = [each for each in bot.deliveries if not each.is_taken]
    assert refused and {each.status for each in refused} == {503}
    # Retry-After: 5, whatever the attempt: Telegram neither comes at once nor backs off to minutes.
    for first in refused:
        again = min(each.at for each in bot.attempts(first.update_id) if each.attempt == first.attempt + 1)
        assert again - first.at >= 5
    _check(bot, read(tmp_path / "home"))


HOSTILE: list[bytes | Callable[[random.Random], bytes]] = [
    b"null", b"7", b"[]", b"{}", b'"text"', b"", b'{"text":"\\ud800"}', b'{"text":"\\u0000"}', b'{"text":"\x00"}',
    b'{"text":"\xff\xfe"}', b'{"date":"yesterday"}', b'{"date":1e999}', b'{"date":-1}', b'{"date":NaN}',
    b'{"message_id":99999999999999999999999999}', b'{"method":"sendMessage","chat_id":1,"text":"x"}',
    b"[" * 20_000 + b"]" * 20_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000, b'{"text":"' + b"x" * 500_000 + b'"}',
    lambda chance: chance.randbytes(chance.randrange(1, 400)),
    lambda chance: b'{"text":"' + chance.randbytes(40) + b'"}',
    lambda chance: json.dumps({chance.choice(["chat", "from", "x"]): chance.choice([None, [], {}, "a", 1.5])}).encode(),
]  # fmt: skip


def test_no_content_backs_a_chat_off(telegram: TelegramServer, tmp_path: Path) -> None:
    """Whatever an update holds, it is taken at the first attempt, and is in raw or in quarantine, byte for byte."""
    bot = telegram.bot(TOKEN)
    chance = random.Random(3)
    door = Door(tmp_path, Disk())
    try:
        bot.set_webhook(door.url, secret_token="weak-secret")
        for number in range(600):
            made = HOSTILE[number % len(HOSTILE)]
            raw = made if isinstance(made, bytes) else made(chance)
            bot.update(chance.choice(["message", "callback_query", "poll"]), raw=raw, queue=number % 9)
        bot.wait_until_delivered(60)
    finally:
        door.close()

    assert {(each.status, each.attempt) for each in bot.deliveries} == {(200, 1)}
    assert len(bot.deliveries) == 600 and bot.lost == []
    found = read(tmp_path / "home")
    stored = {body for _, body in found.updates}
    assert stored | set(found.quarantined) == {
        body if body in found.quarantined else _stored(body) for body in bot.made.values()
    }
    assert sum(found.updates.values()) + len(found.quarantined) == 600
    assert stored and found.quarantined


def test_polling_by_telegrams_rules(tmp_path: Path) -> None:
    """telelake asks for all kinds; refusals, silence, another poller and an absence cost nothing."""
    with TelegramServer(rules=Rules(slows_repeats=False)) as telegram:
        bot = telegram.bot(TOKEN)
        first = bot.say(GROUP, ANA, "antes")
        capture = Capture(tmp_path, f'mode = "poll"\napi = "{telegram.url}"')
        try:
            bot.wait(lambda: bot.allowed == frozenset(KINDS))
            bot.react(GROUP, ANA, first.message_id, "👍")
            bot.join(OTHER_GROUP, ANA)
            bot.wait_until_delivered()
            telegram.fail(Fault("getUpdates", status=429, retry_after=1))
            telegram.fail(Fault("getUpdates", status=502, raw=b"<html>"))
            telegram.fail(Fault("getUpdates", hangs_up=True))
            for text in ("um", "dois", "três"):
                bot.say(GROUP, ANA, text)
            bot.wait_until_delivered()
            telegram.go_away()
            bot.say(GROUP, ANA, "na ausência")
            time.sleep(0.3)
            telegram.come_back()
            bot.wait_until_delivered()
            assert capture.stop() == 0, capture.said
        finally:
            capture.kill()

        found = read(capture.home)
        assert bot.lost == [] and bot.skipped == []
        assert {body for _, body in found.updates} == {_stored(body) for body in bot.made.values()}
        assert {source for source, _ in found.updates} == {"poll"}
