"""Tests of equal rates between groups, and corrections for several tests.

"Not significant" does not mean equal. The interval of the differential shows how large a
difference may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv
from scipy.stats import false_discovery_control

from fairness.differentials.permutation import (
    dealings,
    distances,
    ends,
    exchangeable,
    rates_against_others,
)
from fairness.rates import Cells


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
    """Test of one group against all others together.

    Parameters
    ----------
    group
        Name of the group.
    rate, others
        Rate of the group, and of all other groups together, in [0, 1].
    statistic
        The distance in standard errors, see `distances`. It need not have the sign of the
        difference of the rates, where a few people have most of the trials.
    p_value
        Two-sided p-value of the hypothesis that both rates are equal.
    p_limit
        Upper 99 % limit of the p-value that all dealings would give. Only some are drawn.
    holm, benjamini_hochberg
        The p-value adjusted over the groups tested (one family).
    """

    group: str
    rate: float
    others: float
    statistic: float
    p_value: float
    p_limit: float
    holm: float
    benjamini_hochberg: float


@dataclass(frozen=True)
class GroupComparison:
    """Test of equal rates of several groups.

    Parameters
    ----------
    statistic
        Largest distance of a group from all others, in standard errors.
    p_value
        p-value of the hypothesis that all groups have one rate: the smallest of `GroupTest.holm`.
    groups
        One entry for each group, in the order of the cells' names.
    people
        Number of people who took part: those with a like in another group, see `Strata`.
    draws
        Number of dealings. No p-value is below 2 / (draws + 1).
    """

    statistic: float
    p_value: float
    groups: tuple[GroupTest, ...]
    people: int
    draws: int


def compare_groups(cells: Cells, *, draws: int = 2000, seed: int = 0) -> GroupComparison | None:
    """Test by permutation whether all groups have one rate, and whether each has that of the rest.

    The groups are dealt out anew over the people (`dealings`). The p-value is the share of dealings
    in which a group is as far from all others as observed, to the same side, doubled (`Tails`). The
    observed dealing counts as one of them, so that the chance of a false report is at most the
    level, however many are drawn (Phipson and Smyth, SAGMB 9, 2010). Distances are in standard
    errors. So the test also holds where people of one group differ more than those of another, and
    where people of different groups are mistaken for each other more rarely than people of one
    group (Janssen, Statistics and Probability Letters 36, 1997; Chung and Romano, Annals of
    Statistics 41, 2013).

    With two groups there is one hypothesis, not two.

    Parameters
    ----------
    cells
        The groups.
    draws, seed
        Number of dealings, and their seed.

    Returns
    -------
    GroupComparison
        None where no test tells anything, see `exchangeable`.
    """
    strata = exchangeable(cells)
    if strata is None:
        return None
    as_is = cells.groups[:, None]
    seen = distances(cells, strata, as_is)[:, 0]
    tails = Tails(seen, ends(cells, strata, as_is)[:, 0])
    for dealt in dealings(cells, strata, draws, seed):
        tails.count(distances(cells, strata, dealt), ends(cells, strata, dealt))
    each, limits = tails.p_values()
    family = each if len(each) > 2 else each[:1]
    adjusted = holm(family)
    columns = np.broadcast_arrays(
        *rates_against_others(cells, as_is),
        seen,
        each,
        limits,
        adjusted,
        benjamini_hochberg(family),
    )
    tests = tuple(
        GroupTest(name, *row)
        for name, row in zip(cells.names, np.column_stack(columns).tolist(), strict=True)
    )
    people = sum(len(members) for members in strata.members)
    return GroupComparison(float(np.abs(seen).max()), float(adjusted.min()), tests, people, draws)


class Tails:
    """Counts of draws in which a statistic is as far out as observed, on either side.

    The distribution over the draws need not be symmetric: where a small group has more errors than
    others, none in the group is common, and many are rare. So the side on which the observed value
    lies is compared with draws on that side only, and its share is doubled. At the end of the scale
    (`ends`) all draws are equally far out.

    Parameters
    ----------
    seen, end
        The observed statistics, and at which end they are, shape (tests,).
    """

    def __init__(self, seen: NDArray[np.float64], end: NDArray[np.float64]) -> None:
        self._slack = 1e-9 * np.abs(seen[:, None])
        self._seen = _reach(seen, end)[:, None]
        self._beyond = np.zeros((2, len(seen)), np.int64)
        self._draws = 0

    def count(self, drawn: NDArray[np.float64], end: NDArray[np.float64]) -> None:
        """Count draws, shape (tests, draws)."""
        reach = _reach(drawn, end)
        self._beyond[0] += np.sum(reach >= self._seen - self._slack, axis=1)
        self._beyond[1] += np.sum(reach <= self._seen + self._slack, axis=1)
        self._draws += drawn.shape[1]

    def p_values(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return p-values, and the upper 99 % limits of those over all draws, shape (tests,).

        The observed draw counts as one of the draws.
        """
        beyond, draws = self._beyond.min(axis=0), self._draws
        limits = betaincinv(beyond + 1, np.maximum(draws - beyond, 1e-9), 0.99)
        return np.minimum(1, 2 * (1 + beyond) / (1 + draws)), np.minimum(1, 2 * limits)


def _reach(statistics: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(end > 0, np.inf, np.where(end < 0, -np.inf, statistics))
