"""A plain reference for the tests of an audit: labels are dealt out again among people.

The statistic is the largest difference between a group's pooled rate and that of the other groups.
For false matches the rates are those within groups: people keep their row and column of
comparisons, and only their labels change places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Sums = tuple[NDArray[np.float64], NDArray[np.float64]]

_SAME = 1e-12


@dataclass(frozen=True, eq=False)
class PersonErrors:
    """Errors and trials of each person, shape (people,)."""

    errors: Ints
    trials: Ints

    def sums(self, member: NDArray[np.float64]) -> Sums:
        """Return errors and trials of a group in each draw, shape (draws,).

        Parameters
        ----------
        member
            1 for those in the group, shape (draws, people).
        """
        return member @ self.errors, member @ self.trials


@dataclass(frozen=True, eq=False)
class PairErrors:
    """Pairs of people with errors, shape (pairs,), where every photo was compared with every other.

    `photos` are those of each person, shape (people,).
    """

    left: Ints
    right: Ints
    errors: Ints
    photos: Ints

    def sums(self, member: NDArray[np.float64]) -> Sums:
        """Return errors and trials within a group in each draw, see `PersonErrors.sums`."""
        errors = (member[:, self.left] * member[:, self.right]) @ self.errors
        trials = ((member @ self.photos) ** 2 - member @ self.photos**2) / 2
        return errors, trials


def permutation_p(
    counts: PersonErrors | PairErrors, group: Ints, *, draws: int, rng: np.random.Generator
) -> float:
    """Return the Monte Carlo p-value of equal rates, in (0, 1].

    Parameters
    ----------
    counts
        The errors.
    group
        Group of each person from 0, shape (people,).
    draws
        Number of times that the labels are dealt out; no p-value is below 1 / (draws + 1).
    rng
        Source of the draws.
    """
    dealt = rng.permuted(np.tile(group, (draws + 1, 1)), axis=1)
    dealt[0] = group
    sums = [counts.sums((dealt == place).astype(np.float64)) for place in range(group.max() + 1)]
    errors, trials = np.array(sums).transpose(1, 0, 2)  # each of shape (groups, draws)
    others = _ratio(errors.sum(axis=0) - errors, trials.sum(axis=0) - trials)
    apart = np.abs(_ratio(errors, trials) - others).max(axis=0)
    return float((apart >= apart[0] - _SAME).mean())


def _ratio(errors: NDArray[np.float64], trials: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rates; 0 without trials."""
    rates: NDArray[np.float64] = np.divide(
        errors, trials, out=np.zeros_like(errors), where=trials > 0
    )
    return rates
