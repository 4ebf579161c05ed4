"""Make a made-up support group, update by update, as Telegram would deliver it.

Owns the order of things: hours are filled with scenes, scenes become acts, acts get their numbers in the order in
which they happen, and deliveries leave in the order in which Telegram sends them. Deterministic in its arguments:
no clock, no other chance than the seed. Holds only what is under way, so a million messages need no more memory
than a day of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from telelake.demo import milestones
from telelake.demo.acts import Edit, Move, Pin, Retitle, Say
from telelake.demo.cast import Cast
from telelake.demo.dice import Dice
from telelake.demo.life import Life
from telelake.demo.rhythm import Hour, Period
from telelake.demo.stage import Stage
from telelake.demo.support import Support
from telelake.demo.truth import Book, Truth
from telelake.demo.voice import Voice
from telelake.demo.wordings import DEVELOPMENT
from telelake.errors import SettingsError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from telelake.demo.wordings import Wordings

_FIRST_UPDATE_ID = 418_200_001
_RETRIED, _RETRIED_TWICE, _RETRIED_LATER, _HELD_UP = 0.010, 0.0015, 0.002, 0.02


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST that Telegram makes."""

    body: bytes
    sent_at: datetime
    """When Telegram sends it (UTC); the message's own date is in the body, and may be a day earlier."""


