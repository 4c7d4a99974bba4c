"""Tests of a group against all others while a further factor is held fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairness.differentials.permutation import (
    dealings,
    distances,
    ends,
    exchangeable,
    rates_against_others,
)
from fairness.differentials.significance import Tails, holm
from fairness.rates import Cells
from fairness.rates.cells import Numbers, sum_by_group


@dataclass(frozen=True)
class StratifiedTest:
    """Test of one group against all others of its strata.

    Parameters
    ----------
    group
        Name of the group.
    strata
        Number of strata that hold the group and another one.
    difference
        Rate of the group less that of the others in its stratum, averaged over the strata. A
        stratum with n trials of the group and m of the others has the weight n m / (n + m)
        (Mantel and Haenszel, JNCI 22, 1959).
    statistic
        Sum of the distances of the strata in standard errors, over the root of their number.
    p_value, p_limit
        As in `GroupTest`. The groups are dealt out anew within each stratum.
    holm
        The p-value adjusted over the groups.
    """

    group: str
    strata: int
    difference: float
    statistic: float
    p_value: float
    p_limit: float
    holm: float


def compare_within(
    strata: Sequence[Cells], *, draws: int = 2000, seed: int = 0
) -> tuple[StratifiedTest, ...]:
    """Test whether groups have the rate of all others in their strata, all strata together.

    A difference that is no more than one of the strata, such as one of age, does not show.

    Parameters
    ----------
    strata
        The cells of each stratum. Groups of one name are one group.
    draws, seed
        Number of dealings in each stratum, and their seed.

    Returns
    -------
    tuple of StratifiedTest
        By name of the group; without strata that have one group, no error, or nothing but errors.
    """
    found = ((cells, exchangeable(cells)) for cells in strata)
    parts = [(cells, alike) for cells, alike in found if alike is not None]
    names = sorted({name for cells, _ in parts for name in cells.names})
    if not names:
        return ()
    place = {name: row for row, name in enumerate(names)}
    seen, seen_end = np.zeros((2, len(names), 1))
    strayed, strayed_end = np.zeros((2, len(names), draws))
    gaps, weights, number = np.zeros((3, len(names)))
    for stratum, (cells, alike) in enumerate(parts):
        rows = [place[name] for name in cells.names]
        as_is = cells.groups[:, None]
        seen[rows] += distances(cells, alike, as_is)
        seen_end[rows] += ends(cells, alike, as_is)
        done = 0
        for dealt in dealings(cells, alike, draws, seed + stratum):
            here = np.ix_(rows, range(done, done + dealt.shape[1]))
            strayed[here] += distances(cells, alike, dealt)
            strayed_end[here] += ends(cells, alike, dealt)
            done += dealt.shape[1]
        rates, others = rates_against_others(cells, as_is)
        weight = _weights(cells)
        gaps[rows] += weight * (rates - others)
        weights[rows] += weight
        number[rows] += 1
    tails = Tails(seen[:, 0], _everywhere(seen_end[:, 0], number))
    tails.count(strayed, _everywhere(strayed_end, number[:, None]))
    p_values, limits = tails.p_values()
    alone = len(names) == 2 and number[0] == number[1]
    adjusted = np.broadcast_to(holm(p_values[:1] if alone else p_values), p_values.shape)
    return tuple(
        StratifiedTest(
            name,
            int(number[row]),
            float(gaps[row] / weights[row]),
            float(seen[row, 0] / np.sqrt(number[row])),
            float(p_values[row]),
            float(limits[row]),
            float(adjusted[row]),
        )
        for name, row in place.items()
    )


def _weights(cells: Cells) -> Numbers:
    _, trials = cells.counts(cells.groups[:, None])
    own = sum_by_group(trials, cells.groups[:, None], len(cells.names))[:, 0]
    weights: Numbers = own * (own.sum() - own) / own.sum()
    return weights


def _everywhere(end: Numbers, strata: Numbers) -> Numbers:
    """Return at which end a group is in all of its strata; 0 if in some only."""
    everywhere: Numbers = np.where(np.abs(end) == strata, np.sign(end), 0.0)
    return everywhere
