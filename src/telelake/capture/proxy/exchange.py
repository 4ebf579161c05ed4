"""One request to the proxy, from its first byte to the answer's last: the side of it that the bot sees.

Owns the bot's connection: its body is streamed and read along, its leaving is noticed, it is answered. Knows nothing of
Telegram's methods and nothing of where the request goes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from telelake.capture.calls import RequestReader
from telelake.capture.headers import Headers, header, without
from telelake.capture.webhook import Message, Receive, Send
from telelake.raw import format_time

_BODILESS = frozenset({204, 304})


class GoneError(Exception):
    """The bot left before its request was complete."""


class TooLargeError(Exception):
    """The body of a request that must be read whole is too large."""


class Exchange:
    """A request and its answer."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        """The HTTP method."""
        self.headers: Headers = list(scope["headers"])
        self.query: bytes = scope["query_string"]
        self.started_at = format_time(datetime.now(UTC))
        self.has_left = False
        """Whether the bot was gone before its answer was ready."""
        self.is_begun = False
        """Whether a part of the answer was sent."""
        # What is compressed is passed on, but not read.
        content_type = b"" if header(self.headers, b"content-encoding") else header(self.headers, b"content-type")
        self.reader = RequestReader(content_type.decode("latin-1"), self.query)
        """Has read what was sent so far."""
        self._receive = receive
        self._send = send
        self._began = time.perf_counter()
        self._patience = 0.0
        self._watcher: asyncio.Task[None] | None = None

    @property
    def seconds(self) -> float:
        """Seconds since it began."""
        return time.perf_counter() - self._began

    @property
    def has_body(self) -> bool:
        """Whether the headers announce a body."""
        length = header(self.headers, b"content-length")
        return length.strip(b"0") != b"" or header(self.headers, b"transfer-encoding") != b""

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            GoneError: the bot left before its end.
        """
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            more = message.get("more_body", False)
            if chunk := message.get("body", b""):
                self.reader.feed(chunk)
                yield chunk
        self._watch()

    async def whole_body(self, largest: int) -> bytes:
        """Return the body, all of it.

        Raises:
            GoneError: the bot left before its end.
            TooLargeError: it is longer than `largest`.
        """
        parts = []
        async for part in self.body():
            parts.append(part)
            if self.reader.size > largest:
                raise TooLargeError
        return b"".join(parts)

    def end_with_bot(self, patience: float) -> None:
        """Cancel the current task when the bot leaves; `patience` seconds later, for its work's sake."""
        self._patience = patience
        if not self.has_body:
            self._watch()

    def stop_watching(self) -> None:
        """Let the current task finish, whether or not the bot is still there."""
        if self._watcher is not None:
            self._watcher.cancel()
        self._watcher = None

    async def begin(self, status: int, headers: Headers) -> None:
        """Send the answer's head."""
        self.is_begun = True
        # The server would wait for a body that these never have.
        kept = without(headers, b"content-length") if status in _BODILESS else headers
        await self._send({"type": "http.response.start", "status": status, "headers": kept})

    async def add(self, chunk: bytes) -> None:
        """Send a piece of the answer that is not its last."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end(self, chunk: bytes = b"") -> None:
        """Send the last piece of the answer."""
        self.stop_watching()  # the end of an answer looks to the watcher as the bot's leaving does
        await self._send({"type": "http.response.body", "body": chunk, "more_body": False})

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer."""
        await self.begin(status, headers)
        await self.end(body)

    async def refuse(self, status: int, description: str, *headers: tuple[bytes, bytes]) -> bytes:
        """Answer with an error in the Bot API's form, unless it is too late for that; return its body."""
        body = refusal(status, description)
        if not self.is_begun:
            length = (b"content-length", b"%d" % len(body))
            await self.answer(status, [(b"content-type", b"application/json"), length, *headers], body)
        return body

    def _watch(self) -> None:
        task = asyncio.current_task()
        if task is not None and self._watcher is None:
            self._watcher = asyncio.create_task(self._leave(task))

    async def _leave(self, task: asyncio.Task[object]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.has_left = True
        await asyncio.sleep(self._patience)
        task.cancel()


def refusal(status: int, description: str) -> bytes:
    """Return an error as the Bot API writes it."""
    return json.dumps(
        {"ok": False, "error_code": status, "description": description}, separators=(",", ":"), ensure_ascii=False
    ).encode()
