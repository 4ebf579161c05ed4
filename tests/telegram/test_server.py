"""The stand-in keeps Telegram's rules: one test for each row of the table in `server/README.md`."""

from __future__ import annotations

import base64
import itertools
import json
import random
import re
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.telegram.server import (
    ANA,
    BIA,
    GROUP,
    OTHER_GROUP,
    Clock,
    Fault,
    Hook,
    Request,
    Response,
    Rules,
    TelegramServer,
)
from tests.telegram.server.kinds import DEFAULT, KINDS
from tests.telegram.server.methods import RefusedError
from tests.telegram.server.updates import UpdateQueue

TOKEN = "7000000001:standin-token_Zz"
DAY = 86_400


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    """A server by the machine's clock, which does not mind a poll that is repeated at once."""
    with TelegramServer(rules=Rules(slows_repeats=False)) as running:
        yield running


@pytest.fixture
def leaping() -> Iterator[TelegramServer]:
    """A server whose pauses take no time."""
    with TelegramServer(clock=Clock(leaps=True)) as running:
        yield running


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook that says yes."""
    made = Hook()
    yield made
    made.close()


def ask(telegram: TelegramServer, method: str, token: str = TOKEN, **fields: Any) -> dict[str, Any]:
    """Call a method as JSON."""
    answer: dict[str, Any] = httpx.post(f"{telegram.url}/bot{token}/{method}", json=fields, timeout=60).json()
    return answer


def ids(answer: dict[str, Any]) -> list[int]:
    """Return the ids in an answer to getUpdates."""
    return [each["update_id"] for each in answer["result"]]


def _about(pauses: list[float], expected: list[int]) -> bool:
    """Say whether pauses are as they should be; the clock also runs while an answer is on its way."""
    return len(pauses) == len(expected) and all(
        0 <= pause - wanted < 1.8 for pause, wanted in zip(pauses, expected, strict=True)
    )


def update_of(request: Request) -> int:
    """Return the id of the update in a request to a webhook."""
    number: int = json.loads(request.body)["update_id"]
    return number


# Updates


def test_ids_begin_at_random_and_count_on(telegram: TelegramServer) -> None:
    """A bot's first id lies between 2,000,001 and 1,000,000,000, the next is one more; after a quiet week it is another."""
    bot = telegram.bot(TOKEN)
    first = bot.say(GROUP, ANA, "1").update_id
    second = bot.say(GROUP, ANA, "2").update_id
    assert first is not None and 2_000_001 <= first <= 1_000_000_000
    assert second == first + 1
    ask(telegram, "getUpdates", offset=second + 1)

    telegram.clock.advance(8 * DAY)
    assert bot.say(GROUP, ANA, "3").update_id != second + 1


def test_an_update_is_written_as_the_server_writes_it(telegram: TelegramServer) -> None:
    """A line break after the id, no spaces, and everything that is not ASCII escaped."""
    number = telegram.bot(TOKEN).say(GROUP, ANA, "olá 😀").update_id

    body = httpx.get(f"{telegram.url}/bot{TOKEN}/getUpdates").content
    assert body.startswith(b'{"ok":true,"result":[{"update_id":%d,\n"message":{"message_id":1,' % number)
    assert b'"text":"ol\\u00e1 \\ud83d\\ude00"' in body


def test_a_bot_never_sees_its_own_messages(telegram: TelegramServer) -> None:
    """What it sends comes back as the answer, and as nothing else."""
    bot = telegram.bot(TOKEN)
    bot.say(GROUP, ANA, "oi")
    assert ask(telegram, "sendMessage", chat_id=GROUP.id, text="olá")["ok"]
    assert [update["message"]["from"]["id"] for update in ask(telegram, "getUpdates")["result"]] == [ANA.id]


def test_kinds_that_must_be_named(telegram: TelegramServer) -> None:
    """chat_member, message_reaction and message_reaction_count are not made for a bot that named none."""
    bot = telegram.bot(TOKEN)
    assert set(KINDS) - DEFAULT == {"chat_member", "message_reaction", "message_reaction_count"}
    said = bot.say(GROUP, ANA, "oi")
    assert bot.react(GROUP, BIA, said.message_id, "👍") is None
    member, service = bot.join(GROUP, BIA)
    assert member is None and service.update_id is not None
    assert bot.skipped == ["message_reaction", "chat_member"]

    ask(telegram, "getUpdates", allowed_updates=["message_reaction"])
    assert bot.react(GROUP, BIA, said.message_id, "👎") is not None
    assert bot.say(GROUP, ANA, "unseen").update_id is None


def test_allowed_updates(telegram: TelegramServer, hook: Hook) -> None:
    """[] is the default, absent keeps, unknown names are passed over; one setting for setWebhook and getUpdates."""
    bot = telegram.bot(TOKEN)
    for given, allowed in (
        (["Poll", "nonsense"], {"poll"}),
        (None, {"poll"}),
        ("no array", {"poll"}),
        ([], DEFAULT),
        (["message", "poll"], {"message", "poll"}),
        (["nonsense"], DEFAULT),
        (["chat_member"], {"chat_member"}),
    ):
        ask(telegram, "getUpdates", **({} if given is None else {"allowed_updates": given}))
        assert bot.allowed == allowed

    assert ask(telegram, "setWebhook", url=hook.url)["ok"]
    assert bot.allowed == {"chat_member"}
    assert ask(telegram, "getWebhookInfo")["result"]["allowed_updates"] == ["chat_member"]
    ask(telegram, "setWebhook", url=hook.url, allowed_updates=["poll"])
    telegram.clock.advance(1)
    assert ask(telegram, "setWebhook", url=hook.url, allowed_updates=[])["ok"]
    assert "allowed_updates" not in ask(telegram, "getWebhookInfo")["result"]


