"""Webhooks as Telegram has them: set when they differ, looked at now and then, and only what changes is said."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from telelake.errors import SettingsError
from telelake.operate.webhooks import Wanted, Watched, WatchedBot, WebhookWatch, door, shown
from telelake.settings import load
from telelake.telegram.client import BotApi
from telelake.telegram.update import update_kinds
from telelake.wiring import App
from tests.telegram.bot_api import Server, bot_api

TOKEN, OTHER = "7000000001:canary-token-8b1d_Zz", "7000000002:canary-token-77aa"
SECRET = "canary-secret-42"
URL = "https://lake.example/telegram/support"
SECONDS = 20.0

Said = list[dict[str, Any]]


@pytest.fixture
def server() -> Iterator[Server]:
    """A Bot API server that knows two tokens."""
    with bot_api(TOKEN, OTHER) as running:
        yield running


@pytest.fixture
def said() -> Iterator[Said]:
    """What is logged; no secret may be in it."""
    structlog.reset_defaults()
    with capture_logs() as lines:
        yield lines
    assert "canary" not in str(lines)


def wanted(url: str = URL, max_connections: int = 40) -> Wanted:
    return Wanted(url, SECRET, max_connections)


def watched(server: Server, wanted: Wanted | None = None, *, is_posted: bool = True, pause: float = 5.0) -> Watched:
    """Return a bot that is looked at."""
    return Watched(WatchedBot("support", BotApi(TOKEN, server.url), is_posted, wanted), pause=pause)


def set_up(server: Server, url: str = URL, **more: Any) -> None:
    """Have a webhook that is as it is wanted."""
    given = {"url": url, "allowed_updates": list(update_kinds()), "max_connections": 40, **more}
    server.webhooks[TOKEN] = {key: value for key, value in given.items() if value is not None}


def sets(server: Server) -> list[dict[str, Any]]:
    """Return what webhooks were set to."""
    return [arguments for method, arguments in server.calls if method == "setWebhook"]


def warnings(said: Said) -> list[str]:
    return [" ".join(map(str, line.values())) for line in said if line["log_level"] == "warning"]


def test_a_webhook_that_is_not_there_is_set(server: Server, said: Said) -> None:
    """With the secret, every kind and the connections; nothing that waits is dropped; then it is left as it is."""
    bot = watched(server, wanted())
    assert bot.look() == 30.0
    assert sets(server) == [
        {
            "url": URL, "secret_token": SECRET, "allowed_updates": list(update_kinds()), "max_connections": 40,
        }
    ]  # fmt: skip
    assert {"chat_member", "message_reaction", "message_reaction_count"} <= set(update_kinds())
    assert any(f"posts the updates of bots.support to {URL}; 3 wait" in line["event"] for line in said)
    said.clear()
    assert [bot.look() for _ in range(3)] == [300.0] * 3
    assert (len(sets(server)), said) == (1, [])


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"url": "https://old.example/canary-path"}, "Telegram posted to https://old.example/…"),
        ({"url": "https://user:canary@lake.example:8443/telegram/support"}, "Telegram posted to https://lake.example:8443/…"),
        ({"allowed_updates": None}, "left out: chat_member, message_reaction, message_reaction_count"),
        ({"allowed_updates": [*update_kinds()[1:]]}, f"left out: {update_kinds()[0]}"),
        ({"max_connections": 100}, "max_connections was 100"),
    ],
)  # fmt: skip
def test_one_that_differs_is_set_and_the_reason_is_said(
    server: Server, said: Said, found: dict[str, Any], reason: str
) -> None:
    """Of the address that was there only the host is said: bots put secrets into the path."""
    set_up(server, **found)
    watched(server, wanted()).look()
    assert len(sets(server)) == 1
    assert any(reason in line for line in warnings(said)), said


@pytest.mark.parametrize("written", [URL, "https://LAKE.example/telegram/support"])
def test_one_that_is_right_is_left_alone(server: Server, said: Said, written: str) -> None:
    """Nothing is set and nothing said."""
    set_up(server)
    watched(server, wanted(written)).look()
    assert (sets(server), said) == ([], [])


def test_a_webhook_that_another_program_moves_is_put_back(server: Server, said: Said) -> None:
    """At the next look, once each time, with a warning that names the host."""
    bot = watched(server, wanted())
    bot.look()
    set_up(server, "https://bot.example/hook")
    bot.look()
    bot.look()
    assert [each["url"] for each in sets(server)] == [URL] * 2
    assert len([each for each in warnings(said) if "https://bot.example/…" in each]) == 1


def test_what_telegram_makes_of_it_is_right(said: Said) -> None:
    """A server that knows fewer kinds, and lifts the connections down, is not told the same again and again."""

    class Older(Server):
        def respond(self, token: str, method: str, arguments: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            if method == "setWebhook":
                known = [kind for kind in arguments["allowed_updates"] if kind != "guest_message"]
                arguments = {**arguments, "allowed_updates": known, "max_connections": 100}
            return super().respond(token, method, arguments)

    with bot_api(TOKEN) as server:
        server.__class__ = Older
        bot = watched(server, wanted(max_connections=1000))
        for _ in range(3):
            bot.look()
        assert len(sets(server)) == 1
        assert any("does not know these kinds of update yet: guest_message" in line["event"] for line in said)


def test_a_changed_secret_is_seen_by_the_answer_401(server: Server, said: Said) -> None:
    """Telegram does not tell the secret. Posts that were answered 401 have it set again: once, for it may be something else."""
    set_up(server)
    server.more["getWebhookInfo"] = {
        "last_error_date": int(time.time()), "last_error_message": "Wrong response from the webhook: 401 Unauthorized",
    }  # fmt: skip
    bot = watched(server, wanted())
    for _ in range(3):
        bot.look()
    assert [each["secret_token"] for each in sets(server)] == [SECRET]


def test_an_answer_401_of_long_ago_sets_nothing(server: Server, said: Said) -> None:
    """Telegram tells its last failure for ever: at each start the webhook would be set again."""
    set_up(server)
    server.more["getWebhookInfo"] = {
        "last_error_date": int(time.time()) - 3600, "last_error_message": "Wrong response from the webhook: 401 Unauthorized",
    }  # fmt: skip
    bot = watched(server, wanted())
    for _ in range(3):
        bot.look()
    assert sets(server) == []


@pytest.mark.parametrize("name", ["támbem", "a b", "50%", "plain"])
def test_an_address_with_a_name_that_is_quoted_is_known_again(server: Server, said: Said, name: str) -> None:
    """What was made of a name is that name's, as a webhook that is looked at only; another's is not."""
    assert door("https://lake.example/", "a b") == "https://lake.example/telegram/a%20b"
    bot = Watched(WatchedBot(name, BotApi(TOKEN, server.url), True, None))
    set_up(server, door("https://lake.example", name))
    bot.look()
    assert warnings(said) == []
    set_up(server, door("https://lake.example", f"{name}x"))
    bot.look()
    assert "which does not end in" in warnings(said)[0]


def test_a_password_in_our_own_address_is_not_said(server: Server, said: Said) -> None:
    """Telegram sends it as Authorization, so it may stand in public_url: set, moved, put back and refused, no log has it."""
    bot = watched(server, wanted("https://user:canary@lake.example/telegram/support"))
    bot.look()
    assert server.webhooks[TOKEN]["url"] == "https://user:canary@lake.example/telegram/support"
    for url in ("https://user:canary@other.example/x", "", "https://user:canary-2@lake.example/telegram/support"):
        server.webhooks[TOKEN]["url"] = url
        bot.look()
    assert len(sets(server)) == 4
    server.answer = (400, b'{"ok":false,"error_code":400,"description":"Bad Request: bad webhook"}', {})
    bot.look()
    assert len(said) > 4  # the fixture looks for canaries in it


def test_failed_deliveries_are_told_when_they_are_new(server: Server, said: Said) -> None:
    """Old ones are not; the same again within looks that follow is not; after a quiet look it is."""
    set_up(server)
    now = int(time.time())
    info = server.more["getWebhookInfo"] = {"pending_update_count": 0}
    bot = watched(server, wanted())

    def failed(seconds_ago: int, message: str = "Connection refused") -> list[str]:
        said.clear()
        info.update(last_error_date=now - seconds_ago, last_error_message=message)
        bot.look()
        return warnings(said)

    assert failed(86_400) == []
    assert len(failed(50)) == 1
    assert "Connection refused" in str(said)
    assert failed(40) == [], "the same trouble"
    assert len(failed(30, "Read timeout expired")) == 1
    assert failed(30, "Read timeout expired") == [], "nothing new"
    assert len(failed(20, "Read timeout expired")) == 1, "new after quiet"
    assert sets(server) == []


def test_failures_of_before_the_start_count_while_updates_wait(server: Server, said: Said) -> None:
    """A failure that is hours old is said when something still waits; the token is cut from Telegram's own words."""
    set_up(server)
    server.more["getWebhookInfo"] = {
        "last_error_date": int(time.time()) - 7200, "last_error_message": f"SSL error at /bot{TOKEN}", "pending_update_count": 9,
    }  # fmt: skip
    watched(server, wanted()).look()
    assert len(warnings(said)) == 1
    assert "SSL error at /bot<token>" in warnings(said)[0]


