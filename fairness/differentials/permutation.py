"""Groups dealt out anew over the people, and the distance of each group from all others.

If the groups make no difference, the groups could as well be dealt out over the people by chance.
Each dealing gives distances between groups that chance makes. A dealing keeps the number of people
of each group, and all photos and comparisons of a person stay together. So it holds whatever the
number of errors, also where one group has none. Groups are dealt among people with a like number of
photos only, because people with many photos tell more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.rates import Cells
from fairness.rates.cells import Codes, Numbers, sum_by_group

AT_ONCE = 1 << 22
"""Largest number of values that a step works on at once."""

_FEWEST_IN_STRATUM = 10


@dataclass(frozen=True, eq=False)
class Strata:
    """People of like size, among whom groups are dealt out.

    Parameters
    ----------
    of
        int64 array of shape (cells,): the stratum of each cell; -1 if it is left out.
    members
        For each stratum the positions of its cells: intp array of shape (people, cells of each).
    """

    of: Codes
    members: tuple[NDArray[np.intp], ...]

    @classmethod
    def by_size(cls, cells: Cells) -> Strata:
        """Divide the people into strata of like size, so that they can be exchanged.

        People of one stratum have photos in the same number of groups, and their sizes lie within
        a factor of 4. Of people with photos in one group, a stratum that does not mix, because it
        has fewer than ten people or not two people each of two groups, is left out: who has a like
        in no other group cannot be exchanged. If no stratum mixes, all people with the same number
        of cells are one. The groups of a person with photos in several can always be exchanged.
        """
        order = np.argsort(cells.people, kind="stable")
        _, starts, numbers = np.unique(cells.people[order], return_index=True, return_counts=True)
        sizes = np.add.reduceat(cells.sizes[order], starts)
        quarters = (np.frexp(sizes)[1] - 1) // 2
        for bands in (quarters, np.zeros_like(quarters)):
            keys = np.column_stack([numbers, bands])
            parts = []
            for number, band in np.unique(keys, axis=0):
                some = np.flatnonzero((numbers == number) & (bands == band))
                members = order[starts[some][:, None] + np.arange(number)]
                if _mixes(cells.groups[members]):
                    parts.append(members)
            if parts:
                break
        of = np.full(len(cells.people), -1, np.int64)
        for place, members in enumerate(parts):
            of[members] = place
        return cls(of, tuple(parts))


def _mixes(groups: Codes) -> bool:
    """Say whether the groups of people, shape (people, cells of each), can be exchanged."""
    if groups.shape[1] > 1:
        return True
    people = np.unique(groups, return_counts=True)[1]
    return len(groups) >= _FEWEST_IN_STRATUM and int(np.sum(people >= 2)) >= 2


def exchangeable(cells: Cells) -> Strata | None:
    """Return the strata in which groups can be compared; None where no test tells anything.

    That is with fewer than two groups, where no trial or every trial is an error, and where nobody
    can be exchanged.
    """
    errors, trials = (float(values.sum()) for values in cells.counts(cells.groups[:, None]))
    if len(cells.names) < 2 or not 0 < errors < trials:
        return None
    strata = Strata.by_size(cells)
    return strata if strata.members else None


def dealings(cells: Cells, strata: Strata, draws: int, seed: int) -> Iterator[Codes]:
    """Deal the groups out anew over the people of each stratum.

    A person with photos in several groups gets the groups of another such person, in any order.

    Parameters
    ----------
    cells, strata
        The cells, and who can be exchanged.
    draws
        Number of dealings, at least 1.
    seed
        Seed of the dealings.

    Yields
    ------
    int64 array of shape (cells, some of the draws)
        The group of each cell in each dealing.
    """
    if draws < 1:
        raise ValueError(f"need one draw or more, got {draws}")
    rng = np.random.default_rng(seed)
    size = max(1, AT_ONCE // max(1, cells.rows))
    for done in range(0, draws, size):
        dealt = np.repeat(cells.groups[:, None], min(size, draws - done), axis=1)
        for members in strata.members:
            dealt[members] = _dealt(cells.groups[members], dealt.shape[1], rng)
        yield dealt


def _dealt(groups: Codes, draws: int, rng: np.random.Generator) -> Codes:
    """Deal the rows of groups, shape (people, cells of each), out; add an axis of draws."""
    if groups.shape[1] == 1:
        return rng.permuted(np.repeat(groups[:, :, None], draws, axis=2), axis=0)
    rows = [rng.permuted(groups[rng.permutation(len(groups))], axis=1) for _ in range(draws)]
    return np.stack(rows, axis=2)


def rates_against_others(cells: Cells, dealt: Codes) -> tuple[Numbers, Numbers]:
    """Return the rate of each group, and of all others together.

    Parameters
    ----------
    cells, dealt
        As in `Cells.counts`.

    Returns
    -------
    rates, others
        float64 arrays of shape (groups,), in the first draw.
    """
    k, n = (sum_by_group(values, dealt, len(cells.names))[:, 0] for values in cells.counts(dealt))
    return k / n, (k.sum() - k) / (n.sum() - n)


def distances(cells: Cells, strata: Strata, dealt: Codes) -> Numbers:
    """Return how far each group lies from all others together, in standard errors.

    Let p be the rate of a stratum. A cell with k errors in n trials has the residual
    (k - p n) / sqrt(n), so that a person with many trials counts for more, but not for all. In each
    stratum, the mean residual of a group is compared with that of the others. With c and d cells
    on the two sides the stratum has the weight c d / (c + d). The variance is the weighted sum of
    squared residuals on both sides; it is above 0 as soon as there is an error.

    Parameters
    ----------
    cells, strata
        The cells, and their strata.
    dealt
        As in `Cells.counts`.

    Returns
    -------
    float64 array of shape (groups, draws)
        0 where a group has no other one in its strata, or no stratum.
    """
    inside = np.flatnonzero(strata.of >= 0)
    errors, trials = (values[inside] for values in cells.counts(dealt))
    stratum = np.repeat(strata.of[inside, None], dealt.shape[1], axis=1)
    number, groups = len(strata.members), len(cells.names)
    k, n = (sum_by_group(values, stratum, number) for values in (errors, trials))
    rates = np.divide(k, n, out=np.zeros_like(k), where=n > 0)
    expected = np.take_along_axis(rates, stratum, axis=0) * trials
    residuals = (errors - expected) / np.sqrt(np.maximum(trials, 1))
    places = stratum * groups + dealt[inside]
    c, x, xx = (
        sum_by_group(values, places, number * groups).reshape(number, groups, -1)
        for values in (np.ones((len(inside), 1)), residuals, residuals**2)
    )
    d, y, yy = (own.sum(axis=1, keepdims=True) - own for own in (c, x, xx))
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = c * d / (c + d)
        apart = np.nansum(weight * (x / c - y / d), axis=0)
        variance = np.nansum(weight**2 * (xx / c**2 + yy / d**2), axis=0)
        found = np.where(variance > 0, apart / np.sqrt(variance), 0.0)
    return found


def ends(cells: Cells, strata: Strata, dealt: Codes) -> Numbers:
    """Return which groups lie as far out as a rate can.

    No group has fewer errors than one without any. Of the dealings that leave a group without an
    error none is farther out than another, although their distances in standard errors differ: the
    others' errors alone make that standard error.

    Parameters
    ----------
    cells, strata, dealt
        As in `distances`.

    Returns
    -------
    float64 array of shape (groups, draws)
        -1 where a group has no error, or all others have nothing but errors; 1 where all others
        have no error, or the group has nothing but errors; 0 otherwise.
    """
    inside = np.flatnonzero(strata.of >= 0)
    k, n = (
        sum_by_group(values[inside], dealt[inside], len(cells.names))
        for values in cells.counts(dealt)
    )
    own_right, all_wrong = n - k, k.sum(axis=0)
    all_right = n.sum(axis=0) - all_wrong
    lowest = (k == 0) | (own_right == all_right)
    highest = (k == all_wrong) | (own_right == 0)
    end: Numbers = highest.astype(np.float64) - lowest
    return end
