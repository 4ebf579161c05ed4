"""The ranker: one layer of rectified units over columns of 0 and 1, with whole weights.

Whole numbers make it exact. Every sum stays below 2^24, up to which 32-bit floats count without rounding, so the order in which a
library adds, or how a stream was cut, changes nothing. `weights.json` is written by `bench/disentangle.py --train`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telelake.talk.links.features import Features

SCALE = 128
"""Whole weights are real ones times this."""
CEILING = 4095
"""A unit gives no more than this, so that the sum over units is exact."""
EXACT = 1 << 24
_ROWS = 256  # messages at a time; more only costs memory
_NONE = -(1 << 40)

Real = NDArray[np.float32]


_ARRAYS = ("pair", "later", "earlier", "bias", "out", "begin", "begin_bias", "begin_out")


@dataclass(frozen=True, slots=True)
class Ranker:
    """Weights: whole numbers, held as the floats that the library multiplies fastest."""

    pair: Real
    later: Real
    """Of the message that looks for a parent: its own columns and those of all around."""
    earlier: Real
    bias: Real
    out: Real
    begin: Real
    """Of a message taken as the beginning of a conversation."""
    begin_bias: Real
    begin_out: Real
    begin_more: float

    @classmethod
    def of(cls, numbers: Mapping[str, Any]) -> Ranker:
        """Take weights as `weights.json` has them."""
        arrays = {name: np.array(numbers[name], np.float32) for name in _ARRAYS}
        return cls(**arrays, begin_more=float(numbers["begin_more"]))

    def rank(self, told: Features) -> NDArray[np.int64]:
        """Score each message's possible parents: column 0 is none, column n the message n further back."""
        rows = len(told.pairs)
        scores = np.empty((rows, told.pairs.shape[1] + 1), np.int64)
        own = told.own.astype(np.float32)
        as_earlier = own @ self.earlier
        later = np.concatenate([own[told.rows], told.around.astype(np.float32)], 1)
        as_later = later @ self.later + self.bias
        begins = _units(later @ self.begin + self.begin_bias) @ self.begin_out + self.begin_more
        scores[:, 0] = begins
        for top in range(0, rows, _ROWS):
            part = slice(top, top + _ROWS)
            pairs = told.pairs[part]
            units = (pairs.reshape(-1, pairs.shape[2]).astype(np.float32) @ self.pair).reshape(*pairs.shape[:2], -1)
            units += as_earlier[told.earlier[part]]
            units += as_later[part, None]
            scores[part, 1:] = _units(units) @ self.out
        scores[:, 1:][~told.open] = _NONE
        return scores


def chances(scores: NDArray[np.int64]) -> NDArray[np.float64]:
    """Turn each row of scores into chances that add up to 1."""
    real = (scores - scores.max(1, keepdims=True)) / float(SCALE * SCALE)
    powers = np.exp(np.maximum(real, -700.0))
    return np.asarray(powers / powers.sum(1, keepdims=True), np.float64)


@cache
def shipped() -> Ranker:
    """Load the weights that came with the package."""
    text = files("telelake.talk.links").joinpath("weights.json").read_text("ascii")
    return Ranker.of(json.loads(text))


def _units(sums: Real) -> Real:
    return np.clip(sums, 0, CEILING, out=sums)
