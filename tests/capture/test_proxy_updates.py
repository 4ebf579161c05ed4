"""`getUpdates` through the recording proxy: all kinds for the record, the bot's own for the bot."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from capture_oracle import read_lake
from proxied import (
    HIDDEN,
    TOKEN,
    BotApi,
    Request,
    ask,
    call,
    calls_of,
    encoded,
    ids,
    once,
    proxied,
    serving,
    stored,
    update,
    updates_of,
    wait_for,
)

from telelake.capture.disk import Disk
from telelake.capture.proxy.kinds import Wish, Wishes
from telelake.telegram.calls import NOT_BY_DEFAULT
from telelake.telegram.update import update_kinds


@pytest.mark.parametrize("how", ["query", "form", "json", "multipart"])
def test_all_kinds_are_asked_for_and_the_bot_gets_its_own(tmp_path, api, api_port, how):
    """In whatever encoding it asks; bytes unchanged, and what it does not get is stored too, once."""
    bodies = [update(1), update(2, HIDDEN), update(3, "callback_query"), update(4, "edited_message"), update(5, HIDDEN)]
    api.add(*bodies)
    with proxied(tmp_path, api_port) as running:
        wish = '["message", "edited_message"]'
        got = once(running.port, encoded(how, {"allowed_updates": wish, "limit": "50", "timeout": "3"}))
        assert running.receiver.counters.stored == 5
    assert got.body == b'{"ok":true,"result":[' + bodies[0] + b",\n" + bodies[3] + b"]}"
    assert ("x-from", "bot-api") in got.headers
    assert api.allowed == frozenset(update_kinds())
    assert (api.seen[0].fields["limit"], api.seen[0].fields["timeout"]) == ("50", "3")
    assert stored(updates_of(running.home)) == stored(bodies)
    assert calls_of(running.home) == []


def test_an_answer_without_hidden_updates_is_the_same_to_the_byte(tmp_path, api, api_port):
    odd = b'{ "update_id" : 9 ,\n "message":{"date":1763712000,"text":"\\u00e1\\/"}  }'
    api.add(odd, update(10))
    with proxied(tmp_path, api_port) as running:
        got, direct = ask(running.port), ask(api_port)
    assert (got.body, got.headers) == (direct.body, direct.headers)
    assert stored(updates_of(running.home)) == stored([odd, update(10)])


@pytest.mark.parametrize(
    ("said", "visible"),
    [
        ({}, {"message", "callback_query", "brand_new_kind"}),
        ({"allowed_updates": []}, {"message", "callback_query", "brand_new_kind"}),
        ({"allowed_updates": ["nonsense"]}, {"message", "callback_query", "brand_new_kind"}),
        ({"allowed_updates": ""}, {"message", "callback_query", "brand_new_kind"}),
        ({"allowed_updates": "not json"}, {"message", "callback_query", "brand_new_kind"}),
        ({"allowed_updates": [1]}, {"message", "callback_query", "brand_new_kind"}),
        ({"allowed_updates": ["MESSAGE", "chat_member"]}, {"message", "chat_member"}),
        ({"allowed_updates": ["message", "brand_new_kind"]}, {"message", "brand_new_kind"}),
        ({"allowed_updates": json.dumps(list(NOT_BY_DEFAULT))}, set(NOT_BY_DEFAULT)),
    ],
)  # fmt: skip
def test_the_bot_gets_what_telegram_would_give_it(tmp_path, api, api_port, said, visible):
    kinds = ["message", "callback_query", "brand_new_kind", *sorted(NOT_BY_DEFAULT)]
    api.add(*(update(number, kind) for number, kind in enumerate(kinds, 1)))
    with proxied(tmp_path, api_port) as running:
        got = ask(running.port, said).json["result"]
    assert {key for each in got for key in each if key != "update_id"} == visible
    assert len(updates_of(running.home)) == len(kinds)
    if said.get("allowed_updates") == ["message", "brand_new_kind"]:
        assert api.allowed == {*update_kinds(), "brand_new_kind"}


def test_the_last_wish_survives_a_restart_and_an_empty_one_resets_it(tmp_path, api, api_port):
    """Absent means what was asked for before; a refused request changes nothing."""
    with proxied(tmp_path, api_port) as running:
        ask(running.port, {"allowed_updates": [HIDDEN]})
        assert running.wishes.wanted("support") == {HIDDEN}
    assert TOKEN.partition(":")[2] not in (tmp_path / "state" / "proxy-kinds.json").read_text()
    api.add(update(1), update(2, HIDDEN))
    with proxied(tmp_path, api_port) as running:
        assert ids(ask(running.port)) == [2]
        assert ids(ask(running.port, {"allowed_updates": []})) == [1]
        assert running.wishes.wanted("support") == set(update_kinds()) - NOT_BY_DEFAULT
    with proxied(tmp_path, api_port) as running:
        assert ids(ask(running.port)) == [1]


def test_a_setwebhook_that_passes_untouched_is_a_wish_too(tmp_path, api, api_port):
    """Telegram keeps one list for both."""
    with proxied(tmp_path, api_port) as running:
        body = b'{"url":"https://a.example/","allowed_updates":["message","poll"]}'
        once(running.port, Request("POST", "setWebhook", [("Content-Type", "application/json")], body))
        assert running.wishes.wanted("support") == {"message", "poll"}
    assert api.seen[0].body == body


def test_hidden_updates_come_once_and_the_bot_waits_as_long_as_it_asked(tmp_path, api, api_port):
    """A stream of hidden updates ends no long poll early, and none is fetched or stored twice."""
    with proxied(tmp_path, api_port) as running, ThreadPoolExecutor(1) as pool:
        begun = time.monotonic()
        polling = pool.submit(ask, running.port, {"timeout": 3, "offset": 1})
        hidden = [update(number, HIDDEN) for number in range(1, 9)]
        for body in hidden:
            api.add(body)
            time.sleep(0.1)
        assert ids(polling.result()) == []
        assert 2.4 < time.monotonic() - begun < 4
        assert not api.updates
        polling = pool.submit(ask, running.port, {"timeout": 20, "offset": 1})
        api.add(update(9, HIDDEN))
        time.sleep(0.2)
        begun = time.monotonic()
        api.add(update(10))
        assert ids(polling.result()) == [10]
        assert time.monotonic() - begun < 2
        assert running.receiver.counters.stored == 10
    assert stored(updates_of(running.home)) == stored([*hidden, update(9, HIDDEN), update(10)])


def test_a_bot_that_never_waits_finds_what_lies_behind_many_hidden_updates(tmp_path, api, api_port):
    """250 hidden updates before a visible one cost a bot one request, as they would at Telegram."""
    api.add(*(update(number, HIDDEN) for number in range(1, 251)), update(251))
    with proxied(tmp_path, api_port) as running:
        assert ids(ask(running.port, {"timeout": 0})) == [251]
        assert running.receiver.counters.stored == 251
    assert [seen.fields.get("offset") for seen in api.seen] == [None, "101", "201"]


def test_the_offset_moves_past_hidden_updates_that_are_stored_and_no_others(tmp_path, api, api_port):
    """Visible updates that the bot has not confirmed stay at Telegram, whatever is hidden around them."""
    api.add(update(1), update(2, HIDDEN), update(3), update(4, HIDDEN), update(5, HIDDEN))
    with proxied(tmp_path, api_port) as running:
        assert ids(ask(running.port, {"offset": 1})) == [1, 3]
        assert ids(ask(running.port, {"offset": 1})) == [1, 3]
        assert sorted(api.updates) == [1, 2, 3, 4, 5]
        assert ids(ask(running.port, {"offset": 2})) == [3]
        assert sorted(api.updates) == [3, 4, 5]  # 2 is hidden, and everything below it was confirmed
        assert ids(ask(running.port, {"offset": 4})) == []
        assert api.updates == {}
        assert running.receiver.counters.stored == 5
    assert [seen.fields["offset"] for seen in api.seen] == ["1", "1", "3", "6"]


def test_limit_is_the_bots(tmp_path, api, api_port):
    api.add(update(1, HIDDEN), update(2), update(3), update(4))
    with proxied(tmp_path, api_port) as running:
        assert ids(ask(running.port, {"limit": 2})) == [2]
        assert ids(ask(running.port, {"limit": 2, "offset": 3})) == [3, 4]


@pytest.mark.parametrize(("offset", "limit", "visible"), [(-1, 100, [6]), (-2, 100, [4, 6]), (-3, 1, [2])])
def test_a_negative_offset_gives_the_last_of_the_bots_own(tmp_path, api, api_port, offset, limit, visible):
    """Hidden updates behind them do not stand for them; what lies before stays forgotten, and all is in the record."""
    bodies = [update(1), update(2), update(3, HIDDEN), update(4), update(5, HIDDEN), update(6), update(7, HIDDEN)]
    api.add(*bodies)
    with proxied(tmp_path, api_port) as running:
        assert ids(ask(running.port, {"offset": offset, "limit": limit})) == visible
        first = visible[0]
        assert ids(ask(running.port, {})) == [number for number in (2, 4, 6) if number >= first]
        assert min(api.updates) == first
        assert ids(ask(running.port, {"offset": 7})) == []
        assert api.updates == {}
    assert stored(updates_of(running.home)) >= stored(bodies)


def test_a_bot_gets_what_it_would_get_directly(tmp_path, api, api_port):
    """Whatever offsets and limits it asks with, as if the hidden updates had never been; and these are in the record."""
    seed = 20261121
    rng = random.Random(seed)
    plain = BotApi()  # has only what the bot asked for
    number, came = 100, []
    with proxied(tmp_path, api_port) as running, serving(plain) as direct:
        ask(running.port, {"allowed_updates": ["message"]})
        ways = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for port in (running.port, direct)]
        for step in range(1500 if os.environ.get("TELELAKE_TEST_LONG") else 300):
            for _ in range(rng.choice([0, 0, 1, 2, 5, 30])):
                number += 1
                came.append(update(number, rng.choice(["message", HIDDEN, HIDDEN])))
                api.add(came[-1])
                if b'"message":' in came[-1]:
                    plain.add(came[-1])
            known = max(min(plain.updates, default=number), 1)
            fields = rng.choice([
                {}, {"offset": 0}, {"offset": known + 1}, {"offset": known}, {"offset": known - 3}, {"offset": number + 1},
                {"offset": known + 7}, {"offset": rng.choice([-1, -2, -9])},
            ]) | rng.choice([{}, {}, {"limit": 1}, {"limit": 3}])  # fmt: skip
            request = Request("GET", f"getUpdates?{urlencode(fields)}")
            got, wanted = (ids(call(way, request)) for way in ways)
            where = (seed, step, fields, sorted(api.updates), sorted(plain.updates))
            # Hidden ones count at Telegram: there may be fewer than the limit allows, but never none or others.
            assert got == wanted[: len(got)], where
            assert bool(got) == bool(wanted), where
            # What waits for the bot waits at Telegram: nothing was confirmed in its name.
            assert set(plain.updates) <= set(api.updates), (seed, step, fields)
        ask(running.port, {"offset": number + 1})
        assert not api.updates
        for way in ways:
            way.close()
    kept = stored(updates_of(running.home))
    assert kept.keys() <= stored(came).keys()
    forgotten = len(came) - len(kept)
    assert forgotten < len(came) / 2  # a negative offset makes Telegram forget what nobody has seen


def test_ids_that_begin_anew_lose_nothing(tmp_path, api, api_port):
    """After a quiet week Telegram's ids are others, maybe lower; nothing known from before moves an offset then."""
    api.add(update(1000), update(1001, HIDDEN))
    with proxied(tmp_path, api_port) as running:
        assert ids(ask(running.port, {"offset": 1000})) == [1000]
        assert ids(ask(running.port, {"offset": 1001})) == []
        api.add(update(1001))  # hidden was another one, of the week before
        assert ids(ask(running.port, {"offset": 1001})) == [1001]
        assert ids(ask(running.port, {"offset": 1002})) == []
        api.add(update(995), update(996, HIDDEN), update(997))
        assert ids(ask(running.port, {"offset": 0})) == [995, 997]
        assert sorted(api.updates) == [995, 996, 997]
        assert ids(ask(running.port, {"offset": 996})) == [997]
        assert sorted(api.updates) == [997]
    assert (
        stored(updates_of(running.home)).keys()
        == stored(
            [update(1000), update(1001, HIDDEN), update(1001), update(995), update(996, HIDDEN), update(997)]
        ).keys()
    )


