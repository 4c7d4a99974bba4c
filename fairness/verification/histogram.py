"""Non-mated scores counted in fine bins, for every pair of groups."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Grouping
from fairness.errors import ScoresError
from fairness.words import counted

MOST_COUNTS = 2**27
"""A histogram may hold at most this many counts, in one gibibyte: 250 groups with 4,128 bins."""


@dataclass(frozen=True, eq=False)
class GroupPairs:
    """A choice of comparisons by the groups of their two photos.

    Parameters
    ----------
    grouping
        The groups of the photos of a cohort.
    chosen
        bool array of shape (groups, groups), symmetric: the chosen pairs of groups.
    """

    grouping: Grouping
    chosen: NDArray[np.bool_]

    @classmethod
    def every(cls, grouping: Grouping) -> GroupPairs:
        """Choose all comparisons: the `random` policy."""
        return cls(grouping, np.ones((len(grouping.names),) * 2, np.bool_))

    @classmethod
    def yoked(cls, grouping: Grouping) -> GroupPairs:
        """Choose comparisons of two photos of the same group, any group: the `yoked` policy."""
        return cls(grouping, np.eye(len(grouping.names), dtype=np.bool_))

    @classmethod
    def among(cls, grouping: Grouping, names: Collection[str]) -> GroupPairs:
        """Choose comparisons whose two photos are both in one of the named groups."""
        inside = np.isin(
            np.arange(len(grouping.names)), [code_of(grouping, name) for name in names]
        )
        return cls(grouping, inside[:, None] & inside)

    @classmethod
    def between(cls, grouping: Grouping, first: str, second: str) -> GroupPairs:
        """Choose comparisons of one group with another, or within one if both names are equal."""
        chosen = np.zeros((len(grouping.names),) * 2, np.bool_)
        a, b = code_of(grouping, first), code_of(grouping, second)
        chosen[a, b] = chosen[b, a] = True
        return cls(grouping, chosen)

    def holds(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which pairs of photos are chosen, shape (pairs,)."""
        inside: NDArray[np.bool_] = self.chosen[
            self.grouping.codes[left], self.grouping.codes[right]
        ]
        return inside


def everybody(photos: int) -> Grouping:
    """Return the grouping that puts all photos into one group."""
    return Grouping("everybody", ("everybody",), np.zeros(photos, np.int64))


def code_of(grouping: Grouping, name: str) -> int:
    """Return the code of a group.

    Raises
    ------
    ValueError
        If there is no such group.
    """
    if name not in grouping.names:
        raise ValueError(
            f"no group of {grouping.factor} is called {name!r}; there are {grouping.names}"
        )
    return grouping.names.index(name)


@dataclass(frozen=True, eq=False)
class ScoreCounts:
    """Number of non-mated scores in each bin.

    Parameters
    ----------
    edges
        float32 array of shape (bins + 1,), ascending. Bin i holds edges[i] <= score <
        edges[i + 1]. No score lies outside.
    counts
        int64 array of shape (bins,).
    """

    edges: NDArray[np.float32]
    counts: NDArray[np.int64]

    @cached_property
    def trials(self) -> int:
        """Number of comparisons."""
        return int(self.counts.sum())

    @cached_property
    def at_or_above(self) -> NDArray[np.int64]:
        """Number of comparisons with a score at or above each edge, shape (bins + 1,); exact."""
        return np.append(self.counts[::-1].cumsum()[::-1], 0)

    def fmr(self, threshold: float) -> float:
        """Return the false match rate: exact at an edge, else the rate at the next edge below."""
        place = int(np.searchsorted(self.edges, np.float32(threshold), side="right")) - 1
        return float(self.at_or_above[max(place, 0)]) / self.trials if self.trials else math.nan

    def threshold_at(self, fmr: float) -> float:
        """Return the lowest edge whose false match rate is at most `fmr`.

        The rate at an edge is exact. `fairness.verification.threshold_at` also finds thresholds
        between edges.

        Raises
        ------
        ScoresError
            If there is no comparison.
        ValueError
            If `fmr` is not in [0, 1).
        """
        allowed = allowed_errors(fmr, self.trials)
        return float(self.edges[np.argmax(self.at_or_above <= allowed)])

    def mean(self) -> float:
        """Return the mean score, exact to half a bin; nan without comparisons."""
        return float(self._middles @ self.counts) / self.trials if self.trials else math.nan

    def quantile(self, share: float) -> float:
        """Return the middle of the bin that holds a quantile; nan without comparisons.

        `share` is the share of scores below the quantile, in [0, 1].
        """
        if not self.trials:
            return math.nan
        place = np.searchsorted(np.cumsum(self.counts), max(share * self.trials, 1), side="left")
        return float(self._middles[place])

    @property
    def _middles(self) -> NDArray[np.float64]:
        edges = self.edges.astype(np.float64)
        return (edges[1:] + edges[:-1]) / 2


