"""A question as a row of numbers, learned from the group's own questions: nothing is downloaded.

Two views are put side by side. Weighted words, pairs of words and pieces of words (which forgive typos), reduced by SVD: what
questions have in common. And the mean of their words' vectors, which come from what stands near them in all questions: so
"demora" and "atraso" meet although no question has both. The second needs many questions; its weight grows with their number.

Words stand in the model as 64-bit hashes, never as text, and only those that `PEOPLE` different persons or more have used.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize

from telelake.errors import SettingsError
from telelake.talk.topics.words import Word, words

Floats = npt.NDArray[np.float32]
Hashes = npt.NDArray[np.uint64]

PEOPLE = 3
"""Persons who must have used a word, or a pair, before a model may know it: a name or a secret of one is not learned."""
_FEWEST = 3
"""Words and pieces without which there is nothing to learn."""
_SIZE = 150
"""Numbers of each view."""
_NEAR = 5
"""Words on each side that count as near."""
_ENOUGH = 8_000
"""Questions from which on what stands near a word tells as much as the words themselves."""
_MOST = {"w": 20_000, "b": 20_000, "c": 40_000}
"""Words, pairs, and pieces that a model knows at most: those in most questions."""
_WEIGHT = {"w": 1.0, "b": 0.5, "c": 0.7}
_PIECES = (3, 4, 5)


@dataclass(frozen=True)
class Features:
    """What turns questions into rows of length one."""

    language: str
    known: Hashes
    """Words, pairs and pieces, hashed, in order."""
    weights: Floats
    """Of each: how rare it is."""
    blocks: npt.NDArray[np.uint8]
    """Of each: 0 a word, 1 a pair, 2 a piece."""
    axes: npt.NDArray[np.float16]
    """What each adds to a row of the first view."""
    words: Hashes
    """Words of the second view."""
    word_weights: Floats
    vectors: npt.NDArray[np.float16]
    middle: Floats
    """Mean of the second view, which is taken off: it is what all questions share."""
    share: float
    """Weight of the second view."""

    def rows(self, texts: Sequence[str]) -> Floats:
        """Return a row for each question; of zeros for one without a known word."""
        return self._rows([words(text, self.language) for text in texts])

    def rows_and_known(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the same, and of each question what share of its words is known; of an unknown word, of its pieces.

        A row has length one however little of a question is known: two pieces of a strange word are no likeness.
        """
        said = [words(text, self.language) for text in texts]
        known = frozenset(self.known.tolist())
        return self._rows(said), np.array([_known_share(each, known) for each in said], np.float32)

    def _rows(self, said: Sequence[Sequence[Word]]) -> Floats:
        first = _unit(self._counted(said) @ self.axes.astype(np.float32))
        at = {each: place for place, each in enumerate(self.words.tolist())}
        counts = _counts(([at[h] for h in _word_hashes(each) if h in at] for each in said), len(at))
        counts.data[:] = 1
        means = _unit(counts @ sp.diags(self.word_weights) @ self.vectors.astype(np.float32))
        second = _unit(np.where(means.any(axis=1, keepdims=True), means - self.middle, 0))
        return _unit(np.hstack([first, self.share * second]))

    def _counted(self, said: Sequence[Sequence[Word]]) -> Any:
        return _weighted(said, self.known, self.weights, self.blocks)