def test_updates_that_cannot_be_read_go_to_bot_and_quarantine(tmp_path, api, api_port):
    api.updates[1] = b'{"update_id":"one","message":{}}'
    with proxied(tmp_path, api_port) as running:
        got = ask(running.port, {"allowed_updates": ["poll"]})
    assert got.json["result"] == [{"update_id": "one", "message": {}}]
    assert len(read_lake(running.home).quarantined) == 1


def test_a_poll_that_the_bot_gives_up_is_given_up_at_telegram(tmp_path, api, api_port):
    """Else Telegram would answer the bot's next one with 409."""
    with proxied(tmp_path, api_port) as running:
        with socket.create_connection(("127.0.0.1", running.port), 10) as wire:
            wire.sendall(f"GET /bot{TOKEN}/getUpdates?timeout=50 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            wait_for(lambda: api.polls == 1)
        wait_for(lambda: api.abandoned == 1, 2)
        wait_for(lambda: running.receiver.counters.stored == 1)
    (record,) = calls_of(running.home)
    assert (record["call"], record["status"], record["request"]) == ("getUpdates", None, {"timeout": "50"})


@pytest.mark.parametrize("status", [409, 429, 502])
def test_a_refused_getupdates_passes_unchanged_and_is_a_call(tmp_path, api, api_port, status):
    body = b'{"ok":false,"error_code":%d,"description":"said so","parameters":{"retry_after":3}}' % status
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"3")]

    async def refuse(_: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    api.get_updates = refuse  # type: ignore[method-assign]
    with proxied(tmp_path, api_port) as running:
        got, direct = (ask(port, {"allowed_updates": ["poll"]}) for port in (running.port, api_port))
        assert running.wishes.wanted("support") is None
    assert (got.status, got.body, got.headers) == (direct.status, direct.body, direct.headers)
    (record,) = calls_of(running.home)
    assert (record["call"], record["status"], record["answer"]) == ("getUpdates", status, json.loads(body))


def test_many_long_polls_block_no_send(tmp_path, api, api_port):
    """150 open long polls, then sends: each is answered at once."""
    with proxied(tmp_path, api_port) as running, ThreadPoolExecutor(150) as pool:
        polls = [pool.submit(ask, running.port, {"timeout": 6}) for _ in range(150)]
        wait_for(lambda: api.polls == 150)
        begun = time.monotonic()
        for _ in range(20):
            assert once(running.port, Request("GET", "sendMessage")).status == 200
        assert time.monotonic() - begun < 3
        api.add(update(1))
        assert [ids(poll.result()) for poll in polls] == [[1]] * 150


def test_stopping_ends_open_long_polls_with_a_word(tmp_path, api, api_port):
    """Within the server's grace; the bot hears that it may come back."""
    with ThreadPoolExecutor(3) as pool:
        with proxied(tmp_path, api_port) as running:
            polls = [pool.submit(ask, running.port, {"timeout": 50}) for _ in range(3)]
            wait_for(lambda: api.polls == 3)
            begun = time.monotonic()
        assert time.monotonic() - begun < 8  # the grace is one second here
        for poll in polls:
            got = poll.result()
            assert (got.status, got.json["error_code"], dict(got.headers)["retry-after"]) == (503, 503, "5")
    wait_for(lambda: api.abandoned == 3)
    assert [each["status"] for each in calls_of(running.home)] == [None] * 3


def test_wishes_are_durable_and_survive_a_crash_while_they_are_written(tmp_path):
    """The file is old or new: a crash at any of its system calls leaves a whole one."""

    class Crash(Exception):
        pass

    class Counting(Disk):
        def __init__(self, at: int) -> None:
            self.left = at

        def _step(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise Crash

        def create(self, path: Path) -> int:
            self._step()
            return super().create(path)

        def write(self, descriptor: int, data: bytes) -> None:
            self._step()
            super().write(descriptor, data[:5])
            self._step()
            super().write(descriptor, data[5:])

        def sync(self, descriptor: int) -> None:
            self._step()
            super().sync(descriptor)

        def sync_folder(self, path: Path) -> None:
            self._step()
            super().sync_folder(path)

    async def keep(disk: Disk, named: str) -> None:
        await Wishes(tmp_path, disk=disk).remember("support", Wish(frozenset({named})))

    asyncio.run(keep(Disk(), "message"))
    outcomes = set()
    for at in range(8):
        try:
            asyncio.run(keep(Counting(at), "poll"))
            outcomes.add("kept")
        except Crash:
            outcomes.add("crashed")
        found = Wishes(tmp_path).wanted("support")
        assert found in ({"message"}, {"poll"})
        if "kept" in outcomes:
            assert found == {"poll"}
    assert outcomes == {"kept", "crashed"}


def test_draining_ends_long_polls_and_nothing_else(tmp_path, api, api_port):
    """At once, and for good; other calls pass until the server stops."""
    with proxied(tmp_path, api_port) as running, ThreadPoolExecutor(1) as pool:
        poll = pool.submit(ask, running.port, {"timeout": 50})
        wait_for(lambda: api.polls == 1)
        running.loop.call_soon_threadsafe(running.proxy.drain)
        assert poll.result(5).status == 503
        assert ask(running.port, {"timeout": 50}).status == 503
        assert once(running.port, Request("GET", "sendMessage")).status == 200
