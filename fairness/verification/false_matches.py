"""Comparisons of different people that reach a threshold, by pairs of groups and of subjects."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Grouping
from fairness.rates import CellPairs, CompleteTrials, ListedTrials, PairCells, PairCounts
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
        int64 array, sorted. A key encodes a pair of groups, then the subject in each of them.
    counts
        int64 array of the same shape: number of comparisons.
    directed
        Whether the first group of a key is that of an enrolled photo and the second that of a
        probe; else the lower code comes first.
    """

    subjects: int
    keys: NDArray[np.int64]
    counts: NDArray[np.int64]
    directed: bool = False

    @classmethod
    def of(
        cls,
        left: NDArray[np.int64],
        right: NDArray[np.int64],
        *,
        grouping: Grouping,
        subject_codes: NDArray[np.int64],
        directed: bool = False,
    ) -> Dyads:
        """Count comparisons of photos, given by photo index, shape (comparisons,).

        If they are `directed`, `left` are enrolled photos and `right` are probes.
        """
        subjects, groups = int(subject_codes.max(initial=-1)) + 1, len(grouping.names)
        cells = [grouping.codes[side] * subjects + subject_codes[side] for side in (left, right)]
        one, other = cells if directed else (np.minimum(*cells), np.maximum(*cells))
        pairs = one // subjects * groups + other // subjects if subjects else one
        keys = (
            (pairs * subjects + one % subjects) * subjects + other % subjects if subjects else one
        )
        return cls(subjects, *np.unique(keys, return_counts=True), directed)

    def between(self, first: int, second: int, groups: int) -> DyadCounts:
        """Return the counts between two of `groups`, given by code with first <= second."""
        square = self.subjects * self.subjects
        pairs = {first * groups + second}
        if self.directed:
            pairs.add(second * groups + first)
        ends = [np.searchsorted(self.keys, [p * square, (p + 1) * square]) for p in sorted(pairs)]
        chosen = np.concatenate([np.arange(*end) for end in ends])
        return self._counted(self.keys[chosen], self.counts[chosen])

    def against_all(self, group: int, groups: int) -> DyadCounts:
        """Return the counts of a group with all `groups`; twice if both photos are of the group.

        If they are directed, these are the counts of the probes of the group.
        """
        square, times = self.subjects * self.subjects, np.zeros(len(self.keys), np.int64)
        enrolled, probes = np.divmod(self.keys // square, groups)
        for side in (probes,) if self.directed else (enrolled, probes):
            times += side == group
        some = times > 0
        return self._counted(self.keys[some], times[some] * self.counts[some])

    @cached_property
    def overall(self) -> DyadCounts:
        """The counts between any groups."""
        return self._counted(self.keys, self.counts)

    def _counted(self, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> DyadCounts:
        """Sum the counts by pair of subjects, whatever their groups."""
        square = max(1, self.subjects)
        sides = keys // square % square, keys % square
        low, high = np.minimum(*sides), np.maximum(*sides)
        pairs, place = np.unique(low * square + high, return_inverse=True)
        summed = np.bincount(place, counts, len(pairs)).astype(np.int64)
        return pairs // square, pairs % square, summed

    def _sides(self, groups: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the codes of both cells of each key, group * subjects + subject."""
        square = max(1, self.subjects)
        pair, left, right = self.keys // square**2, self.keys // square, self.keys
        return pair // groups * square + left % square, pair % groups * square + right % square

    def by_cell(self, groups: int) -> NDArray[np.int64]:
        """Return the comparisons of each subject in each group, shape (groups, subjects)."""
        places, numbers = np.concatenate(self._sides(groups)), np.tile(self.counts, 2)
        counted = np.bincount(places, numbers, groups * self.subjects).astype(np.int64)
        return counted.reshape(groups, self.subjects)

    def among(self, codes: NDArray[np.int64], groups: int) -> CellPairs:
        """Return the counts between some cells, see `fairness.rates.cells`.

        Parameters
        ----------
        codes
            int64 array of shape (cells,): code of each cell, group * subjects + subject.
        groups
            Number of groups.
        """
        sides = self._sides(groups)
        order = np.argsort(codes)
        places = [np.searchsorted(codes, side, sorter=order) for side in sides]
        found = [order[np.minimum(place, len(codes) - 1)] for place in places]
        there = (codes[found[0]] == sides[0]) & (codes[found[1]] == sides[1])
        return CellPairs(len(codes), found[0][there], found[1][there], self.counts[there])


class TrialsByGroups(Protocol):
    """The non-mated comparisons that were made, by pair of groups."""

    def between(self, first: int, second: int) -> CompleteTrials | ListedTrials:
        """Return the comparisons between two groups, given by code with first <= second."""

    def against_all(self, group: int) -> CompleteTrials | ListedTrials:
        """Return the comparisons of each photo, or probe, of a group with the photos of any."""

    def overall(self) -> CompleteTrials | ListedTrials:
        """Return the comparisons between any groups."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Photos, or comparisons, of each subject in each group, shape (groups, subjects)."""

    def among(
        self, codes: NDArray[np.int64]
    ) -> tuple[CellPairs | None, CellPairs | None, NDArray[np.int64] | None]:
        """Return `trials`, `kin` and `probes` of `PairCells`, for cells as in `Dyads.among`."""


@dataclass(frozen=True, eq=False)
class CompleteTrialsByGroups:
    """Comparisons of every acquired photo with every other, or of all probes with all enrolled.

    Parameters
    ----------
    photos
        int64 array of shape (groups, subjects): acquired photos of each subject in each group.
    kin
        Pairs of relatives, see `CompleteTrials`.
    probes
        int64 array of shape (groups, subjects): acquired probes, each of which was compared with
        the enrolled `photos` of other people; None if every two photos were compared once.
    """

    photos: NDArray[np.int64]
    kin: NDArray[np.int64]
    probes: NDArray[np.int64] | None = None

    def between(self, first: int, second: int) -> CompleteTrials:
        """See `TrialsByGroups`."""
        if self.probes is None:
            sides = self.photos[first], self.photos[second]
            return CompleteTrials(*sides, first == second, self.kin)
        ways = [first, second] if first != second else [first]
        return CompleteTrials(self.probes[ways], self.photos[ways[::-1]], False, self.kin)

    def against_all(self, group: int) -> CompleteTrials:
        """See `TrialsByGroups`."""
        searched = self.photos if self.probes is None else self.probes
        return CompleteTrials(searched[group], self.photos.sum(axis=0), False, self.kin)

    def overall(self) -> CompleteTrials:
        """See `TrialsByGroups`."""
        searched = self.photos if self.probes is None else self.probes
        sides = searched.sum(axis=0), self.photos.sum(axis=0)
        return CompleteTrials(*sides, self.probes is None, self.kin)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """See `TrialsByGroups`: the photos; with probes, photos and probes together."""
        return self.photos if self.probes is None else self.photos + self.probes

    def among(
        self, codes: NDArray[np.int64]
    ) -> tuple[None, CellPairs | None, NDArray[np.int64] | None]:
        """See `TrialsByGroups`: all comparisons, but for relatives."""
        probes = None if self.probes is None else self.probes.ravel()[codes]
        if not len(self.kin):
            return None, None, probes
        people = codes % self.photos.shape[1]
        left, right = np.concatenate(
            [_places(people, one, other) for one, other in self.kin.tolist()], axis=1
        )
        photos = self.photos.ravel()[codes]
        if probes is None:
            numbers = photos[left] * photos[right]
        else:
            numbers = probes[left] * photos[right] + probes[right] * photos[left]
        return None, CellPairs(len(codes), left, right, numbers), probes


@dataclass(frozen=True, eq=False)
class ListedTrialsByGroups:
    """Listed comparisons, and the number of groups."""

    dyads: Dyads
    groups: int

    def between(self, first: int, second: int) -> ListedTrials:
        """See `TrialsByGroups`."""
        return ListedTrials(*self.dyads.between(first, second, self.groups))

    def against_all(self, group: int) -> ListedTrials:
        """See `TrialsByGroups`."""
        return ListedTrials(*self.dyads.against_all(group, self.groups))

    def overall(self) -> ListedTrials:
        """See `TrialsByGroups`."""
        return ListedTrials(*self.dyads.overall)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """See `TrialsByGroups`: the comparisons, as the number of photos is not known."""
        return self.dyads.by_cell(self.groups)

    def among(self, codes: NDArray[np.int64]) -> tuple[CellPairs, None, None]:
        """See `TrialsByGroups`: the listed ones."""
        return self.dyads.among(codes, self.groups), None, None


def _places(people: NDArray[np.int64], one: int, other: int) -> NDArray[np.intp]:
    """Return all pairs of cells of two people, shape (2, pairs)."""
    sides = np.flatnonzero(people == one), np.flatnonzero(people == other)
    return np.stack([np.repeat(sides[0], len(sides[1])), np.tile(sides[1], len(sides[0]))])


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
        errors = self.errors.between(a, b, len(self.grouping.names))
        return PairCounts(*errors, self.made.between(a, b))

    def against_all(self, name: str) -> PairCounts:
        """Return the false matches of each photo of a group with the photos of any group.

        It is what a search with a photo of the group meets. A comparison within the group counts
        twice, once for each of its photos. Of probes with enrolled photos, only those count whose
        probe is of the group.
        """
        group = code_of(self.grouping, name)
        errors = self.errors.against_all(group, len(self.grouping.names))
        return PairCounts(*errors, self.made.against_all(group))

    def overall(self) -> PairCounts:
        """Return the false matches between any groups (`random`)."""
        return PairCounts(*self.errors.overall, self.made.overall())

    def cells(self, names: Collection[str]) -> PairCells:
        """Return the cells of some groups, for a test that deals the groups out anew."""
        ordered = tuple(sorted(names))
        chosen = np.array([code_of(self.grouping, name) for name in ordered], np.int64)
        sizes = self.made.sizes
        groups, people = np.nonzero(sizes[chosen])
        codes = chosen[groups] * sizes.shape[1] + people
        errors = self.errors.among(codes, len(self.grouping.names))
        return PairCells(
            ordered, people, groups, sizes.ravel()[codes], errors, *self.made.among(codes)
        )
