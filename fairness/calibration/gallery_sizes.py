"""False-positive identification rates (FPIR) for galleries of several sizes.

FPIR(N, T) is the share of searches for people who are not enrolled that return at least one face at
or above a threshold T from a gallery of N faces. The gallery here is the hardest for the probe: N
other people of the probe's age and sex, with one photo each. FPIR is not computed from a
false-match rate, but from the scores that each probe of a cohort really had: see
`false_positive_rates`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from fairness.calibration.impostors import Impostors
from fairness.rates import allow_for_few, wilson

Floats = NDArray[np.float64]

_STEPS = (1, 2, 3, 5, 7)


@dataclass(frozen=True, eq=False)
class SizeTable:
    """False-positive identification rates by threshold and gallery size.

    Parameters
    ----------
    sizes
        Numbers of faces in the gallery, ascending.
    rate, low, high
        The rate and its confidence limits: float64 in [0, 1] of shape (thresholds, sizes).
    """

    sizes: tuple[int, ...]
    rate: Floats
    low: Floats
    high: Floats


def false_positive_rates(
    group: Impostors, thresholds: NDArray[np.float32], *, level: float
) -> SizeTable:
    """Estimate FPIR for galleries of fewer people than the fewest impostors of any probe.

    Let S be the number of people that a probe can be confused with, and K the number of those who
    score at or above T. A gallery of N of the S people, drawn at random, holds none of the K with
    probability C(S - K, N) / C(S, N). The rate is one minus the mean of this probability over the
    probes. If a person has several photos, a random one is enrolled. The person then counts in K
    with the share of their photos at or above T, and the binomials become gamma functions. The
    chance of an empty list is a Schur-concave function of the shares, so this can only make the
    rate too large.

    The interval is Wilson's with the number of independent searches that would have the same
    variance. That variance comes from a jackknife that leaves out one person at a time, both as
    probe and as impostor. The number is reduced if a few people carry the variance
    (`allow_for_few`).

    Parameters
    ----------
    group
        The photos that are compared, at least one.
    thresholds
        float32 array of shape (thresholds,).
    level
        Confidence level in (0, 1).
    """
    searches = _Searches(group)
    sizes = _sizes(int(searches.others.min()) - 1)
    shape = (len(thresholds), len(sizes))
    rate, low, high = np.zeros(shape), np.zeros(shape), np.ones(shape)
    for row, threshold in enumerate(thresholds):
        rate[row], shares = searches.rates(threshold, np.array(sizes))
        for column, p in enumerate(rate[row].tolist()):
            low[row, column], high[row, column] = searches.limits(p, shares[:, column], level)
    return SizeTable(sizes, rate, low, high)


def chance_of_a_lead(hits: Floats, others: Floats, sizes: NDArray[np.int64]) -> Floats:
    """Return the chance that N of S people, drawn at random, include at least one of K.

    Parameters
    ----------
    hits, others
        K and S of each probe, shape (probes,), 0 <= K <= S. K need not be whole.
    sizes
        N, shape (sizes,), at most the smallest S.

    Returns
    -------
    float64 array of shape (probes, sizes)
        Chances in [0, 1].
    """
    s, free = others[:, None], (others - hits)[:, None]
    left = np.maximum(free - sizes, 0)
    none = gammaln(free + 1) - gammaln(left + 1) - gammaln(s + 1) + gammaln(s - sizes + 1)
    chance: Floats = np.where(free < sizes, 1.0, np.clip(-np.expm1(none), 0.0, 1.0))
    return chance


class _Searches:
    """Searches with every photo of a group as a probe for people of the same group."""

    def __init__(self, group: Impostors) -> None:
        self._group = group
        self._photos = np.diff([*group.starts, len(group)])[:, None]
        self._held = self._by_person(group.comparable)
        self._met = (self._held > 0).astype(np.float32)
        self.others = self._met.sum(axis=1, dtype=np.float64)

    def _by_person(self, pairs: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Sum pairs, shape (photos, photos), over the photos of each person: (photos, people)."""
        counted = pairs.astype(np.float32)
        if len(self._group.starts) == len(self._group):
            return counted
        return np.add.reduceat(counted, self._group.starts, axis=1)

    def rates(self, threshold: np.float32, sizes: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the rate for each size, and each person's share in it, (people, sizes).

        The share is the jackknife deviation: the mean of the rates without one person each, minus
        the rate without this person.
        """
        group = self._group
        hit = self._by_person(group.comparable & (group.scores >= threshold))
        hit /= np.maximum(self._held, 1)
        hits = np.minimum(hit.sum(axis=1, dtype=np.float64), self.others)
        chance = chance_of_a_lead(hits, self.others, sizes)
        rate: Floats = chance.mean(axis=0)
        without = self._without_each(hit, hits, chance, sizes)
        return rate, without.mean(axis=0) - without

    def _without_each(
        self, hit: NDArray[np.float32], hits: Floats, chance: Floats, sizes: NDArray[np.int64]
    ) -> Floats:
        """Return the rate without each person, both as probe and as impostor, (people, sizes)."""
        fewer = self.others - 1
        miss = chance - chance_of_a_lead(np.minimum(hits, fewer), fewer, sizes)
        more = chance - chance_of_a_lead(np.maximum(hits - 1, 0), fewer, sizes) - miss
        as_impostor = self._met.T @ miss.astype(np.float32) + hit.T @ more.astype(np.float32)
        as_probe = np.add.reduceat(chance, self._group.starts, axis=0)
        left = chance.sum(axis=0) - as_probe - as_impostor
        rate: Floats = left / (len(self._group) - self._photos)
        return rate

    def limits(self, rate: float, shares: Floats, level: float) -> tuple[float, float]:
        """Return the limits of a rate from the shares of people, shape (people,), see `rates`."""
        people, pairs = len(shares), int(np.count_nonzero(self._met))
        if rate in (0.0, 1.0):
            return wilson(rate * people, people, level=level)
        variance = (people - 1) / people * float(shares @ shares)
        uncapped = rate * (1 - rate) / variance if variance > 0 else np.inf
        # The shares leave each person out already, and need that correction once only.
        alike = np.full(people, pairs // people, np.int64)
        effective = allow_for_few(
            uncapped * people / max(1, people - 1), pairs, shares, alike, level
        )
        return wilson(rate * effective, effective, level=level)


def _sizes(largest: int) -> tuple[int, ...]:
    decades = range(len(str(largest)))
    steps = (step * 10**decade for decade in decades for step in _STEPS)
    return tuple(sorted({size for size in steps if size < largest} | {largest}))
