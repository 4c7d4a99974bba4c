"""Comparisons of different people that reach a threshold, by pairs of groups and of subjects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Grouping
from fairness.rates import CompleteTrials, ListedTrials, PairCounts
from fairness.verification.histogram import code_of

DyadCounts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Subject codes left < right, and their numbers of comparisons; shape (pairs of subjects,) each."""


@dataclass(frozen=True, eq=False)
class Dyads:
    """Numbers of comparisons by pair of groups and pair of subjects (dyad).

    Parameters
    ----------
    subjects
        Number of subjects.
    keys
        int64 array, sorted. A key encodes a pair of groups, then a pair of subjects.
    counts
        int64 array of the same shape: number of comparisons.
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
        grouping: Grouping,
        subject_codes: NDArray[np.int64],
    ) -> Dyads:
        """Count comparisons of photos, given by photo index, shape (comparisons,)."""
        subjects = int(subject_codes.max(initial=-1)) + 1
        keys = _ordered(grouping.codes[left], grouping.codes[right], len(grouping.names))
        keys *= subjects * subjects
        keys += _ordered(subject_codes[left], subject_codes[right], subjects)
        return cls(subjects, *np.unique(keys, return_counts=True))

    def between(self, pair: int) -> DyadCounts:
        """Return the counts between two groups; `pair` is first * groups + second."""
        square = self.subjects * self.subjects
        begin, end = np.searchsorted(self.keys, [pair * square, (pair + 1) * square])
        return self._counted(self.keys[begin:end] - pair * square, self.counts[begin:end])

    @cached_property
    def overall(self) -> DyadCounts:
        """The counts between any groups."""
        keys, place = np.unique(self.keys % (self.subjects * self.subjects), return_inverse=True)
        return self._counted(keys, np.bincount(place, self.counts, len(keys)).astype(np.int64))

    def _counted(self, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> DyadCounts:
        return keys // self.subjects, keys % self.subjects, counts


def _ordered(a: NDArray[np.int64], b: NDArray[np.int64], base: int) -> NDArray[np.int64]:
    return np.minimum(a, b) * base + np.maximum(a, b)


class TrialsByGroups(Protocol):
    """The non-mated comparisons that were made, by pair of groups."""

    def between(self, first: int, second: int) -> CompleteTrials | ListedTrials:
        """Return the comparisons between two groups, given by code with first <= second."""

    def overall(self) -> CompleteTrials | ListedTrials:
        """Return the comparisons between any groups."""


@dataclass(frozen=True, eq=False)
class CompleteTrialsByGroups:
    """Comparisons of every acquired photo with every other.

    Parameters
    ----------
    photos
        int64 array of shape (groups, subjects): acquired photos of each subject in each group.
    kin
        Pairs of relatives, see `CompleteTrials`.
    """

    photos: NDArray[np.int64]
    kin: NDArray[np.int64]

    def between(self, first: int, second: int) -> CompleteTrials:
        """See `TrialsByGroups`."""
        return CompleteTrials(self.photos[first], self.photos[second], first == second, self.kin)

    def overall(self) -> CompleteTrials:
        """See `TrialsByGroups`."""
        everybody = self.photos.sum(axis=0)
        return CompleteTrials(everybody, everybody, True, self.kin)


@dataclass(frozen=True, eq=False)
class ListedTrialsByGroups:
    """Listed comparisons, and the number of groups."""

    dyads: Dyads
    groups: int

    def between(self, first: int, second: int) -> ListedTrials:
        """See `TrialsByGroups`."""
        return ListedTrials(*self.dyads.between(first * self.groups + second))

    def overall(self) -> ListedTrials:
        """See `TrialsByGroups`."""
        return ListedTrials(*self.dyads.overall)


@dataclass(frozen=True, eq=False)
class FalseMatches:
    """Non-mated comparisons at or above one threshold, for every pair of groups.

    Parameters
    ----------
    threshold
        A score.
    grouping
        The groups.
    errors
        Comparisons at or above the threshold.
    made
        All comparisons that were made.
    """

    threshold: float
    grouping: Grouping
    errors: Dyads
    made: TrialsByGroups

    def within(self, name: str) -> PairCounts:
        """Return the false matches within a group: both photos are of it (`yoked`)."""
        return self.between(name, name)

    def between(self, first: str, second: str) -> PairCounts:
        """Return the false matches between two groups (`cross`), in either order."""
        a, b = sorted((code_of(self.grouping, first), code_of(self.grouping, second)))
        errors = self.errors.between(a * len(self.grouping.names) + b)
        return PairCounts(*errors, self.made.between(a, b))

    def overall(self) -> PairCounts:
        """Return the false matches between any groups (`random`)."""
        return PairCounts(*self.errors.overall, self.made.overall())
