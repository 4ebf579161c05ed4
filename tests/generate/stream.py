"""Deliveries as they come in: numbers that count up, edits and second bots, and all that disturbs a stream."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from telelake.errors import UnreadableUpdate
from telelake.telegram.update import MESSAGE_KINDS, read_update, update_kinds
from tests.generate import mutate
from tests.generate.objects import Objects, message_fields, payload_fields
from tests.generate.values import BOTS, LAST

_STREAM = ("again", "again_after_midnight", "late", "disorder", "jump", "reset", "same_id_another_body")


@dataclass(frozen=True)
class Delivery:
    """One body as it came in."""

    body: bytes
    at: datetime
    bot: int
    tags: tuple[str, ...] = ()
    """What was done to it, by name; empty when Telegram might have sent it."""

    @property
    def is_readable(self) -> bool:
        """Whether it is an update at all."""
        try:
            read_update(self.body)
        except UnreadableUpdate:
            return False
        return True


def write(update: dict[str, Any], *, escaped: bool = True) -> bytes:
    """Return an update as Telegram writes it: a line break after the number, and other than ASCII escaped."""
    text = json.dumps(update, ensure_ascii=escaped, separators=(",", ":"))
    number = f'{{"update_id":{update["update_id"]},'
    if text.startswith(number):
        text = number + "\n" + text.removeprefix(number)
    return text.encode("utf-8", "surrogatepass")


def deliveries(
    seed: int, count: int, *, days: int = 3, bots: Sequence[int] = BOTS, mutated: float = 0.3, last: datetime = LAST
) -> list[Delivery]:
    """Return deliveries in the order in which they come in; see the package."""
    return _Stream(Random(seed), days, tuple(bots), mutated, last).take(count)


class _Stream:
    def __init__(self, chance: Random, days: int, bots: tuple[int, ...], mutated: float, last: datetime) -> None:
        self.chance = chance
        self.objects = Objects(chance)
        self.first = last - timedelta(days=days)
        self.last = last
        self.bots = bots
        self.mutated = mutated
        self.next_id = {bot: 500_000_000 + 1000 * number for number, bot in enumerate(bots)}
        self.seen: list[tuple[int, str, dict[str, Any]]] = []
        """Messages that may be edited or seen by another bot: bot, kind, payload."""

    def take(self, count: int) -> list[Delivery]:
        made: list[Delivery] = []
        wanted = self._strata()
        while len(made) < count:
            if not wanted:
                wanted = self._strata()
            # At the last, what was not reached yet goes first: a small count holds as much as it can.
            kind, field = wanted.pop()
            made.append(self._delivery(kind, field))
            if self.seen and self.chance.random() < 0.15 and len(made) < count:
                made.append(self._met_again())
            if self.chance.random() < self.mutated / 3 and len(made) < count:
                made.append(self._disturbed(self.chance.choice(made)))
        return sorted(made, key=lambda each: each.at)

    def _strata(self) -> list[tuple[str, str | None]]:
        """Return what to make, each kind as often as any other but messages more often: each field of each payload once."""
        fields = [("message", name) for name in message_fields()]
        kinds: list[tuple[str, str | None]] = [(kind, None) for kind in update_kinds()] * 3
        events = [(kind, name) for kind in update_kinds() if kind not in MESSAGE_KINDS for name in payload_fields(kind)]
        others = [(kind, self.chance.choice(message_fields())) for kind in MESSAGE_KINDS for _ in range(4)]
        rest = [*kinds, *events, *others]
        self.chance.shuffle(rest)
        self.chance.shuffle(fields)
        first = [(kind, None) for kind in update_kinds()]
        return [*rest, *fields, *first]

    def _delivery(self, kind: str, field: str | None) -> Delivery:
        bot = self.chance.choice(self.bots)
        update = self.objects.update(kind, self._number(bot), field, bot)
        at = self._place(update[kind])
        if kind in MESSAGE_KINDS:
            self.seen.append((bot, kind, update[kind]))
        tags: tuple[str, ...] = ()
        if self.chance.random() < self.mutated * 2 / 3:
            way = self.chance.choice([*mutate.BODIES, "unreadable"])
            tags = (way,)
            if way == "unreadable":
                return Delivery(mutate.unreadable(update, self.chance), at, bot, tags)
            update = copy.deepcopy(update)
            mutate.BODIES[way](update, self.chance)
        return Delivery(write(update, escaped="half_character" in tags or self.chance.random() < 0.8), at, bot, tags)

    def _met_again(self) -> Delivery:
        """Return a message once more: edited, or seen by another bot."""
        bot, kind, payload = self.chance.choice(self.seen[-200:])
        others = [each for each in self.bots if each != bot]
        supergroup = payload["chat"]["id"] <= -1_000_000_000_000
        made = copy.deepcopy(payload)
        if not (supergroup and others and self.chance.random() < 0.4) and "text" in made:
            kind = kind if kind.startswith(("edited_", "guest")) else f"edited_{kind}"
            made["edit_date"] = made.get("edit_date", made["date"]) + self.chance.choice((1, 60, 90_000))
            made["text"], marks = self.objects.values.marked(self.chance.choice(([], ["hashtag"])))
            made.pop("entities", None)
            if marks:
                made["entities"] = marks
            self.seen.append((bot, kind, made))
        elif supergroup and others:
            bot = self.chance.choice(others)
        at = datetime.fromtimestamp(max(made["date"], made.get("edit_date", 0)), UTC) + self._lag()
        return Delivery(write({"update_id": self._number(bot), kind: made}), at, bot)

    def _disturbed(self, one: Delivery) -> Delivery:
        """Return a delivery that comes again, late, or with a number that is not its own."""
        way = self.chance.choice(_STREAM)
        tags = (*one.tags, way)
        match way:
            case "again":
                return replace(one, at=one.at + timedelta(seconds=self.chance.choice((1, 60, 600))), tags=tags)
            case "again_after_midnight":
                return replace(one, at=one.at + timedelta(hours=self.chance.choice((12, 18, 24))), tags=tags)
            case "disorder":
                return replace(self._delivery("message", None), at=one.at - timedelta(minutes=5), tags=tags)
            case "late":
                made = self._delivery("message", None)
                return replace(made, at=made.at + timedelta(days=self.chance.choice((1, 2, 30))), tags=tags)
        bot = one.bot
        if way == "jump":
            self.next_id[bot] += self.chance.choice((2, 1000, 10**8))
        elif way == "reset":
            self.next_id[bot] = self.chance.choice((1, 2**31 - 5, 2**31, self.chance.randrange(1, 2**31)))
        else:
            self.next_id[bot] -= self.chance.randrange(1, 50)
        return replace(self._delivery(self.chance.choice(update_kinds()), None), tags=tags)

    def _number(self, bot: int) -> int:
        self.next_id[bot] += 1
        return self.next_id[bot]

    def _place(self, payload: dict[str, Any]) -> datetime:
        """Return when a payload comes in: soon after its date, which is put into these days; some time without one."""
        span = int((self.last - self.first).total_seconds())
        moment = self.first + timedelta(seconds=self.chance.randrange(span))
        if "remove_date" in payload:
            payload["remove_date"] = int(moment.timestamp())
        if "date" not in payload:
            return moment + timedelta(microseconds=self.chance.randrange(1_000_000))
        edited = payload["edit_date"] - payload["date"] if "edit_date" in payload else 0
        payload["date"] = int(moment.timestamp())
        if "edit_date" in payload:
            payload["edit_date"] = payload["date"] + edited
        return moment + timedelta(seconds=edited) + self._lag()

    def _lag(self) -> timedelta:
        return timedelta(microseconds=self.chance.randrange(3_000_000))
