"""A topic model: what tells a question's topic, as bytes that a home keeps. It is an input of builds, and never changes.

It holds no text: words as hashes, and of each topic its number, its name and how many questions it was learned from.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from telelake.errors import SettingsError, UnknownName
from telelake.talk.topics.features import Features, Floats

FORMAT = 1
_NEAREST = 7
"""Knots of the model that have a say in a question's topic."""
_SHARPNESS = 8
"""How much more the nearer ones say."""
_BLOCK = 4096
_ARRAYS = ("known", "weights", "blocks", "axes", "words", "word_weights", "vectors", "middle")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic."""

    id: int
    """Its own for ever: a later fit gives it to the group that has most of its questions."""
    name: str
    size: int
    """Different questions that it was learned from."""
    is_named: bool = False
    """Whether a person gave the name."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a model says of a question."""

    topic: Topic | None
    score: float
    """How like the nearest known questions of the topic it is, 0 to 1."""


@dataclass(frozen=True)
class TopicModel:
    """See the module."""

    features: Features
    knots: Floats
    """Directions in which questions are known to lie."""
    topic_of: npt.NDArray[np.int64]
    """Of each knot the place of its topic; -1 for none."""
    topics: tuple[Topic, ...]
    least: float
    """A question less like any knot than this has no topic."""
    next_id: int
    """Number of the next new topic; none is used twice."""
    about: dict[str, Any] = field(default_factory=dict)
    """How it was made: embedder, number of questions."""

    def assign(self, texts: Sequence[str]) -> list[Found]:
        """Return each question's topic. The same texts in the same order always give the same."""
        found: list[Found] = []
        for start in range(0, len(texts), _BLOCK):
            found += self._block(*self.features.rows_and_known(texts[start : start + _BLOCK]))
        return found

    def _block(self, rows: Floats, known: Floats) -> list[Found]:
        alike = np.clip(rows @ self.knots.T, 0, 1) * known[:, None]
        near = min(_NEAREST, alike.shape[1])
        nearest = np.argpartition(-alike, near - 1, axis=1)[:, :near]
        likeness = np.take_along_axis(alike, nearest, 1)
        says = np.zeros((len(rows), len(self.topics) + 1))
        for place in range(near):
            np.add.at(says, (np.arange(len(rows)), self.topic_of[nearest[:, place]]), likeness[:, place] ** _SHARPNESS)
        best = says.argmax(axis=1)
        scores = np.where(self.topic_of[nearest] == best[:, None], likeness, 0).max(axis=1, initial=0)
        return [
            Found(self.topics[at], round(float(score), 3))
            if at < len(self.topics) and score >= self.least
            else Found(None, round(float(score), 3))
            for at, score in zip(best.tolist(), scores.tolist(), strict=True)
        ]

    def renamed(self, topic_id: int, name: str) -> TopicModel:
        """Return the same model with another name for a topic.

        Raises:
            UnknownName: there is no such topic.
            SettingsError: another topic has that name, or it is empty.
        """
        name = " ".join(name.split())
        if topic_id not in {each.id for each in self.topics}:
            raise UnknownName("topic", str(topic_id), [str(each.id) for each in self.topics])
        if not name:
            raise SettingsError("A topic's name cannot be empty.")
        if any(each.name == name and each.id != topic_id for each in self.topics):
            raise SettingsError(f"Another topic is named '{name}' already. Choose a name that tells them apart.")
        topics = (replace(each, name=name, is_named=True) if each.id == topic_id else each for each in self.topics)
        return replace(self, topics=tuple(topics))

    def to_bytes(self) -> bytes:
        """Return the model as a file; the same model gives the same bytes."""
        head = {
            "format": FORMAT, "language": self.features.language, "share": self.features.share, "least": self.least,
            "next_id": self.next_id, "about": self.about,
            "topics": [[each.id, each.name, each.size, each.is_named] for each in self.topics],
        }  # fmt: skip
        arrays = {name: getattr(self.features, name) for name in _ARRAYS}
        file = io.BytesIO()
        text = np.frombuffer(json.dumps(head, ensure_ascii=False, sort_keys=True).encode(), np.uint8)
        knots = self.knots.astype(np.float16)
        np.savez(file, head=text, knots=knots, topic_of=self.topic_of, **arrays)
        return file.getvalue()


def digest_of(data: bytes) -> str:
    """Return the digest of a model's file."""
    return hashlib.sha256(data).hexdigest()[:32]


def from_bytes(data: bytes) -> TopicModel:
    """Return the model that a file holds.

    Raises:
        SettingsError: a later telelake made it.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        head = json.loads(found["head"].tobytes())
        if head["format"] > FORMAT:
            raise SettingsError(
                f"The topic model is of format {head['format']}, made by a later telelake; this one knows {FORMAT}. Update it."
            )
        features = Features(language=head["language"], share=head["share"], **{name: found[name] for name in _ARRAYS})
        topics = tuple(Topic(*each) for each in head["topics"])
        knots = found["knots"].astype(np.float32)
        return TopicModel(features, knots, found["topic_of"], topics, head["least"], head["next_id"], head["about"])
