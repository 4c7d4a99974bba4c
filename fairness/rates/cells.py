"""Counts by person and group, under the groups as they are and under groups dealt out anew.

A cell holds what one person did in one group. A person with photos in two age bands has two cells.
A test that deals the groups out anew needs the counts of every cell under each dealing. For trials
of one person they stay the same (`SubjectCells`). For comparisons of two people they change,
because only comparisons within a group count (`PairCells`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fairness.rates.counts import SubjectCounts

Codes = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Cells(Protocol):
    """Cells of several groups, see `SubjectCells` and `PairCells`; arrays of shape (cells,)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the groups."""

    @property
    def people(self) -> Codes:
        """Subject code of each cell."""

    @property
    def groups(self) -> Codes:
        """Position in `names` of the group of each cell."""

    @property
    def sizes(self) -> Codes:
        """How much each cell weighs: its trials, or its photos."""

    @property
    def rows(self) -> int:
        """Number of rows that `counts` works on at once, for the memory that a draw takes."""

    def counts(self, dealt: Codes) -> tuple[Numbers, Numbers]:
        """Return errors and trials of each cell, of shape (cells, draws).

        Parameters
        ----------
        dealt
            int64 array of shape (cells, draws): the group of each cell in each draw. The cells of
            one person have different groups.
        """


@dataclass(frozen=True, eq=False)
class SubjectCells:
    """Cells of trials that belong to one person each.

    Parameters
    ----------
    names, people, groups
        As in `Cells`.
    errors, trials
        int64 arrays of shape (cells,), 0 <= errors <= trials, trials >= 1.
    """

    names: tuple[str, ...]
    people: Codes
    groups: Codes
    errors: Codes
    trials: Codes

    @classmethod
    def of(cls, counts: Mapping[str, SubjectCounts]) -> SubjectCells:
        """Return the cells of groups whose counts have the same subject codes."""
        names = tuple(sorted(counts))
        members = [np.flatnonzero(counts[name].trials) for name in names]
        groups = np.repeat(np.arange(len(names)), [len(some) for some in members])
        errors, trials = (
            np.concatenate(
                [getattr(counts[n], kind)[some] for n, some in zip(names, members, strict=True)]
            )
            for kind in ("errors", "trials")
        )
        return cls(names, np.concatenate(members), groups, errors, trials)

    @property
    def sizes(self) -> Codes:
        """See `Cells`: the trials."""
        return self.trials

    @property
    def rows(self) -> int:
        """See `Cells`."""
        return len(self.people)

    def counts(self, dealt: Codes) -> tuple[Numbers, Numbers]:
        """See `Cells`: the same in each draw."""
        errors, trials = (
            np.broadcast_to(kind.astype(np.float64)[:, None], dealt.shape)
            for kind in (self.errors, self.trials)
        )
        return errors, trials


@dataclass(frozen=True, eq=False)
class CellPairs:
    """Numbers of comparisons between cells.

    Parameters
    ----------
    cells
        Number of cells.
    left, right
        int64 arrays of shape (pairs,): positions of two cells of different people.
    numbers
        int64 array of shape (pairs,).
    """

    cells: int
    left: Codes
    right: Codes
    numbers: Codes

    def within(self, dealt: Codes) -> Numbers:
        """Return how many comparisons each cell has with cells of its own group.

        The shape is that of `dealt`, (cells, draws).
        """
        same = dealt[self.left] == dealt[self.right]
        counted: Numbers = self._incidence @ same.astype(np.float64)
        return counted

    @cached_property
    def _incidence(self) -> csr_array:
        pairs = np.arange(len(self.left))
        places = np.r_[self.left, self.right], np.r_[pairs, pairs]
        numbers = np.tile(self.numbers.astype(np.float64), 2)
        return csr_array((numbers, places), shape=(self.cells, len(pairs)))


@dataclass(frozen=True, eq=False)
class PairCells:
    """Cells of comparisons of two people each.

    Parameters
    ----------
    names, people, groups
        As in `Cells`.
    photos
        int64 array of shape (cells,): number of photos that were compared. One that was compared
        both as a probe and as an enrolled photo counts twice.
    errors
        The comparisons at or above the threshold, within groups and between them.
    trials
        The comparisons that were made; None if every photo was compared with every photo of
        another person, except for `kin`.
    kin
        The comparisons of relatives, which do not count; only where `trials` is None.
    probes
        How many of `photos` are probes, if each probe was compared with each enrolled photo of
        another person; None if every photo was compared with every other one, once.
    """

    names: tuple[str, ...]
    people: Codes
    groups: Codes
    photos: Codes
    errors: CellPairs
    trials: CellPairs | None
    kin: CellPairs | None = field(default=None)
    probes: Codes | None = field(default=None)

    @property
    def sizes(self) -> Codes:
        """See `Cells`: the photos."""
        return self.photos

    @property
    def rows(self) -> int:
        """See `Cells`."""
        return max(len(self.people), len(self.errors.left), len((self.trials or self.errors).left))

    def counts(self, dealt: Codes) -> tuple[Numbers, Numbers]:
        """See `Cells`. A comparison counts for both its cells, so twice in their sum."""
        return self.errors.within(dealt), self._made(dealt)

    def _made(self, dealt: Codes) -> Numbers:
        if self.trials is not None:
            return self.trials.within(dealt)
        if self.probes is None:
            made = self.photos[:, None] * self._others(self.photos, dealt)
        else:
            enrolled = self.photos - self.probes
            made = self.probes[:, None] * self._others(enrolled, dealt)
            made += enrolled[:, None] * self._others(self.probes, dealt)
        return made if self.kin is None else made - self.kin.within(dealt)

    def _others(self, photos: Codes, dealt: Codes) -> Numbers:
        """Return the photos of the other cells of the group of each cell, (cells, draws)."""
        own = photos.astype(np.float64)[:, None]
        in_group = sum_by_group(own, dealt, len(self.names))
        others: Numbers = np.take_along_axis(in_group, dealt, axis=0) - own
        return others


def renamed(cells: SubjectCells | PairCells, names: Mapping[str, str]) -> SubjectCells | PairCells:
    """Return cells whose groups have other names, each its own; in the order of the old names."""
    return replace(cells, names=tuple(names[name] for name in cells.names))


def sum_by_group(numbers: Numbers, dealt: Codes, groups: int) -> Numbers:
    """Sum numbers of cells by group, for each draw.

    Parameters
    ----------
    numbers
        float64 array of shape (cells, draws) or (cells, 1).
    dealt
        int64 array of shape (cells, draws): the group of each cell.
    groups
        Number of groups.

    Returns
    -------
    float64 array of shape (groups, draws)
    """
    draws = dealt.shape[1]
    places = (dealt * draws + np.arange(draws)).ravel()
    spread = np.broadcast_to(numbers, dealt.shape).ravel()
    sums: Numbers = np.bincount(places, spread, groups * draws).astype(np.float64)
    return sums.reshape(groups, draws)