def test_updates_that_pile_up_are_told_once(server: Server, said: Said) -> None:
    """When more wait at each of three looks, and many; not when they fall, and not when they are few."""
    set_up(server)
    info = server.more["getWebhookInfo"] = {}
    bot = watched(server, wanted())
    told = []
    for pending in (5, 10, 20, 90, 150, 200, 400, 300, 250, 40, 30, 400, 300, 500, 700):
        said.clear()
        info["pending_update_count"] = pending
        bot.look()
        if said:
            told.append((pending, [line["log_level"] for line in said]))
    assert told == [(150, ["warning"]), (40, ["info"]), (700, ["warning"])]


@pytest.mark.parametrize(
    ("found", "is_posted", "remark"),
    [
        ({}, True, "bots.support has no webhook: Telegram posts nothing. Set capture.public_url"),
        ({"url": "https://other.example/canary"}, True, "https://other.example/…, which does not end in /telegram/support"),
        ({"url": URL, "allowed_updates": None}, True, "leaves out these kinds of update of bots.support: chat_member"),
        ({"url": URL}, True, None),
        ({"url": "https://h/behind/a/proxy/telegram/support"}, True, None),
        ({}, False, None),
        ({"url": "https://other.example/canary"}, False, "is polled, but has a webhook at https://other.example/…"),
    ],
)  # fmt: skip
def test_without_an_address_of_ours_it_is_only_looked_at(
    server: Server, said: Said, found: dict[str, Any], is_posted: bool, remark: str | None
) -> None:
    """What is wrong is said once; nothing is set, and nobody's webhook is taken away. When it is right that is said, too."""
    if found:
        set_up(server, **found)
    bot = watched(server, is_posted=is_posted)
    bot.look()
    bot.look()
    told = warnings(said)
    assert (len(told), len(said)) == ((1, 1) if remark else (0, 0))
    assert remark is None or remark in told[0]
    assert set(server.methods()) == {"getWebhookInfo"}
    if remark:
        server.webhooks.pop(TOKEN, None)
        if is_posted:
            set_up(server)
        bot.look()
        assert said[-1]["event"] == "the webhook is as it should be"


