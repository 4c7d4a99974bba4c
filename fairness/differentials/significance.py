"""Tests of equal rates between groups, and corrections for several tests.

"Not significant" does not mean equal. The interval of the differential shows how large a
difference may be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import false_discovery_control

from fairness.differentials.resampling import Resample, observed, resample
from fairness.rates import Counts, Rate, rate_of_counts

_UNTESTED = (math.nan,) * 4


def holm(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values to control the chance of any false report (Holm, 1979).

    Parameters
    ----------
    p_values
        Shape (tests,), each in [0, 1].

    Returns
    -------
    float64 array of shape (tests,)
        Adjusted values in the order given. If each test with a value of at most alpha is reported,
        the chance of one or more false reports is at most alpha.

    Raises
    ------
    ValueError
        If a value is outside [0, 1].
    """
    p = _p_values(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values to control the share of false reports among all reports, on average.

    Use it to screen many groups. It holds if tests are independent or positively dependent
    (Benjamini and Hochberg, JRSS B 57, 1995; Benjamini and Yekutieli, Annals of Statistics 29,
    2001). Parameters, result and errors are those of `holm`.
    """
    p = _p_values(p_values)
    return np.asarray(false_discovery_control(p, method="bh")) if len(p) else p


def _p_values(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise ValueError("need a flat sequence of p-values in [0, 1]")
    return p


@dataclass(frozen=True)
class GroupTest:
    """Test of one group against all groups pooled.

    Parameters
    ----------
    group
        Name of the group.
    rate
        Rate of the group.
    difference
        Rate of the group minus the pooled rate, in [-1, 1]; nan if not tested.
    p_value, holm, benjamini_hochberg
        Two-sided p-value of the hypothesis that both are equal: raw, and adjusted over the groups
        tested (one family). nan if the status of the rate does not allow a test.
    """

    group: str
    rate: Rate
    difference: float
    p_value: float
    holm: float
    benjamini_hochberg: float

    @property
    def tested(self) -> bool:
        """Whether the data allowed a test."""
        return not math.isnan(self.p_value)


@dataclass(frozen=True)
class GroupComparison:
    """Test of equal rates of several groups.

    Parameters
    ----------
    pooled
        Rate over the groups tested, in [0, 1]; nan if fewer than two groups are tested.
    statistic
        Largest difference of a group from the pooled rate; nan with fewer than two groups.
    p_value
        p-value of the hypothesis that all groups tested have one rate; nan with fewer than two.
    groups
        One entry for each group, sorted by name.
    draws
        Number of bootstrap draws. No p-value is below 1 / (draws + 1).
    """

    pooled: float
    statistic: float
    p_value: float
    groups: tuple[GroupTest, ...]
    draws: int


def compare_groups(
    groups: Mapping[str, Counts],
    *,
    draws: int = 2000,
    seed: int = 0,
    strata: ArrayLike | None = None,
    target: float | None = None,
) -> GroupComparison:
    """Test by bootstrap whether all groups have one rate, and whether each has the pooled rate.

    The statistic is the largest |p_g - pooled|. All groups share the draws of subjects. The
    differences in the draws, minus the observed differences, show how far groups would be from the
    pooled rate by chance if they were equal (Schuckers et al. 2022, arXiv 2208.10948). If subjects
    hardly differ, the rates of pairs vary too much in the draws, by a factor of up to the root of
    3. The test then reports too rarely rather than too often.

    Parameters
    ----------
    groups
        Counts by label, with the same subject codes. Groups of status `ok` or `limited` are tested.
    draws, seed, strata
        As in `draw_weights`.
    target
        Target rate that decides the statuses, see `status_of`. By default, the one of the kind of
        counts.
    """
    names = sorted(groups)
    rates = {name: rate_of_counts(groups[name], target=target) for name in names}
    tested = [name for name in names if rates[name].status in ("ok", "limited")]
    if len(tested) < 2:
        untested = tuple(GroupTest(name, rates[name], *_UNTESTED) for name in names)
        return GroupComparison(math.nan, math.nan, math.nan, untested, draws)
    counts = [groups[name] for name in tested]
    point = observed(counts)
    apart = _apart(point)
    strayed = np.abs(_apart(resample(counts, draws=draws, seed=seed, strata=strata)) - apart)
    statistic = float(np.abs(apart).max())
    p_value = _p(strayed.max(axis=0, keepdims=True), np.array([[statistic]]))
    each = _p(strayed, np.abs(apart))
    columns = np.column_stack([apart, each, holm(each), benjamini_hochberg(each)])
    figures = dict(zip(tested, columns.tolist(), strict=True))
    tests = (GroupTest(name, rates[name], *figures.get(name, _UNTESTED)) for name in names)
    return GroupComparison(
        float(point.pooled[0]), statistic, float(p_value[0]), tuple(tests), draws
    )


def _apart(sample: Resample) -> NDArray[np.float64]:
    """Return the rates minus the pooled one, shape (groups, draws)."""
    return sample.rates - sample.pooled


def _p(strayed: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of draws in which a statistic is as large as observed.

    An undefined draw counts as one of these.
    """
    below = np.mean(strayed < seen - 1e-12, axis=1, dtype=np.float64)
    draws = strayed.shape[1]
    p_values: NDArray[np.float64] = (1 + draws * (1 - below)) / (1 + draws)
    return p_values
