"""Messages of one thread in columns, and what a walk over them finds: who spoke, addressed whom, used the same words, and when.

All looks back over a bounded past, `WINDOW` messages at most. So what is said of a message depends on nothing older, and not
on where a stream was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from telelake.talk.links.words import SIGNS

Whole: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

REACH = 64
"""A message's parent is looked for among so many before it: 98.7 % of the links of the training corpus reach no further."""
WINDOW = 128
"""How many messages back "before", "last" and "new" look."""
CONTEXT = REACH + WINDOW + 1
"""Messages of the past that must be kept, so that the next one sees all it may see."""
NAMED = 4
"""People that a message can address; more are not looked at."""
NOBODY = -(1 << 62)
NEVER = 1 << 30
_COMMON = 16  # a word that so many of the last messages have says nothing
_RARE, _UNCOMMON = 2, 6


@dataclass(frozen=True, slots=True)
class Said:
    """What the model reads of one message; made once."""

    key: int
    user: int
    minute: int
    bot: bool
    signs: tuple[int, ...]
    named: tuple[int, ...]
    """Whom it addresses, the first first; the author of the message that it replies to is one of them."""
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Talk:
    """Messages of one thread in order, in columns."""

    key: Whole
    user: Whole
    minute: Whole
    bot: Flags
    signs: NDArray[np.uint8]
    named: Whole
    """People addressed, `NAMED` columns, filled with `NOBODY`."""
    words: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, messages: Sequence[Said]) -> Talk:
        """Turn messages into columns."""
        named = np.full((len(messages), NAMED), NOBODY)
        for row, message in enumerate(messages):
            whom = message.named[:NAMED]
            named[row, : len(whom)] = whom
        return cls(
            key=_whole(m.key for m in messages),
            user=_whole(m.user for m in messages),
            minute=_whole(m.minute for m in messages),
            bot=np.array([m.bot for m in messages], np.bool_),
            signs=np.array([m.signs for m in messages], np.uint8).reshape(len(messages), len(SIGNS)),
            named=named,
            words=tuple(m.words for m in messages),
        )


@dataclass(frozen=True, slots=True)
class Past:
    """What is found for each message among those around it. Places are row numbers; `-NEVER` and `NEVER` where there is none."""

    previous: Whole
    """The author's message before."""
    following: Whole
    """The author's message after; compared only with the row that asks, so that nothing is known early."""
    second: Whole
    """The author's second message after."""
    addressed: Whole
    """The first message after that addresses the author."""
    target: Whole
    """Whom the author addressed last, before this message."""
    target_after: Whole
    """The same, this message counted."""
    caller: Whole
    """Who addressed the author last, before this message."""
    called: Whole
    """Where."""


def look_back(talk: Talk) -> Past:
    """Walk over the messages once and note who spoke and whom they addressed."""
    count = len(talk.user)
    previous, called = np.full(count, -NEVER), np.full(count, -NEVER)
    following, second, addressed = np.full(count, NEVER), np.full(count, NEVER), np.full(count, NEVER)
    target, target_after, caller = np.full(count, NOBODY), np.full(count, NOBODY), np.full(count, NOBODY)
    last: dict[int, int] = {}
    aims: dict[int, tuple[int, int]] = {}
    calls: dict[int, tuple[int, int]] = {}
    unanswered: dict[int, list[int]] = {}
    named: list[list[int]] = talk.named.tolist()
    for row, who in enumerate(talk.user.tolist()):
        oldest = row - WINDOW
        before = last.get(who, -NEVER)
        if before >= oldest:
            previous[row], following[before] = before, row
            if previous[before] >= 0:
                second[previous[before]] = row
        whom, where = aims.get(who, (NOBODY, -NEVER))
        if where >= oldest:
            target[row] = target_after[row] = whom
        by, where = calls.get(who, (NOBODY, -NEVER))
        if where >= oldest:
            caller[row], called[row] = by, where
        for place, whom in enumerate(named[row]):
            if whom == NOBODY:
                break
            if place == 0:
                target_after[row] = whom
                aims[who] = (whom, row)
            calls[whom] = (who, row)
            for earlier in unanswered.pop(whom, ()):
                addressed[earlier] = row
        last[who] = row
        unanswered.setdefault(who, []).append(row)
    return Past(previous, following, second, addressed, target, target_after, caller, called)


def shared_words(talk: Talk, rows: Whole) -> Whole:
    """Weigh the words that the message of each row shares with each of the `REACH` before it; rare words weigh more."""
    width = REACH + 1
    places = np.full(len(talk.words), -1)
    places[rows] = np.arange(len(rows))
    cells: list[int] = []
    weights: list[int] = []
    uses: dict[str, list[int]] = {}
    for row, (place, words) in enumerate(zip(places.tolist(), talk.words, strict=True)):
        base = place * width + row
        for word in words:
            said = uses.get(word)
            if said is None:
                uses[word] = [row]
                continue
            if said[0] < row - WINDOW:
                uses[word] = said = [earlier for earlier in said if earlier >= row - WINDOW]
            if place >= 0 and len(said) <= _COMMON:
                weight = 4 if len(said) <= _RARE else 2 if len(said) <= _UNCOMMON else 1
                for earlier in said:
                    if earlier >= row - REACH:
                        cells.append(base - earlier)
                        weights.append(weight)
            said.append(row)
    grid = np.bincount(np.array(cells, np.int64), np.array(weights, np.float64), len(rows) * width)
    return grid.astype(np.int64).reshape(-1, width)[:, 1:]


def _whole(values: Iterable[int]) -> Whole:
    return np.fromiter(values, np.int64)
