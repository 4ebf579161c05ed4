"""Who is an attendant, beside those that are named: who is seen to be an admin, and who answers others much."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telelake.tables.catalog.talk import AFTER
from telelake.talk.scene import ATTENDANT, CUSTOMER, Place, Said, does
from telelake.talk.words import Act

_BEFORE = 4
"""Days before a day that count for who answers much: no parent of theirs needs more than the window has."""
_MOST_ASKED = 5
"""Of those who answer much, each question of their own must stand against so many answers: else they ask, and help too."""


@dataclass(frozen=True)
class Admins:
    """Who is seen to be an admin of any chat: who is promoted, or does what only admins do.

    Of any: who works for a company does so in all its groups, and most groups never say who their admins are.
    """

    seen: Mapping[int, frozenset[int]]
    """Who was seen so on each day."""

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int]]) -> Admins:
        """Make them of (user_id, day)."""
        found: dict[int, set[int]] = defaultdict(set)
        for person, day in rows:
            found[day].add(person)
        return cls({day: frozenset(people) for day, people in found.items()})

    def around(self, first: int, last: int) -> frozenset[int]:
        """Return who was seen to be one between two days."""
        return frozenset().union(*(self.seen.get(day, ()) for day in range(first, last + 1)))


@dataclass
class Helpers:
    """How often each person of a place has answered somebody who asked, and has asked, by day."""

    answers: dict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    questions: dict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    @classmethod
    def of(cls, place: Place) -> Helpers:
        """Count them: an answer is one to a message that asks, by its own words."""
        made = cls()
        for said in place.messages:
            if said.role != CUSTOMER or said.person is None:
                continue
            to = said.parent
            if to is not None and to.person != said.person and does(to, Act.ASKS):
                if not does(said, Act.GREETS, Act.CALLS, Act.THANKS):
                    made.answers[said.day][said.person] += 1
            elif does(said, Act.ASKS):
                made.questions[said.day][said.person] += 1
        return made

    def around(self, day: int, enough: int) -> frozenset[int]:
        """Return who answers much in the days around one."""
        if not enough:
            return frozenset()
        days = range(day - _BEFORE, day + AFTER + 1)
        answers: Counter[int] = sum((self.answers[each] for each in days if each in self.answers), Counter())
        asked: Counter[int] = sum((self.questions[each] for each in days if each in self.questions), Counter())
        return frozenset(
            person for person, count in answers.items() if count >= enough and count >= _MOST_ASKED * asked[person]
        )


def role_of(said: Said, attendants: frozenset[int]) -> str:
    """Return a speaker's role, given who else is an attendant."""
    return ATTENDANT if said.role == CUSTOMER and said.person in attendants else said.role
