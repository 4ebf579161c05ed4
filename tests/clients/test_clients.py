"""Bots in frameworks of others, unchanged but for their API base: they behave behind telelake as they do without it,
and all that passed is in the lake, in both directions.

What the stand-in for Telegram saw is the oracle. Each bot first talks with it directly: that is the baseline.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.clients.conversation import TOKEN, UPLOADED, behaviour, talk
from tests.clients.lake import Found, everything, read
from tests.clients.running import SECRET, Capture, Client, Process, free_port, running_bot
from tests.telegram.server import ANA, GROUP, Bot, Fault, Rules, TelegramServer
from tests.telegram.server.kinds import KINDS
from tests.telegram.server.log import Call

_T = TypeVar("_T")

POLLING = [
    Client("aiogram", "polling"),
    Client("ptb", "polling"),
    Client("grammy", "polling"),
    Client("telegraf", "polling"),
]
WEBHOOK = [Client("aiogram", "webhook"), Client("ptb", "webhook"), Client("grammy", "webhook")]


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    """A server with one bot; a poll that is repeated at the end of a test is not held up."""
    with TelegramServer(rules=Rules(slows_repeats=False)) as running:
        running.bot(TOKEN)
        yield running


def _there(telegram: TelegramServer, client: Client, bot: Bot, process: Process) -> None:
    """Wait until a bot asks for updates, or has set its webhook."""

    def asks() -> bool:
        assert process.is_running, process.said
        if client.mode == "polling":
            return any(request.path.lower().endswith("/getupdates") for request in telegram.requests)
        return any(_is_the_bots(call) for call in bot.called("setWebhook"))

    bot.wait(asks)


def _is_the_bots(call: Call) -> bool:
    return not call.agent.startswith("Python-urllib")


def _baseline(client: Client, folder: Path) -> tuple[list[Any], list[str]]:
    """Return what a bot does without telelake, and what it gets."""
    folder.mkdir()
    with TelegramServer(rules=Rules(slows_repeats=False)) as telegram:
        bot = telegram.bot(TOKEN)
        port = free_port()
        url = f"http://127.0.0.1:{port}/hook"
        with running_bot(client, telegram.url, folder, port=port, url=url) as process:
            _there(telegram, client, bot, process)
            talk(bot)
            assert process.stop() == 0, process.said
        return behaviour(bot), process.got


def _beside(work: Callable[[], _T]) -> Future[_T]:
    """Do something in a thread: to load a framework takes seconds, and there are two processors."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future


# The stand-in's log against the lake


def _updates(bot: Bot, source: str) -> Counter[tuple[str, bytes]]:
    """Return what must be in raw: each update as often as it was delivered, its bytes on one line."""
    return Counter((source, bot.made[each.update_id].replace(b"\n", b" ")) for each in bot.deliveries if each.is_taken)


def _call(method: str, fields: dict[str, Any], status: int | None, answer: Any) -> str:
    return json.dumps([method, fields, status, answer], sort_keys=True)


def _seen(call: Call) -> str:
    """Return a call as the stand-in saw it, in the form in which the lake is to have it."""
    if call.method == "file":
        return _call("file", {"file_path": call.parameters["path"]}, call.status, None)
    fields: dict[str, Any] = {**call.parameters}
    for upload in call.uploads:
        fields[upload.part] = {
            "file_name": upload.name,
            "mime_type": upload.mime_type or None,
            "bytes": len(upload.content),
        }
    if call.via == "webhook":
        return _call(call.written, fields, None, None)
    return _call(call.written, fields, call.status, call.answer)


def _recorded(call: dict[str, Any]) -> str:
    """Return a call of the lake; fields are compared as the text that Telegram reads."""
    fields = {
        name: value if isinstance(value, str) or _is_upload(value) else json.dumps(value)
        for name, value in call["request"].items()
        if value is not None
    }
    return _call(call["call"], fields, call["status"], call["answer"])


def _is_upload(value: Any) -> bool:
    return isinstance(value, dict) and {"file_name", "mime_type", "bytes"} == value.keys()


