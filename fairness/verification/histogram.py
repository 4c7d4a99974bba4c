"""Non-mated scores counted in fine bins, for every pair of groups."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cells
from fairness.errors import ScoresError

MOST_COUNTS = 2**27
"""Counts that a histogram may hold, one gibibyte: 250 groups with 4,128 bins."""


@dataclass(frozen=True, eq=False)
class CellPairs:
    """Between which groups the comparisons are that something is said of.

    Parameters
    ----------
    cells
        A division of the photos of a cohort.
    chosen
        bool array of shape (cells, cells), symmetric.
    """

    cells: Cells
    chosen: NDArray[np.bool_]

    @classmethod
    def every(cls, cells: Cells) -> CellPairs:
        """Return comparisons of everybody with everybody: the `random` policy."""
        return cls(cells, np.ones((len(cells.names),) * 2, np.bool_))

    @classmethod
    def yoked(cls, cells: Cells) -> CellPairs:
        """Return comparisons within groups: both people are of the same one, whichever it is."""
        return cls(cells, np.eye(len(cells.names), dtype=np.bool_))

    @classmethod
    def among(cls, cells: Cells, names: Collection[str]) -> CellPairs:
        """Return comparisons of photos that are both in any of some groups, such as adults."""
        inside = np.isin(np.arange(len(cells.names)), [code_of(cells, name) for name in names])
        return cls(cells, inside[:, None] & inside)

    @classmethod
    def between(cls, cells: Cells, first: str, second: str) -> CellPairs:
        """Return comparisons of one group with another, or within one."""
        chosen = np.zeros((len(cells.names),) * 2, np.bool_)
        a, b = code_of(cells, first), code_of(cells, second)
        chosen[a, b] = chosen[b, a] = True
        return cls(cells, chosen)

    def holds(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which pairs of photos are among them, shape (pairs,)."""
        inside: NDArray[np.bool_] = self.chosen[self.cells.codes[left], self.cells.codes[right]]
        return inside


def everybody(photos: int) -> Cells:
    """Return the division of photos into one group."""
    return Cells("everybody", ("everybody",), np.zeros(photos, np.int64))


def code_of(cells: Cells, name: str) -> int:
    """Return the code of a group.

    Raises
    ------
    ValueError
        If there is no such group.
    """
    if name not in cells.names:
        raise ValueError(f"no group of {cells.factor} is called {name!r}; there are {cells.names}")
    return cells.names.index(name)


@dataclass(frozen=True, eq=False)
class ScoreCounts:
    """How many non-mated scores are in each bin.

    Parameters
    ----------
    edges
        float32 array of shape (bins + 1,), ascending; bin i holds edges[i] <= score <
        edges[i + 1], and no score is outside.
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
        """Comparisons with a score at or above each edge, shape (bins + 1,); exact."""
        return np.append(self.counts[::-1].cumsum()[::-1], 0)

    def fmr(self, threshold: float) -> float:
        """Return the false match rate, exact at an edge, else that of the next edge below."""
        place = int(np.searchsorted(self.edges, np.float32(threshold), side="right")) - 1
        return float(self.at_or_above[max(place, 0)]) / self.trials if self.trials else math.nan

    def threshold_at(self, fmr: float) -> float:
        """Return the lowest edge whose false match rate, which is exact, is at most `fmr`.

        `fairness.verification.threshold_at` gives the threshold between edges.

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
        """Return the mean, to half a bin; nan without comparisons."""
        return float(self._middles @ self.counts) / self.trials if self.trials else math.nan

    def quantile(self, share: float) -> float:
        """Return the middle of the bin of a quantile, share in [0, 1]; nan without comparisons."""
        if not self.trials:
            return math.nan
        place = np.searchsorted(np.cumsum(self.counts), max(share * self.trials, 1), side="left")
        return float(self._middles[place])

    @property
    def _middles(self) -> NDArray[np.float64]:
        edges = self.edges.astype(np.float64)
        return (edges[1:] + edges[:-1]) / 2


def allowed_errors(fmr: float, trials: int) -> int:
    """Return the most false matches whose share of the comparisons is at most `fmr`.

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
    """Non-mated scores of every pair of groups, relatives left out.

    Parameters
    ----------
    cells
        The groups.
    edges
        float32 array of shape (bins + 1,), see `ScoreCounts`.
    counts
        int64 array of shape (pairs of cells, bins): a row for each pair of groups, in the order of
        the upper triangle by rows.
    """

    cells: Cells
    edges: NDArray[np.float32]
    counts: NDArray[np.int64]

    def of(self, pairs: CellPairs) -> ScoreCounts:
        """Return the scores of the comparisons between some groups of `cells`."""
        upper = np.triu_indices(len(self.cells.names))
        return ScoreCounts(self.edges, self.counts[pairs.chosen[upper]].sum(axis=0))

    def overall(self) -> ScoreCounts:
        """Return the scores of everybody with everybody."""
        return self.of(CellPairs.every(self.cells))

    def within(self, name: str) -> ScoreCounts:
        """Return the scores within a group."""
        return self.between(name, name)

    def between(self, first: str, second: str) -> ScoreCounts:
        """Return the scores of one group with another."""
        return self.of(CellPairs.between(self.cells, first, second))

    def yoked(self) -> ScoreCounts:
        """Return the scores of all comparisons within groups."""
        return self.of(CellPairs.yoked(self.cells))


def first_row(cell: int, cells: int) -> int:
    """Return where the upper triangle of a square table, by rows, begins its row `cell`."""
    return cell * cells - cell * (cell - 1) // 2


def empty_counts(cells: Cells, bins: int) -> NDArray[np.int64]:
    """Return zeros for the counts of a histogram.

    Raises
    ------
    ScoresError
        If they would be more than `MOST_COUNTS`.
    """
    rows = first_row(len(cells.names), len(cells.names))
    if rows * bins > MOST_COUNTS:
        raise ScoresError(
            f"histogram of scores by {cells.factor}",
            rule=f"at most {MOST_COUNTS:,} counts, {bins:,} for every pair of groups",
            got=f"{len(cells.names)} groups, {rows * bins:,} counts",
            next_step="Merge groups, or cross fewer factors.",
        )
    return np.zeros((rows, bins), np.int64)