@pytest.mark.parametrize(
    ("kind", "payload", "seconds"),
    [
        ("message", {"date": -7}, DAY - 7),
        ("edited_message", {"date": -DAY, "edit_date": -5}, DAY - 5),
        ("inline_query", {"from": {"id": 1}}, 30),
        ("callback_query", {"from": {"id": 1}}, 150),
        ("shipping_query", {"from": {"id": 1}}, 150),
        ("pre_checkout_query", {"from": {"id": 1}}, 150),
        ("chosen_inline_result", {"from": {"id": 1}}, 600),
        ("poll", {"id": "7"}, DAY),
    ],
)
def test_updates_expire(telegram: TelegramServer, kind: str, payload: dict[str, Any], seconds: int) -> None:
    """Each kind after its own time, which for messages runs from their date; then nobody ever sees it."""
    bot = telegram.bot(TOKEN)
    now = telegram.clock.date()
    dated = {name: now + value if "date" in name else value for name, value in payload.items()}
    number = bot.update(kind, dated)

    telegram.clock.advance(seconds - 5)
    assert ids(ask(telegram, "getUpdates")) == [number]
    assert not bot.lost
    telegram.clock.advance(7)
    assert ids(ask(telegram, "getUpdates")) == []
    assert [(each.update_id, each.kind, each.why) for each in bot.lost] == [(number, kind, "expired")]


def test_what_does_not_fit_is_lost(telegram: TelegramServer) -> None:
    """An update over 512 KiB, the 100,001st, or the one past 128 MiB: nobody is told."""
    bot = telegram.bot(TOKEN)
    bot.update("message", raw=b'"%b"' % (b"x" * (512 * 1024)))
    assert [each.why for each in bot.lost] == ["does not fit"]
    assert ids(ask(telegram, "getUpdates")) == []

    for size, most in ((1, 100_000), (500 * 1024, 262)):
        lost: list[int] = []
        queue = UpdateQueue(random.Random(1), lambda update, _, lost=lost: lost.append(update.update_id))  # type: ignore[misc]
        for _ in range(most):
            queue.push("message", b"x" * size, expires_at=9, queue=0, now=1)
        assert not lost
        queue.push("message", b"x" * size, expires_at=9, queue=0, now=1)
        assert len(lost) == 1 and len(queue.updates) == most


# What is sent to a webhook


def test_the_request_to_a_webhook(telegram: TelegramServer, hook: Hook) -> None:
    """POST, JSON, the secret's header, one connection kept alive, userinfo as Basic auth."""
    bot = telegram.bot(TOKEN)
    bot.set_webhook(hook.url.replace("//", "//ana:s3c%3Aret@") + "?a=b", secret_token="s3cret_-")
    numbers = []
    for text in ("um", "dois", "três"):
        numbers.append(bot.say(GROUP, ANA, text).update_id)
        bot.wait_until_delivered()

    assert [update_of(each) for each in hook.requests] == numbers
    first = hook.requests[0]
    assert (first.verb, first.path, first.query) == ("POST", "/hook", b"a=b")
    assert first.headers.items() >= {
        "content-type": "application/json", "x-telegram-bot-api-secret-token": "s3cret_-", "connection": "keep-alive",
        "accept-encoding": "gzip, deflate", "authorization": "Basic " + base64.b64encode(b"ana:s3c:ret").decode(),
    }.items()  # fmt: skip
    assert first.body == bot.made[update_of(first)]
    assert hook.connections == 1


# Attempts and pauses of a webhook


@pytest.mark.parametrize(
    ("status", "is_taken"),
    [(200, True), (204, True), (299, True), (300, False), (301, False), (400, False), (401, False), (500, False)],
)
def test_any_2xx_is_a_success(leaping: TelegramServer, hook: Hook, status: int, is_taken: bool) -> None:
    """And nothing else is: not a redirect, and not a 4xx, which is tried again as well."""
    bot = leaping.bot(TOKEN)
    answers = iter([Response(status, b"")])
    hook.answer = lambda _: next(answers, Response(200, b""))
    bot.set_webhook(hook.url)
    number = bot.say(GROUP, ANA, "oi").update_id
    bot.wait_until_delivered()

    assert [each.is_taken for each in bot.attempts(number)] == ([True] if is_taken else [False, True])


def test_pauses_between_attempts(leaping: TelegramServer, hook: Hook) -> None:
    """The second at once, then after 2, 4, 8 … seconds, up to a random 60 to 120, until the update expires."""
    bot = leaping.bot(TOKEN)
    hook.answer = lambda _: Response(503, b"")
    bot.set_webhook(hook.url)
    number = bot.say(GROUP, ANA, "oi").update_id
    bot.wait(lambda: bot.lost, 60)

    at = [each.at for each in bot.attempts(number)]
    pauses = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert _about(pauses[:6], [0, 2, 4, 8, 16, 32])
    assert all(60 <= pause <= 122 for pause in pauses[6:])
    assert len({round(pause) for pause in pauses[6:]}) > 10, "each time another"
    assert DAY - 122 <= at[-1] - at[0] <= DAY
    assert [each.update_id for each in bot.lost] == [number]


def test_retry_after_is_obeyed(leaping: TelegramServer, hook: Hook) -> None:
    """Instead of the pause, also by the first repetition; at most an hour."""
    bot = leaping.bot(TOKEN)
    asked = iter(["17", "5", "99999", "no number"])

    def answer(_: Request) -> Response:
        seconds = next(asked, None)
        return Response(200, b"") if seconds is None else Response(503, b"", {"Retry-After": seconds})

    hook.answer = answer
    bot.set_webhook(hook.url)
    number = bot.say(GROUP, ANA, "oi").update_id
    bot.wait_until_delivered()

    at = [each.at for each in bot.attempts(number)]
    assert _about([later - earlier for earlier, later in itertools.pairwise(at)], [17, 5, 3600, 2])


