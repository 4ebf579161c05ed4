"""A bot as the server knows it: its updates, and who gets them, by webhook or by asking. Lives in the loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from tests.telegram.server.clock import Clock
from tests.telegram.server.desk import Desk
from tests.telegram.server.kinds import DEFAULT, allowed, expires_at, queue_of, wire
from tests.telegram.server.log import Call, Delivery, Lost
from tests.telegram.server.methods import Asked, RefusedError, too_many
from tests.telegram.server.updates import UpdateQueue, Waiting
from tests.telegram.server.webhook import Target, Webhook
from tests.telegram.server.wire import Address, Answer

PORTS = (443, 80, 88, 8443)
LONGEST_POLL = 50
_CONFLICT_SECONDS = 3.0
_REPEAT_SECONDS, _REPEAT_WAIT, _AT_ONCE_SECONDS = 3.0, 3, 0.5
_GATHER_SECONDS = 0.001
"""How long a poll that waits is held on after a first update, so that others may come with it."""
_BY_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
_BY_OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_BY_SET = "Conflict: terminated by setWebhook request"


@dataclass
class Rules:
    """What a test may loosen, because it cannot be had on one machine."""

    is_local: bool = True
    """As the server's `--local`: webhooks over plain HTTP, at any port, with many connections."""
    webhook_seconds: float = 60.0
    """An answer of a webhook may take so long, by the machine's clock."""
    slows_repeats: bool = True
    """Whether a poll that repeats its offset at once waits longer and gets less."""


