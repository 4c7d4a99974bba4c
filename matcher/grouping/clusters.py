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

MOST: Final = 200
"""A face with so many links is crowded: at first, so many of the best are looked at."""

_GROUPS: Final = 2048  # groups between which all links are counted at once: 100 MB
_ROWS, _COLUMNS = 1024, 4096  # sides of a block of scores, which the processor's cache holds
_SLICE: Final = 1 << 16  # pairs whose scores are worked out at once
_ROUNDING: Final = 1e-5  # by at most so much a product of matrices rounds a score
_UNIT: Final = 1 << 30  # of a score; sums of whole numbers do not depend on their order

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]
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
    Memory grows with the number of faces and of links. Of a crowded face the best links are looked
    at; then all links between the groups of crowded faces are counted, and these groups merge.

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
    ordered = np.ascontiguousarray(vectors[order])
    links, crowded = _links(ordered, threshold)
    merged, links = _merged(np.arange(len(vectors)), links)
    if crowded.any():
        merged = _crowds_merged(ordered, merged, links, crowded, threshold)
    groups = np.empty_like(merged)
    groups[order] = merged
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

    @property
    def parts(self) -> tuple[Ids, ...]:
        """The arrays, in the order of the fields."""
        return self.first, self.second, self.count, self.strength, self.total

    def where(self, kept: Mask) -> _Links:
        """Return some of them."""
        return _Links(*(part[kept] for part in self.parts))

    def or_rather(self, counted: _Links, groups: int) -> _Links:
        """Return all of both; where both tell of the same two groups, `counted` is right."""
        told, right = (one.first * groups + one.second for one in (self, counted))
        others = self.where(~np.isin(told, right))
        pairs = zip(others.parts, counted.parts, strict=True)
        return _Links(*(np.concatenate(pair) for pair in pairs))


def _links(vectors: Vectors, threshold: float) -> tuple[_Links, Mask]:
    """Return the links between faces, and which faces are crowded."""
    faces, lowest = len(vectors), _lowest(threshold)
    keys, crowded = [np.zeros(0, np.int64)], np.zeros(faces, np.bool_)
    for face, other in _found(vectors, lowest - _ROUNDING):
        crowded |= np.bincount(face, minlength=faces) >= MOST
        keys.append(np.minimum(face, other) * faces + np.maximum(face, other))
    first, second = np.divmod(np.unique(np.concatenate(keys)), max(faces, 1))
    scores = np.empty(len(first), np.float64)
    for start in range(0, len(first), _SLICE):
        some = slice(start, start + _SLICE)
        left, right = (vectors[side[some]].astype(np.float64) for side in (first, second))
        scores[some] = np.einsum("nd,nd->n", left, right)
    total = np.rint(scores * _UNIT).astype(np.int64)
    strength = np.where(scores >= threshold, 2, 1)
    links = _Links(first, second, np.ones_like(first), strength, total)
    return links.where(scores >= lowest), crowded


def _lowest(threshold: float) -> float:
    return 1 - LOOSER * (1 - threshold)


def _found(vectors: Vectors, lowest: float) -> Iterator[tuple[Ids, Ids]]:
    """Yield pairs of faces at or above a score, each face with `MOST` others at most."""
    faces = len(vectors)
    for top in range(0, faces, _ROWS):
        blocks = [_in_block(vectors, top, start, lowest) for start in range(0, faces, _COLUMNS)]
        face, other, scores = (np.concatenate(part) for part in zip(*blocks, strict=True))
        order = np.lexsort((-scores, face))
        before = np.searchsorted(face[order], face[order])
        best = order[np.arange(len(order)) - before < MOST]
        yield face[best], other[best]


def _in_block(vectors: Vectors, top: int, start: int, lowest: float) -> tuple[Ids, Ids, Vectors]:
    scores = vectors[top : top + _ROWS] @ vectors[start : start + _COLUMNS].T
    rows, columns = scores.shape
    own = np.arange(max(top, start), min(top + rows, start + columns))
    scores[own - top, own - start] = -np.inf
    high = scores >= lowest
    for row in np.flatnonzero(np.count_nonzero(high, axis=1) > MOST):
        high[row, np.argpartition(scores[row], -MOST)[:-MOST]] = False
    places = np.flatnonzero(high)
    face, other = np.divmod(places, columns)
    return face + top, other + start, scores.ravel()[places]


def _crowds_merged(
    vectors: Vectors, groups: Ids, links: _Links, crowded: Mask, threshold: float
) -> Ids:
    """Merge by all links between the groups of crowded faces; first in lots, while that helps."""
    some = np.unique(groups[crowded])
    left = len(some) + 1
    while _GROUPS < len(some) < left:
        left, before = len(some), groups
        for lot in np.array_split(some, -(-len(some) // _GROUPS)):
            groups, _ = _merged(groups, _counted(vectors, groups, lot, threshold))
        becomes = np.arange(len(groups))
        becomes[before] = groups
        links = _summed(links, becomes)
        some = np.unique(groups[crowded])
    counted = _counted(vectors, groups, some, threshold)
    groups, _ = _merged(groups, links.or_rather(counted, len(groups)))
    return groups


def _counted(vectors: Vectors, groups: Ids, some: Ids, threshold: float) -> _Links:
    """Return all links between some groups; no pair of faces is kept, only the sums."""
    faces = np.flatnonzero(np.isin(groups, some))
    faces = faces[np.argsort(groups[faces], kind="stable")]
    vectors, owner = vectors[faces], np.searchsorted(some, groups[faces])
    lowest = _lowest(threshold)
    sums = np.zeros((3, len(some), len(some)))
    for top in range(0, len(faces), _ROWS):
        rows, row_starts = _runs(owner[top : top + _ROWS])
        for start in range(0, len(faces), _COLUMNS):
            columns, column_starts = _runs(owner[start : start + _COLUMNS])
            scores = vectors[top : top + _ROWS] @ vectors[start : start + _COLUMNS].T
            parts = (scores >= lowest, scores >= threshold, np.where(scores >= lowest, scores, 0))
            for of_all, part in zip(sums, parts, strict=True):
                across = np.add.reduceat(part, column_starts, axis=1, dtype=np.float64)
                of_all[np.ix_(rows, columns)] += np.add.reduceat(across, row_starts, axis=0)
    first, second = np.nonzero(np.triu(sums[0], 1))
    links, strong, scored = (of_all[first, second] for of_all in sums)
    whole = (np.rint(part).astype(np.int64) for part in (links, links + strong, scored * _UNIT))
    return _Links(some[first], some[second], *whole)


def _runs(owner: Ids) -> tuple[Ids, Ids]:
    """Return the owners of the runs of equal ones, and where the runs start."""
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    return owner[starts], starts


def _merged(groups: Ids, links: _Links) -> tuple[Ids, _Links]:
    """Merge, in each round all groups that are each other's best; return what is left."""
    faces = len(groups)
    sizes = np.bincount(groups, minlength=faces)
    while True:
        left, right = _best_of_each_other(links, sizes)
        if not len(left):
            return groups, links
        sizes[left] += sizes[right]
        becomes = np.arange(faces)
        becomes[right] = left
        groups = becomes[groups]
        links = _summed(links, becomes)


def _best_of_each_other(links: _Links, sizes: Ids) -> tuple[Ids, Ids]:
    pairs = sizes[links.first] * sizes[links.second]
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
        np.add.reduceat(part[order], starts) if len(starts) else part
        for part in (links.count, links.strength, links.total)
    )
    return _Links(first, second, *sums)
