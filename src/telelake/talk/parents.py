"""Each message's parent: what it replies to; in a private chat, what was said before; else what `telelake.talk.links` finds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby

from telelake.talk.callings import call
from telelake.talk.links import Message, fingerprint, link
from telelake.talk.scene import BOT, SILENCE, Place, Said

_DAYS = 3
"""Days before a message's own in which its parent is looked for, but for a reply's."""
_CONTEXT = 200
"""Messages of these days that are looked at, the last ones; links look back no further."""
_KEPT = 200_000
"""Links that are kept for the next build."""
_MENTION = re.compile(r"@(\w{4,32})")

_Key = tuple[int, int, str | None, int]
_Links = Sequence[tuple[int, int, str]]
"""Message, parent and rule."""


@dataclass
class Parents:
    """What finds parents. Keeps what it found: most of a window is as it was when the window was looked at last."""

    _found: dict[_Key, tuple[int, _Links]] = field(default_factory=dict)
    _count: int = 0

    @property
    def digest(self) -> str:
        """Of what decides the links."""
        return fingerprint()

    def find(self, place: Place) -> None:
        """Give each message of a place its parent, if it has one."""
        if place.is_private:
            _by_turns(place)
        else:
            self._by_links(place)
        for said in place.messages:
            if said.reply_to is not None:
                target = place.by_number.get(said.reply_to)
                # A number may be beyond the window, or lie: nothing answers what came after it.
                said.parent = target if target is not None and _is_before(target, said) else None
                said.rule = "reply" if said.parent else ""
        if not place.is_private:
            call(place.messages)

    def _by_links(self, place: Place) -> None:
        """Ask for the links of each day with the same context before it, whatever else is in the window."""
        days = {day: list(each) for day, each in groupby(sorted(place.messages, key=_when), key=lambda said: said.day)}
        names = {
            day: {said.username.lower(): said.person for said in each if said.username} for day, each in days.items()
        }
        for day, messages in days.items():
            if all(said.reply_to is not None for said in messages):
                continue
            around = [days[each] for each in range(day - _DAYS, day) if each in days]
            before = [said for each in around for said in each][-_CONTEXT:]
            known = [names[each] for each in range(day, day - _DAYS - 1, -1) if each in names]
            given = tuple(_message(said, known) for said in (*before, *messages))
            key = (place.account_id, place.chat_id, place.business, day)
            for number, parent, rule in self._links(key, given, len(before)):
                said, to = place.by_number[number], place.by_number.get(parent)
                if said.day == day and to is not None and _is_before(to, said):
                    said.parent, said.rule = to, rule

    def _links(self, key: _Key, given: Sequence[Message], before: int) -> _Links:
        """Return the links of a day, those `before` it left out; asked for again only where what is given has changed."""
        seen = hash(given)
        if key in self._found and self._found[key][0] == seen:
            return self._found[key][1]
        links = [(each.key, each.parent, each.rule) for each in link(given)[before:] if each.parent is not None]
        self._keep(key, seen, links)
        return links

    def _keep(self, key: _Key, seen: int, links: _Links) -> None:
        self._count += len(links) - len(self._found.pop(key, (0, ()))[1])
        self._found[key] = seen, links
        while self._count > _KEPT and len(self._found) > 1:
            oldest = next(iter(self._found))
            self._count -= len(self._found.pop(oldest)[1])


def _by_turns(place: Place) -> None:
    """In a private chat all is said to one another: what was said before is the parent."""
    last: dict[int | None, Said] = {}
    for said in place.messages:
        before = last.get(said.topic)
        if before is not None and said.at - before.at <= SILENCE:
            said.parent, said.rule = before, "turn"
        last[said.topic] = said


def _is_before(parent: Said, said: Said) -> bool:
    return (parent.at, parent.number) < (said.at, said.number)


def _when(said: Said) -> tuple[int, int, int]:
    return said.day, said.at, said.number


def _message(said: Said, names: Sequence[Mapping[str, int | None]]) -> Message:
    mentions: list[int] = []
    if said.text and "@" in said.text:
        for name in _MENTION.findall(said.text.lower()):
            person = next((known[name] for known in names if name in known), None)
            if person is not None:
                mentions.append(person)
    sent_at = datetime.fromtimestamp(said.at, UTC)
    return Message(
        said.number, said.person, said.role == BOT, sent_at, said.text, said.reply_to, tuple(mentions), said.topic
    )