class Account:
    """One bot."""

    def __init__(
        self, token: str, clock: Clock, rules: Rules, numbers: dict[int, int], *, username: str,
        execute: Callable[[Account, Answer], None],
    ) -> None:  # fmt: skip
        self.token = token
        self.id = int(token.partition(":")[0])
        self.clock, self.rules = clock, rules
        self.chance = random.Random(self.id)
        self.desk = Desk(self.id, clock, self.chance, numbers, username)
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.lost: list[Lost] = []
        self.skipped: list[str] = []
        """Kinds of updates that were not made, because the bot had not asked for them."""
        self.made: dict[int, bytes] = {}
        """Every update that was queued, by id, in the bytes that go over the wire."""
        self.allowed = DEFAULT
        self.updates = UpdateQueue(self.chance, self.lose)
        self.webhook: Webhook | None = None
        self.last_error: tuple[int, str] | None = None
        self._execute = execute
        self._poll: _Poll | None = None
        self._last_poll: tuple[int, float] | None = None
        self._last_set = self._last_conflict = float("-inf")
        self._attempts: dict[int, int] = {}
        self._removal: asyncio.Task[None] | None = None

    def lose(self, update: Waiting, why: str) -> None:
        """Take down what nobody will see."""
        self.lost.append(Lost(update.update_id, update.kind, why))

    def add(
        self, kind: str, payload: Any, *, raw: bytes | None = None, queue: Hashable = None, expires: float | None = None
    ) -> int | None:
        """Have an update for the bot; None when it is of a kind that it does not get."""
        if kind not in self.allowed:
            self.skipped.append(kind)
            return None
        now = self.clock.now()
        made = self.updates.push(
            kind, wire(payload) if raw is None else raw, expires_at=expires or expires_at(kind, payload, now),
            queue=queue or queue_of(kind, payload), now=now,
        )  # fmt: skip
        self.made[made.update_id] = made.body
        if self.webhook is not None:
            self.webhook.wake()
        elif self._poll is not None:
            self._poll.news.set()
        return made.update_id

    async def get_updates(self, asked: Asked) -> bytes:
        """Answer getUpdates with the bytes of the updates.

        Raises:
            RefusedError: the updates go to a webhook, or to another request.
        """
        if self.webhook is not None:
            raise await self._conflict(_BY_WEBHOOK)
        offset = asked.number("offset")
        limit = asked.number("limit", 100, 1, 100)
        seconds = asked.number("timeout", 0, 0, LONGEST_POLL)
        self.allowed = allowed(asked.text("allowed_updates"), self.allowed)
        now = self.clock.now()
        if self.rules.slows_repeats and self._last_poll is not None and self._last_poll[0] == offset:
            since = now - self._last_poll[1]
            if since < _REPEAT_SECONDS:
                seconds = max(seconds, _REPEAT_WAIT)
            if since < _AT_ONCE_SECONDS:
                limit = 1
        self._last_poll = (offset, now)
        found = self.updates.fetch(offset, limit, now)
        if not found and seconds:
            await self._wait_for_news(seconds)
            found = self.updates.fetch(max(offset, 0), limit, self.clock.now())
        for update in found:
            self._attempts[update.update_id] = self._attempts.get(update.update_id, 0) + 1
            self.deliveries.append(
                Delivery(
                    update.update_id, update.kind, "getUpdates", self._attempts[update.update_id], 200,
                    self.clock.now(), update.queue,
                )
            )  # fmt: skip
        return b"[" + b",".join(update.body for update in found) + b"]"

    async def _wait_for_news(self, seconds: float) -> None:
        self._end_poll(_BY_OTHER)
        mine = self._poll = _Poll()
        news = asyncio.create_task(mine.news.wait())
        sleep = asyncio.create_task(self._sleep(seconds))
        try:
            await asyncio.wait({news, sleep}, return_when=asyncio.FIRST_COMPLETED)
            if mine.ended is None:
                await asyncio.sleep(_GATHER_SECONDS)
        finally:
            news.cancel()
            sleep.cancel()
            if self._poll is mine:
                self._poll = None
        if mine.ended is not None:
            raise await self._conflict(mine.ended)

    async def _sleep(self, seconds: float) -> None:
        # A poll is the bot's patience, not a pause between attempts: no clock leaps over it.
        ends = self.clock.now() + seconds
        while (left := ends - self.clock.now()) > 0:
            await asyncio.sleep(min(left / self.clock.speed, 0.05))

    def _end_poll(self, why: str) -> None:
        if self._poll is not None:
            self._poll.ended = why
            self._poll.news.set()
            self._poll = None

    async def _conflict(self, why: str) -> RefusedError:
        """Return a refusal; a second one soon after the first comes late."""
        if self.clock.now() < self._last_conflict + _CONFLICT_SECONDS:
            await self.clock.until(self.clock.now() + _CONFLICT_SECONDS)
        else:
            self._last_conflict = self.clock.now()
        return RefusedError(409, why)

    async def set_webhook(self, asked: Asked, *, is_deletion: bool = False) -> tuple[Any, str]:
        """Answer setWebhook and deleteWebhook: the result and its description.

        Raises:
            RefusedError: it is no webhook, or too soon after the last.
        """
        url = "" if is_deletion else asked.text("url")
        drops = asked.text("drop_pending_updates").lower() in ("1", "true", "yes")
        now = self.clock.now()
        if url:
            if now < self._last_set + 1:
                raise too_many(1)
            self._last_set = now
        target = self._target(asked, url) if url else None
        before = self.webhook.target if self.webhook else None
        if target == before and not drops:
            self.allowed = allowed(asked.text("allowed_updates"), self.allowed)
            return True, "Webhook is already set" if url else "Webhook is already deleted"
        if target is not None:
            self._end_poll(_BY_SET)
        await self.close_webhook()
        if drops:
            self.updates.clear(why="drop_pending_updates")
        if target is None:
            return True, "Webhook was deleted" if before else "Webhook is already deleted"
        self.allowed = allowed(asked.text("allowed_updates"), self.allowed)
        self.webhook = Webhook(
            target, self.updates, self.clock, self.chance, delivered=self.deliveries.append, failed=self._webhook_failed,
            lose=self.lose, execute=lambda answer: self._execute(self, answer), gone=self._webhook_gone,
            seconds=self.rules.webhook_seconds,
        )  # fmt: skip
        return True, "Webhook was set"

    def _target(self, asked: Asked, url: str) -> Target:
        try:
            address = Address.of(url)
        except ValueError:
            raise RefusedError(400, "Bad Request: invalid webhook URL specified") from None
        secret = asked.text("secret_token")
        if len(secret) > 256:
            raise RefusedError(400, "Bad Request: secret token is too long")
        if not all(each.isascii() and (each.isalnum() or each in "_-") for each in secret):
            raise RefusedError(400, "Bad Request: secret token contains unallowed characters")
        if not self.rules.is_local:
            if not address.is_tls:
                raise RefusedError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
            if address.port not in PORTS:
                raise RefusedError(
                    400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
                )
        most = 100_000 if self.rules.is_local else 100
        return Target(
            url, secret, asked.number("max_connections", 40, 1, most), asked.text("ip_address"),
            certificate.content if (certificate := asked.upload("certificate")) else b"",
        )  # fmt: skip

    def webhook_info(self) -> dict[str, Any]:
        """Answer getWebhookInfo."""
        target = self.webhook.target if self.webhook else Target("")
        self.updates.expire(self.clock.now())
        info: dict[str, Any] = {
            "url": target.url, "has_custom_certificate": bool(target.certificate),
            "pending_update_count": len(self.updates.updates),
        }  # fmt: skip
        if self.last_error:
            info |= {"last_error_date": self.last_error[0], "last_error_message": self.last_error[1]}
        if self.webhook:
            info |= {"max_connections": target.max_connections, "ip_address": target.ip_address or "127.0.0.1"}
        if self.allowed != DEFAULT:
            info["allowed_updates"] = sorted(self.allowed)
        return info

    async def close_webhook(self) -> None:
        """Take the webhook away; what it has not delivered waits on."""
        if self.webhook is not None:
            closing, self.webhook = self.webhook, None
            self.last_error = None
            await closing.close()

    def _webhook_failed(self, why: str) -> None:
        self.last_error = (self.clock.date(), why)

    def _webhook_gone(self) -> None:
        self._removal = asyncio.create_task(self.close_webhook())


@dataclass
class _Poll:
    """A getUpdates that waits."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: str | None = None
