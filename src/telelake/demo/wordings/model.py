"""What a set of wordings holds, and how one of its templates becomes a text.

A template is written in full, with accents; `voice.py` makes it sloppy. `[this|that|]` stands for one of several, ` | `
marks where a person may press Enter too early and send two messages. `**…**` is bold and a backtick is code, in answers
only. Slots: {pedido} {valor} {produto} {dia} {cidade} {cep} {codigo}, and in answers {nome}.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from telelake.demo.dice import Dice

Lines = tuple[str, ...]

_GAP = re.compile(r" +( |[,?])")
"""What a choice of nothing leaves behind."""
_CHOICE = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Subject:
    """How one topic is spoken of."""

    asks: Lines
    human: Lines
    """What an attendant answers."""
    bot: Lines = ()
    """What the answering bot says; empty when it does not know the topic."""
    captions: Lines = ()
    """Captions of a screenshot or picture that asks."""
    peers: Lines = ()
    """What another customer answers."""
    foreign: Lines = ()
    """Asked in Spanish, in English, or in two languages at once."""


@dataclass(frozen=True)
class Wordings:
    """All that people say which an inference may be tuned on, and so all that must differ to measure it."""

    name: str
    subjects: Mapping[str, Subject]
    """By the key of the topic; a set has all topics."""
    greetings: Lines
    closers: Lines
    again: Lines
    """How somebody begins who comes back with the same."""
    unsure: Lines
    """The bot does not know."""
    thanks: Lines
    not_solved: Lines
    sarcasm: Lines
    """Words of praise that are none."""
    want_human: Lines
    impatient: Lines
    tell_more: Lines
    """The asker gives what is needed, and asks nothing."""
    ask_more: Lines
    """The asker asks on about the answer: whether that is one more question can be debated."""
    solved_alone: Lines
    """The asker needs no answer any more."""
    solved_edits: Lines
    """The same, as the end of an edited message."""
    ask_back: Lines
    """An attendant needs to know more."""
    follow: Lines
    """What an attendant says in the end."""
    peers: Lines
    """What another customer answers, whatever the topic."""
    me_too: Lines
    """Another customer has the same trouble and no answer."""
    chat: Lines
    chat_replies: Lines
    social_questions: Lines
    """They end in a question mark and ask nothing of the shop."""
    stray_thanks: Lines
    """Thanks that nobody's answer in sight has earned."""
    products: Lines
    short: Mapping[str, str]
    """A word → how it is shortened on a phone."""

    def lines(self) -> Iterator[tuple[str, Lines]]:
        """Return each list of templates with its name."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                yield field.name, value
        for key, subject in self.subjects.items():
            for field in fields(subject):
                yield f"{key}.{field.name}", getattr(subject, field.name)


def expand(template: str, dice: Dice) -> str:
    """Choose one of each `[this|that]`; what is left out leaves no second space."""
    pieces = _pieces(template)
    if len(pieces) == 1:
        return template
    text = "".join(dice.pick(piece) if isinstance(piece, tuple) else piece for piece in pieces)
    return _GAP.sub(r"\1", text).strip()


@cache
def _pieces(template: str) -> tuple[str | Lines, ...]:
    # A split by a pattern with one group gives text and choices in turn.
    return tuple(tuple(part.split("|")) if at % 2 else part for at, part in enumerate(_CHOICE.split(template)))
