"""Bootstrap of rates over subjects: all groups and kinds of rate share the draws.

A draw contains subjects. With a subject it contains all its photos, and its comparisons with every
other subject of the draw (the vertex bootstrap, Snijders and Borgatti, Connections 22, 1999). All
groups and all kinds of rate are counted in the same draws, so differences and ratios between them
keep their covariance. Photos within a subject are not drawn again, because the variance comes from
subjects.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairness.rates import Counts, Rate, SubjectCounts

AT_ONCE = 1 << 23
"""Largest number of weights held at once, subjects times draws (64 MiB)."""


def draw_weights(
    subjects: int, draws: int, seed: int, strata: ArrayLike | None = None
) -> Iterator[NDArray[np.float64]]:
    """Draw subjects with replacement; a draw has as many subjects as the data.

    Parameters
    ----------
    subjects
        Number of subject codes.
    draws
        Number of draws, at least 1. Percentile limits need 2000 or more.
    seed
        Seed of the draws. The draws do not depend on `AT_ONCE`.
    strata
        Label of each subject, shape (subjects,). Subjects are drawn within each label, so that the
        number of subjects of a label stays the same.

    Yields
    ------
    float64 array of shape (subjects, some of the draws)
        How often each subject is in each draw. An array has at most `AT_ONCE` numbers, or one draw.

    Raises
    ------
    ValueError
        If there are no subjects or draws, or the strata have another shape.
    """
    members = _strata(subjects, strata)
    rng = np.random.default_rng(seed)

    def one() -> NDArray[np.intp]:
        drawn = [block[rng.integers(0, len(block), len(block))] for block in members]
        return np.bincount(np.concatenate(drawn), minlength=subjects)

    for size in _chunks(subjects, draws):
        yield np.stack([one() for _ in range(size)]).T.astype(np.float64)


def _strata(subjects: int, strata: ArrayLike | None) -> list[NDArray[np.intp]]:
    if strata is None:
        return [np.arange(subjects)]
    labels = np.asarray(strata)
    if labels.shape != (subjects,):
        raise ValueError(f"need one stratum for each of {subjects} subjects, got {labels.shape}")
    codes = np.unique(labels, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1])


def _chunks(subjects: int, draws: int) -> Iterator[int]:
    if subjects < 1 or draws < 1:
        raise ValueError(f"need subjects and draws of at least 1, got {subjects} and {draws}")
    size = max(1, AT_ONCE // subjects)
    for done in range(0, draws, size):
        yield min(size, draws - done)


@dataclass(frozen=True, eq=False)
class Resample:
    """Errors and trials of several groups in the same draws.

    Parameters
    ----------
    errors, trials
        float64 arrays of shape (groups, draws). The numbers need not be whole.
    """

    errors: NDArray[np.float64]
    trials: NDArray[np.float64]

    @property
    def rates(self) -> NDArray[np.float64]:
        """Rate of each group in each draw; nan if it has no trial there."""
        rates = np.full(self.errors.shape, np.nan)
        np.divide(self.errors, self.trials, out=rates, where=self.trials > 0)
        return rates

    @property
    def pooled(self) -> NDArray[np.float64]:
        """Rate over all groups in each draw, shape (draws,)."""
        return Resample(self.errors.sum(axis=0), self.trials.sum(axis=0)).rates

    def of(self, groups: Sequence[int]) -> Resample:
        """Return the draws of some of the groups."""
        chosen = list(groups)
        return Resample(self.errors[chosen], self.trials[chosen])

    def scaled(self, factors: NDArray[np.float64]) -> Resample:
        """Return the same rates, with the counts of each group multiplied by a factor."""
        return Resample(self.errors * factors[:, None], self.trials * factors[:, None])


def observed(groups: Sequence[Counts]) -> Resample:
    """Return the observed counts, as one draw that contains every subject once."""
    pairs = [_totals(counts) for counts in groups]
    errors, trials = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    return Resample(errors[:, None], trials[:, None])


def _totals(counts: Counts) -> tuple[int, int]:
    if isinstance(counts, SubjectCounts):
        return int(counts.errors.sum()), int(counts.trials.sum())
    return counts.total, counts.trials.total


def resample(
    groups: Sequence[Counts], *, draws: int, seed: int, strata: ArrayLike | None = None
) -> Resample:
    """Count all groups in the same draws of subjects.

    Parameters
    ----------
    groups
        Counts with the same subject codes.
    draws, seed, strata
        As in `draw_weights`.

    Raises
    ------
    ValueError
        If there are no groups, or for the reasons of `draw_weights`.
    """
    if not groups:
        raise ValueError("need at least one group to draw subjects of")
    subjects = max(counts.codes for counts in groups)
    parts = [
        [counts.drawn(weights) for counts in groups]
        for weights in draw_weights(subjects, draws, seed, strata)
    ]
    errors, trials = np.concatenate([np.array(part) for part in parts], axis=2).transpose(1, 0, 2)
    return Resample(errors, trials)


def under_equality(rates: Sequence[Rate], *, draws: int, seed: int) -> Resample:
    """Draw counts under the assumption that all groups have the pooled rate.

    Each group gets its number of effective trials. The largest and the smallest rate differ even
    then, and a measure of these draws shows what equality looks like. Groups are drawn
    independently of each other, even if they share subjects.

    Parameters
    ----------
    rates
        One rate for each group, with trials.
    draws, seed
        Number of draws, and their seed.
    """
    pooled = sum(rate.errors for rate in rates) / sum(rate.trials for rate in rates)
    effective = np.maximum(1, np.rint([rate.effective for rate in rates])).astype(np.int64)
    rng = np.random.default_rng(seed)
    errors = rng.binomial(effective[:, None], pooled, (len(rates), draws))
    trials = np.broadcast_to(effective[:, None], errors.shape)
    return Resample(errors.astype(np.float64), trials.astype(np.float64))


def percentile_limits(
    values: NDArray[np.float64],
    *,
    level: float = 0.95,
    scale: Literal["plain", "log"] = "plain",
) -> tuple[float, float] | None:
    """Return percentile limits of a measure over draws; None if the draws do not determine them.

    Parameters
    ----------
    values
        The measure in each draw, shape (draws,); nan if it is undefined.
    level
        Confidence level in (0, 1).
    scale
        "log" for ratios: the percentiles are those of the logarithm.

    Returns
    -------
    low, high
        None if more than one draw in twenty is undefined, or if all draws are equal, as they are
        without errors.
    """
    if scale == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log(values)
    defined = values[np.isfinite(values)]
    if len(defined) < 0.95 * len(values) or np.ptp(defined) <= 1e-12:
        return None
    tail = (1 - level) / 2
    low, high = (float(limit) for limit in np.quantile(defined, [tail, 1 - tail]))
    return (math.exp(low), math.exp(high)) if scale == "log" else (low, high)
