"""A readable name for a group of questions, made of its own words: those that are frequent in it and rare elsewhere."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from telelake.talk.topics.features import PEOPLE
from telelake.talk.topics.groups import Labels
from telelake.talk.topics.words import words

_WORDS = 3
_LEAST_SHARE = 0.15
"""A word that fewer of a group's questions have is no name for it."""


def name_groups(texts: Sequence[str], people: Sequence[frozenset[int]], labels: Labels, language: str) -> list[str]:
    """Return a name for each group, all different; a word that fewer than `PEOPLE` persons used is in none."""
    everywhere: Counter[str] = Counter()
    inside: dict[int, Counter[str]] = defaultdict(Counter)
    users: dict[tuple[int, str], set[int]] = defaultdict(set)
    shown: dict[str, Counter[str]] = defaultdict(Counter)
    places: dict[tuple[int, str], list[float]] = defaultdict(list)
    for text, who, label in zip(texts, people, labels.tolist(), strict=True):
        said = [each for each in words(text, language) if not each.is_common and len(each.surface) > 1]
        for stem in {each.stem for each in said}:
            everywhere[stem] += 1
            inside[label][stem] += 1
            users[label, stem] |= who
        for place, each in enumerate(said):
            shown[each.stem][each.surface] += 1
            places[label, each.stem].append(place)
    sizes = Counter(labels.tolist())
    names: list[str] = []
    for label in range(max(sizes) + 1 if sizes else 0):
        size = sizes[label]
        fit = [
            (-count / size * math.log(len(texts) / everywhere[stem] + 1), stem)
            for stem, count in inside[label].items()
            if count >= _LEAST_SHARE * size and len(users[label, stem]) >= PEOPLE
        ]
        chosen = [stem for _, stem in sorted(fit)]
        names.append(_name(chosen, label, names, shown, places))
    return names


def _name(
    chosen: Sequence[str], label: int, taken: Sequence[str], shown: dict[str, Counter[str]],
    places: dict[tuple[int, str], list[float]],
) -> str:  # fmt: skip
    """Return the best words in the order in which people write them; more of them when that name is taken."""
    for count in range(_WORDS, max(_WORDS, len(chosen)) + 1):
        best = sorted(chosen[:count], key=lambda stem: (sum(places[label, stem]) / len(places[label, stem]), stem))
        name = " ".join(_surface(shown[stem]) for stem in best)
        if name and name not in taken:
            return name
    plain = " ".join(_surface(shown[stem]) for stem in chosen[:_WORDS]) or "?"
    return next(f"{plain} ({n})" for n in range(2, len(taken) + 3) if f"{plain} ({n})" not in taken)


def _surface(forms: Counter[str]) -> str:
    """Return how a word is written most often; of two as frequent, the one with accents, which is the more careful."""
    return min(forms, key=lambda form: (-forms[form], form.isascii(), form))
