"""Posting is what Telegram does: the secret in its header, a chat in order, again when an answer is lost."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from telelake.demo import Delivery, generate, post_all
from telelake.errors import BodyTooLarge, NotFromTelegram, SettingsError, StoreUnavailable, TelelakeError

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
LOST = b""
ZONE = ZoneInfo("America/Sao_Paulo")

Answer = Callable[[int, bytes], bytes]
"""Number of the request and its body → the bytes to answer; none closes the connection."""


class Server:
    """A webhook that keeps what it gets and answers what it is told."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(line.split(": ")[1] for line in head.split("\r\n") if line.startswith("Content-Length"))
                body = await reader.readexactly(int(length))
                self.heads.append(head)
                answer = self.answer(len(self.bodies), body)
                self.bodies.append(body)
                if not answer:
                    return
                writer.write(answer)
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


@cache
def deliveries() -> tuple[Delivery, ...]:
    return tuple(generate(400, 3, 1, datetime(2026, 11, 20, 16, tzinfo=ZONE), ZONE))


def post(answer: Answer, given: tuple[Delivery, ...] | None = None, **options: Any) -> tuple[int, Server]:
    """Post to a server that answers so; return the count and the server."""
    server = Server(answer)

    async def run() -> int:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        try:
            url = f"http://127.0.0.1:{port}/telegram/demo"
            return await post_all(url, "s3cret_-", deliveries() if given is None else given, **options)
        finally:
            listener.close()

    return asyncio.run(run()), server


@contextmanager
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Let the client's pauses pass at once; yield how long they would have been."""
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    with monkeypatch.context() as patched:
        patched.setattr("telelake.demo.post.asyncio.sleep", pause)
        yield pauses


def test_every_body_arrives_once_and_verbatim_under_the_secret() -> None:
    count, server = post(lambda number, body: OK)

    assert count == len(deliveries())
    assert sorted(server.bodies) == sorted(delivery.body for delivery in deliveries())
    for head in server.heads:
        assert head.startswith("POST /telegram/demo HTTP/1.1\r\nHost: 127.0.0.1:")
        assert "\r\nX-Telegram-Bot-Api-Secret-Token: s3cret_-\r\n" in head


def test_a_chats_updates_stay_in_order() -> None:
    _, server = post(lambda number, body: OK, connections=8)
    given, got = defaultdict(list), defaultdict(list)
    for bodies, chats in (([d.body for d in deliveries()], given), (server.bodies, got)):
        for body in bodies:
            if message := json.loads(body).get("message"):
                chats[message["chat"]["id"]].append(body)

    assert got == given


def test_connections_are_kept_and_used_by_need() -> None:
    _, server = post(lambda number, body: OK, connections=4)
    _, free = post(lambda number, body: OK, connections=4, keep_order=False)

    assert server.connections <= 4
    assert free.connections == 4
    assert sorted(free.bodies) == sorted(server.bodies)


def test_progress_is_told_after_each() -> None:
    told: list[int] = []
    count, _ = post(lambda number, body: OK, progress=told.append)

    assert told == list(range(1, count + 1))


def test_nothing_to_post_is_zero() -> None:
    assert post(lambda number, body: OK, ())[0] == 0


def test_a_lost_answer_is_posted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with no_waiting(monkeypatch):
        count, server = post(lambda number, body: LOST if number in (3, 50) else OK, connections=2)

    assert count == len(deliveries())
    assert len(server.bodies) == count + 2
    assert set(server.bodies) == {delivery.body for delivery in deliveries()}


def test_503_waits_as_long_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy"
    with no_waiting(monkeypatch) as pauses:
        count, server = post(lambda number, body: busy if number < 3 else OK, connections=1)

    assert pauses == [7.0, 7.0, 7.0]
    assert count == len(deliveries())
    assert server.connections == 1


def test_an_answer_without_a_length_costs_only_its_connection() -> None:
    unmeasured = b"HTTP/1.1 200 OK\r\n\r\n"
    count, server = post(lambda number, body: unmeasured if number == 5 else OK, connections=1)

    assert (count, server.connections) == (len(deliveries()), 2)


@pytest.mark.parametrize(("status", "error"), [(401, NotFromTelegram), (413, BodyTooLarge), (404, TelelakeError)])
def test_any_other_answer_ends_it_and_says_how_far_it_came(status: int, error: type[TelelakeError]) -> None:
    refusal = b"HTTP/1.1 %d No\r\ncontent-length: 0\r\n\r\n" % status

    with pytest.raises(error, match=f"answered {status}, after 10 bodies"):
        post(lambda number, body: refusal if number >= 10 else OK, connections=1)


def test_the_first_refusal_ends_all_connections() -> None:
    refusal = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"

    with pytest.raises(TelelakeError, match="answered 204"):
        post(lambda number, body: refusal, connections=32)


def test_a_server_that_stays_away_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with no_waiting(monkeypatch), pytest.raises(StoreUnavailable, match="after 0 bodies"):
        post(lambda number, body: LOST, connections=1)


@pytest.mark.parametrize(("url", "secret"), [("ftp://x/", "s"), ("localhost", "s"), ("http://x/", "a\r\nb: c")])
def test_what_cannot_be_posted_to_is_refused_before_posting(url: str, secret: str) -> None:
    with pytest.raises(SettingsError):
        asyncio.run(post_all(url, secret, deliveries()))
