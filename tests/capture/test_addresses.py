"""The source check: Telegram's networks, and a proxy's word for them only where it is trusted."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from telelake.capture.addresses import SourceCheck
from telelake.capture.receive import Receiver
from telelake.capture.webhook import Webhook, WebhookBot
from telelake.errors import SettingsError
from telelake.settings import Capture
from telelake.stores.objects import DirectoryStore

TELEGRAM = "149.154.167.220"


def forwarded(*values: str) -> list[tuple[bytes, bytes]]:
    """Return a request's headers."""
    return [(b"host", b"t"), *((b"x-forwarded-for", value.encode()) for value in values)]


@pytest.mark.parametrize(
    ("peer", "is_admitted"),
    [
        ("149.154.160.0", True), ("149.154.175.255", True), ("149.154.159.255", False), ("149.154.176.0", False),
        ("91.108.4.0", True), ("91.108.7.255", True), ("91.108.3.255", False), ("91.108.8.0", False),
        ("127.0.0.1", False), ("::1", False), ("::ffff:149.154.167.220", True), ("::ffff:127.0.0.1", False),
        ("::ffff:959a:a7dc", True), ("64:ff9b::959a:a7dc", False), (None, False), ("", False), ("testclient", False),
    ],
)  # fmt: skip
def test_only_telegrams_networks_are_admitted(peer, is_admitted):
    """To the address; one of IPv4 that is written as IPv6 is one of IPv4, and no address at all is not Telegram's."""
    assert SourceCheck().admits(peer, []) is is_admitted


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1", "::1"])
def test_nobody_is_believed_who_is_not_trusted(peer):
    """Who sends X-Forwarded-For himself stays who he is: without a trusted proxy, and when it is another."""
    assert not SourceCheck().admits(peer, forwarded(TELEGRAM))
    assert not SourceCheck("10.0.0.0/8").admits(peer, forwarded(TELEGRAM))
    assert SourceCheck("10.0.0.0/8").admits(TELEGRAM, forwarded("203.0.113.9")), "a peer that needs no proxy"


@pytest.mark.parametrize(
    ("values", "is_admitted"),
    [
        ([TELEGRAM], True),
        (["203.0.113.9"], False),
        ([f"203.0.113.9, {TELEGRAM}"], True),
        ([f"{TELEGRAM}, 203.0.113.9"], False),  # what the client sent, then what the proxy saw
        ([f"{TELEGRAM} , 10.1.2.3,10.0.0.1"], True),
        ([f"203.0.113.9, {TELEGRAM}, 10.1.2.3"], True),
        ([f"{TELEGRAM}, 203.0.113.9, 10.1.2.3"], False),
        ([TELEGRAM, "10.1.2.3"], True),
        ([TELEGRAM, "203.0.113.9"], False),
        ([f"{TELEGRAM}:443"], True),
        ([f"[::ffff:{TELEGRAM}]:443"], True),
        ([f"::ffff:{TELEGRAM}"], True),
        ([f"{TELEGRAM}, ::ffff:10.1.2.3"], True),
        ([f"{TELEGRAM}, unknown"], False),
        ([f"{TELEGRAM},"], False),
        ([""], False),
        (["\xff\x00"], False),
        ([], False),
        (["10.1.2.3"], False),
    ],
)
@pytest.mark.parametrize("peer", ["10.0.0.1", "::ffff:10.0.0.1"])
def test_of_a_trusted_proxy_the_right_most_stranger_counts(peer, values, is_admitted):
    """What stands left of it was sent by the client; what cannot be read is nobody's address."""
    headers = [(name, value) for name, value in forwarded()] + [
        (b"x-forwarded-for", value.encode("latin-1")) for value in values
    ]
    assert SourceCheck("10.0.0.0/8").admits(peer, headers) is is_admitted


@pytest.mark.parametrize(
    ("proxy", "peer", "is_admitted"),
    [
        ("127.0.0.1", "127.0.0.1", True), ("127.0.0.1", "127.0.0.2", False), ("10.1.2.3/8", "10.9.9.9", True),
        ("fd00::/8", "fd00::7", True), ("::1", "::1", True), ("fd00::/8", "10.0.0.1", False),
    ],
)  # fmt: skip
def test_the_proxy_is_an_address_or_a_network(proxy, peer, is_admitted):
    """Of either version; a network may be written by one of its addresses."""
    assert SourceCheck(proxy).admits(peer, forwarded(TELEGRAM)) is is_admitted


