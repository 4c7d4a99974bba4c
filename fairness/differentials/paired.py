"""Two matchers on the same photos: whether a rate has changed by more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.differentials.permutation import AT_ONCE
from fairness.differentials.resampling import observed
from fairness.rates import Counts, PairCounts, SubjectCounts

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class PairedTest:
    """Test of equal rates of two matchers on the same people.

    Parameters
    ----------
    difference
        Rate after less rate before, in [-1, 1].
    p_value
        Two-sided p-value of the hypothesis that the matchers could be exchanged.
    changed
        Number of people whose errors differ from what both rates together lead to expect.
    """

    difference: float
    p_value: float
    changed: int


def compare_matchers(
    before: Counts, after: Counts, *, draws: int = 2000, seed: int = 0
) -> PairedTest:
    """Test by sign changes whether two matchers have one rate on the same people.

    If the matchers could be exchanged, the difference that a person makes to the rates could as
    well have the other sign. The p-value is the share of draws of signs, one for each person, in
    which the sum of these differences is as far from 0 as observed; the observed one counts as
    one of them. It holds without any error of one matcher. A comparison of two people is in the
    differences of both. Their sum is scaled so that its variance is that of the rate, robust to
    comparisons that share a person (`PairCounts.variance`). Trials of two people that are one piece
    of evidence (`SubjectCounts.repeats`) vary more; they are scaled by the root of their number.

    Parameters
    ----------
    before, after
        Counts of one kind with the same subject codes.
    draws, seed
        Number of draws, and their seed.
    """
    share, scale = _shares(before, after)
    changed = np.flatnonzero(np.abs(share) > 1e-15)
    old, new = observed([before, after]).rates[:, 0].tolist()
    difference = new - old
    share = scale * share[changed]
    rng, beyond = np.random.default_rng(seed), 0
    size = max(1, AT_ONCE // max(1, len(share)))
    for done in range(0, draws, size):
        signs = rng.integers(0, 2, (min(size, draws - done), len(share))) * 2 - 1
        beyond += int(np.sum(np.abs(signs @ share) >= abs(difference) * (1 - 1e-9)))
    return PairedTest(difference, (1 + beyond) / (1 + draws), len(changed))


def _shares(before: Counts, after: Counts) -> tuple[Numbers, float]:
    """Return what each person adds to the difference, shape (subjects,), and the scale of it."""
    size = max(before.codes, after.codes)
    sides = [_by_person(counts, size) for counts in (before, after)]
    pooled = sum(k.sum() for k, _ in sides) / sum(n.sum() for _, n in sides)
    trials = observed([before, after]).trials[:, 0]
    added = [(k - pooled * n) / total for (k, n), total in zip(sides, trials, strict=True)]
    share: Numbers = added[1] - added[0]
    squares = float(share @ share)
    if squares == 0:
        return share, 1.0
    if isinstance(before, SubjectCounts) or isinstance(after, SubjectCounts):
        repeats = after.repeats if isinstance(after, SubjectCounts) else 1
        return share, float(np.sqrt(repeats))
    return share, float(np.sqrt(max(0.5, 1 - _squares_of_pairs(before, after) / squares)))


def _squares_of_pairs(before: PairCounts, after: PairCounts) -> float:
    """Return the sum over pairs of people of their squared part of the difference."""
    keys = np.concatenate([(c.left << 32) | c.right for c in (before, after)])
    shares = np.concatenate(
        [sign * c.errors / c.trials.total for sign, c in ((-1, before), (1, after))]
    )
    place = np.unique(keys, return_inverse=True)[1]
    return float(np.sum(np.bincount(place, shares) ** 2))


def _by_person(counts: Counts, size: int) -> tuple[Numbers, Numbers]:
    if isinstance(counts, SubjectCounts):
        sides = counts.errors, counts.trials
    else:
        sides = counts.errors_by_subject, counts.trials.by_subject
    k, n = (np.pad(side, (0, size - len(side))).astype(np.float64) for side in sides)
    return k, n
