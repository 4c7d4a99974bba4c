"""How many times one rate is at least as large as another, also where the smaller one is 0."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fairness.rates import Rate, wilson


def at_least_times(higher: Rate, lower: Rate, *, level: float = 0.95) -> float | None:
    """Return the lower confidence limit of the ratio of two independent rates.

    It is made of the limits of the two rates (MOVER; Donner and Zou, Statistics in Medicine 31,
    2012). With the rates p and q, the lower limit l of p, and the upper limit u of q, it is
    l (2p - l) / (p q + sqrt((p q)² - l (2p - l) u (2q - u))). It is defined where q is 0. Rates of
    groups that share people are not independent; the limit is then too low rather than too high,
    as far as people who are missed in one group are missed in the other.

    Parameters
    ----------
    higher, lower
        The rates. Only estimate and effective trials are used.
    level
        Two-sided confidence level of the limits, in (0, 1).

    Returns
    -------
    float
        In [0, inf); None if a rate has no trials.
    """
    if not (higher.effective > 0 and lower.effective > 0):
        return None
    p, q = higher.estimate, lower.estimate
    low, _ = wilson(p * higher.effective, higher.effective, level=level)
    _, high = wilson(q * lower.effective, lower.effective, level=level)
    over, under = low * (2 * p - low), high * (2 * q - high)
    root = math.sqrt(max(0.0, (p * q) ** 2 - over * under))
    return over / (p * q + root) if over > 0 else 0.0


def effective_together(rates: Sequence[Rate]) -> float:
    """Return the effective trials of the rate over several groups that share no comparison.

    With n_g trials of group g, of which e_g are effective, it is (sum n)² / sum (n² / e).
    """
    squares = sum(rate.trials**2 / rate.effective for rate in rates if rate.effective > 0)
    return sum(rate.trials for rate in rates) ** 2 / squares if squares else 0.0