@pytest.mark.parametrize(("how", "says"), [
    ("silence", "Read timeout expired"), ("hang-up", "Webhook connection closed"), ("nobody", "Connection refused"),
])  # fmt: skip
def test_no_answer_is_a_failure(hook: Hook, how: str, says: str) -> None:
    """Too late, hung up, or nobody there: the update is tried again."""
    with TelegramServer(clock=Clock(leaps=True), rules=Rules(webhook_seconds=0.2)) as telegram:
        bot = telegram.bot(TOKEN)
        if how == "silence":
            hook.seconds = 5.0
        elif how == "hang-up":
            hook.answer = lambda _: None
        else:
            hook.go_away()
        bot.set_webhook(hook.url)
        number = bot.say(GROUP, ANA, "oi").update_id
        bot.wait(lambda: bot.attempts(number))
        assert ask(telegram, "getWebhookInfo")["result"]["last_error_message"] == says
        if how == "nobody":
            hook.come_back()
        hook.seconds, hook.answer = 0.0, lambda _: Response(200, b"")
        bot.wait_until_delivered()

        first, *_, last = bot.attempts(number)
        assert (first.status, last.status) == (0, 200)


# Queues and connections of a webhook


def test_a_queue_is_in_order_and_one_at_a_time(leaping: TelegramServer, hook: Hook) -> None:
    """However often its head fails, nothing of that chat comes before it."""
    bot = leaping.bot(TOKEN)
    chance = random.Random(4)
    hook.answer = lambda _: Response(chance.choice([200, 500]), b"")
    bot.set_webhook(hook.url)
    said = [bot.say(GROUP, ANA, str(number)).update_id for number in range(40)]
    bot.wait_until_delivered()

    came = [update_of(each) for each in hook.requests]
    assert [number for number, _ in itertools.groupby(came)] == said
    assert len(came) > len(said)
    assert hook.most_at_once == 1


def test_a_failing_update_blocks_only_its_own_queue(telegram: TelegramServer, hook: Hook) -> None:
    """Other chats go on, and so do the presses of someone who is in the chat; so ids come out of order."""
    bot = telegram.bot(TOKEN)
    bad = bot.say(GROUP, ANA, "bad").update_id
    behind = bot.say(GROUP, ANA, "behind it").update_id
    hook.answer = lambda request: Response(500 if update_of(request) == bad else 200, b"")
    other = bot.say(OTHER_GROUP, ANA, "other chat").update_id
    pressed = bot.press(ANA, {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "y"}]]}})
    bot.set_webhook(hook.url)
    bot.wait(lambda: set(bot.pending) == {bad, behind})

    assert {other, pressed} <= {update_of(each) for each in hook.requests}
    hook.answer = lambda _: Response(200, b"")
    bot.wait_until_delivered()
    assert update_of(hook.requests[-1]) == behind


@pytest.mark.parametrize(("kind", "payload", "same"), [
    ("callback_query", {"from": {"id": 1}}, False),
    ("inline_query", {"from": {"id": 1}}, False),
    ("edited_message", {"chat": {"id": GROUP.id}, "date": 2_000_000_000}, True),
    ("message_reaction", {"chat": {"id": GROUP.id}, "date": 2_000_000_000}, False),
    ("poll", {"id": "1"}, False),
])  # fmt: skip
def test_whose_queue(telegram: TelegramServer, kind: str, payload: dict[str, Any], same: bool) -> None:
    """New and edited messages of a chat share one; presses and inline queries are the person's; polls their own."""
    bot = telegram.bot(TOKEN)
    bot.update("message", {"chat": {"id": GROUP.id}})
    ask(telegram, "getUpdates", allowed_updates=list(KINDS))
    bot.update(kind, payload)
    ask(telegram, "getUpdates")

    first, *_, last = (each.queue for each in bot.deliveries)
    assert (first == last) is same


def test_across_queues_up_to_max_connections(telegram: TelegramServer, hook: Hook) -> None:
    """In parallel, with as many connections as were asked for and no more."""
    bot = telegram.bot(TOKEN)
    bot.set_webhook(hook.url, max_connections=3)
    bot.say(GROUP, ANA, "the first, alone: nothing has succeeded yet")
    bot.wait_until_delivered()
    hook.seconds = 0.1
    for user in range(100, 112):
        bot.update("message", {"chat": {"id": user}, "date": telegram.clock.date()})
    bot.wait_until_delivered()

    assert hook.most_at_once == 3
    assert hook.connections == 3


def test_a_long_queue_that_fails_takes_all_places(telegram: TelegramServer, hook: Hook) -> None:
    """Only twice max_connections updates are in hand: when one chat fills them and fails, the other chats wait too."""
    bot = telegram.bot(TOKEN)
    said = [bot.say(GROUP, ANA, str(number)).update_id for number in range(5)]
    other = bot.say(OTHER_GROUP, ANA, "behind").update_id
    hook.answer = lambda request: Response(500 if update_of(request) in said else 200, b"")
    bot.set_webhook(hook.url, max_connections=2)
    bot.wait(lambda: len(bot.attempts(said[0])) >= 2)
    time.sleep(0.3)
    assert not bot.attempts(other)

    hook.answer = lambda _: Response(200, b"")
    telegram.clock.advance(5)
    bot.wait_until_delivered()
    assert bot.attempts(other)


def test_without_success_one_connection(hook: Hook) -> None:
    """When nothing has succeeded for 10 seconds no second connection is opened, however long; a success opens the way."""
    with TelegramServer(clock=Clock(speed=20)) as telegram:
        bot = telegram.bot(TOKEN)
        hook.seconds = 1.0
        bot.set_webhook(hook.url, max_connections=5)
        for user in range(100, 105):
            bot.update("message", {"chat": {"id": user}, "date": telegram.clock.date()})
        bot.wait(lambda: hook.requests)
        time.sleep(0.3)
        assert (bot.connections, hook.at_once) == (1, 1)
        hook.seconds = 0.3
        bot.wait_until_delivered()
        assert hook.most_at_once == 4, "the four that were left, once the first had succeeded"


