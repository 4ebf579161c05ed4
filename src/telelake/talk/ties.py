"""What belongs together: each message's parent, which messages ask, whose talk each belongs to, which conversation.

Each answer looks at a bounded number of days: a parent at three days before its message, whether a message asks at six, a
conversation at seven. So all of them come out the same in whichever window of `tables.catalog.talk` they are found; and
whoever changes a rule here must count its days anew.
"""

from __future__ import annotations

import re
from bisect import insort
from collections import defaultdict, deque
from collections.abc import Container, Iterable, Mapping, Sequence

from telelake.tables.catalog.talk import AFTER, LASTS
from telelake.talk.folding import terms
from telelake.talk.parents import Parents
from telelake.talk.people import role_of
from telelake.talk.scene import ATTENDANT, BOT, CUSTOMER, SILENCE, Place, Said, does
from telelake.talk.words import Act

_GOES_ON = 180
"""Seconds in which a second message with hardly a word of its own goes on from the first."""
_ASKED_BACK = 86_400
"""Seconds after a question in which another's short question to it asks back."""
_AT_ONCE = 60
"""Seconds in which a second message, with nobody between who speaks to its writer, goes on whatever it says."""
_BARE = 3600
"""Seconds within which an attendant answers without saying whom."""
_NEAR = 12
"""Questions that such an answer may be of, the last ones."""
_FEW_TERMS = 2
_SHOWN = 2 * 86_400
"""Seconds after a question in which something is said that its asker may show, by a reply, to be said to them."""
_FOLLOWING_TERMS = 3
"""Terms up to which a question about an answer asks for no other thing."""
_OWN_TERMS = 4
"""Terms from which a word of failure that replies to nothing says what fails, and so asks."""
_ON = re.compile(r"(?:e|mas|ok|certo|entendi|entao|ah|sim|and|but|so|y|pero|vale) ")
"""How a question goes on from an answer."""
_OWN = re.compile(
    r"\b(?:eu|meu|minha|meus|minhas|consigo|posso|faco|preciso|quero|tambem|aqui|comigo|estou|tenho|i|my|me|we|yo|mi|puedo|tengo|tambien)\b"
)


def tie(place: Place, parents: Parents) -> None:
    """Find out all of it for a place."""
    parents.find(place)
    _ask(place.messages)
    _root(place.messages)


def _ask(messages: Sequence[Said]) -> None:
    """Say which messages ask. Looks at rows of the six days before, and their parents, never at which of them ask."""
    asked_at: dict[int, int] = {}
    before: dict[tuple[int, int | None], Said] = {}
    replied: set[int] = set()
    for said in messages:
        if said.reply_to is not None:
            replied.add(said.reply_to)
        if said.role != CUSTOMER or said.is_forward or said.person is None:
            continue
        last = before.get((said.person, said.topic))
        before[said.person, said.topic] = said
        if last is not None and last.number in replied:
            last = None
        if does(said, Act.ASKS):
            if not _asks_back(said) and not _goes_on(said, last) and not _follows_up(said):
                said.kind = said.reading.kind
            asked_at[said.person] = said.at
        elif does(said, Act.DENIES) and said.reading.kind:
            # "Not working" is a problem of its own when there was no question that an answer could have helped, or says what.
            is_told = said.reply_to is None and len(terms(said.folded)) >= _OWN_TERMS
            if is_told or said.at - asked_at.get(said.person, -SILENCE) >= SILENCE:
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


def _follows_up(said: Said) -> bool:
    """Return whether a message only asks on about what somebody answered its writer: that is the same question still."""
    to = said.parent
    if (
        to is None
        or to.person == said.person
        or to.parent is None
        or to.parent.person != said.person
        or said.rule == "turn"
    ):
        return False
    if said.at - to.at > SILENCE or to.at - to.parent.at > SILENCE:
        return False
    own, is_on = len(terms(said.folded)), _ON.match(said.folded) is not None
    if said.reply_to is not None:
        return own <= _FOLLOWING_TERMS and (is_on or does(to.parent, Act.ASKS))
    # A link that is only likely must be borne out by the words.
    return does(to.parent, Act.ASKS) and (own <= 1 or (own <= _FOLLOWING_TERMS and is_on))