def _check_calls(bot: Bot, found: Found, *, but: tuple[str, ...] = ()) -> None:
    """All calls, with fields and answers; but not those named, whose record is compared elsewhere."""
    here = Counter(
        _seen(call)
        for call in bot.calls
        if _is_the_bots(call) and call.method not in but and (call.method != "getUpdates" or call.status != 200)
    )
    broken_off = [call for call in found.calls if call["call"].lower() == "getupdates" and call["status"] is None]
    assert len(broken_off) <= 1, "the poll that the bot left when it was stopped"
    there = Counter(_recorded(call) for call in found.calls if call not in broken_off and call["call"] not in but)
    assert sorted(here - there) == [], f"seen by Telegram, and not in the lake, which has {sorted(there - here)}"
    assert sorted(there - here) == [], "in the lake, and never seen by Telegram"
    for call in found.calls:
        if call not in broken_off:
            assert call["source"] == ("webhook" if call["status"] is None else "proxy")
            assert (call["seconds"] is None) is (call["status"] is None)


def _check_secrets(folder: Path) -> None:
    """No token, no secret and no byte of a file, in no file that telelake leaves: segments, journal, log."""
    for path, content in everything(folder):
        if "canary-input" in path.parts:
            continue  # what the bot itself says
        for secret in (TOKEN.encode(), TOKEN.partition(":")[2].encode(), SECRET.encode(), *UPLOADED):
            assert secret not in content, f"{secret!r} in {path}"


def _check_lake(capture: Capture, bot: Bot, source: str, folder: Path, *, but: tuple[str, ...] = ()) -> Found:
    found = read(capture.home)
    assert found.quarantined == []
    assert set(found.record_ids.values()) <= {1}
    assert found.updates == _updates(bot, source)
    _check_calls(bot, found, but=but)
    _check_secrets(folder)
    return found


# Tests


@pytest.mark.parametrize("client", POLLING, ids=str)
def test_polling_through_the_proxy(client: Client, telegram: TelegramServer, tmp_path: Path) -> None:
    """The bot does what it did without; the lake has every update, also of kinds it did not ask for, and every call."""
    baseline = _beside(lambda: _baseline(client, tmp_path / "direct"))
    bot = telegram.bot(TOKEN)
    folder = tmp_path / "proxied"
    folder.mkdir()
    capture = Capture(folder, f'mode = "proxy"\napi = "{telegram.url}"')
    try:
        with running_bot(client, capture.url, folder) as process:
            _there(telegram, client, bot, process)
            talk(bot)
            assert process.stop() == 0, process.said
        assert capture.stop() == 0, capture.said
    finally:
        capture.kill()

    assert (behaviour(bot), process.got) == baseline.result()
    assert not bot.skipped and not bot.lost
    assert bot.allowed == frozenset(KINDS)
    delivered = [each.kind for each in bot.deliveries]
    assert delivered.count("message_reaction") == 1 and delivered.count("chat_member") == 1
    _check_lake(capture, bot, "proxy", folder)


@pytest.mark.parametrize("client", WEBHOOK, ids=str)
def test_webhook_behind_telelake(client: Client, telegram: TelegramServer, tmp_path: Path) -> None:
    """Telegram posts to telelake, which records and hands on; the bot sets its webhook, and calls, through the proxy."""
    baseline = _beside(lambda: _baseline(client, tmp_path / "direct"))
    bot = telegram.bot(TOKEN)
    folder = tmp_path / "forwarded"
    folder.mkdir()
    port = free_port()
    url = f"http://127.0.0.1:{port}/hook"
    capture = Capture(folder, f'mode = "webhook"\nforward_to = "{url}"\napi = "{telegram.url}"')
    try:
        bot.wait(lambda: bot.webhook_url)
        # Telegram takes one setWebhook a second. The bot's own comes in this one, and the talk must not begin before it.
        telegram.clock.advance(1)
        with running_bot(client, capture.url, folder, port=port, url=url) as process:
            _there(telegram, client, bot, process)
            assert bot.webhook_url == f"{capture.url}/telegram/support"
            talk(bot)
            assert process.stop() == 0, process.said
        assert capture.stop() == 0, capture.said
    finally:
        capture.kill()

    # A call in an answer and one beside it meet at Telegram in any order.
    calls, got = baseline.result()
    assert process.got == got
    ours = sorted(str(call) for call in behaviour(bot) if call[0] not in ("setWebhook", "getWebhookInfo"))
    assert ours == sorted(str(call) for call in calls if call[0] != "setWebhook")
    assert not bot.skipped and not bot.lost
    assert {each.attempt for each in bot.deliveries} == {1}
    # What the bot said to setWebhook and what Telegram was told differ by design.
    found = _check_lake(capture, bot, "webhook", folder, but=("setWebhook",))
    (setting,) = [call for call in found.calls if call["call"] == "setWebhook"]
    assert (setting["request"]["secret_token"], setting["answer"]["ok"]) == ("<redacted>", True)
    if client.framework != "ptb":
        assert any(call["source"] == "webhook" for call in found.calls), "a call in a webhook's answer"