def test_410_for_23_hours_removes_the_webhook(leaping: TelegramServer, hook: Hook) -> None:
    """Nothing but 410, from first to last; then updates wait to be fetched."""
    bot = leaping.bot(TOKEN)
    hook.answer = lambda _: Response(410, b"")
    bot.set_webhook(hook.url)
    number = bot.say(GROUP, ANA, "oi").update_id
    bot.wait(lambda: not bot.webhook_url, 60)

    lasted = bot.attempts(number)[-1].at - bot.attempts(number)[0].at
    assert 23 * 3600 < lasted < 23 * 3600 + 130
    assert ids(ask(leaping, "getUpdates")) == [number]


def test_a_410_among_others_removes_nothing(leaping: TelegramServer, hook: Hook) -> None:
    """Any other answer begins the 23 hours anew."""
    bot = leaping.bot(TOKEN)
    count = itertools.count()
    hook.answer = lambda _: Response(500 if next(count) % 300 == 299 else 410, b"")
    bot.set_webhook(hook.url)
    bot.say(GROUP, ANA, "oi")
    bot.wait(lambda: bot.lost, 60)

    assert bot.webhook_url == hook.url


# What a webhook answers, and its settings


@pytest.mark.parametrize("form", ["json", "form", "multipart"])
def test_a_method_in_the_answer_is_carried_out(telegram: TelegramServer, hook: Hook, form: str) -> None:
    """In three forms; the bot is not told what came of it."""
    bot = telegram.bot(TOKEN)
    fields = {"method": "SendMessage", "chat_id": str(GROUP.id), "text": "da resposta"}
    parts = {name: (None, value) for name, value in fields.items()}
    given: dict[str, Any] = {"json": {"json": fields}, "form": {"data": fields}, "multipart": {"files": parts}}[form]
    made = httpx.Request("POST", "http://x", **given)
    hook.answer = lambda _: Response(200, made.read(), {"Content-Type": made.headers["content-type"]})
    bot.set_webhook(hook.url)
    bot.say(GROUP, ANA, "oi")
    bot.wait(lambda: bot.called("sendMessage"))

    (call,) = bot.called("sendMessage")
    assert (call.via, call.status, call.answer["result"]["text"]) == ("webhook", 200, "da resposta")
    assert call.parameters == {"chat_id": str(GROUP.id), "text": "da resposta"}


@pytest.mark.parametrize("method", ["getMe", "getUpdates", "setWebhook", "deleteWebhook", "close", "logOut", ""])
def test_some_methods_in_an_answer_are_not(telegram: TelegramServer, hook: Hook, method: str) -> None:
    """What asks for something, and what would take the ground from under the webhook."""
    bot = telegram.bot(TOKEN)
    answers = iter([{"method": method}, {"method": "sendMessage", "chat_id": GROUP.id, "text": "after it"}])
    hook.answer = lambda _: Response(200, json.dumps(next(answers)).encode())
    bot.set_webhook(hook.url)
    bot.say(GROUP, ANA, "oi")
    bot.say(GROUP, ANA, "e aí")
    bot.wait(lambda: bot.called("sendMessage"))

    assert [call.method for call in bot.calls] == ["sendMessage"]
    assert bot.webhook_url


def test_webhook_info(leaping: TelegramServer, hook: Hook) -> None:
    """Its fields, with and without a webhook, and with an error."""
    bot = leaping.bot(TOKEN)
    assert ask(leaping, "getWebhookInfo")["result"] == {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": 0,
    }
    hook.seconds = 0.3
    hook.answer = lambda _: Response(502, b"")
    ask(leaping, "setWebhook", url=hook.url, max_connections=7, secret_token="s")
    bot.say(GROUP, ANA, "oi")
    bot.say(GROUP, ANA, "oi")
    info = bot.wait(lambda: (found := ask(leaping, "getWebhookInfo")["result"]).get("last_error_date") and found)

    assert abs(info.pop("last_error_date") - leaping.clock.now()) < 60
    assert info == {
        "url": hook.url, "has_custom_certificate": False, "pending_update_count": 2, "max_connections": 7,
        "ip_address": "127.0.0.1", "last_error_message": "Wrong response from the webhook: 502 Bad Gateway",
    }  # fmt: skip


def test_set_webhook_once_a_second(telegram: TelegramServer, hook: Hook) -> None:
    """More often is 429; the same again is no change."""
    telegram.bot(TOKEN)
    assert ask(telegram, "setWebhook", url=hook.url)["description"] == "Webhook was set"
    refused = httpx.post(f"{telegram.url}/bot{TOKEN}/setWebhook", json={"url": hook.url})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert refused.json() == {
        "ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1},
    }  # fmt: skip
    telegram.clock.advance(1)
    assert ask(telegram, "setWebhook", url=hook.url)["description"] == "Webhook is already set"
    assert ask(telegram, "deleteWebhook")["description"] == "Webhook was deleted"
    assert ask(telegram, "deleteWebhook")["description"] == "Webhook is already deleted"


@pytest.mark.parametrize(("fields", "says"), [
    ({"url": "ftp://x"}, "invalid webhook URL specified"),
    ({"url": "https://x.example", "secret_token": "x" * 257}, "secret token is too long"),
    ({"url": "https://x.example", "secret_token": "a b"}, "secret token contains unallowed characters"),
    ({"url": "http://x.example"}, "An HTTPS URL must be provided for webhook"),
    ({"url": "https://x.example:8080"}, "Webhook can be set up only on ports 80, 88, 443 or 8443"),
])  # fmt: skip
def test_a_webhook_that_is_refused(fields: dict[str, str], says: str) -> None:
    """By the cloud; a server of one's own takes plain HTTP and any port."""
    with TelegramServer(rules=Rules(is_local=False)) as telegram:
        bot = telegram.bot(TOKEN)
        answer = ask(telegram, "setWebhook", **fields)
        assert answer["error_code"] == 400 and answer["description"].endswith(says)
        assert not bot.webhook_url


