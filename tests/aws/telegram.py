"""Telegram's two ends: a Bot API that is told of webhooks, and a client that posts to them until a 2xx comes."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.aws.server import Handler, Serving

_MESSAGE = re.compile(rb'"message_id":\s*(\d+)')


@dataclass(frozen=True, slots=True)
class Post:
    """One delivery."""

    bot: str
    body: bytes = field(repr=False)
    secret: str = field(default="", repr=False)
    """Empty for the bot's own."""
    content_type: str = "application/json"
    in_order: bool = False
    """Whether it must not overtake others of this kind: two of one second that tell of one person, each with another name."""
    gives_up: bool = False
    """Whether any answer ends it: for what must be refused."""


@dataclass
class Answers:
    """What the client was told."""

    statuses: Counter[int] = field(default_factory=Counter)
    """Answers by status; 0 for a connection that broke."""
    bodies: Counter[bytes] = field(default_factory=Counter)
    """The answers' bodies."""
    retry_after: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def __add__(self, other: Answers) -> Answers:
        return Answers(
            self.statuses + other.statuses, self.bodies + other.bodies, self.retry_after + other.retry_after,
            self.seconds + other.seconds,
        )  # fmt: skip


class Telegram:
    """Posts to `<url>/telegram/<bot>`, over some connections at once; `host` stands in the Host header when given."""

    def __init__(self, url: str, secrets: Mapping[str, str], host: str | None = None, connections: int = 12) -> None:
        self._url = urlsplit(url)
        self._host = host or self._url.netloc
        self._secrets = secrets
        self._connections = connections

    def post(self, posts: Sequence[Post], patience: float = 60.0) -> Answers:
        """Post all; each until it is taken, or for `patience` seconds.

        Raises:
            AssertionError: one was not taken.
        """
        answers, lock = Answers(), threading.Lock()
        lanes: list[list[Post]] = [[] for _ in range(self._connections)]
        for number, each in enumerate(posts):
            message = _MESSAGE.search(each.body)  # an edit comes after what it edits
            lane = 0 if each.in_order else int(message[1]) if message else number
            lanes[lane % self._connections].append(each)
        failures: list[BaseException] = []

        def work(lane: Iterable[Post]) -> None:
            connection = self._connect()
            try:
                for each in lane:
                    connection = self._post_one(connection, each, patience, answers, lock)
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        began = time.monotonic()
        threads = [threading.Thread(target=work, args=(lane,)) for lane in lanes if lane]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answers.seconds = time.monotonic() - began
        if failures:
            raise failures[0]
        return answers

    def _post_one(
        self,
        connection: http.client.HTTPConnection,
        each: Post,
        patience: float,
        answers: Answers,
        lock: threading.Lock,
    ) -> http.client.HTTPConnection:
        ends, pause = time.monotonic() + patience, 0.05
        headers = {
            "Host": self._host,
            "Content-Type": each.content_type,
            "X-Telegram-Bot-Api-Secret-Token": each.secret or self._secrets[each.bot],
        }
        while True:
            try:
                connection.request("POST", f"{self._url.path.rstrip('/')}/telegram/{each.bot}", each.body, headers)
                answer = connection.getresponse()
                status, content, wait = answer.status, answer.read(), answer.getheader("Retry-After")
            except (OSError, http.client.HTTPException):
                connection.close()
                connection, status, content, wait = self._connect(), 0, b"", None
            with lock:
                answers.statuses[status] += 1
                answers.bodies[content] += 1
                if wait:
                    answers.retry_after[wait] += 1
            if status in range(200, 300) or each.gives_up:
                return connection
            if time.monotonic() > ends:
                raise AssertionError(f"A body of {len(each.body)} bytes was not taken within {patience:g} s: {status}")
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._url.hostname or "", self._url.port, timeout=60)


class BotApi(Serving):
    """What of the Bot API a webhook needs: `setWebhook` and `getWebhookInfo`, for any bot."""

    def __init__(self) -> None:
        self.webhooks: dict[str, dict[str, Any]] = {}
        """By token: the arguments of the last `setWebhook`."""
        super().__init__(self._handler())

    def _handler(self) -> type[Handler]:
        api = self

        class Methods(Handler):
            def do_POST(self) -> None:  # noqa: N802
                given = json.loads(self.body())
                token, _, method = self.path.removeprefix("/bot").partition("/")
                result: Any = True
                if method == "setWebhook":
                    api.webhooks[token] = given
                elif method == "getWebhookInfo":
                    known = api.webhooks.get(token, {"url": ""})
                    result = {key: value for key, value in known.items() if key != "secret_token"}
                    result |= {"has_custom_certificate": False, "pending_update_count": 0}
                elif method == "deleteWebhook":
                    api.webhooks.pop(token, None)
                self.answer(200, json.dumps({"ok": True, "result": result}).encode(), Content_Type="application/json")

        return Methods
