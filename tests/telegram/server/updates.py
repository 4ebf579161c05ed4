"""A bot's updates that wait: ids, order, expiry and limits, as in TDLib's TQueue. Knows no network."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

LARGEST_UPDATE = 512 * 1024
LARGEST_ANSWER = 4 << 20
MOST_UPDATES = 100_000
MOST_BYTES = 128 << 20
_FIRST_IDS = (2_000_001, 1_000_000_000)
_LAST_ID = 2_000_000_000
_QUIET_SECONDS = 7 * 86_400
_AHEAD = 10


@dataclass(slots=True)
class Waiting:
    """An update that nobody has confirmed."""

    update_id: int
    kind: str
    body: bytes
    """As it goes over the wire, `update_id` and all."""
    expires_at: float
    queue: Hashable
    """Those of one queue are delivered to a webhook one after another."""


@dataclass
class UpdateQueue:
    """All of them, by id."""

    chance: random.Random
    lose: Callable[[Waiting, str], None]
    """Told of what goes unseen, and why."""
    updates: dict[int, Waiting] = field(default_factory=dict)
    next_id: int = 0
    size: int = 0
    """Bytes of all bodies."""
    _last_push: float = 0.0

    @property
    def head(self) -> int:
        """Return the lowest id that waits, or the next one when none does; 0 before there was any."""
        return next(iter(self.updates), self.next_id)

    def push(self, kind: str, payload: bytes, *, expires_at: float, queue: Hashable, now: float) -> Waiting:
        """Have an update wait; the returned one has its id. What does not fit is lost, and nobody is told."""
        quiet = not self.updates and now - self._last_push > _QUIET_SECONDS
        if not self.next_id or self.next_id >= _LAST_ID or quiet:
            self.next_id = self.chance.randint(*_FIRST_IDS)
        body = b'{"update_id":%d,\n"%s":%s}' % (self.next_id, kind.encode(), payload)
        update = Waiting(self.next_id, kind, body, expires_at, queue)
        if (
            len(payload) > LARGEST_UPDATE
            or len(self.updates) >= MOST_UPDATES
            or self.size + len(payload) > MOST_BYTES
            or expires_at <= now
        ):
            self.lose(update, "does not fit" if expires_at > now else "expired")
            return update
        self.next_id += 1
        self._last_push = now
        self.updates[update.update_id] = update
        self.size += len(body)
        return update

    def forget(self, update_id: int) -> Waiting | None:
        """Let one go."""
        update = self.updates.pop(update_id, None)
        if update is not None:
            self.size -= len(update.body)
        return update

    def clear(self, keep: int = 0, why: str = "dropped") -> None:
        """Forget all but the last `keep`."""
        for update_id in list(self.updates)[: len(self.updates) - keep]:
            if update := self.forget(update_id):
                self.lose(update, why)

    def expire(self, now: float) -> None:
        """Drop what is too old."""
        for update in [each for each in self.updates.values() if each.expires_at < now]:
            self.forget(update.update_id)
            self.lose(update, "expired")

    def fetch(self, offset: int, limit: int, now: float) -> list[Waiting]:
        """Answer getUpdates: confirm what lies below the offset, return what follows."""
        if offset < 0:
            self.clear(-offset, "negative offset")
        if offset <= 0 or offset > self.next_id + _AHEAD or offset < self.head - MOST_UPDATES:
            offset = self.head
        for update_id in list(self.updates):
            if update_id >= offset:
                break
            self.forget(update_id)
        self.expire(now)
        found: list[Waiting] = []
        left = LARGEST_ANSWER
        for update in self.updates.values():
            left -= len(update.body) + 20
            if len(found) == limit or left <= 0:
                break
            found.append(update)
        return found