def allowed_errors(fmr: float, trials: int) -> int:
    """Return the largest number of false matches whose share of the trials is at most `fmr`.

    Raises
    ------
    ScoresError
        If there is no comparison.
    ValueError
        If `fmr` is not in [0, 1).
    """
    if not 0 <= fmr < 1:
        raise ValueError(f"the false match rate must be in [0, 1), got {fmr}")
    if trials == 0:
        raise ScoresError(
            "threshold for a false match rate",
            rule="at least one comparison of two different people who are no relatives",
            got="none",
            next_step="Take in more subjects, or choose groups that have some.",
        )
    nearest = math.floor(fmr * trials)
    return max(k for k in (nearest - 1, nearest, nearest + 1) if k <= 0 or k / trials <= fmr)


@dataclass(frozen=True, eq=False)
class ScoreHistogram:
    """Histogram of the non-mated scores of every pair of groups, without relatives.

    Parameters
    ----------
    grouping
        The groups.
    edges
        float32 array of shape (bins + 1,), see `ScoreCounts`.
    counts
        int64 array of shape (pairs of groups, bins): a row for each pair of groups, in the order of
        the upper triangle of a table, row by row.
    """

    grouping: Grouping
    edges: NDArray[np.float32]
    counts: NDArray[np.int64]

    def of(self, pairs: GroupPairs) -> ScoreCounts:
        """Return the scores of the chosen comparisons."""
        upper = np.triu_indices(len(self.grouping.names))
        return ScoreCounts(self.edges, self.counts[pairs.chosen[upper]].sum(axis=0))

    def overall(self) -> ScoreCounts:
        """Return the scores of all comparisons."""
        return self.of(GroupPairs.every(self.grouping))

    def within(self, name: str) -> ScoreCounts:
        """Return the scores within a group."""
        return self.between(name, name)

    def between(self, first: str, second: str) -> ScoreCounts:
        """Return the scores of one group with another."""
        return self.of(GroupPairs.between(self.grouping, first, second))

    def yoked(self) -> ScoreCounts:
        """Return the scores of all comparisons within groups."""
        return self.of(GroupPairs.yoked(self.grouping))


def first_row(group: int, groups: int) -> int:
    """Return the index at which row `group` of a square table's upper triangle begins."""
    return group * groups - group * (group - 1) // 2


def empty_counts(grouping: Grouping, bins: int) -> NDArray[np.int64]:
    """Return the counts of an empty histogram, all zero.

    Raises
    ------
    ScoresError
        If there would be more than `MOST_COUNTS`.
    """
    rows = first_row(len(grouping.names), len(grouping.names))
    if rows * bins > MOST_COUNTS:
        raise ScoresError(
            f"histogram of scores by {grouping.factor}",
            rule=f"at most {MOST_COUNTS:,} counts, {bins:,} for every pair of groups",
            got=f"{counted(len(grouping.names), 'group')}, {rows * bins:,} counts",
            next_step="Merge groups, or cross fewer factors.",
        )
    return np.zeros((rows, bins), np.int64)
