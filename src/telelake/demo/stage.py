"""The agenda: acts planned at any time, performed in order of time, and what everybody on stage shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from telelake.demo.acts import Act, Edit, Move, Pin, Retitle, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from telelake.demo.cast import Cast
    from telelake.demo.dice import Dice
    from telelake.demo.rhythm import Period
    from telelake.demo.truth import Asked, Book
    from telelake.demo.voice import Voice

_MESSAGES = (Say, Pin, Retitle, Move)


@dataclass(slots=True)
class Stage:
    """What scenes write into. Nothing is planned beyond `end`: who waits for an answer then, waits."""

    dice: Dice
    cast: Cast
    voice: Voice
    period: Period
    end: float
    book: Book | None = None
    """Where the truth is kept; None keeps none, since it would hold every question in memory."""
    messages: int = 0
    """Message rows planned so far."""
    _agenda: list[tuple[float, int, Act]] = field(default_factory=list)
    _planned: int = 0

    def at(self, when: float, act: Act) -> None:
        """Plan an act; of two at the same time the one planned first comes first."""
        if when > self.end:
            return
        self._planned += 1
        if isinstance(act, _MESSAGES):
            self.messages += 1
        heappush(self._agenda, (when, self._planned, act))

    def say(self, when: float, message: Say) -> Say:
        """Plan a message and return it, so that others may refer to it."""
        self.at(when, message)
        return message

    def ask(self, asked: Asked) -> Asked:
        """Write down a question and return it."""
        if self.book is not None:
            self.book.asked.append(asked)
        return asked

    def debatable(self, message: Say) -> Say:
        """Write down a message that can be called a question or not, and return it."""
        if self.book is not None:
            self.book.debatable.append(message)
        return message

    def due(self, until: float) -> Iterator[tuple[float, Act]]:
        """Hand out, in order, what happens before `until`."""
        agenda = self._agenda
        while agenda and agenda[0][0] < until:
            when, _, act = heappop(agenda)
            yield when, act

    def edit(self, when: float, message: Say, content: str, delays: tuple[float, ...] = ()) -> Edit:
        """Plan an edit of a message and return it."""
        edit = Edit(message, content, delays)
        self.at(when, edit)
        return edit
