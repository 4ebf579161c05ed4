"""What belongs together: each message's parent, which messages ask, whose talk each belongs to, which conversation.

Each answer looks at a bounded number of days: a parent at three days before its message, whether a message asks at four, a
conversation at seven. So all of them come out the same in whichever window of `tables.catalog.talk` they are found; and
whoever changes a rule here must count its days anew.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from telelake.tables.catalog.talk import LASTS
from telelake.talk.folding import terms
from telelake.talk.parents import Parents
from telelake.talk.scene import CUSTOMER, SILENCE, Place, Said, does
from telelake.talk.words import Act

_GOES_ON = 180
"""Seconds in which a second message with hardly a word of its own goes on from the first."""
_ASKED_BACK = 86_400
"""Seconds after a question in which another's short question to it asks back."""
_FEW_TERMS = 2
_OWN = re.compile(
    r"\b(?:eu|meu|minha|meus|minhas|consigo|posso|faco|preciso|quero|tambem|aqui|comigo|estou|tenho|i|my|me|we|yo|mi|puedo|tengo|tambien)\b"
)


def tie(place: Place, parents: Parents) -> None:
    """Find out all of it for a place."""
    parents.find(place)
    _ask(place.messages)
    _own(place.messages)
    _root(place.messages)


def _ask(messages: Sequence[Said]) -> None:
    """Say which messages ask. Looks at single rows of the four days before only, never at what was found for them."""
    asked_at: dict[int, int] = {}
    before: dict[int | None, Said] = {}
    for said in messages:
        last = before.get(said.topic)
        before[said.topic] = said
        if said.role != CUSTOMER or said.is_forward or said.person is None:
            continue
        if does(said, Act.ASKS):
            if not _asks_back(said) and not _goes_on(said, last):
                said.kind = said.reading.kind
            asked_at[said.person] = said.at
        elif does(said, Act.DENIES) and said.reading.kind:
            # "Not working" is a problem of its own when there was no question that an answer could have helped.
            if said.at - asked_at.get(said.person, -SILENCE) >= SILENCE:
                said.kind = said.reading.kind
            asked_at[said.person] = said.at


def _asks_back(said: Said) -> bool:
    """Return whether a message only asks the asker of another for more."""
    to = said.parent
    return (
        to is not None
        and to.person != said.person
        and does(to, Act.ASKS)
        and said.at - to.at <= _ASKED_BACK
        and "?" in said.folded
        and said.folded.count(" ") < 20
        and _OWN.search(said.folded) is None
    )


def _goes_on(said: Said, last: Said | None) -> bool:
    """Return whether a message goes on from its asker's question just before; then that is its parent."""
    if last is None or last.person != said.person or said.at - last.at > _GOES_ON or not does(last, Act.ASKS):
        return False
    if len(terms(said.folded)) > _FEW_TERMS:
        return False
    said.parent, said.rule = last, "goes on"
    return True


def _own(messages: Sequence[Said]) -> None:
    """Say which question each message belongs to: that of its parent; a lone thanks belongs to the asker's last question."""
    asked: dict[tuple[int | None, int | None], Said] = {}
    for said in messages:
        if said.kind:
            said.owner = said
            asked[said.person, said.topic] = said
            continue
        found = said.parent.owner if said.parent else None
        if found is not None and said.day - found.day > 7:
            found = None
        is_own = found is not None and found.person == said.person
        if not is_own and said.reply_to is None and does(said, Act.THANKS, Act.DENIES, Act.WANTS_HUMAN, Act.CALLS):
            last = asked.get((said.person, said.topic))
            if last is not None and said.at - last.at <= SILENCE:
                found = last
        said.owner = found


def _root(messages: Sequence[Said]) -> None:
    """Say which message begins each one's conversation.

    A parent more than 72 hours away is none. A conversation lasts to the third day after its first; what goes on after that is,
    day by day, one of its own. So a day's conversations depend on a week, however long people talk.
    """
    natural: dict[Said, Said] = {}
    daily: dict[Said, Said] = {}
    for said in messages:
        parent = said.parent
        if parent is None or said.at - parent.at > SILENCE or parent is said:
            natural[said] = daily[said] = said.root = said
            continue
        natural[said] = first = natural[parent]
        daily[said] = daily[parent] if parent.day == said.day else said
        said.root = first if said.day - first.day <= LASTS else daily[said]


def talks(messages: Iterable[Said]) -> dict[Said, list[Said]]:
    """Return the messages of each question's talk but for those that ask, in order of time."""
    found: dict[Said, list[Said]] = defaultdict(list)
    for said in messages:
        if said.owner is not None and said.owner is not said:
            found[said.owner].append(said)
    return found