def test_what_is_neither_is_refused():
    """The error names the setting, and how it is written."""
    with pytest.raises(SettingsError, match=r"capture\.trusted_proxy = 'caddy' is neither .* 127\.0\.0\.1 or 10\.0"):
        SourceCheck("caddy")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """A starter of `telelake capture` with lines in [capture]; it returns the webhook's address."""
    with ExitStack() as stack:

        def started(*lines: str) -> str:
            (tmp_path / "telelake.toml").write_text(
                f'home = "{tmp_path / "home"}"\n[bots.support]\nid = 1001\nsecret = {{ env = "BOT_SECRET" }}\n[capture]\n'
                + "\n".join(['host = "127.0.0.1"', "port = 0", *lines])
            )
            environment = {key: value for key, value in os.environ.items() if not key.startswith("TELELAKE_")}
            process = subprocess.Popen(
                [sys.executable, "-m", "telelake", "capture"], cwd=tmp_path, text=True, stderr=subprocess.PIPE,
                env={**environment, "BOT_SECRET": "s3cret"},
            )  # fmt: skip
            assert process.stderr is not None
            stack.callback(process.stderr.close)
            stack.callback(process.wait)
            stack.callback(process.kill)
            said = process.stderr.readline()
            assert "Capture listens on" in said, said
            return said.split()[3].replace("<bot>", "support")

        yield started


def post(url: str, *hops: str, secret: str = "s3cret") -> tuple[int, dict[str, str]]:
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret, **({"X-Forwarded-For": ", ".join(hops)} if hops else {})}
    answer = httpx.post(url, content=b'{"update_id":1}', headers=headers)
    return answer.status_code, dict(answer.headers)


def test_a_stranger_at_the_door_is_answered_as_a_wrong_secret_is(start):
    """And his own word for his address counts for nothing, though he comes from this machine."""
    url = start("source_check = true")
    refused = post(url)
    assert refused == post(url, secret="wrong") == post(url, TELEGRAM)
    assert refused[0] == 401


def test_behind_a_trusted_proxy_telegram_gets_in(start):
    """And nobody else."""
    url = start("source_check = true", 'trusted_proxy = "127.0.0.1"')
    assert [post(url, *hops)[0] for hops in ([TELEGRAM], ["203.0.113.9", TELEGRAM])] == [200, 200]
    assert [post(url, *hops)[0] for hops in ([], ["203.0.113.9"], [TELEGRAM, "203.0.113.9"])] == [401] * 3
    assert post(url, TELEGRAM, secret="wrong")[0] == 401


def test_without_the_check_all_may_knock(start):
    """A proxy that is named and a header that lies change nothing."""
    url = start('trusted_proxy = "127.0.0.1"')
    assert [post(url)[0], post(url, "203.0.113.9")[0]] == [200, 200]


def test_who_is_turned_away_is_counted(tmp_path):
    """As `address`, before the secret is looked at; the books balance."""
    receiver = Receiver(tmp_path / "state", DirectoryStore(tmp_path / "home"), ZoneInfo("UTC"), Capture())
    bots = {"support": WebhookBot(1001, "s3cret")}
    door = Webhook(receiver, bots, max_body_bytes=1000, source=SourceCheck())
    answers = []

    async def knock(peer: tuple[str, int] | None) -> None:
        scope = {
            "type": "http", "method": "POST", "path": "/telegram/support", "client": peer,
            "headers": [(b"x-telegram-bot-api-secret-token", b"s3cret")],
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": b'{"update_id":1}'}

        async def send(message):
            answers.append(message.get("status"))

        await door(scope, receive, send)

    async def all_of_them() -> None:
        await receiver.start()
        for peer in (("203.0.113.9", 1), None, (TELEGRAM, 1)):
            await knock(peer)
        await receiver.close()

    asyncio.run(all_of_them())
    assert answers[::2] == [401, 401, 200]
    counters = receiver.counters
    assert (counters.received, counters.stored, dict(counters.rejected)) == (3, 1, {"address": 2})