def learn(texts: Sequence[str], people: Sequence[frozenset[int]], language: str) -> Features:
    """Learn from different questions, and from who asked each.

    Raises:
        SettingsError: they have too little in common.
    """
    said = [words(text, language) for text in texts]
    known, weights, blocks = _vocabulary(said, people)
    if len(known) < _FEWEST:
        raise SettingsError(
            f"{len(texts)} different questions have hardly a word that {PEOPLE} people used: too few for topics."
        )
    counted = _weighted(said, known, weights, blocks)
    size = max(2, min(_SIZE, len(texts) // 4, len(known) - 1))
    first = TruncatedSVD(size, random_state=0).fit(counted)
    near_words, near_weights, vectors = _nearness(said, people)
    axes = first.components_.T.astype(np.float16)
    blank = Features(
        language, known, weights, blocks, axes, near_words, near_weights, vectors,
        np.zeros(vectors.shape[1], np.float32), min(1.0, len(texts) / _ENOUGH),
    )  # fmt: skip
    at = {each: place for place, each in enumerate(near_words.tolist())}
    counts = _counts(([at[h] for h in _word_hashes(each) if h in at] for each in said), len(at))
    counts.data[:] = 1
    middle = _unit(counts @ sp.diags(near_weights) @ vectors.astype(np.float32)).mean(axis=0).astype(np.float32)
    return Features(**{**blank.__dict__, "middle": middle})


@lru_cache(500_000)
def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


@lru_cache(200_000)
def _pieces(stem: str) -> tuple[int, ...]:
    framed = f" {stem} "
    return tuple(_hash("c" + framed[at : at + n]) for n in _PIECES for at in range(len(framed) - n + 1))


def _units(said: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield block and hash of all that a question holds."""
    stems = [each.stem for each in said if not each.is_common]
    for stem in stems:
        yield 0, _hash("w" + stem)
        for piece in _pieces(stem):
            yield 2, piece
    for pair in pairwise(stems):
        yield 1, _hash("b" + " ".join(pair))


def _known_share(said: Sequence[Word], known: frozenset[int]) -> float:
    shares = [
        1.0 if _hash("w" + each.stem) in known else sum(piece in known for piece in pieces) / len(pieces)
        for each in said
        if not each.is_common and (pieces := _pieces(each.stem))
    ]
    return sum(shares) / len(shares) if shares else 0.0


def _word_hashes(said: Sequence[Word]) -> list[int]:
    return [_hash("w" + each.stem) for each in said if not each.is_common]


def _vocabulary(
    said: Sequence[Sequence[Word]], people: Sequence[frozenset[int]]
) -> tuple[Hashes, Floats, npt.NDArray[np.uint8]]:
    """Return what enough people have used, with weights and blocks."""
    users: dict[tuple[int, int], set[int]] = {}
    counts: Counter[tuple[int, int]] = Counter()
    for each, person in zip(said, people, strict=True):
        for unit in set(_units(each)):
            counts[unit] += 1
            seen = users.setdefault(unit, set())
            if len(seen) < PEOPLE:
                seen |= person
    shared = [(-count, unit) for unit, count in counts.items() if len(users[unit]) >= PEOPLE]
    kept = [
        unit
        for block, most in enumerate(_MOST.values())
        for _, unit in sorted(each for each in shared if each[1][0] == block)[:most]
    ]
    kept.sort(key=lambda unit: unit[1])
    rare = np.log((1 + len(said)) / (1 + np.array([counts[unit] for unit in kept], np.float64))) + 1
    hashes = np.array([unit[1] for unit in kept], np.uint64)
    return hashes, rare.astype(np.float32), np.array([unit[0] for unit in kept], np.uint8)


def _weighted(said: Sequence[Sequence[Word]], known: Hashes, weights: Floats, blocks: npt.NDArray[np.uint8]) -> Any:
    """Return questions × units: each block of length one, then by its weight."""
    at = {each: place for place, each in enumerate(known.tolist())}
    counts = _counts(([at[h] for _, h in _units(each) if h in at] for each in said), len(at))
    counts.data = (1 + np.log(counts.data)).astype(np.float32)
    counts = (counts @ sp.diags(weights)).tocsr()
    total = sp.csr_matrix(counts.shape, dtype=np.float32)
    for block, weight in enumerate(_WEIGHT.values()):
        total = total + weight * normalize(counts @ sp.diags((blocks == block).astype(np.float32)))
    return total.tocsr()


def _counts(rows: Iterable[Sequence[int]], width: int) -> Any:
    indices: list[int] = []
    ends = [0]
    for row in rows:
        indices.extend(row)
        ends.append(len(indices))
    matrix = sp.csr_matrix((np.ones(len(indices), np.float32), indices, ends), shape=(len(ends) - 1, width))
    matrix.sum_duplicates()
    return matrix


def _nearness(
    said: Sequence[Sequence[Word]], people: Sequence[frozenset[int]]
) -> tuple[Hashes, Floats, npt.NDArray[np.float16]]:
    """Return words, their weights, and vectors: the SVD of how much more often two stand near than by chance."""
    users: dict[str, set[int]] = {}
    counts: Counter[str] = Counter()
    for each, person in zip(said, people, strict=True):
        for stem in {word.stem for word in each}:
            counts[stem] += 1
            users.setdefault(stem, set()).update(person)
    stems = sorted((stem for stem in counts if len(users[stem]) >= PEOPLE), key=lambda stem: _hash("w" + stem))
    at = {stem: place for place, stem in enumerate(stems)}
    near = sp.csr_matrix((len(stems), len(stems)), dtype=np.float64)
    lines = [[at[word.stem] for word in each if word.stem in at] for each in said]
    for far in range(1, _NEAR + 1):
        left = [one for line in lines for one in line[:-far]]
        right = [one for line in lines for one in line[far:]]
        near = near + sp.coo_matrix((np.ones(len(left)), (left, right)), shape=near.shape).tocsr()
    near = (near + near.T).tocoo()
    size = max(1, min(_SIZE, len(stems) - 1))
    if near.nnz == 0 or len(stems) < 3:
        return np.array([], np.uint64), np.array([], np.float32), np.zeros((0, size), np.float16)
    times = np.asarray(near.sum(axis=1)).ravel()
    context = times**0.75  # rare words are not as surprising as they seem
    found = np.log(near.data * context.sum() / (times[near.row] * context[near.col]))
    kept = found > 0
    surprise = sp.csr_matrix((found[kept], (near.row[kept], near.col[kept])), shape=near.shape)
    svd = TruncatedSVD(size, random_state=0).fit(surprise)
    scale = np.sqrt(np.maximum(svd.singular_values_, 1e-9))
    vectors = _unit(svd.transform(surprise) / scale)
    weights = np.log(len(said) / np.array([counts[stem] for stem in stems]))
    return (
        np.array([_hash("w" + stem) for stem in stems], np.uint64),
        weights.astype(np.float32),
        vectors.astype(np.float16),
    )


def _unit(rows: Any) -> Floats:
    return cast(Floats, normalize(np.asarray(rows, dtype=np.float32)))