def test_a_webhook_over_tls(leaping: TelegramServer, tmp_path: Path) -> None:
    """A webhook that signs its own certificate must show it to setWebhook; it gets nothing before."""
    chain, key = tmp_path / "own.pem", tmp_path / "own.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
         "-out", chain, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain, key)
    bot = leaping.bot(TOKEN)
    hook = Hook(tls=tls)
    try:
        bot.set_webhook(hook.url)
        number = bot.say(GROUP, ANA, "oi").update_id
        bot.wait(lambda: bot.attempts(number))
        assert "CERTIFICATE_VERIFY_FAILED" in ask(leaping, "getWebhookInfo")["result"]["last_error_message"]
        assert not hook.requests

        leaping.clock.advance(1)
        httpx.post(
            f"{leaping.url}/bot{TOKEN}/setWebhook", data={"url": hook.url}, files={"certificate": chain.read_bytes()}
        )
        assert ask(leaping, "getWebhookInfo")["result"]["has_custom_certificate"] is True
        bot.wait_until_delivered()
        assert [update_of(each) for each in hook.requests] == [number]
    finally:
        hook.close()


def test_pending_updates(telegram: TelegramServer, hook: Hook) -> None:
    """They outlive a webhook's coming and going, unless they are to be dropped."""
    bot = telegram.bot(TOKEN)
    hook.answer = lambda _: Response(500, b"")
    bot.set_webhook(hook.url)
    kept = bot.say(GROUP, ANA, "oi").update_id
    bot.wait(lambda: hook.requests)
    ask(telegram, "deleteWebhook")
    assert ids(ask(telegram, "getUpdates")) == [kept]
    ask(telegram, "deleteWebhook", drop_pending_updates=True)
    assert ids(ask(telegram, "getUpdates", timeout=0, offset=1)) == []
    assert [each.why for each in bot.lost] == ["drop_pending_updates"]


# getUpdates


def test_an_offset_confirms(telegram: TelegramServer) -> None:
    """What lies below it is gone; what was not confirmed comes again."""
    bot = telegram.bot(TOKEN)
    first, second, third = (bot.say(GROUP, ANA, text).update_id for text in "abc")
    assert ids(ask(telegram, "getUpdates")) == [first, second, third]
    assert ids(ask(telegram, "getUpdates", offset=second)) == [second, third]
    assert bot.pending == [second, third]
    assert [len(bot.attempts(number)) for number in (first, second, third)] == [1, 2, 2]
    assert not bot.lost


def test_a_negative_offset_forgets(telegram: TelegramServer) -> None:
    """All but the last so many."""
    bot = telegram.bot(TOKEN)
    numbers = [bot.say(GROUP, ANA, text).update_id for text in "abc"]
    assert ids(ask(telegram, "getUpdates", offset=-2)) == numbers[1:]
    assert [each.update_id for each in bot.lost] == numbers[:1]


def test_limit(telegram: TelegramServer) -> None:
    """1 to 100, 100 when it is absent or senseless."""
    bot = telegram.bot(TOKEN)
    for number in range(103):
        bot.say(GROUP, ANA, str(number))
    # Another offset each time: the same one, repeated at once, would get a single update.
    lengths = [
        len(ask(telegram, "getUpdates", offset=offset, **fields)["result"])
        for offset, fields in enumerate([{}, {"limit": 7}, {"limit": 1000}, {"limit": 0}, {"limit": "x"}], 1)
    ]
    assert lengths == [100, 7, 100, 1, 100]


@pytest.mark.parametrize(("asked", "waits"), [(0, 0), (2, 2), (9999, 50)])
def test_timeout(asked: int, waits: int) -> None:
    """At most 50 seconds, and nothing is waited for when there is something."""
    with TelegramServer(clock=Clock(speed=20)) as telegram:
        bot = telegram.bot(TOKEN)
        began = telegram.clock.now()
        assert ids(ask(telegram, "getUpdates", timeout=asked)) == []
        assert waits <= telegram.clock.now() - began < waits + 100
        number = bot.say(GROUP, ANA, "oi").update_id
        began = telegram.clock.now()
        assert ids(ask(telegram, "getUpdates", timeout=50, offset=1)) == [number]
        assert telegram.clock.now() - began < 40


def test_a_waiting_poll_is_answered_by_the_first_update(telegram: TelegramServer) -> None:
    """At once, and with others that come together with it."""
    bot = telegram.bot(TOKEN)
    timer = threading.Timer(0.2, lambda: bot.say(GROUP, ANA, "oi"))
    timer.start()
    began = time.monotonic()
    assert len(ask(telegram, "getUpdates", timeout=50)["result"]) == 1
    assert time.monotonic() - began < 5
    timer.join()


def test_an_answer_is_cut_at_4_mib(telegram: TelegramServer) -> None:
    """However many there are; the rest comes with the next."""
    bot = telegram.bot(TOKEN)
    numbers = [bot.update("message", {"text": "x" * 400_000}) for _ in range(15)]
    answer = httpx.get(f"{telegram.url}/bot{TOKEN}/getUpdates")
    assert ids(answer.json()) == numbers[:10]
    assert len(answer.content) < 4 << 20
    assert ids(ask(telegram, "getUpdates", offset=numbers[10])) == numbers[10:]