def test_capture_killed_under_a_bot(telegram: TelegramServer, tmp_path: Path) -> None:
    """kill -9 between the bot and Telegram, again and again: the bot goes on, and what it confirmed was in raw before."""
    bot = telegram.bot(TOKEN)
    settings = f'mode = "proxy"\napi = "{telegram.url}"'
    capture = Capture(tmp_path, settings)
    chance = random.Random(5)
    try:
        with running_bot(Client("ptb", "polling"), capture.url, tmp_path) as process:
            _there(telegram, Client("ptb", "polling"), bot, process)
            for _ in range(3):
                for number in range(10):
                    said = bot.say(ANA.private, ANA, f"{number}")
                    bot.react(ANA.private, ANA, said.message_id, "👍")
                    time.sleep(chance.uniform(0, 0.03))
                capture.kill()
                capture = Capture(tmp_path, settings, port=capture.port)
            bot.wait_until_delivered(30)
            bot.wait(lambda: len(process.got) >= 30)
        assert capture.stop() == 0, capture.said
    finally:
        capture.kill()

    found = read(capture.home)
    assert bot.lost == []
    assert {body for _, body in found.updates} == {body.replace(b"\n", b" ") for body in bot.made.values()}
    assert set(process.got) == {"message"}
    _check_secrets(tmp_path)


@pytest.mark.parametrize("client", POLLING[:3], ids=str)
def test_trouble_at_telegram(client: Client, telegram: TelegramServer, tmp_path: Path) -> None:
    """Refusals, foreign bytes and hang-ups reach the bot as they are; it goes on, and the lake has them."""
    bot = telegram.bot(TOKEN)
    telegram.fail(Fault("getUpdates", status=502, raw=b"<html>Bad Gateway</html>"))
    capture = Capture(tmp_path, f'mode = "proxy"\napi = "{telegram.url}"')
    try:
        with running_bot(client, capture.url, tmp_path) as process:
            _there(telegram, client, bot, process)
            bot.say(ANA.private, ANA, "um")
            bot.wait(lambda: len(bot.called("sendMessage")) == 1)
            telegram.fail(Fault("sendMessage", status=429, retry_after=1))
            bot.say(GROUP, ANA, "recusado")
            bot.wait(lambda: len(bot.called("sendMessage")) >= 2)
            telegram.fail(Fault("sendMessage", hangs_up=True))
            bot.say(GROUP, ANA, "sem resposta")
            bot.wait(lambda: len(bot.called("sendMessage")) >= 3)
            bot.say(ANA.private, ANA, "dois")
            bot.wait(
                lambda: any("Você disse: dois" in call.parameters.get("text", "") for call in bot.called("sendMessage"))
            )
            bot.wait_until_delivered()
            assert process.is_running, process.said
        assert capture.stop() == 0, capture.said
    finally:
        capture.kill()

    found = read(capture.home)
    assert found.updates == _updates(bot, "proxy")
    statuses = Counter((call["call"].lower(), call["status"]) for call in found.calls)
    assert statuses["getupdates", 502] == 1
    assert statuses["sendmessage", 429] == 1
    unanswered = [call for call in found.calls if call["call"].lower() == "sendmessage" and call["answer"] is None]
    assert [call["request"]["text"] for call in unanswered] == ["Você disse: sem resposta"]
    assert not bot.lost
    _check_secrets(tmp_path)
