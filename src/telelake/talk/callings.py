"""Whom a message speaks to though it replies to nothing: by a name, or because a bot answers at once.

The ranker of `talk.links` looks back 64 messages and knows no first names. Somebody who answers a night later, further down than
that, says for whom: "Marta, já liberei", "@marta_s veja agora". So a message that calls somebody belongs to what that person
asked; and a bot's message that follows a question within seconds answers it.

Looks at rows of the three days before only, and at each by itself, as all in `ties`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from telelake.talk.folding import terms
from telelake.talk.scene import BOT, CUSTOMER, Said, does
from telelake.talk.words import Act

DAYS = 3
"""Days before a message's own in which whoever it calls must have spoken, and asked."""
_PROMPT = 15
"""Seconds within which a bot answers what was asked."""
_MENTION = re.compile(r"@(\w{4,32})")
_CALLED = re.compile(
    r"(?:^|[,.!?;:\n]+ )(?:(?:oi|ola|opa|hi|hello|hey|hola|bom dia|boa tarde|boa noite|entao|sim|nao|obrigad[oa]|dear) )?"
    r"([a-zñ]{3,20})(?= (?:[^a-z0-9 ]+ ?)*(?:[,.!?;:\n]|$)|$)"
)
"""A word by itself between signs, as names stand that call: "Marta, …", "Oi Marta! …", "… já está certo, Marta."."""


def call(messages: Sequence[Said]) -> None:
    """Give what calls somebody, or answers as a bot does, its parent; messages are a chat's, in order of time."""
    spoke: dict[str, dict[int, Said]] = defaultdict(dict)
    asked: dict[int, list[Said]] = defaultdict(list)
    last: dict[int | None, Said] = {}
    for said in messages:
        if said.reply_to is None and not said.is_forward:
            found = _called(said, spoke, asked)
            if found is not None:
                said.parent, said.rule = found, "name"
            elif said.role == BOT and said.rule != "bot":
                question = last.get(said.topic)
                if question is not None and said.at - question.at <= _PROMPT:
                    said.parent, said.rule = question, "bot"
        if said.person is None:
            continue
        for name in (said.name, f"@{said.username.lower()}" if said.username else None):
            if name:
                spoke[name][said.person] = said
        if said.role == CUSTOMER and does(said, Act.ASKS):
            asked[said.person].append(said)
            last[said.topic] = said


def _called(said: Said, spoke: dict[str, dict[int, Said]], asked: dict[int, list[Said]]) -> Said | None:
    """Return what somebody asked whom a message calls: what is about the same, if anything is, else the last."""
    people = {
        person
        for name in _names(said)
        for person, seen in spoke.get(name, {}).items()
        if person != said.person and said.day - seen.day <= DAYS
    }
    if not people or (said.parent is not None and said.parent.person in people):
        return None
    about = terms(said.folded)
    found = [
        each
        for person in people
        for each in asked.get(person, ())
        if said.day - each.day <= DAYS and each.topic == said.topic and each.at <= said.at
    ]
    return max(found, key=lambda each: (not about.isdisjoint(terms(each.folded)), each.at, each.number), default=None)


def _names(said: Said) -> Iterable[str]:
    yield from _CALLED.findall(said.folded)
    if said.text and "@" in said.text:
        yield from (f"@{name}" for name in _MENTION.findall(said.text.lower()))