@pytest.mark.parametrize("far", [11, 1_000_000, -100_001])
def test_an_offset_far_away_is_the_head(telegram: TelegramServer, far: int) -> None:
    """More than 10 beyond the last, or 100,000 before the first: all that waits, and nothing is confirmed."""
    bot = telegram.bot(TOKEN)
    number = bot.say(GROUP, ANA, "oi").update_id
    assert number is not None
    assert ids(ask(telegram, "getUpdates", offset=number + 1 + far)) == [number]
    assert ids(ask(telegram, "getUpdates", offset=number + 11)) == []


def test_conflicts(hook: Hook) -> None:
    """A webhook, another poll and a webhook that is set: three texts; one that follows soon is 3 seconds late."""
    with TelegramServer(clock=Clock(speed=5)) as telegram:
        bot = telegram.bot(TOKEN)
        ends: list[dict[str, Any]] = []
        poll = threading.Thread(target=lambda: ends.append(ask(telegram, "getUpdates", timeout=50, offset=1)))
        poll.start()
        bot.wait(lambda: telegram.requests)
        time.sleep(0.1)
        other = threading.Thread(target=lambda: ends.append(ask(telegram, "getUpdates", timeout=50, offset=2)))
        other.start()
        poll.join()
        telegram.clock.advance(3)
        ask(telegram, "setWebhook", url=hook.url)
        other.join()
        began = telegram.clock.now()
        ends.append(ask(telegram, "getUpdates"))
        assert telegram.clock.now() - began > 2.9

    assert {end["error_code"] for end in ends} == {409}
    assert [end["description"] for end in ends] == [
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        "Conflict: terminated by setWebhook request",
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    ]


def test_a_repeated_offset_is_slowed() -> None:
    """The same offset again within half a second gets one update; within three it waits three when there is none."""
    with TelegramServer() as telegram:
        bot = telegram.bot(TOKEN)
        numbers = [bot.say(GROUP, ANA, text).update_id for text in "abc"]
        assert ids(ask(telegram, "getUpdates", offset=5)) == numbers
        assert ids(ask(telegram, "getUpdates", offset=5)) == numbers[:1]
        telegram.clock.advance(1)
        assert ids(ask(telegram, "getUpdates", offset=5)) == numbers
        ask(telegram, "getUpdates", offset=numbers[-1] + 1)
        began = time.monotonic()
        ask(telegram, "getUpdates", offset=numbers[-1] + 1)
        assert 2.5 < time.monotonic() - began < 8


# Calls


def test_tokens_and_methods_that_are_none(telegram: TelegramServer) -> None:
    """401 for a token, 404 for a method or an address."""
    telegram.bot(TOKEN)
    for path, status, says in (
        ("/bot7000000001:wrong/getMe", 401, "Unauthorized"),
        ("/botno-token/getMe", 401, "Unauthorized: invalid token specified"),
        (f"/bot{TOKEN}/fly", 404, "Not Found: method not found"),
        ("/else", 404, "Not Found"),
        (f"/file/bot{TOKEN}/photos/none.jpg", 404, "Not Found"),
    ):
        answer = httpx.get(f"{telegram.url}{path}")
        assert (answer.status_code, answer.json()) == (status, {"ok": False, "error_code": status, "description": says})


@pytest.mark.parametrize("form", ["query", "form", "json", "multipart"])
@pytest.mark.parametrize("method", ["sendMessage", "SENDMESSAGE", "sendmessage"])
def test_parameters_in_every_form(telegram: TelegramServer, form: str, method: str) -> None:
    """Query, form, JSON and multipart mean the same; names of methods in any case."""
    bot = telegram.bot(TOKEN)
    bot.say(GROUP, ANA, "oi")
    fields = {"chat_id": str(GROUP.id), "text": "olá & 😀", "reply_parameters": '{"message_id": 1}'}
    url = f"{telegram.url}/bot{TOKEN}/{method}"
    answer = {
        "query": lambda: httpx.get(url, params=fields),
        "form": lambda: httpx.post(url, data=fields),
        "json": lambda: httpx.post(url, json={**fields, "chat_id": GROUP.id, "reply_parameters": {"message_id": 1}}),
        "multipart": lambda: httpx.post(url, files={name: (None, value) for name, value in fields.items()}),
    }[form]().json()

    assert answer["result"]["text"] == "olá & 😀"
    assert answer["result"]["reply_to_message"]["text"] == "oi"
    (call,) = bot.calls
    assert (call.method, call.written) == ("sendMessage", method)
    assert call.parameters == fields


def test_the_query_comes_first(telegram: TelegramServer) -> None:
    """Of a name that is given twice the first value counts."""
    bot = telegram.bot(TOKEN)
    bot.say(GROUP, ANA, "oi")
    httpx.post(f"{telegram.url}/bot{TOKEN}/sendMessage?text=um&text=dois", data={"text": "três", "chat_id": GROUP.id})
    assert bot.calls[0].parameters["text"] == "um"


def test_telegrams_test_server(telegram: TelegramServer) -> None:
    """`/bot<token>/test/<method>` is another bot in another world."""
    telegram.bot(TOKEN)
    tested = telegram.bot(TOKEN, is_test=True, username="outro_bot")
    assert ask(telegram, "test/getMe")["result"]["username"] == "outro_bot"
    assert ask(telegram, "getMe")["result"]["username"] == "suporte_bot"
    assert [call.method for call in tested.calls] == ["getMe"]


