"""Counts of errors and trials; rates, intervals and bootstrap draws are computed from them.

Arrays are indexed by subject code (`Cohort.subject_codes`). A mated comparison or a probe belongs
to one subject (`SubjectCounts`). A non-mated comparison belongs to two subjects, and shares each of
them with many other comparisons (`PairCounts`).

If every photo of one group was compared with every photo of another, the number of comparisons of
each pair of subjects has a closed form (`CompleteTrials`). Otherwise it is listed (`ListedTrials`).
Comparisons of relatives are not counted as non-mated. Pass the pairs of relatives of the whole
cohort as `CompleteTrials.kin`: their comparisons are subtracted from the trials, whatever their
groups. The caller must leave them out of the errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from fairness.cohort import Cohort, Grouping
from fairness.rates.rate import (
    Rate,
    allow_for_few,
    clustered_rate,
    effective_people,
    rate_of,
)
from fairness.rates.status import FEWEST_ERRORS
from fairness.rates.trials import (
    CompleteTrials,
    ListedTrials,
    PairTable,
    require_pairs,
    sum_by_subject,
)

__all__ = [
    "CompleteTrials",
    "Counts",
    "ListedTrials",
    "PairCounts",
    "SubjectCounts",
    "by_group",
    "rate_of_counts",
]

_Numbers = NDArray[np.bool_] | NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SubjectCounts:
    """Errors in trials that belong to one subject each.

    Parameters
    ----------
    errors, trials
        int64 arrays of shape (subjects,), 0 <= errors <= trials. A subject without trials has 0.
    repeats
        How many trials of different subjects may hold one piece of evidence, as 2 if a comparison
        of two people is a trial of each. The effective trials of the rate are divided by it.

    Raises
    ------
    ValueError
        If shapes differ or a count is out of range.
    """

    errors: NDArray[np.int64]
    trials: NDArray[np.int64]
    repeats: int = 1

    def __post_init__(self) -> None:
        if self.errors.ndim != 1 or self.errors.shape != self.trials.shape:
            raise ValueError(
                f"need two arrays of shape (subjects,), got {self.errors.shape, self.trials.shape}"
            )
        if np.any((self.errors < 0) | (self.errors > self.trials)):
            raise ValueError("need 0 <= errors <= trials for every subject")

    @property
    def codes(self) -> int:
        """Number of subject codes; `drawn` needs a weight for each."""
        return len(self.trials)

    @property
    def people(self) -> frozenset[int]:
        """Codes of the subjects with a trial."""
        return frozenset(self._members.tolist())

    @cached_property
    def _members(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.trials)

    def rate(self, *, level: float = 0.95, target: float = 0.05) -> Rate:
        """Return the rate and its interval, see `clustered_rate`."""
        rate = clustered_rate(self.errors, self.trials, level=level, target=target)
        if self.repeats == 1:
            return rate
        effective = rate.effective / self.repeats
        return rate_of(
            rate.errors,
            rate.trials,
            self.errors,
            self.trials,
            effective,
            level=level,
            target=target,
        )

    def drawn(
        self, weights: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return errors and trials of bootstrap draws, each of shape (draws,).

        Parameters
        ----------
        weights
            float64 array of shape (subjects, draws): how often each subject is in each draw.
        """
        w = weights[self._members]
        return self.errors[self._members] @ w, self.trials[self._members] @ w

    def resampled(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rate in each draw, shape (draws,); nan in a draw without trials."""
        return _ratio(*self.drawn(weights))


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Errors in comparisons that belong to two subjects each.

    Parameters
    ----------
    left, right
        int64 arrays of shape (pairs with an error,): subject codes, left < right, each pair once.
    errors
        int64 array of the same shape: comparisons of the pair at or above the threshold, >= 1.
    trials
        All comparisons that were made.

    Raises
    ------
    ValueError
        If shapes differ, a pair is out of order or occurs twice, or a pair has more errors than
        trials (kin have no trials).
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    errors: NDArray[np.int64]
    trials: CompleteTrials | ListedTrials

    def __post_init__(self) -> None:
        require_pairs(self.left, self.right, self.errors)
        if self.right.max(initial=-1) >= len(self.trials.by_subject):
            raise ValueError("need errors between subjects that were compared")
        if np.any(self.errors > self.trials.between(self.left, self.right)):
            raise ValueError("need no more errors than trials for every pair of subjects")

    @property
    def codes(self) -> int:
        """Number of subject codes; `drawn` needs a weight for each."""
        return len(self.trials.by_subject)

    @cached_property
    def total(self) -> int:
        """Number of errors."""
        return int(self.errors.sum())

    @cached_property
    def subjects(self) -> int:
        """Number of subjects with a comparison."""
        return int(np.count_nonzero(self.trials.neighbours))

    @property
    def people(self) -> frozenset[int]:
        """Codes of the subjects with a comparison."""
        return frozenset(np.flatnonzero(self.trials.neighbours).tolist())

    @cached_property
    def independent_pairs(self) -> int:
        """Lower bound on the number of compared pairs of subjects that share no subject.

        Let D be the largest number of other subjects that one subject was compared with. The
        compared pairs can be divided into D + 1 classes so that no class holds a subject twice
        (Vizing 1964). The largest class has at least its share of the pairs. Within one group the
        bound is half the number of subjects; between two groups it is the size of the smaller one.
        """
        neighbours = self.trials.neighbours
        return -(-int(neighbours.sum()) // 2 // (int(neighbours.max(initial=0)) + 1))

    @cached_property
    def variance(self) -> float:
        """Variance of the rate, robust to comparisons that share a subject; may be below 0.

        Let k_ij be the errors in m_ij comparisons of subjects i and j, p the rate,
        E_ij = k_ij - p m_ij, and S_i the sum of E_ij over j. The variance is
        (sum S_i² - sum E_ij²) / (sum m_ij)². It sums the covariances of all pairs of pairs that
        have a subject in common (Aronow, Samii and Assenova, Political Analysis 23, 2015;
        Fogliato, Patil and Perona, IJCV 2024).
        """
        p = self.total / self.trials.total
        expected = p * self.trials.between(self.left, self.right)
        squares = np.sum(self.errors * (self.errors - 2 * expected)) + p * p * self.trials.squares
        return float((self._shares @ self._shares - squares) / self.trials.total**2)

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        """S_i: errors of each subject minus the expected errors, shape (subjects,)."""
        trials = self.trials.by_subject
        return self.errors_by_subject - self.total / self.trials.total * trials

    @cached_property
    def errors_by_subject(self) -> NDArray[np.int64]:
        """Errors that each subject takes part in, shape (subjects,)."""
        return sum_by_subject(self.left, self.right, self.errors, self.codes)

    def effective_trials(self) -> float:
        """Return how many independent comparisons would give the rate the same variance.

        The number is p (1 - p) / variance, at most the number of comparisons. If p is 0 or 1 the
        variance is 0, and the number of independent pairs is used instead.
        """
        if self.total in (0, self.trials.total):
            return float(self.independent_pairs)
        return min(float(self.trials.total), self._uncapped)

    @cached_property
    def _uncapped(self) -> float:
        p = self.total / self.trials.total
        return p * (1 - p) / self.variance if self.variance > 0 else math.inf

    def rate(self, *, level: float = 0.95, target: float = 1e-3) -> Rate:
        """Return the rate and its interval.

        The interval is Wilson's with the effective number of comparisons. That number is reduced
        if few subjects carry the variance (`allow_for_few`). With fewer than five errors, or fewer
        than five comparisons without an error, the variance cannot be estimated. Then the number
        of independent pairs is used, which gives the strict bound. It is reduced if few people
        carry the comparisons (`effective_people`).

        Parameters
        ----------
        level
            Confidence level in (0, 1).
        target
            The rate that an upper bound must be able to exclude, see `status_of`.
        """
        return rate_of(
            self.total,
            self.trials.total,
            self.errors_by_subject,
            self.trials.by_subject,
            self._effective_for_limits(level),
            level=level,
            target=target,
        )

    def _effective_for_limits(self, level: float) -> float:
        trials = self.trials.by_subject
        if min(self.total, self.trials.total - self.total) < FEWEST_ERRORS:
            carrying = effective_people(trials) / max(1, self.subjects)
            return self.independent_pairs * carrying
        return allow_for_few(self._uncapped, self.trials.total, self._shares, trials, level)

    def optimistic_bound(self, level: float = 0.95) -> float:
        """Return the one-sided upper bound that would hold if all comparisons were independent."""
        k, n = self.total, self.trials.total
        return float(betaincinv(k + 1, n - k, level)) if k < n else 1.0

    def drawn(
        self, weights: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return errors and comparisons of the vertex bootstrap, each of shape (draws,).

        A pair of subjects counts w_i w_j times. Pairs of a subject with its own copy are dropped.

        Parameters
        ----------
        weights
            float64 array of shape (subjects, draws): how often each subject is in each draw.
        """
        return self._weighted.drawn(weights), self.trials.drawn(weights)

    def resampled(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rate in each draw, shape (draws,); nan in a draw without comparisons."""
        return _ratio(*self.drawn(weights))

    @cached_property
    def _weighted(self) -> PairTable:
        return PairTable.of(self.left, self.right, self.errors)


Counts = SubjectCounts | PairCounts


def rate_of_counts(counts: Counts, *, level: float = 0.95, target: float | None = None) -> Rate:
    """Return the rate; without a `target`, the default of the kind of counts decides its status."""
    return counts.rate(level=level) if target is None else counts.rate(level=level, target=target)


def _ratio(errors: NDArray[np.float64], trials: NDArray[np.float64]) -> NDArray[np.float64]:
    rates = np.full(len(trials), np.nan)
    np.divide(errors, trials, out=rates, where=trials > 0)
    return rates


def by_group(
    cohort: Cohort,
    grouping: Grouping,
    photos: NDArray[np.int64],
    errors: _Numbers,
    trials: _Numbers,
    *,
    repeats: int = 1,
) -> dict[str, SubjectCounts]:
    """Sum errors and trials of events by group. Every group has an entry, even without trials.

    Parameters
    ----------
    cohort
        The cohort; it gives the subject of each photo.
    grouping
        The groups of the photos of the cohort.
    photos
        int64 array of shape (events,): index of the photo that decides an event's group.
    errors, trials
        Errors and trials of each event, shape (events,), 0 <= errors <= trials.
    repeats
        See `SubjectCounts`.
    """
    codes, subjects = grouping.codes[photos], cohort.subject_codes[photos]
    counts = {}
    for code, name in enumerate(grouping.names):
        inside = codes == code
        added, made = (
            np.bincount(subjects[inside], numbers[inside], len(cohort.subjects)).astype(np.int64)
            for numbers in (errors, trials)
        )
        counts[name] = SubjectCounts(added, made, repeats)
    return counts
