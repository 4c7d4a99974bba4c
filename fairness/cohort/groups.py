"""Bands and groupings: how the labels of photos become groups.

An age is the age at capture. It is a property of the photo, so one subject can have photos in
several age bands. Bands are half open: [low, high).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

UNKNOWN = "unknown"
"""Label of a photo that has no label of the kind asked for. Such photos form a group."""

AGE_EDGES = (0.0, 1.0, 4.0, 8.0, 13.0, 18.0, 30.0, 50.0, 65.0)
"""Lower edges of the age bands in years; the last band is open. Children are divided into narrow
bands, because recognition of the youngest differs most (Srinivas et al. 2019; arXiv 2601.01680)."""

GAP_EDGES = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)
"""Lower edges of the bands of years between two photos; the last band is open."""


def band(value: float | None, edges: Sequence[float] = AGE_EDGES) -> str:
    """Return the label of the half-open band that holds a number of years.

    Labels sorted as text are in order of age: "04 to under 08", "65 and over". The label of None
    is `UNKNOWN`.

    Raises
    ------
    ValueError
        If the value is not finite or below the first edge.
    """
    if value is None:
        return UNKNOWN
    if not math.isfinite(value) or value < edges[0]:
        raise ValueError(f"need a number of years of at least {edges[0]:g}, got {value}")
    return _labels(tuple(edges))[bisect_right(edges, value) - 1]


def bands(edges: Sequence[float] = AGE_EDGES) -> tuple[str, ...]:
    """Return the labels of all bands, in order."""
    return _labels(tuple(edges))


@cache
def _labels(edges: tuple[float, ...]) -> tuple[str, ...]:
    closed = [f"{_years(a)} to under {_years(b)}" for a, b in pairwise(edges)]
    return (*closed, f"{_years(edges[-1])} and over")


def _years(value: float) -> str:
    return f"{value:02.0f}" if value == int(value) else f"{value:04.1f}"


def thirds(values: ArrayLike) -> NDArray[np.int64]:
    """Return the third that holds each number: 0 the lowest, 2 the highest, -1 for nan.

    Equal numbers are in the same third.
    """
    numbers = np.asarray(values, dtype=np.float64)
    known = np.isfinite(numbers)
    if not known.any():
        return np.full(numbers.shape, -1, np.int64)
    edges = np.quantile(numbers[known], [1 / 3, 2 / 3])
    return np.where(known, np.searchsorted(edges, numbers, side="right"), -1)


@dataclass(frozen=True, eq=False)
class Grouping:
    """A division of photos into named groups; each photo is in exactly one group.

    Parameters
    ----------
    factor
        The label that divides the photos, as in "age" or "age*sex".
    names
        Names of the groups, sorted. Each group has at least one photo.
    codes
        int64 array of shape (photos,): the group of each photo, an index into `names`.
    """

    factor: str
    names: tuple[str, ...]
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, factor: str, labels: Sequence[str] | NDArray[np.str_]) -> Grouping:
        """Group photos by their labels, one label for each photo."""
        names, codes = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
        return cls(factor, tuple(str(name) for name in names), codes.astype(np.int64).reshape(-1))

    def crossed(self, other: Grouping) -> Grouping:
        """Return the intersections of two groupings that occur, as in "04 to under 08, female"."""
        width = len(other.names)
        present, codes = np.unique(self.codes * width + other.codes, return_inverse=True)
        labels = [f"{self.names[pair // width]}, {other.names[pair % width]}" for pair in present]
        factor = f"{self.factor}*{other.factor}"
        return Grouping.of(factor, np.array(labels)[codes])