def test_a_send_returns_the_message(telegram: TelegramServer) -> None:
    """Whole: number, sender, chat, date, content; only inline keyboards stay with it."""
    bot = telegram.bot(TOKEN)
    bot.say(GROUP, ANA, "oi")
    keyboard = {"inline_keyboard": [[{"text": "Mais", "callback_data": "more"}]]}
    message = ask(telegram, "sendMessage", chat_id=GROUP.id, text="a /start b", reply_markup=keyboard)["result"]

    assert abs(message.pop("date") - time.time()) < 5
    assert message == {
        "message_id": 2, "from": {"id": 7000000001, "is_bot": True, "first_name": "Suporte_Bot", "username": "suporte_bot"},
        "chat": {"id": GROUP.id, "title": "Suporte", "type": "supergroup"}, "text": "a /start b",
        "entities": [{"type": "bot_command", "offset": 2, "length": 6}], "reply_markup": keyboard,
    }  # fmt: skip
    for chat, says in ((404, "chat not found"), ("", "chat_id is empty")):
        assert ask(telegram, "sendMessage", chat_id=chat, text="?")["description"] == f"Bad Request: {says}"
    assert (
        ask(telegram, "sendMessage", chat_id=GROUP.id, text=" ")["description"] == "Bad Request: message text is empty"
    )


def test_whose_number_a_message_has(telegram: TelegramServer) -> None:
    """A supergroup's messages have one number for all bots; elsewhere each bot counts its own."""
    one, two = telegram.bot(TOKEN), telegram.bot("7000000002:other", username="outro_bot")
    assert [one.say(GROUP, ANA, "a").message_id, two.say(GROUP, ANA, "b").message_id] == [1, 2]
    assert [one.say(ANA.private, ANA, "a").message_id, one.say(BIA.private, BIA, "b").message_id] == [1, 2]
    assert two.say(ANA.private, ANA, "c").message_id == 1


def test_edit_and_delete(telegram: TelegramServer) -> None:
    """Its own messages; what people change comes as an update, what the bot changes does not."""
    bot = telegram.bot(TOKEN)
    said = bot.say(GROUP, ANA, "oi")
    sent = ask(telegram, "sendMessage", chat_id=GROUP.id, text="um")["result"]
    there = {"chat_id": GROUP.id, "message_id": sent["message_id"]}
    edited = ask(telegram, "editMessageText", **there, text="dois")["result"]
    assert (edited["text"], edited["edit_date"] >= edited["date"]) == ("dois", True)
    assert "is not modified" in ask(telegram, "editMessageText", **there, text="dois")["description"]
    theirs = ask(telegram, "editMessageText", chat_id=GROUP.id, message_id=said.message_id, text="x")
    assert theirs["description"] == "Bad Request: message can't be edited"
    assert ask(telegram, "deleteMessage", **there)["result"] is True
    assert ask(telegram, "deleteMessage", **there)["description"] == "Bad Request: message to delete not found"

    bot.edit(said, "oi!")
    assert [min(each) for each in ask(telegram, "getUpdates")["result"]] == ["message", "edited_message"]


def test_a_press_can_be_answered_for_a_while(telegram: TelegramServer) -> None:
    """150 seconds, and only with the id of a press."""
    bot = telegram.bot(TOKEN)
    bot.say(GROUP, ANA, "oi")
    keyboard = {"inline_keyboard": [[{"text": "Mais", "callback_data": "more"}]]}
    bot.press(BIA, ask(telegram, "sendMessage", chat_id=GROUP.id, text="?", reply_markup=keyboard)["result"])
    query = ask(telegram, "getUpdates")["result"][-1]["callback_query"]
    assert (query["from"]["id"], query["data"], query["message"]["text"]) == (BIA.id, "more", "?")
    assert ask(telegram, "answerCallbackQuery", callback_query_id=query["id"])["result"] is True
    telegram.clock.advance(151)
    for number in (query["id"], "1"):
        assert "query is too old" in ask(telegram, "answerCallbackQuery", callback_query_id=number)["description"]


def test_files(telegram: TelegramServer) -> None:
    """What people and bots send can be fetched in its bytes, by id and path, up to 20 MB."""
    bot = telegram.bot(TOKEN)
    bot.show(GROUP, ANA, b"\x00photo" * 1000, "foto.jpg", caption="eis")
    bot.show(GROUP, ANA, b"x" * (20 * 1024 * 1024 + 1), "grande.bin")
    photo, large = (update["message"] for update in ask(telegram, "getUpdates")["result"])
    assert photo["caption"] == "eis"
    found = ask(telegram, "getFile", file_id=photo["photo"][-1]["file_id"])["result"]
    assert found["file_size"] == 6000
    assert httpx.get(f"{telegram.url}/file/bot{TOKEN}/{found['file_path']}").content == b"\x00photo" * 1000
    assert (
        ask(telegram, "getFile", file_id=large["document"]["file_id"])["description"] == "Bad Request: file is too big"
    )
    assert ask(telegram, "getFile", file_id="x")["description"] == "Bad Request: invalid file_id"

    sent = httpx.post(
        f"{telegram.url}/bot{TOKEN}/sendDocument", data={"chat_id": GROUP.id, "document": "attach://a"},
        files={"a": ("conta.bin", b"bytes", "application/x-conta")},
    ).json()["result"]  # fmt: skip
    assert (sent["document"]["file_name"], sent["document"]["mime_type"]) == ("conta.bin", "application/x-conta")
    again = ask(telegram, "sendDocument", chat_id=GROUP.id, document=sent["document"]["file_id"])["result"]
    assert again["document"] == sent["document"]
    (call, *_) = bot.called("sendDocument")
    assert [(each.part, each.name, each.content) for each in call.uploads] == [("a", "conta.bin", b"bytes")]


def test_an_album(telegram: TelegramServer) -> None:
    """Two to ten files, each a message, with one group."""
    telegram.bot(TOKEN).say(GROUP, ANA, "oi")
    media = [{"type": "photo", "media": f"attach://{name}", "caption": name} for name in "ab"]
    sent = httpx.post(
        f"{telegram.url}/bot{TOKEN}/sendMediaGroup", data={"chat_id": GROUP.id, "media": json.dumps(media)},
        files={"a": ("a.jpg", b"a"), "b": ("b.jpg", b"bb")},
    ).json()["result"]  # fmt: skip
    assert [(each["message_id"], each["caption"], each["photo"][0]["file_size"]) for each in sent] == [
        (2, "a", 1),
        (3, "b", 2),
    ]
    assert len({each["media_group_id"] for each in sent}) == 1
    assert not ask(telegram, "sendMediaGroup", chat_id=GROUP.id, media=media[:1])["ok"]


