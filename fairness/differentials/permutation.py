"""Groups dealt out anew over the people, and the distance of each group from all others.

If the groups make no difference, the groups could as well be dealt out over the people by chance.
Each dealing gives distances between groups that chance makes. A dealing keeps the number of people
of each group, and all photos and comparisons of a person stay together. So it holds whatever the
number of errors, also where one group has none.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fairness.rates import Cells
from fairness.rates.cells import Codes, Numbers, sum_by_group

AT_ONCE = 1 << 22
"""Largest number of values that a step works on at once."""

_FEWEST_IN_STRATUM = 10


def dealings(cells: Cells, draws: int, seed: int) -> Iterator[Codes]:
    """Deal the groups out anew over the people.

    Groups are dealt among people of like size: `strata`. A person with photos in several groups
    gets the groups of another such person, in any order.

    Parameters
    ----------
    cells
        The cells.
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
    parts = strata(cells)
    size = max(1, AT_ONCE // max(1, cells.rows))
    for done in range(0, draws, size):
        dealt = np.empty((len(cells.people), min(size, draws - done)), np.int64)
        for members in parts:
            dealt[members] = _dealt(cells.groups[members], dealt.shape[1], rng)
        yield dealt


def _dealt(groups: Codes, draws: int, rng: np.random.Generator) -> Codes:
    """Deal the rows of groups, shape (people, cells of each), out; add an axis of draws."""
    if groups.shape[1] == 1:
        return rng.permuted(np.repeat(groups[:, :, None], draws, axis=2), axis=0)
    rows = [rng.permuted(groups[rng.permutation(len(groups))], axis=1) for _ in range(draws)]
    return np.stack(rows, axis=2)


def strata(cells: Cells) -> list[NDArray[np.intp]]:
    """Divide the people into strata of like size, so that they can be exchanged.

    People of one stratum have photos in the same number of groups. Their sizes lie between two
    powers of 2. A stratum that is too small to mix, because it has fewer than ten people or not
    two people each of two groups, is joined with the next smaller size.

    Returns
    -------
    list of intp arrays of shape (people, cells of each)
        Positions of the cells of the people of each stratum.
    """
    order = np.argsort(cells.people, kind="stable")
    people, starts, numbers = np.unique(cells.people[order], return_index=True, return_counts=True)
    of_person = np.repeat(np.arange(len(people)), numbers)
    sizes = np.bincount(of_person, cells.sizes[order], len(people))
    parts = []
    for number in np.unique(numbers):
        some = np.flatnonzero(numbers == number)
        some = some[np.argsort(-sizes[some], kind="stable")]
        places = order[starts[some][:, None] + np.arange(number)]
        parts += _alike(places, np.frexp(sizes[some])[1], cells.groups)
    return parts


def _alike(
    places: NDArray[np.intp], octaves: NDArray[np.int32], groups: Codes
) -> list[NDArray[np.intp]]:
    """Cut people, sorted by size, where the size halves and both parts mix."""
    parts = []
    begin = 0
    for end in np.flatnonzero(np.diff(octaves)) + 1:
        if _mixes(groups[places[begin:end]]) and _mixes(groups[places[end:]]):
            parts.append(places[begin:end])
            begin = int(end)
    return [*parts, places[begin:]]


def _mixes(groups: Codes) -> bool:
    people = np.unique(groups[:, 0], return_counts=True)[1]
    return len(groups) >= _FEWEST_IN_STRATUM and int(np.sum(people >= 2)) >= 2


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


def distances(cells: Cells, dealt: Codes) -> Numbers:
    """Return how far each group lies from all others together, in standard errors.

    Let p be the rate over all groups, and S the errors of a cell less p times its trials. The
    variance of the rate of a group is the sum of S² over its cells, divided by its trials squared,
    and the same for all others together. So the standard error is that of a score test, robust to
    trials of one person that fail together; it is above 0 as soon as there is an error.

    Parameters
    ----------
    cells, dealt
        As in `Cells.counts`.

    Returns
    -------
    float64 array of shape (groups, draws)
        Not a number without trials of a group.
    """
    errors, trials = cells.counts(dealt)
    number = len(cells.names)
    k, n, kk, kn, nn = (
        sum_by_group(values, dealt, number)
        for values in (errors, trials, errors**2, errors * trials, trials**2)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = k.sum(axis=0) / n.sum(axis=0)
        squares = kk - 2 * pooled * kn + pooled**2 * nn
        others = n.sum(axis=0) - n
        difference = k / n - (k.sum(axis=0) - k) / others
        variance = squares / n**2 + (squares.sum(axis=0) - squares) / others**2
        apart = np.where(variance > 0, difference / np.sqrt(variance), 0.0)
    return np.where(np.isfinite(difference), apart, np.nan)
