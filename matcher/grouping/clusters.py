"""Put vectors of faces into groups of one person each: by links between faces, and their share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LOOSER: Final = 1.25
"""A pair of faces is a link if 1 - score is at most so many times 1 - threshold."""

SHARE: Final = 0.15
"""Of the pairs between two groups, so many must be links."""

MOST: Final = 256
"""Of the links of a face, so many of the best are kept."""

_STRIP: Final = 1 << 24  # scores that are held at once: 64 MB
_SLICE: Final = 1 << 16  # pairs whose scores are worked out at once
_ROUNDING: Final = 1e-5  # by at most so much a product of matrices rounds a score
_UNIT: Final = 1 << 30  # of a score; sums of whole numbers do not depend on their order

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]


def group_vectors(vectors: Vectors, threshold: float) -> Ids:
    """Return the group of each face.

    At first each face is a group. A pair of faces whose score is at least
    1 - `LOOSER` * (1 - `threshold`) is a link; one at or above `threshold` is a strong link. Two
    groups may merge if

    - a strong link is between them, or two links, and
    - `SHARE` of the pairs between them are links.

    Of all groups that may merge, the two with the highest mean score merge first, where a pair that
    is no link counts as 0. So two faces alone need `threshold`, and one false link does not join
    two groups of several faces. No two groups that may merge are left.

    The result does not depend on the order of the faces. A face without a link changes no group.
    Of a face with more than `MOST` links the best are kept. For two groups of more than `MOST`
    faces each, the share is therefore of the pairs that could be kept.

    Parameters
    ----------
    vectors
        float32 of shape (n, d), unit length.
    threshold
        Cosine similarity in [-1, 1].

    Returns
    -------
    int64 array of shape (n,)
        Groups are numbered from 0 in the order of their first faces. A face that is with no other
        is a group of its own.
    """
    order = np.lexsort(vectors.T[::-1])
    links = _links(np.ascontiguousarray(vectors[order]), threshold)
    groups = np.empty(len(vectors), np.int64)
    groups[order] = _merged(links, len(vectors))
    _, first, numbers = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[numbers].astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Links:
    """What is between pairs of groups, all int64 arrays of shape (m,), each pair once.

    Parameters
    ----------
    first, second
        The groups; `first` is the lower number.
    count
        How many links.
    strength
        The same, a strong link counted twice.
    total
        Sum of the scores of the links, in parts of `_UNIT`.
    """

    first: Ids
    second: Ids
    count: Ids
    strength: Ids
    total: Ids

    def where(self, kept: NDArray[np.bool_]) -> _Links:
        """Return some of them."""
        return _Links(
            self.first[kept],
            self.second[kept],
            self.count[kept],
            self.strength[kept],
            self.total[kept],
        )


def _links(vectors: Vectors, threshold: float) -> _Links:
    lowest = 1 - LOOSER * (1 - threshold)
    faces = len(vectors)
    keys = [np.zeros(0, np.int64), *_found(vectors, lowest - _ROUNDING)]
    first, second = np.divmod(np.unique(np.concatenate(keys)), max(faces, 1))
    scores = np.empty(len(first), np.float64)
    for start in range(0, len(first), _SLICE):
        some = slice(start, start + _SLICE)
        left, right = (vectors[side[some]].astype(np.float64) for side in (first, second))
        scores[some] = np.einsum("nd,nd->n", left, right)
    total = np.rint(scores * _UNIT).astype(np.int64)
    strength = np.where(scores >= threshold, 2, 1)
    return _Links(first, second, np.ones_like(first), strength, total).where(scores >= lowest)


def _found(vectors: Vectors, lowest: float) -> Iterator[Ids]:
    """Yield the pairs of faces at or above a score, as first * n + second, `MOST` of each face."""
    faces = len(vectors)
    rows = max(1, _STRIP // max(faces, 1))
    for top in range(0, faces, rows):
        scores = vectors[top : top + rows] @ vectors.T
        own = np.arange(len(scores))
        scores[own, top + own] = -np.inf
        for crowded in np.flatnonzero((scores >= lowest).sum(axis=1) > MOST):
            scores[crowded, np.argpartition(scores[crowded], -MOST)[:-MOST]] = -np.inf
        row, other = np.nonzero(scores >= lowest)
        face = top + row
        yield np.minimum(face, other) * faces + np.maximum(face, other)


def _merged(links: _Links, faces: int) -> Ids:
    """Return the group of each face; in each round all merge that are each other's best."""
    groups = np.arange(faces)
    sizes = np.ones(faces, np.int64)
    while True:
        left, right = _best_of_each_other(links, sizes)
        if not len(left):
            return groups
        sizes[left] += sizes[right]
        becomes = np.arange(faces)
        becomes[right] = left
        groups = becomes[groups]
        links = _summed(links, becomes)


def _best_of_each_other(links: _Links, sizes: Ids) -> tuple[Ids, Ids]:
    small, large = (
        pick(sizes[links.first], sizes[links.second]) for pick in (np.minimum, np.maximum)
    )
    pairs = small * np.minimum(large, MOST)
    may = (links.strength >= 2) & (links.count >= SHARE * pairs)
    links, mean = links.where(may), (links.total / pairs)[may]
    order = np.lexsort((links.second, links.first, -mean))
    first, second = links.first[order], links.second[order]
    places = np.arange(len(order))
    best = np.full(len(sizes), len(order))
    np.minimum.at(best, first, places)
    np.minimum.at(best, second, places)
    mutual = (best[first] == places) & (best[second] == places)
    return first[mutual], second[mutual]


def _summed(links: _Links, becomes: Ids) -> _Links:
    """Return the links between groups after merges; those within a group are left out."""
    groups = len(becomes)
    first, second = becomes[links.first], becomes[links.second]
    key = np.minimum(first, second) * groups + np.maximum(first, second)
    links, key = links.where(first != second), key[first != second]
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    first, second = np.divmod(key[order][starts], groups)
    sums = (
        np.add.reduceat(what[order], starts) if len(starts) else what
        for what in (links.count, links.strength, links.total)
    )
    return _Links(first, second, *sums)
