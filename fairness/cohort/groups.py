"""Bands and groupings: how the labels of photos become groups.

An age is the age at capture. It is a property of the photo, so one subject can have photos in
several age bands. Bands are half open: [low, high).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.words import figure

UNKNOWN = "unknown"
"""Label of a photo that has no label of the kind asked for. Such photos form a group."""

AGE_EDGES = (0.0, 1.0, 4.0, 8.0, 13.0, 18.0, 30.0, 50.0, 65.0)
"""Lower edges of the age bands in years; the last band is open. Children are divided into narrow
bands, because recognition of the youngest differs most (Srinivas et al. 2019; arXiv 2601.01680)."""

GAP_EDGES = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)
"""Lower edges of the bands of years between two photos; the last band is open."""


def band(value: float | None, edges: Sequence[float] = AGE_EDGES) -> str:
    """Return the label of the half-open band that holds a number of years.

    Bands of whole years are called as in "04 to under 08" and "65 and over". Edges within a year
    are months, as in "3 to under 9 months". The label of None is `UNKNOWN`. `in_order` sorts
    labels.

    Raises
    ------
    ValueError
        If the value is not finite or below the first edge.
    """
    if value is None:
        return UNKNOWN
    if not math.isfinite(value) or value < edges[0]:
        raise ValueError(f"need a number of years of at least {edges[0]:g}, got {value}")
    return bands(edges)[bisect_right(edges, value) - 1]


def bands(edges: Sequence[float] = AGE_EDGES) -> tuple[str, ...]:
    """Return the labels of all bands, in order; no two bands have one label."""
    return _labels(tuple(edges))


def spans(edges: Sequence[float] = AGE_EDGES) -> dict[str, tuple[float, float | None]]:
    """Return the first year and the end of each band by its label; the last has no end."""
    return dict(zip(bands(edges), zip(edges, [*edges[1:], None], strict=True), strict=True))


def in_order(label: str) -> tuple[tuple[int, float, str], ...]:
    """Return a key that sorts labels: bands by their first age, others as text after them.

    The parts of an intersection count one after the other, as in "04 to under 08, female".
    """
    return tuple(_place(part) for part in label.split(", "))


_BAND = re.compile(
    r"(\d+(?:\.\d+)?)(?:-\d+|( months?)?(?: to under [\d.]+( months?| years)?| and over))"
)


def _place(part: str) -> tuple[int, float, str]:
    found = _BAND.fullmatch(part)
    if not found:
        return 1, 0.0, part
    return 0, float(found[1]) / (12 if found[2] or "month" in (found[3] or "") else 1), part


@cache
def _labels(edges: tuple[float, ...]) -> tuple[str, ...]:
    for digits in range(_DIGITS, 18):  # enough to tell two edges apart
        closed = [_label(low, high, digits) for low, high in pairwise(edges)]
        labels = (*closed, _label(edges[-1], None, digits))
        starts = [in_order(label)[0][1] for label in labels]
        if all(low < high for low, high in pairwise(starts)):
            break
    return labels


_DIGITS = 6
_MONTHS_UP_TO = 3  # years; above them, parts of a year are decimals


def _label(low: float, high: float | None, digits: int) -> str:
    in_months = low % 1 != 0 and low < _MONTHS_UP_TO
    if high is None:
        start = _months(low, digits) if in_months else _years(low, digits)
        return f"{start} and over"
    if high <= _MONTHS_UP_TO and (in_months or high % 1 != 0):
        return f"{figure(12 * low, digits)} to under {_months(high, digits)}"
    if in_months:
        return f"{_months(low, digits)} to under {figure(high, digits)} years"
    return f"{_years(low, digits)} to under {_years(high, digits)}"


def _months(years: float, digits: int) -> str:
    text = figure(12 * years, digits)
    return f"{text} month" if text == "1" else f"{text} months"


def _years(value: float, digits: int) -> str:
    text = figure(value, digits)
    return text if value >= 10 else f"0{text}"


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
        Names of the groups in the order of `in_order`. Each group has at least one photo.
    codes
        int64 array of shape (photos,): the group of each photo, an index into `names`.
    """

    factor: str
    names: tuple[str, ...]
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, factor: str, labels: Sequence[str] | NDArray[np.str_]) -> Grouping:
        """Group photos by their labels, one label for each photo."""
        found, codes = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
        names = [str(name) for name in found]
        order = sorted(range(len(names)), key=lambda code: in_order(names[code]))
        place = np.argsort(np.array(order, np.int64))
        return cls(factor, tuple(names[code] for code in order), place[codes.reshape(-1)])

    def crossed(self, other: Grouping) -> Grouping:
        """Return the intersections of two groupings that occur, as in "04 to under 08, female"."""
        width = len(other.names)
        present, codes = np.unique(self.codes * width + other.codes, return_inverse=True)
        labels = [f"{self.names[pair // width]}, {other.names[pair % width]}" for pair in present]
        factor = f"{self.factor}*{other.factor}"
        return Grouping.of(factor, np.array(labels)[codes])