def test_telegrams_wish_to_wait_is_obeyed(server: Server, said: Said) -> None:
    """429 with retry_after; other failures wait longer each time, are said once, and end in a look that works."""
    bot = watched(server, wanted(), pause=0.5)
    server.answer = (429, b'{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":17}}', {})
    assert bot.look() == 17.0
    server.answer = (429, b'{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":99999}}', {})
    assert bot.look() == 3600.0
    said.clear()
    server.answer = (502, b"bad gateway", {})
    assert [bot.look() for _ in range(10)][-1] == 300.0
    assert len(warnings(said)) == len(said) == 1
    said.clear()
    server.answer = (401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}', {})
    pauses = [bot.look() for _ in range(3)]
    assert max(pauses) <= 300.0
    assert "Unauthorized" in warnings(said)[0]
    server.answer = None
    bot.look()
    assert len(sets(server)) == 1
    assert said[-1]["event"] == "the webhook can be looked at again"


@pytest.mark.parametrize(
    "answer",
    [
        b"null",
        b"[]",
        b'{"ok":true,"result":{"url":"http://["}}',
        b'{"ok":true,"result":{"pending_update_count":"x"}}',
    ],
)
def test_an_answer_that_makes_no_sense_is_a_failure(server: Server, said: Said, answer: bytes) -> None:
    """It ends no thread."""
    server.answer = (200, answer, {})
    assert watched(server, wanted(), pause=1.0).look() == 1.0
    assert len(warnings(said)) == 1


