"""Everything the model is told, as columns of 0 and 1: sums of whole weights are then exact, on any machine and in any order.

Rows are messages. A column of a grid is how many messages further back the other one lies: 1 to `REACH`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telelake.talk.links.past import NOBODY, REACH, WINDOW, Flags, Past, Talk, Whole, look_back, shared_words

HORIZON_MINUTES = 72 * 60
"""A message further back in time is no one's parent: the span at which conversations are cut."""

Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Features:
    """What the model is told of some messages."""

    pairs: Bits
    """Of a message and one before it: (messages, REACH, columns)."""
    own: Bits
    """Of each message itself, also of those that are not asked about."""
    around: Bits
    """Of a message and all before it together."""
    open: Flags
    """Which pairs there are: (messages, REACH)."""
    earlier: Whole
    """The row of `own` of each pair's earlier message: (messages, REACH)."""
    rows: Whole
    """The row of `own` of each message."""


def tell(talk: Talk, rows: Whole) -> Features:
    """Work out the columns for the messages of some rows, which rise; all rows before are their past."""
    past = look_back(talk)
    shared = shared_words(talk, rows)
    row = rows[:, None]
    earlier = row - np.arange(1, REACH + 1)[None, :]
    there = earlier >= 0
    earlier = np.maximum(earlier, 0)
    gap = talk.minute[row] - talk.minute[earlier]
    there &= (talk.key[earlier] < talk.key[row]) & (gap <= HORIZON_MINUTES)
    speaker = talk.user[earlier]
    first = talk.named[row, 0] == speaker
    other = _among(talk.named[row[:, 0], 1:], speaker)
    back = _among_each(talk.named[earlier], talk.user[row])
    pairs = _pair_columns(talk, past, row, earlier, gap, first, other & ~first, back, shared)
    best = shared.max(1, initial=0)
    around = [
        (first & there).any(1),
        ((first | other) & there).any(1),
        (back & there).any(1),
        *_at_least(best, (2, 4, 8)),
    ]
    return Features(pairs, _own_columns(talk, past), _stack(around), there, earlier, rows)


def _pair_columns(
    talk: Talk,
    past: Past,
    row: Whole,
    earlier: Whole,
    gap: Whole,
    first: Flags,
    other: Flags,
    back: Flags,
    shared: Whole,
) -> Bits:
    me, speaker = talk.user[row], talk.user[earlier]
    same = me == speaker
    aims, earlier_aims = talk.named[row, 0], talk.named[earlier, 0]
    to_same = (aims != NOBODY) & (aims == earlier_aims)
    latest = past.following[earlier] >= row
    best = shared.max(1, keepdims=True, initial=0)
    after = past.target_after[earlier]
    lag = np.broadcast_to(np.arange(1, REACH + 1), earlier.shape)
    return _stack(
        [
            *_intervals(lag, (1, 2, 3, 4, 5, 7, 10, 15, 22, 32, 45)),
            *_intervals(gap, (0, 1, 2, 4, 7, 12, 20, 40, 90)),
            same,
            first,
            other,
            back,
            to_same,
            (earlier_aims != NOBODY) & ~back & ~to_same,
            (aims != NOBODY) & ~first & ~other,
            latest,
            ~latest & (past.second[earlier] >= row),
            past.addressed[earlier] < row,
            *_at_least(np.cumsum(same, 1) - same, (1, 2, 3, 5)),  # messages of the author's own between the two
            *_at_least(np.cumsum(back, 1) - back, (1, 2)),  # messages between the two that address the author
            past.target[row] == speaker,
            (past.target[row] == speaker) & (past.previous[row] > earlier),
            past.caller[row] == speaker,
            after == me,
            past.caller[earlier] == me,
            (past.target[row] == after) & (after != NOBODY),
            (past.target_after[row] == after) & (after != NOBODY),
            past.called[row] == earlier,
            past.previous[row] == earlier,
            past.previous[row] == earlier - 1,
            past.previous[row] == earlier + 1,
            *_at_least(shared, (1, 2, 3, 4, 6, 9, 14)),
            (shared == best) & (best >= 3),
        ]
    )


def _own_columns(talk: Talk, past: Past) -> Bits:
    place = np.arange(len(talk.user))
    before = np.maximum(place - 1, 0)
    silence = np.where(past.previous < 0, 0, talk.minute - talk.minute[np.maximum(past.previous, 0)])
    own = [
        talk.bot,
        talk.named[:, 0] != NOBODY,
        talk.named[:, 1] != NOBODY,
        talk.user[before] == talk.user,
        *_intervals(place - past.previous, (1, 2, 4, 8, 16, 40, WINDOW)),
        *_intervals(talk.minute - talk.minute[before], (0, 1, 3, 10)),
        *_intervals(talk.minute - talk.minute[np.maximum(place - 20, 0)], (2, 5, 10, 30)),
        *_at_least(silence, (1, 3, 10, 30)),
        *_intervals(place - past.called, (1, 3, 8, 20, 50, WINDOW)),
        past.called > past.previous,
        past.target != NOBODY,
        *_intervals(place, (0, 4, 16, 64)),  # how little is known of what was said before; all below WINDOW
    ]
    return np.concatenate([talk.signs, _stack(own)], 1)


def _among(named: Whole, speaker: Whole) -> Flags:
    """Say whether a message names the speaker of each earlier one."""
    found = np.zeros(speaker.shape, np.bool_)
    for column in named.T:
        found |= column[:, None] == speaker
    return found


def _among_each(named: Whole, user: Whole) -> Flags:
    """Say whether each earlier message names the author of the later one."""
    found = np.zeros(named.shape[:2], np.bool_)
    for place in range(named.shape[2]):
        found |= named[:, :, place] == user
    return found


def _intervals(values: NDArray[Any], edges: Sequence[int]) -> list[Flags]:
    """Make one column per interval: up to the first edge, up to the second, …, above the last."""
    at = np.searchsorted(edges, values, side="left")
    return [at == number for number in range(len(edges) + 1)]


def _at_least(values: NDArray[Any], edges: Sequence[int]) -> list[Flags]:
    return [values >= edge for edge in edges]


def _stack(columns: Sequence[Flags]) -> Bits:
    stacked = np.empty((*columns[0].shape, len(columns)), np.uint8)
    for place, column in enumerate(columns):
        stacked[..., place] = column
    return stacked
