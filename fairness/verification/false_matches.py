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

    def against_all(self, group: int, groups: int) -> DyadCounts:
        """Return the counts of a group with all `groups`; twice if both photos are of the group."""
        square, times = self.subjects * self.subjects, np.zeros(len(self.keys), np.int64)
        for side in np.divmod(self.keys // square, groups):
            times += side == group
        return self._summed(times > 0, times * self.counts)

    @cached_property
    def overall(self) -> DyadCounts:
        """The counts between any groups."""
        return self._summed(np.ones(len(self.keys), np.bool_), self.counts)

    def _summed(self, chosen: NDArray[np.bool_], counts: NDArray[np.int64]) -> DyadCounts:
        """Sum the chosen counts, whatever the groups."""
        pairs = self.keys[chosen] % (self.subjects * self.subjects)
        keys, place = np.unique(pairs, return_inverse=True)
        summed = np.bincount(place, counts[chosen], len(keys)).astype(np.int64)
        return self._counted(keys, summed)

    def _counted(self, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> DyadCounts:
        return keys // self.subjects, keys % self.subjects, counts


def _ordered(a: NDArray[np.int64], b: NDArray[np.int64], base: int) -> NDArray[np.int64]:
    return np.minimum(a, b) * base + np.maximum(a, b)


class TrialsByGroups(Protocol):
    """The non-mated comparisons that were made, by pair of groups."""

    def between(self, first: int, second: int) -> CompleteTrials | ListedTrials:
        """Return the comparisons between two groups, given by code with first <= second."""

    def against_all(self, group: int) -> CompleteTrials | ListedTrials:
        """Return the comparisons of each photo of a group with the photos of any group."""

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

    def against_all(self, group: int) -> CompleteTrials:
        """See `TrialsByGroups`."""
        return CompleteTrials(self.photos[group], self.photos.sum(axis=0), False, self.kin)

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

    def against_all(self, group: int) -> ListedTrials:
        """See `TrialsByGroups`."""
        return ListedTrials(*self.dyads.against_all(group, self.groups))

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

    def against_all(self, name: str) -> PairCounts:
        """Return the false matches of each photo of a group with the photos of any group.

        It is what a search with a photo of the group meets. A comparison within the group counts
        twice, once for each of its photos.
        """
        group = code_of(self.grouping, name)
        errors = self.errors.against_all(group, len(self.grouping.names))
        return PairCounts(*errors, self.made.against_all(group))

    def overall(self) -> PairCounts:
        """Return the false matches between any groups (`random`)."""
        return PairCounts(*self.errors.overall, self.made.overall())
