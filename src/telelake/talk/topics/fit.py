"""Learn a topic model from questions. The same questions, in any order, give the same model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import linear_sum_assignment

from telelake.errors import SettingsError
from telelake.talk.topics import features, groups
from telelake.talk.topics.features import Floats
from telelake.talk.topics.groups import Labels
from telelake.talk.topics.model import Topic, TopicModel
from telelake.talk.topics.names import name_groups
from telelake.talk.topics.words import fold, language_of

_SAME = 0.25
"""Share of the questions of two groups, old and new, that must be in both for the new one to be the old one."""
_STRANGE = 0.01
"""Of the questions learned from, so many are less like any other knot than what counts as strange."""


class Embedder(Protocol):
    """Turns questions into rows, by their meaning; see `embedders`."""

    @property
    def name(self) -> str:
        """As the setting names it."""

    def rows(self, texts: Sequence[str]) -> Floats:
        """Return a row of length one for each question.

        Raises:
            SettingsError: it is not installed, or cannot be asked.
        """


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to learn from."""

    text: str
    user_id: int
    """Who asked; whatever tells people apart."""


def fit(
    asked: Iterable[Asked], most: int, former: TopicModel | None = None, embedder: Embedder | None = None
) -> TopicModel:
    """Learn from at most `most` different questions; topics that `former` knew keep their numbers and names.

    With an embedder the groups are its; what tells the topic of a new question is learned from them, and needs it no more.

    Raises:
        SettingsError: there are too few questions to tell any groups, or the embedder cannot be asked.
    """
    texts, people = _different(asked, most)
    if len(texts) < _FEWEST:
        raise SettingsError(f"{len(texts)} different questions are too few for topics; at least {_FEWEST} are needed.")
    learned = features.learn(texts, people, language_of(texts))
    rows, known = learned.rows_and_known(texts)
    told = rows.any(axis=1)  # a question of common words only tells nothing
    seen = embedder.rows(texts) if embedder else rows
    labels, knots = np.full(len(texts), -1, np.int64), np.full(len(texts), -1, np.int64)
    if told.sum() < _FEWEST:
        raise SettingsError(
            f"Of {len(texts)} different questions only {int(told.sum())} have words that {features.PEOPLE} people used: too few "
            "for topics."
        )
    labels[told], knots[told] = groups.grouped(seen[told])
    names = name_groups(texts, people, labels, learned.language)
    topics, next_id = _inherited(texts, labels, names, former)
    middles = groups.middles_of(rows[told], knots[told])
    topic_of = _majority(knots[told], labels[told])
    about = {"embedder": embedder.name if embedder else "builtin", "questions": len(texts)}
    least = _least(rows[told], known[told], knots[told], middles)
    return TopicModel(learned, middles, topic_of, topics, least, next_id, about)


_FEWEST = 20


def _different(asked: Iterable[Asked], most: int) -> tuple[list[str], list[frozenset[int]]]:
    """Return questions that differ by more than accents and capitals, in an order of their own, and who asked each."""
    people: dict[str, set[int]] = {}
    shown: dict[str, str] = {}
    for each in asked:
        key = fold(each.text)
        if key:
            people.setdefault(key, set()).add(each.user_id)
            shown[key] = min(shown.get(key, each.text), each.text)
    drawn = sorted(people, key=lambda key: hashlib.blake2b(key.encode(), digest_size=8).digest())[:most]
    kept = sorted(drawn)
    return [shown[key] for key in kept], [frozenset(people[key]) for key in kept]


def _inherited(
    texts: Sequence[str], labels: Labels, names: Sequence[str], former: TopicModel | None
) -> tuple[tuple[Topic, ...], int]:
    """Return the topics: each group that shares enough questions with one of the former model is that one."""
    sizes = np.bincount(labels[labels >= 0], minlength=len(names))
    if former is None:
        topics = tuple(Topic(at + 1, name, int(sizes[at])) for at, name in enumerate(names))
        return topics, len(names) + 1
    place = {topic.id: at for at, topic in enumerate(former.topics)}
    both = np.zeros((len(names), len(former.topics)))
    before = np.zeros(len(former.topics))
    for label, found in zip(labels.tolist(), former.assign(texts), strict=True):
        if found.topic:
            before[place[found.topic.id]] += 1
            if label >= 0:
                both[label, place[found.topic.id]] += 1
    shares = both / np.maximum(sizes[:, None] + before[None, :] - both, 1)
    pairs = zip(*linear_sum_assignment(-shares), strict=True)
    same = {int(new): former.topics[old] for new, old in pairs if shares[new, old] >= _SAME}
    next_id = former.next_id
    kept = {topic.name for topic in same.values()}
    topics_: list[Topic] = []
    for at, name in enumerate(names):
        if old := same.get(at):
            topics_.append(Topic(old.id, old.name, int(sizes[at]), old.is_named))
            continue
        free = name if name not in kept else f"{name} ({next_id})"
        topics_.append(Topic(next_id, free, int(sizes[at])))
        next_id += 1
    return tuple(topics_), next_id


def _majority(knots: Labels, labels: Labels) -> Labels:
    """Return each knot's group: that of most of its questions."""
    counts = np.zeros((int(knots.max()) + 1, int(labels.max()) + 2), np.int64)
    np.add.at(counts, (knots, labels + 1), 1)
    return np.asarray(counts.argmax(axis=1) - 1, np.int64)


def _least(rows: Floats, known: Floats, knots: Labels, middles: Floats) -> float:
    """Return how like its nearest knot a question must be, told by how like other knots the known ones are."""
    best = []
    for start in range(0, len(rows), 4096):
        alike = rows[start : start + 4096] @ middles.T
        alike[np.arange(len(alike)), knots[start : start + 4096]] = -1
        best.append(alike.max(axis=1) * known[start : start + 4096])
    return round(float(max(0.05, np.quantile(np.concatenate(best), _STRANGE))), 3)