@dataclass(slots=True)
class Expected:
    """What was made, counted while it was made."""

    updates: int = 0
    """Distinct updates."""
    deliveries: int = 0
    """Updates and their retries."""
    messages: int = 0
    """Distinct messages by (chat_id, message_id)."""
    edits: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Distinct updates by kind."""
    messages_by_chat: Counter[int] = field(default_factory=Counter)


class Generator(Iterator[Delivery]):
    """The deliveries, in order of `sent_at`; `expected` and `truth` are complete when they have run out."""

    def __init__(
        self,
        messages: int,
        days: int,
        seed: int,
        end: datetime,
        zone: ZoneInfo,
        wordings: Wordings = DEVELOPMENT,
        *,
        keeps_truth: bool = False,
    ) -> None:
        if messages < 1 or days < 1:
            raise SettingsError(f"A demo needs at least one message and one day, not {messages} and {days}.")
        if end.tzinfo is None:
            raise SettingsError(f"The demo's end must have a time zone: {end.isoformat()} has none.")
        self.expected = Expected()
        self._messages = messages
        self._dice = Dice(seed)
        period = Period(days, end, zone)
        cast = Cast(self._dice, size=min(900, 220 + messages // 500))
        book = Book() if keeps_truth else None
        self._stage = Stage(self._dice, cast, Voice(self._dice, wordings), period, end.timestamp(), book)
        self._cast = cast
        self._support = Support(self._stage)
        self._life = Life(self._stage, self._support)
        self._post = _Post(self._dice, end.timestamp(), self.expected)
        self._stream = self._deliveries()

    def __next__(self) -> Delivery:
        return next(self._stream)

    @property
    def questions(self) -> int:
        """Questions asked in groups."""
        return self._support.questions

    @property
    def truth(self) -> Truth:
        """What is true of what was made so far.

        Raises:
            SettingsError: no truth is kept.
        """
        if self._stage.book is None:
            raise SettingsError("This group keeps no truth of itself: make it with keeps_truth=True.")
        return self._stage.book.truth(self._stage.end)

    def _deliveries(self) -> Iterator[Delivery]:
        milestones.plan(self._stage)
        for hour in self._stage.period.hours():
            self._fill(hour)
            yield from self._perform(hour.end)
        yield from self._perform(float("inf"))
        yield from self._post.sent_before(float("inf"))

    def _fill(self, hour: Hour) -> None:
        """Plan scenes until the share of messages that the hour should end with is reached."""
        dice, wanted = self._dice, round(self._messages * hour.done)
        scenes = self._scenes()
        while self._stage.messages < wanted:
            at = dice.between(hour.start, hour.end)
            chat = self._cast.resellers if dice.chance(0.11) else self._cast.main
            if hour.is_incident and dice.chance(0.75):
                self._support.question(at, self._cast.main, is_incident=True)
            elif dice.chance(0.5):
                self._support.question(at, chat)
            else:
                dice.pick(scenes)(at)

    def _scenes(self) -> list[Callable[[float], None]]:
        """Return the scenes other than questions, each as often as its weight."""
        life, main, other = self._life, self._cast.main, self._cast.resellers
        weighed: tuple[tuple[int, Callable[[float], None]], ...] = (
            (28, lambda at: life.talk(at, main)), (4, lambda at: life.talk(at, other)),
            (9, lambda at: life.command(at, main)), (9, lambda at: life.share(at, main)),
            (16, life.private), (10, lambda at: life.buttons(at, main)), (2, lambda at: life.buttons(at, other)),
            (6, life.inline), (7, life.join), (6, life.leave),
        )  # fmt: skip
        return [scene for weight, scene in weighed for _ in range(weight)]

    def _perform(self, until: float) -> Iterator[Delivery]:
        expected, post = self.expected, self._post
        for when, act in self._stage.due(until):
            payload = act.write(int(when))
            if payload is None:
                continue
            update_id = _FIRST_UPDATE_ID + expected.updates
            expected.updates += 1
            expected.kinds[payload[1 : payload.index('"', 1)]] += 1
            if isinstance(act, Say):
                self._count(act)
            elif isinstance(act, Pin | Retitle | Move):
                self._count(act.say)
            elif isinstance(act, Edit):
                expected.edits += 1
            post.hand_in(when, act.queue, f'{{"update_id":{update_id},\n{payload}}}'.encode("ascii"), act.delays)
            yield from post.sent_before(when)

    def _count(self, message: Say) -> None:
        self.expected.messages += 1
        self.expected.messages_by_chat[message.chat.id] += 1


class _Post:
    """Telegram's delivery: a queue per chat or user, strictly in order within it; retries repeat the same bytes."""

    def __init__(self, dice: Dice, end: float, expected: Expected) -> None:
        self._dice = dice
        self._end = end
        self._expected = expected
        self._leaving: list[tuple[float, int, bytes]] = []
        self._last_sent: dict[int, float] = {}
        self._handed_in = 0

    def hand_in(self, when: float, queue: int, body: bytes, delays: tuple[float, ...]) -> None:
        """Take an update; what would leave after the end leaves at the end, so that none is lost."""
        times = [when + delay for delay in delays] if delays else self._chance(when)
        # A failing update blocks its own queue, and only that; a retry hours later blocks nothing.
        times[0] = max(times[0], self._last_sent.get(queue, 0.0))
        self._last_sent[queue] = times[0]
        for sent in times:
            self._handed_in += 1
            heappush(self._leaving, (min(max(sent, times[0]), self._end), self._handed_in, body))

    def sent_before(self, when: float) -> Iterator[Delivery]:
        """Hand out what leaves before `when`: nothing that is handed in later can leave earlier."""
        leaving = self._leaving
        while leaving and leaving[0][0] < when:
            sent, _, body = heappop(leaving)
            self._expected.deliveries += 1
            yield Delivery(body, datetime.fromtimestamp(sent, UTC))

    def _chance(self, when: float) -> list[float]:
        dice = self._dice
        first = when + 0.1 + dice.random()
        if dice.chance(_HELD_UP):
            first += dice.between(3, 45)
        roll = dice.random()
        if roll > _RETRIED:
            return [first]
        if roll < _RETRIED_TWICE:
            return [first, first, first]
        if roll < _RETRIED_TWICE + _RETRIED_LATER:
            return [first, first + dice.between(60, 36_000)]
        return [first, first]


def generate(
    messages: int,
    days: int,
    seed: int,
    end: datetime,
    zone: ZoneInfo,
    wordings: Wordings = DEVELOPMENT,
    *,
    keeps_truth: bool = False,
) -> Generator:
    """Return about `messages` messages over `days` local days that end at `end`, and what comes with them.

    `keeps_truth` remembers every question until the end, which a million messages should not do unasked.

    Raises:
        SettingsError: fewer than one message or day, or an end without a time zone.
    """
    return Generator(messages, days, seed, end, zone, wordings, keeps_truth=keeps_truth)
