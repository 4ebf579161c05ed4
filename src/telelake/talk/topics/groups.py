"""Groups of rows that lie together, as many as there are: no number is given.

Each row is first drawn towards its nearest neighbours, step by step: the threads between wordings of one thing grow short, those
between things stay long. Then rows join by mean distance, the nearest first.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import MiniBatchKMeans
from sklearn.preprocessing import normalize

from telelake.talk.topics.features import Floats

Labels = npt.NDArray[np.int64]

_STEPS = 10
_CELLS = 4_000_000
"""Likenesses that are looked at together, of 20 bytes each."""
_CUTS = 60
"""Places at which the tree is tried."""
_RESOLUTIONS = (1.0, 5.0)
_FINEST = 3000
"""How fine groups are: the more questions there are, the smaller the groups that they can tell, up to this many questions."""
_FINE = 2000
"""Knots that a model keeps, to know new questions by."""
_DIRECT = 4000
"""Rows up to which each joins by itself; of more, that many knots are made first."""


def drawn_together(rows: Floats) -> Floats:
    """Return rows after some steps, each half-way to the mean of its nearest."""
    graph = normalize(neighbours(rows), norm="l1")
    moved = rows
    for _ in range(_STEPS):
        moved = 0.5 * moved + 0.5 * (graph @ moved)
    return cast(Floats, normalize(moved).astype(np.float32))


def neighbours(rows: Floats) -> Any:
    """Return a symmetric graph of nearest neighbours, weighted by the square of their likeness."""
    count = len(rows)
    near = int(np.clip(round(np.sqrt(count) / 4), 4, 20))
    near = min(near, count - 1)
    columns, values = [], []
    block = max(1, _CELLS // count)
    for start in range(0, count, block):
        alike = rows[start : start + block] @ rows.T
        here = np.arange(len(alike))
        alike[here, start + here] = -1
        nearest = np.argpartition(-alike, near - 1, axis=1)[:, :near].copy()  # a view would hold all of it
        columns.append(nearest)
        values.append(np.clip(np.take_along_axis(alike, nearest, 1), 0, None) ** 2)
    at = (np.repeat(np.arange(count), near), np.concatenate(columns).ravel())
    graph = sp.csr_matrix((np.concatenate(values).ravel(), at), shape=(count, count))
    return graph.maximum(graph.T).tocsr()


def grouped(rows: Floats) -> tuple[Labels, Labels]:
    """Return of each row its group, or -1 for none, and its knot: the rows about it that are as good as one.

    Where to cut the tree of joins is told by the graph of the rows as they were: at the cut where most of its threads stay
    within groups, beyond what groups of these sizes would keep by chance.
    """
    drawn = drawn_together(rows)
    knots = _knots(drawn)
    count = int(knots.max()) + 1
    middles = normalize(_sums(drawn, knots, count))
    tree = linkage(middles.astype(np.float64), "average", metric="cosine")
    graph = neighbours(rows).tocoo()
    most = min(count, max(4, int(count**0.5) * 6))
    cuts = sorted({int(each) for each in np.geomspace(2, most, _CUTS)})
    tried = [(fcluster(tree, cut, "maxclust") - 1)[knots] for cut in cuts]
    best = max(tried, key=lambda labels: _within(graph, labels))
    return _ordered(_without_small(best)), _fine(tree, knots, count)


def _knots(drawn: Floats) -> Labels:
    """Return each row's knot: itself, while there are few."""
    if len(drawn) <= _DIRECT:
        return np.arange(len(drawn), dtype=np.int64)
    means = MiniBatchKMeans(_DIRECT, init="random", n_init=1, batch_size=8192, max_iter=30, random_state=0)
    return _ordered(means.fit_predict(drawn))


def _fine(tree: Any, knots: Labels, count: int) -> Labels:
    return _ordered((fcluster(tree, min(count, _FINE), "maxclust") - 1)[knots])


def _within(graph: Any, labels: Labels) -> float:
    """Return the modularity of a grouping of a graph, at a resolution that grows with the rows."""
    low, high = _RESOLUTIONS
    resolution = float(np.clip(high * np.sqrt(len(labels) / _FINEST), low, high))
    total = graph.data.sum()
    degrees = np.bincount(graph.row, graph.data, minlength=len(labels))
    inside = graph.data[labels[graph.row] == labels[graph.col]].sum() / total
    shares = np.bincount(labels, degrees) / total
    return float(inside - resolution * (shares**2).sum())


def _without_small(labels: Labels) -> Labels:
    sizes = np.bincount(labels)
    least = max(3, min(10, round(len(labels) / 1000)))
    return np.where(sizes[labels] >= least, labels, -1)


def _ordered(labels: npt.NDArray[Any]) -> Labels:
    """Return labels numbered by size, the largest first, and by first row; -1 stays."""
    names, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    kept = names >= 0
    order = sorted(zip(-sizes[kept], first[kept], names[kept], strict=True))
    numbers = {int(name): place for place, (_, _, name) in enumerate(order)} | {-1: -1}
    return np.array([numbers[int(each)] for each in labels], np.int64)


def _sums(rows: Floats, labels: Labels, count: int) -> Floats:
    members = sp.csr_matrix((np.ones(len(rows), np.float32), (labels, np.arange(len(rows)))), shape=(count, len(rows)))
    return np.asarray(members @ rows, np.float32)


def middles_of(rows: Floats, labels: Labels) -> Floats:
    """Return the mean direction of each label's rows."""
    return cast(Floats, normalize(_sums(rows, labels, int(labels.max()) + 1)))
