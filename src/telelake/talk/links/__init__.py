"""Who answers whom: each message's parent in a busy talk, or that it begins a conversation.

A reply says so itself, and is never doubted. Of other messages, a small model ranks the 64 messages before in the same
thread, and "begins a conversation", by who spoke, who was addressed, how long ago, and which rare words return. It was
trained on the training part of a public corpus; docs/insights/who-answers-whom.md says which, and how well it does. The
weights hold no words of it.

The answer is a function of the messages given, and of at most a few hundred before each: no clock, no chance, and whole-number
arithmetic, so that every machine gives the same links. numpy is loaded by the first call, not by the import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Literal, TypeAlias

Rule: TypeAlias = Literal["reply", "mention", "bot", "model", "begins"]
"""What a link rests on.

reply: the message is a reply. mention: the model's choice is by someone whom the message addresses. bot: a bot spoke just after a
person's command. model: the model's choice. begins: no parent, the message begins a conversation.
"""

_RULES = 1  # to be raised when the code around the weights gives other links


@dataclass(frozen=True, slots=True)
class Message:
    """What is read of a message."""

    key: int
    """Its number in the chat; a later message has a higher one."""
    user_id: int | None
    """Its author; None is nobody known, and never the same as another None."""
    is_bot: bool
    sent_at: datetime
    """UTC; without a zone it is taken for UTC."""
    text: str | None
    """Text or caption."""
    reply_to: int | None = None
    """The key of the message that it replies to."""
    mentions: tuple[int, ...] = ()
    """Ids of people addressed in the text, in its order: text mentions, and usernames whose owners are known."""
    thread_id: int | None = None
    """Messages of different threads are never linked, but by a reply."""


@dataclass(frozen=True, slots=True)
class Link:
    """A message and what it answers."""

    key: int
    parent: int | None
    """The key of the message that it answers or goes on from; None: it begins a conversation."""
    score: float
    """How sure, 0 to 1; 1 for a reply. To be read by people: what was chosen does not depend on its last digits."""
    rule: Rule


def link(messages: Iterable[Message]) -> list[Link]:
    """Give each message's link, in the order given.

    Args:
        messages: of one chat, in order of time, without service messages.
    """
    return list(stream(messages))


def stream(messages: Iterable[Message]) -> Iterator[Link]:
    """Do as `link`, with a bounded part of the messages in memory."""
    from telelake.talk.links import linker  # loads numpy

    return linker.stream(messages)


@cache
def fingerprint() -> str:
    """Name what decides the links: for the recipe of a table that is made with them."""
    weights = files("telelake.talk.links").joinpath("weights.json").read_bytes()
    return sha256(b"%d:" % _RULES + weights).hexdigest()