def test_sending_too_often(telegram: TelegramServer) -> None:
    """When a test limits it: within a chat, and within a minute in a group; 429 says for how long, twice."""
    bot = telegram.bot(TOKEN)
    bot.say(GROUP, ANA, "oi")
    bot.limits.chat_seconds, bot.limits.group_per_minute = 1.0, 3

    def send() -> httpx.Response:
        return httpx.post(f"{telegram.url}/bot{TOKEN}/sendMessage", json={"chat_id": GROUP.id, "text": "a"})

    assert send().status_code == 200
    refused = send()
    assert (refused.status_code, refused.headers["Retry-After"], refused.json()["parameters"]) == (
        429,
        "1",
        {"retry_after": 1},
    )
    for _ in range(2):
        telegram.clock.advance(1)
        assert send().status_code == 200
    telegram.clock.advance(1)
    assert 50 < send().json()["parameters"]["retry_after"] <= 60
    telegram.clock.advance(60)
    assert send().status_code == 200


def test_close_and_log_out(telegram: TelegramServer) -> None:
    """close is refused for ten minutes; after logOut nothing is answered."""
    telegram.bot(TOKEN)
    assert ask(telegram, "close")["error_code"] == 429
    telegram.clock.advance(600)
    assert ask(telegram, "close")["result"] is True
    assert ask(telegram, "logOut")["result"] is True
    assert ask(telegram, "getMe")["description"] == "Logged out"


def test_commands(telegram: TelegramServer) -> None:
    """What is set can be asked for."""
    telegram.bot(TOKEN)
    commands = [{"command": "start", "description": "Começa"}]
    assert ask(telegram, "setMyCommands", commands=commands)["result"] is True
    assert ask(telegram, "getMyCommands")["result"] == commands


# Faults


def test_faults(telegram: TelegramServer) -> None:
    """A refusal, foreign bytes, a delay, and a hang-up after the call was carried out; each as often as it was told."""
    bot = telegram.bot(TOKEN)
    bot.say(GROUP, ANA, "oi")
    telegram.fail(Fault("getMe", status=429, retry_after=3, times=2))
    for _ in range(2):
        refused = httpx.get(f"{telegram.url}/bot{TOKEN}/getMe")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
    assert ask(telegram, "getMe")["ok"]

    telegram.fail(Fault("getMe", status=502, raw=b"<html>", headers={"Content-Type": "text/html"}))
    odd = httpx.get(f"{telegram.url}/bot{TOKEN}/getme")
    assert (odd.status_code, odd.content, odd.headers["Content-Type"]) == (502, b"<html>", "text/html")

    telegram.fail(Fault("getMe", delay=0.3))
    began = time.monotonic()
    assert ask(telegram, "getMe")["ok"]
    assert time.monotonic() - began >= 0.3

    telegram.fail(Fault("sendMessage", hangs_up=True))
    with pytest.raises(httpx.RemoteProtocolError):
        ask(telegram, "sendMessage", chat_id=GROUP.id, text="foi?")
    assert bot.messages[-1]["text"] == "foi?"
    assert bot.calls[-1].answer is None


def test_away_and_back(telegram: TelegramServer) -> None:
    """The server ends, and comes back at its address with all that it knew."""
    number = telegram.bot(TOKEN).say(GROUP, ANA, "oi").update_id
    telegram.go_away()
    with pytest.raises(httpx.ConnectError):
        ask(telegram, "getUpdates")
    telegram.come_back()
    assert ids(ask(telegram, "getUpdates")) == [number]


def test_a_refusal_from_within(telegram: TelegramServer) -> None:
    """A test that sets a webhook is refused as a call would be."""
    bot = telegram.bot(TOKEN)
    with pytest.raises(RefusedError, match="unallowed"):
        bot.set_webhook("https://x.example", secret_token="ä")


# The table


def test_privacy_mode_and_places(telegram: TelegramServer) -> None:
    """getMe says whether the bot reads all; getChatMember what it is in a chat, and refuses one that it is not in."""
    bot = telegram.bot(TOKEN)
    assert ask(telegram, "getMe")["result"]["can_read_all_group_messages"] is True
    bot.set_privacy(is_on=True)
    bot.stands("administrator", GROUP)
    place = ask(telegram, "getChatMember", chat_id=GROUP.id, user_id=bot.id)
    other = ask(telegram, "getChatMember", chat_id=OTHER_GROUP.id, user_id=bot.id)
    stranger = ask(telegram, "getChatMember", chat_id=GROUP.id, user_id=ANA.id)

    assert ask(telegram, "getMe")["result"]["can_read_all_group_messages"] is False
    assert (place["result"]["status"], place["result"]["user"]["id"]) == ("administrator", bot.id)
    assert (other["error_code"], stranger["error_code"]) == (400, 400)


def test_an_answer_has_a_date(telegram: TelegramServer) -> None:
    """It is that of the stand-in's clock, to the second, also of a refusal."""
    telegram.bot(TOKEN)
    telegram.clock.advance(3600)
    for token in (TOKEN, "7000000009:unknown"):
        said = httpx.get(f"{telegram.url}/bot{token}/getMe").headers["Date"]
        assert 3598 < parsedate_to_datetime(said).timestamp() - time.time() <= 3600


def test_each_rule_has_its_test() -> None:
    """The table names every test of this file, and no other."""
    table = Path(__file__).with_name("server").joinpath("README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", table))
    assert named == {name for name in globals() if name.startswith("test_")}
