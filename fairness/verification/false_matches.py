"""Comparisons of different people that reach a threshold, by pair of groups and of subjects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cells
from fairness.rates import CompleteTrials, ListedTrials, PairCounts
from fairness.verification.histogram import code_of

Counted = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Subject codes left < right, and how many comparisons, each of shape (pairs of subjects,)."""


@dataclass(frozen=True, eq=False)
class Dyads:
    """Comparisons added up by pair of subjects, for every pair of groups.

    Parameters
    ----------
    subjects
        Number of subjects.
    keys
        int64 array, sorted: pair of groups, then pair of subjects.
    counts
        int64 array of the same shape.
    """

    subjects: int
    keys: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        left: NDArray[np.int64],
        right: NDArray[np.int64],
        *,
        cells: Cells,
        subject_codes: NDArray[np.int64],
    ) -> Dyads:
        """Add up comparisons of photos, given by photo index, shape (comparisons,)."""
        subjects = int(subject_codes.max(initial=-1)) + 1
        keys = _ordered(cells.codes[left], cells.codes[right], len(cells.names))
        keys *= subjects * subjects
        keys += _ordered(subject_codes[left], subject_codes[right], subjects)
        return cls(subjects, *np.unique(keys, return_counts=True))

    def between(self, pair: int) -> Counted:
        """Return what is between a pair of groups, given as first * groups + second."""
        square = self.subjects * self.subjects
        begin, end = np.searchsorted(self.keys, [pair * square, (pair + 1) * square])
        return self._counted(self.keys[begin:end] - pair * square, self.counts[begin:end])

    @cached_property
    def overall(self) -> Counted:
        """What is between any groups."""
        keys, place = np.unique(self.keys % (self.subjects * self.subjects), return_inverse=True)
        return self._counted(keys, np.bincount(place, self.counts, len(keys)).astype(np.int64))

    def _counted(self, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> Counted:
        return keys // self.subjects, keys % self.subjects, counts


def _ordered(a: NDArray[np.int64], b: NDArray[np.int64], base: int) -> NDArray[np.int64]:
    return np.minimum(a, b) * base + np.maximum(a, b)


class Made(Protocol):
    """The comparisons that were made, by pair of groups."""

    def between(self, first: int, second: int) -> CompleteTrials | ListedTrials:
        """Return those between two groups, given by code with first <= second."""

    def overall(self) -> CompleteTrials | ListedTrials:
        """Return those between any groups."""


@dataclass(frozen=True, eq=False)
class CompleteMade:
    """Every acquired photo with every other.

    Parameters
    ----------
    photos
        int64 array of shape (cells, subjects): acquired photos of each subject in each group.
    kin
        See `CompleteTrials`.
    """

    photos: NDArray[np.int64]
    kin: NDArray[np.int64]

    def between(self, first: int, second: int) -> CompleteTrials:
        """See `Made`."""
        return CompleteTrials(self.photos[first], self.photos[second], first == second, self.kin)

    def overall(self) -> CompleteTrials:
        """See `Made`."""
        everybody = self.photos.sum(axis=0)
        return CompleteTrials(everybody, everybody, True, self.kin)


@dataclass(frozen=True, eq=False)
class ListedMade:
    """Comparisons that a file lists."""

    dyads: Dyads
    groups: int

    def between(self, first: int, second: int) -> ListedTrials:
        """See `Made`."""
        return ListedTrials(*self.dyads.between(first * self.groups + second))

    def overall(self) -> ListedTrials:
        """See `Made`."""
        return ListedTrials(*self.dyads.overall)


@dataclass(frozen=True, eq=False)
class FalseMatches:
    """Non-mated comparisons at or above one threshold, for every pair of groups.

    Parameters
    ----------
    threshold
        A score.
    cells
        The groups.
    errors
        Comparisons at or above the threshold.
    made
        All comparisons.
    """

    threshold: float
    cells: Cells
    errors: Dyads
    made: Made

    def within(self, name: str) -> PairCounts:
        """Return what is within a group: both people are of it (`yoked`)."""
        return self.between(name, name)

    def between(self, first: str, second: str) -> PairCounts:
        """Return what is between two groups (`cross`), in either order."""
        a, b = sorted((code_of(self.cells, first), code_of(self.cells, second)))
        errors = self.errors.between(a * len(self.cells.names) + b)
        return PairCounts(*errors, self.made.between(a, b))

    def overall(self) -> PairCounts:
        """Return what is between anybody (`random`)."""
        return PairCounts(*self.errors.overall, self.made.overall())