def test_bots_are_looked_at_side_by_side_until_stopped(server: Server, said: Said) -> None:
    """A bot that Telegram refuses holds up no other; nothing is asked after the stop."""
    good = WatchedBot(
        "vendas", BotApi(OTHER, server.url), True, Wanted("https://lake.example/telegram/vendas", SECRET, 40)
    )
    bad = WatchedBot("support", BotApi("7000000009:canary-unknown", server.url), True, wanted())
    watch = WebhookWatch([bad, good], every=0.05, second=0.05, pause=0.02)
    watch.start()
    _until(lambda: len(server.calls) > 8)
    watch.stop()
    time.sleep(0.2)
    asked = len(server.asked_at)
    time.sleep(0.3)
    assert len(server.asked_at) == asked
    assert [each["url"] for each in sets(server)] == ["https://lake.example/telegram/vendas"]
    assert len([line for line in said if line["bot"] == "support"]) == 1


def test_nothing_to_watch_starts_no_thread() -> None:
    """As a lake whose bots have no token."""
    before = threading.active_count()
    watch = WebhookWatch([])
    watch.start()
    assert threading.active_count() == before
    watch.stop()


def test_of_an_address_only_the_host_is_shown() -> None:
    """No user, password, path or query."""
    assert shown("https://user:pass@h.example:8443/bot123:ABC?k=v") == "https://h.example:8443/…"
    assert shown("") == "nothing"


def test_the_settings_in_the_guide_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example of docs/webhook.md, and all names of settings in it are some."""
    for name in [name for name in os.environ if name.startswith("TELELAKE_")]:
        monkeypatch.delenv(name)
    guide = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text()
    examples = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        file = tmp_path / "telelake.toml"
        file.write_text(example)
        settings = load(file)
        assert settings.capture.model_fields_set or settings.bots["support"].forward_to


@pytest.mark.parametrize("mode", ["poll", "proxy"])
def test_only_what_is_posted_can_be_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """forward_to with another mode is refused, with what to do."""
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    file = tmp_path / "telelake.toml"
    file.write_text(
        f'home = "{tmp_path}/lake"\n[bots.support]\ntoken = {{ env = "BOT_TOKEN" }}\nmode = "{mode}"\n'
        'forward_to = "http://127.0.0.1:9000/"\n'
    )
    with pytest.raises(SettingsError, match=r"bots\.support has forward_to and mode = .* Set mode = 'webhook'"):
        App(load(file)).webhook()


def _until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.01)


def _start(folder: Path, server: Server, *lines: str) -> subprocess.Popen[str]:
    """Start `telelake capture` with one bot, its webhook managed or not."""
    (folder / "telelake.toml").write_text(
        "\n".join(
            [
                f'home = "{folder / "home"}"', "[bots.support]", 'token = { env = "BOT_TOKEN" }',
                'secret = { env = "BOT_SECRET" }', f'api = "{server.url}"', *lines,
            ]
        )
    )  # fmt: skip
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TELELAKE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "telelake", "capture", "--capture-port", "0"], cwd=folder, text=True,
        env={**environment, "BOT_TOKEN": TOKEN, "BOT_SECRET": SECRET}, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("is_telegram_away", [False, True])
def test_capture_sets_its_webhook_and_never_waits_for_telegram(
    server: Server, tmp_path: Path, is_telegram_away: bool
) -> None:
    """As a process: the door is open first; a Bot API that is out of order is a warning, and no reason not to capture."""
    if is_telegram_away:
        server.answer = (502, b"", {})
    process = _start(tmp_path, server, '[capture]\nhost = "127.0.0.1"\npublic_url = "https://lake.example/"')
    said = ""
    assert process.stderr is not None
    try:
        while not re.search("could not be looked at" if is_telegram_away else "; 3 wait", said):
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGTERM)
        said += process.communicate(timeout=SECONDS)[1]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert said.index("Capture listens on") < said.index("bot=support")
    assert [each["url"] for each in sets(server)] == ([] if is_telegram_away else [URL])
    assert "canary" not in said
