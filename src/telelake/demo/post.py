"""Post deliveries to a webhook as Telegram does: HTTP/1.1, kept alive, one at a time in each chat's queue.

Plain asyncio streams, since the core depends on no HTTP client; it understands what a webhook answers and no more.
At least once: a body whose answer was lost is posted again, as Telegram would.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from telelake.errors import BodyTooLarge, NotFromTelegram, SettingsError, StoreUnavailable, TelelakeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from telelake.demo.group import Delivery

_QUEUE_KEY = re.compile(rb'"chat":\{"id":(-?\d+)')
_QUEUE_LENGTH = 256
_PATIENCE = 8
"""How often one body is tried again, on a lost connection or a 503, before giving up."""
_LONGEST_WAIT = 30.0
"""Seconds; a `Retry-After` beyond it is cut, a demo has no day to wait."""


@dataclass(slots=True)
class _Answer:
    status: int
    retry_after: float
    keeps_connection: bool


@dataclass(slots=True)
class _Tally:
    """What all connections have done together."""

    posted: int = 0
    progress: Callable[[int], None] | None = None

    def count(self) -> None:
        self.posted += 1
        if self.progress is not None:
            self.progress(self.posted)


async def post_all(
    url: str,
    secret: str,
    deliveries: Iterable[Delivery],
    connections: int = 32,
    progress: Callable[[int], None] | None = None,
    *,
    keep_order: bool = True,
) -> int:
    """Post every body and return how many were answered 200.

    `keep_order` keeps a chat's updates in order by giving each chat one connection, as Telegram does; without it
    bodies go to any connection that is free, which is faster when one chat has most of them.
    `progress` is called after each answer with the number so far.

    Raises:
        SettingsError: the URL is no http(s) URL, or the secret cannot stand in a header.
        NotFromTelegram: the secret was refused.
        BodyTooLarge: a body was refused for its size.
        StoreUnavailable: the server stayed away, or answered 503 again and again.
        TelelakeError: any other answer but 200.
    """
    target = urlsplit(url)
    if target.scheme not in ("http", "https") or not target.hostname:
        raise SettingsError(
            f"'{url}' is not a URL to post to; it should look like http://127.0.0.1:8080/telegram/demo."
        )
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise SettingsError("The secret may hold only A-Z, a-z, 0-9, _ and -, at most 256 of them.")
    if connections < 1:
        raise SettingsError(f"Posting needs at least one connection, not {connections}.")
    tally = _Tally(progress=progress)
    shared: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE_LENGTH)
    queues = [asyncio.Queue[bytes | None](_QUEUE_LENGTH) if keep_order else shared for _ in range(connections)]
    try:
        async with asyncio.TaskGroup() as tasks:
            for queue in queues:
                tasks.create_task(_Connection(target, secret, tally).post_from(queue))
            for delivery in deliveries:
                queue = queues[_queue_key(delivery.body) % connections]
                # Waiting is needed only when it is full; put_nowait spares a turn of the loop for each body.
                if queue.full():
                    await queue.put(delivery.body)
                else:
                    queue.put_nowait(delivery.body)
            for queue in queues:
                await queue.put(None)
    except ExceptionGroup as failures:
        # The first failure ends all connections; the others say the same.
        raise failures.exceptions[0] from None
    return tally.posted


def _queue_key(body: bytes) -> int:
    """Return the chat that a body belongs to, 0 for those without."""
    found = _QUEUE_KEY.search(body)
    return int(found[1]) if found else 0


class _Connection:
    """One connection, made anew when it is lost."""

    def __init__(self, target: SplitResult, secret: str, tally: _Tally) -> None:
        self._target = target
        self._tally = tally
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {target.netloc.rpartition('@')[2]}\r\n"
            f"Content-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: {secret}\r\nContent-Length: "
        ).encode()

    async def post_from(self, queue: asyncio.Queue[bytes | None]) -> None:
        """Post bodies until there is a None."""
        try:
            while (body := await queue.get()) is not None:
                await self._post(body)
                self._tally.count()
        finally:
            self._close()

    async def _post(self, body: bytes) -> None:
        reason = "nothing"
        for attempt in range(_PATIENCE):
            wait = min(0.05 * 2**attempt, _LONGEST_WAIT)
            try:
                answer = await self._exchange(body)
            except (OSError, EOFError, asyncio.LimitOverrunError, ValueError, IndexError) as error:
                self._close()
                reason = str(error) or type(error).__name__
            else:
                if not answer.keeps_connection:
                    self._close()
                if answer.status == 200:
                    return
                if answer.status != 503:
                    raise self._refusal(answer.status)
                reason, wait = "503", min(answer.retry_after or wait, _LONGEST_WAIT)
            await asyncio.sleep(wait)
        raise StoreUnavailable(
            f"{self._target.netloc} gave no 200 in {_PATIENCE} tries, "
            f"after {self._tally.posted} bodies were accepted; last: {reason}."
        )

    def _refusal(self, status: int) -> TelelakeError:
        said = f"{self._target.netloc} answered {status}, after {self._tally.posted} bodies were accepted"
        if status == 401:
            return NotFromTelegram(f"{said}: the secret is not the one that the server knows.")
        if status == 413:
            return BodyTooLarge(f"{said}: a body is over its limit.")
        return TelelakeError(f"{said}; only 200 is expected. Is {self._target.path or '/'} the webhook's path?")

    async def _exchange(self, body: bytes) -> _Answer:
        if self._reader is None or self._writer is None:
            secure = ssl.create_default_context() if self._target.scheme == "https" else None
            port = self._target.port or (443 if secure else 80)
            self._reader, self._writer = await asyncio.open_connection(self._target.hostname, port, ssl=secure)
        self._writer.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        return await _read_answer(self._reader)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


async def _read_answer(reader: asyncio.StreamReader) -> _Answer:
    """Read an answer; one whose length is not told costs its connection instead of being parsed."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status_line, *lines = head.split("\r\n")
    headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    length = headers.get("content-length")
    if length is not None:
        await reader.readexactly(int(length))
    seconds = headers.get("retry-after", "")
    return _Answer(
        status=int(status_line.split(" ")[1]),
        retry_after=float(seconds) if seconds.isdigit() else 0.0,
        keeps_connection=length is not None and headers.get("connection") != "close",
    )
