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

from fairness.differentials.permutation import dealings, distances, rates_against_others
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
        Their difference in standard errors, see `distances`.
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
    p_value, p_limit
        p-value of the hypothesis that all groups have one rate, and its limit, see `GroupTest`.
    groups
        One entry for each group, in the order of the cells' names.
    draws
        Number of dealings. No p-value is below 1 / (draws + 1).
    """

    statistic: float
    p_value: float
    p_limit: float
    groups: tuple[GroupTest, ...]
    draws: int


def compare_groups(cells: Cells, *, draws: int = 2000, seed: int = 0) -> GroupComparison | None:
    """Test by permutation whether all groups have one rate, and whether each has that of the rest.

    The groups are dealt out anew over the people (`dealings`). The p-value is the share of
    dealings in which a group is as far from all others as observed. The observed dealing counts
    as one of them, so that the chance of a false report is at most the level, however many are
    drawn (Phipson and Smyth, SAGMB 9, 2010). Distances are in standard errors. So the test also
    holds in large groups whose people differ in the number of their photos (Janssen, Statistics
    and Probability Letters 36, 1997; Chung and Romano, Annals of Statistics 41, 2013), and where
    people of different groups are mistaken for each other more rarely than people of one group.

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
        None with fewer than two groups, or where no trial or every trial is an error.
    """
    if len(cells.names) < 2:
        return None
    as_is = cells.groups[:, None]
    errors, trials = (values.sum() for values in cells.counts(as_is))
    if errors in (0, trials):
        return None
    seen = distances(cells, as_is)[:, 0]
    least = np.abs(seen) * (1 - 1e-9)
    beyond, extreme = np.zeros(len(seen), np.int64), 0
    for dealt in dealings(cells, draws, seed):
        strayed = np.abs(distances(cells, dealt))
        beyond += np.sum(strayed >= least[:, None], axis=1)
        extreme += int(np.sum(strayed.max(axis=0) >= least.max()))
    each = (1 + beyond) / (1 + draws)
    family = each if len(each) > 2 else each[:1]
    columns = np.broadcast_arrays(
        *rates_against_others(cells, as_is),
        seen,
        each,
        [upper_limit(int(number), draws) for number in beyond],
        holm(family),
        benjamini_hochberg(family),
    )
    tests = tuple(
        GroupTest(name, *row)
        for name, row in zip(cells.names, np.column_stack(columns).tolist(), strict=True)
    )
    p_value = (1 + extreme) / (1 + draws)
    return GroupComparison(
        float(np.abs(seen).max()), p_value, upper_limit(extreme, draws), tests, draws
    )


def upper_limit(beyond: int, draws: int) -> float:
    """Return the upper 99 % limit of a p-value of which some dealings were drawn.

    Parameters
    ----------
    beyond, draws
        Dealings with a distance as large as observed, and all dealings drawn.
    """
    return float(betaincinv(beyond + 1, draws - beyond, 0.99)) if beyond < draws else 1.0
