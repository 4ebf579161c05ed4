"""Who asks the same again: in like words, or by saying that they are back.

Looks at what a person asked by single rows only, and at no more than the days in which a repeat counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from telelake.talk.folding import alike, terms
from telelake.talk.scene import CUSTOMER, Place, Said
from telelake.talk.words import comes_back

_AWAY = 3600
"""Seconds after which somebody who asks "again" has come back; before, they only press."""


@dataclass(frozen=True)
class Asking:
    """What each person of a place asked, by single rows only, in order of time, with its terms."""

    of_person: Mapping[int | None, Sequence[tuple[Said, frozenset[str]]]]
    returned: Mapping[Said, Said]
    """What those had asked who say that they are back."""
    seconds: int
    """Within which the same question counts as a repeat."""

    @classmethod
    def of(cls, place: Place, seconds: int) -> Asking:
        """Read it from a place's messages."""
        found: dict[int | None, list[tuple[Said, frozenset[str]]]] = defaultdict(list)
        for said in place.messages:
            if said.reading.kind and said.person is not None and said.role == CUSTOMER:
                found[said.person].append((said, terms(said.folded)))
        returned = {
            said: earlier
            for asked in found.values()
            for said, words in asked
            if comes_back(said.folded) and (earlier := _returned_to(said, words, asked, seconds)) is not None
        }
        return cls(found, returned, seconds)

    def _same(self, question: Said) -> Iterator[Said]:
        """Yield what is the same by its words, or because whoever wrote the later one says that they come back."""
        about = terms(question.folded)
        earlier = self.returned.get(question)
        for said, words in self.of_person.get(question.person, ()):
            if said is not question and (alike(about, words) or said is earlier or self.returned.get(said) is question):
                yield said

    def again(self, question: Said, until: int) -> list[Said]:
        """Return when the same person asked the same later."""
        return [said for said in self._same(question) if said.at > question.at and said.day <= until and said.kind]

    def before(self, question: Said) -> int | None:
        """Return the number of the nearest earlier message in which the same person asked the same."""
        found = None
        for said in self._same(question):
            if 0 < question.at - said.at <= self.seconds:
                found = said.number
        return found


def _returned_to(
    said: Said, about: frozenset[str], asked: Sequence[tuple[Said, frozenset[str]]], seconds: int
) -> Said | None:
    """Return what somebody who says that they are back had asked: the last that shares a term, else what alone they had asked."""
    before = [
        (not about.isdisjoint(words), each.at, each.number, each)
        for each, words in asked
        if _AWAY <= said.at - each.at <= seconds
    ]
    shares, _, _, last = max(before, default=(False, 0, 0, None))
    return last if shares or len(before) == 1 else None
