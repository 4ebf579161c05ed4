"""A plain rule for who answers whom, behind the signature of `telelake.talk.links`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """What is read of a message."""

    key: int
    user_id: int | None
    is_bot: bool
    sent_at: datetime
    text: str | None
    reply_to: int | None = None
    mentions: tuple[int, ...] = ()
    thread_id: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A message and what it answers."""

    key: int
    parent: int | None
    score: float
    rule: str


def link(messages: Iterable[Message]) -> list[Link]:
    """Give each message's link: reply, mention, a bot after a person, the own words just before, else the person before."""
    found = []
    last: dict[int | None, Message] = {}
    of: dict[tuple[int | None, int | None], Message] = {}
    for one in messages:
        before = last.get(one.thread_id)
        own = of.get((one.thread_id, one.user_id))
        parent, rule = None, "begins"
        if one.reply_to is not None:
            parent, rule = one.reply_to, "reply"
        elif named := [of[one.thread_id, each] for each in one.mentions if (one.thread_id, each) in of]:
            parent, rule = named[0].key, "mention"
        elif before is not None:
            gap = (one.sent_at - before.sent_at).total_seconds()
            if one.is_bot and not before.is_bot and gap <= 60:
                parent, rule = before.key, "bot"
            elif own is not None and (one.sent_at - own.sent_at).total_seconds() <= 120:
                parent, rule = own.key, "model"
            elif gap <= 300:
                parent, rule = before.key, "model"
        found.append(Link(one.key, parent, 1.0 if rule == "reply" else 0.5, rule))
        last[one.thread_id] = of[one.thread_id, one.user_id] = one
    return found