def _goes_on(said: Said, last: Said | None) -> bool:
    """Return whether a message goes on from what its writer asked just before, and nobody replied to; then that is its parent."""
    if last is None or said.at - last.at > _GOES_ON or not does(last, Act.ASKS):
        return False
    if said.reply_to not in (None, last.number):
        return False
    if said.at - last.at > _AT_ONCE and len(terms(said.folded)) > _FEW_TERMS:
        return False
    said.parent, said.rule = last, "goes on"
    return True


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


def talks(messages: Iterable[Said], attendants: frozenset[int]) -> dict[Said, list[Said]]:
    """Return the messages of each question's talk but for those that ask, in order of time.

    Each belongs to the question of its parent; a lone thanks to its writer's last question; what an attendant says out of nothing
    to the last one asked. An attendant's own question is part of the answer: so it is told here who is one.
    """
    found: dict[Said, list[Said]] = {}
    owners: dict[Said, Said] = {}
    asked: dict[tuple[int | None, int | None], Said] = {}
    recent: dict[int | None, deque[Said]] = defaultdict(lambda: deque(maxlen=_NEAR))
    for said in messages:
        is_attendant = role_of(said, attendants) == ATTENDANT
        if said.kind and not is_attendant:
            owners[said] = asked[said.person, said.topic] = said
            recent[said.topic].append(said)
            continue
        owner = owners.get(said.parent) if said.parent else None
        if owner is not None and said.day - owner.day > AFTER:
            owner = None
        is_own = owner is not None and owner.person == said.person
        if not is_own and said.reply_to is None and does(said, Act.THANKS, Act.DENIES, Act.WANTS_HUMAN, Act.CALLS):
            last = asked.get((said.person, said.topic))
            if last is not None and said.at - last.at <= SILENCE:
                owner = last
        if owner is not None and not is_own and said.rule == "model" and not is_attendant and said.role == CUSTOMER:
            # Whoever has a question open speaks of that, unless their words are of the other's.
            last = asked.get((said.person, said.topic))
            if last is not None and said.at - last.at <= SILENCE and terms(said.folded).isdisjoint(terms(owner.folded)):
                owner = last
        if owner is None and is_attendant and said.reply_to is None and not said.is_forward:
            owner = _last_asked(said, recent[said.topic], found)
        mine = asked.get((said.person, said.topic))
        if mine is not None and _shows_whose(said, mine, owners, attendants):
            owner = mine
            _give(said, mine, owners, found)
        if owner is not None:
            owners[said] = owner
            found.setdefault(owner, []).append(said)
    return found


def _give(said: Said, mine: Said, owners: dict[Said, Said], found: dict[Said, list[Said]]) -> None:
    """Give what a message replies to its writer's question; take it from another only where that one, made alone, sees it too."""
    to = said.parent
    assert to is not None
    old = owners.get(to)
    if old is mine:
        return
    if old is not None and said.day - old.day <= AFTER:
        found[old].remove(to)
    owners[to] = mine
    insort(found.setdefault(mine, []), to, key=lambda each: (each.at, each.number))


def _shows_whose(said: Said, mine: Said, owners: Mapping[Said, Said], attendants: frozenset[int]) -> bool:
    """Return whether an asker's reply shows that what it replies to, and replies to nothing itself, was said to them.

    Any reply to an attendant or a bot does; to others, one that says how it went.
    """
    to = said.parent
    if (
        said.reply_to is None
        or to is None
        or to.reply_to is not None
        or to.person == said.person
        or owners.get(to) is to
    ):
        return False
    if said.day - mine.day > AFTER or not mine.at <= to.at <= mine.at + _SHOWN:
        return False
    return role_of(to, attendants) in (ATTENDANT, BOT) or does(said, Act.THANKS, Act.DENIES)


def _last_asked(said: Said, recent: Iterable[Said], answered: Container[Said]) -> Said | None:
    """Return what an attendant answers who says not whom: what is about the same; else the only one that nobody has answered."""
    about = terms(said.folded)
    near = [each for each in recent if said.at - each.at <= _BARE and each.person != said.person]
    alike = [each for each in near if not about.isdisjoint(terms(each.folded))]
    if alike:
        return max(alike, key=lambda each: (each not in answered, each.at, each.number))
    waiting = [each for each in near if each not in answered]
    return waiting[0] if len(waiting) == 1 else None
