"""How updates are posted to a webhook: queues, connections, attempts and pauses, as in the server's WebhookActor."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tests.telegram.server.clock import Clock
from tests.telegram.server.log import Delivery
from tests.telegram.server.updates import UpdateQueue, Waiting
from tests.telegram.server.wire import Address, Answer, Connection, HangUpError

LONGEST_PAUSE = 60
"""The pause between two attempts doubles to a random number between this and twice this."""
ACTIVE_SECONDS = 10
"""Without a success for longer than this, new connections are opened one by one."""
GONE_SECONDS = 23 * 3600
_ACTIVE_OPENINGS, _IDLE_OPENINGS = (10, 0.5), (1, 2.0)
"""Connections that may be opened within so many seconds."""


@dataclass(frozen=True, slots=True)
class Target:
    """What setWebhook was told."""

    url: str
    secret: str = field(default="", repr=False)
    max_connections: int = 40
    ip_address: str = ""
    certificate: bytes = b""
    """PEM, of a webhook that signs its own; others are checked as everyone's."""


@dataclass(slots=True)
class _Attempt:
    """An update on its way."""

    update: Waiting
    wakeup_at: float
    pause: int = 1
    failures: int = 0


class Webhook:
    """Delivers one bot's updates to one address until closed."""

    def __init__(
        self, target: Target, updates: UpdateQueue, clock: Clock, chance: random.Random, *,
        delivered: Callable[[Delivery], None], failed: Callable[[str], None], lose: Callable[[Waiting, str], None],
        execute: Callable[[Answer], None], gone: Callable[[], None], seconds: float,
    ) -> None:  # fmt: skip
        self.target = target
        self._address = Address.of(target.url)
        self._updates, self._clock, self._chance = updates, clock, chance
        self._delivered, self._failed, self._lose = delivered, failed, lose
        self._execute, self._gone = execute, gone
        self._seconds = seconds
        self._loaded: dict[Hashable, deque[_Attempt]] = {}
        self._known: set[int] = set()
        self._idle: list[Connection] = []
        self._busy: dict[Hashable, asyncio.Task[None]] = {}
        self._opened_at: deque[float] = deque(maxlen=_ACTIVE_OPENINGS[0])
        self._last_success = clock.now() - 3600
        self._first_410: float | None = None
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    @property
    def connections(self) -> int:
        """Return how many are open."""
        return len(self._idle) + len(self._busy)

    def wake(self) -> None:
        """Look for new updates."""
        self._news.set()

    async def close(self) -> None:
        """End, whatever is on its way."""
        tasks = [each for each in (self._task, *self._busy.values()) if each is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        for connection in self._idle:
            connection.close()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            self._load()
            wakeup_at = min(self._open(), self._send())
            if self._clock.leaps and self._busy:
                wakeup_at = float("inf")  # time stands still while an answer is awaited
            await self._wait(wakeup_at)

    async def _wait(self, moment: float) -> None:
        waits: set[asyncio.Task[Any]] = {asyncio.create_task(self._news.wait())}
        if moment != float("inf"):
            waits.add(asyncio.create_task(self._clock.until(moment)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    def _load(self) -> None:
        """Take up to twice as many updates as there may be connections; a queue that fails fills these places too."""
        now = self._clock.now()
        places = self.target.max_connections * 2 - len(self._known)
        fresh = (each for each in self._updates.updates.values() if each.update_id not in self._known)
        for update in list(islice(fresh, max(0, places))):
            if update.expires_at < now:
                self._updates.forget(update.update_id)
                self._lose(update, "expired")
                self._news.set()  # its place is free for another
                continue
            self._known.add(update.update_id)
            self._loaded.setdefault(update.queue, deque()).append(_Attempt(update, now))

    def _open(self) -> float:
        """Open as many connections as are needed and allowed; return when more are."""
        for connection in [each for each in self._idle if not each.is_usable]:
            self._idle.remove(connection)
        now = self._clock.now()
        needed = min(len(self._loaded), self.target.max_connections)
        limit, seconds = _ACTIVE_OPENINGS
        if self._last_success + ACTIVE_SECONDS < now:
            needed = min(needed, 1)
            limit, seconds = _IDLE_OPENINGS
        while self.connections < needed:
            recent = [moment for moment in self._opened_at if moment > now - seconds]
            if len(recent) >= limit:
                return recent[-limit] + seconds
            self._opened_at.append(now)
            self._idle.append(Connection(self._address, self.target.certificate, seconds=self._seconds))
        return float("inf")

    def _send(self) -> float:
        """Put the heads of queues whose time has come into idle connections; return when the next one's has."""
        now = self._clock.now()
        due = sorted(
            (attempts[0].wakeup_at, attempts[0].update.update_id, queue)
            for queue, attempts in self._loaded.items()
            if queue not in self._busy
        )
        for moment, _, queue in due:
            if moment > now:
                return moment
            if not self._idle:
                break
            attempt = self._loaded[queue][0]
            self._busy[queue] = asyncio.create_task(self._post(queue, attempt, self._idle.pop()))
        return float("inf")

    async def _post(self, queue: Hashable, attempt: _Attempt, connection: Connection) -> None:
        update = attempt.update
        started_at, status, error, retry_after = self._clock.now(), 0, "", 0
        keep = gone = False
        try:
            answer = await connection.post(update.body, self.target.secret)
            status, keep = answer.status, answer.keeps_alive
            if 200 <= status <= 299:
                self._first_410 = None
                self._execute(answer)
            else:
                error = f"Wrong response from the webhook: {status} {answer.reason}"
                retry_after = answer.retry_after
                gone = self._is_gone(status)
        except HangUpError as hang_up:
            error = str(hang_up)
        self._delivered(
            Delivery(update.update_id, update.kind, "webhook", attempt.failures + 1, status, started_at, queue)
        )
        if error:
            self._failed(error)
            self._again(queue, attempt, retry_after)
        else:
            self._last_success = self._clock.now()
            self._done(queue)
        del self._busy[queue]
        if keep:
            self._idle.append(connection)
        else:
            connection.close()
        if gone:
            self._gone()
        self._news.set()

    def _is_gone(self, status: int) -> bool:
        if status != 410:
            self._first_410 = None
        elif self._first_410 is None:
            self._first_410 = self._clock.now()
        return self._first_410 is not None and self._clock.now() > self._first_410 + GONE_SECONDS

    def _again(self, queue: Hashable, attempt: _Attempt, retry_after: int) -> None:
        """Plan the next attempt: at once after the first, then 2, 4, 8 … seconds later; or drop what expires before."""
        wait = retry_after
        if not retry_after and attempt.failures > 0:
            wait = attempt.pause = min(self._chance.randint(LONGEST_PAUSE, 2 * LONGEST_PAUSE), attempt.pause * 2)
        now = self._clock.now()
        if now + wait > attempt.update.expires_at:
            self._done(queue)
            self._lose(attempt.update, "expired")
            return
        attempt.failures += 1
        attempt.wakeup_at = now + wait

    def _done(self, queue: Hashable) -> None:
        """Take the head off its queue."""
        attempts = self._loaded[queue]
        update = attempts.popleft().update
        self._known.discard(update.update_id)
        self._updates.forget(update.update_id)
        if not attempts:
            del self._loaded[queue]
