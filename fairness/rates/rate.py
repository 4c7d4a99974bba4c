"""Rates that never appear without their counts and their interval.

Photos of one subject are not independent, so intervals are computed over subjects. The variance of
a rate is estimated between subjects. From it follows the number of independent trials that would
have the same variance (effective trials). Wilson's interval takes that number (Fogliato, Patil
and Perona, IJCV 2024, arXiv 2306.01198).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, stdtrit

from fairness.arguments import expect_number
from fairness.rates.status import FEWEST_ERRORS, FEWEST_SUBJECTS, Status, status_of
from fairness.words import counted, figure


@dataclass(frozen=True)
class Rate:
    """An error rate with the data behind it.

    Parameters
    ----------
    errors, trials, subjects
        Counts. `subjects` counts those with at least one trial.
    estimate
        errors / trials, in [0, 1]; nan without trials.
    low, high
        Confidence limits in [0, 1]. With status `bound_only`, `low` is 0 and `high` is a one-sided
        bound.
    status
        How far the data support the rate. A table must not print the counts of a `suppressed`
        rate, and must not allow a reader to find them by subtraction.
    effective
        Effective trials: the number of independent trials that the limits are computed from. It
        is smaller than `trials` if photos of one subject succeed or fail together.
    level
        Confidence level of the limits.
    people
        Effective number of people who carry the trials, see `effective_people`.
    largest
        Share of the errors that the person with most of them takes part in; 0 without errors.
    """

    errors: int
    trials: int
    subjects: int
    estimate: float
    low: float
    high: float
    status: Status
    effective: float
    level: float = 0.95
    people: float = math.nan
    largest: float = 0.0

    def __str__(self) -> str:
        trials, subjects = counted(self.trials, "trial"), counted(self.subjects, "subject")
        counts = f"{self.errors:,} of {trials}, {subjects}"
        level = f"{figure(100 * self.level, 4)} %"
        match self.status:
            case "suppressed":
                return f"suppressed (fewer than {FEWEST_SUBJECTS} subjects)"
            case "insufficient":
                return f"not enough data ({counts})"
            case "bound_only":
                return f"at most {_percent(self.high)} ({level} bound; {counts})"
            case "limited" | "ok":
                note = "; limited data" if self.status == "limited" else ""
                limits = f"{_percent(self.low)} to {_percent(self.high)}"
                return f"{_percent(self.estimate)} ({level} interval {limits}; {counts}{note})"


def _percent(value: float) -> str:
    return f"{figure(100 * value)} %"


def wilson(errors: float, trials: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval (Wilson, JASA 22, 1927).

    Parameters
    ----------
    errors, trials
        Counts, 0 <= errors <= trials. Effective counts, which need not be whole, are allowed.
    level
        Two-sided confidence level in (0, 1).

    Returns
    -------
    low, high
        In [0, 1]; (0, 1) without trials.

    Raises
    ------
    ValueError
        If the counts or the level are out of range.
    """
    _require_counts(errors, trials, level)
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    p = errors / trials
    centre = p + z * z / (2 * trials)
    half = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if errors == 0 else (centre - half) / scale
    high = 1.0 if errors == trials else (centre + half) / scale
    return low, high


def clopper_pearson(errors: float, trials: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return the exact binomial interval (Clopper and Pearson, Biometrika 26, 1934).

    If the trials are independent, its coverage is never below `level`. Parameters, result and
    errors are those of `wilson`.
    """
    _require_counts(errors, trials, level)
    tail = (1 - level) / 2
    low = float(betaincinv(errors, trials - errors + 1, tail)) if errors > 0 else 0.0
    high = float(betaincinv(errors + 1, trials - errors, 1 - tail)) if errors < trials else 1.0
    return low, high


def _require_counts(errors: float, trials: float, level: float) -> None:
    for name, given in (("errors", errors), ("trials", trials), ("level", level)):
        expect_number(name, given)
    if not 0 <= errors <= trials or math.isinf(trials):
        raise ValueError(f"need 0 <= errors <= trials, got {errors} of {trials}")
    if not 0 < level < 1:
        raise ValueError(f"the confidence level must be in (0, 1), got {level}")


def effective_trials(errors_per_subject: ArrayLike, trials_per_subject: ArrayLike) -> float:
    """Return how many independent trials would give the rate the same variance.

    With e_i errors in m_i trials of subject i and p = sum e / sum m, the variance of p is
    sum (e_i - p m_i)² / (sum m)². The effective number is p (1 - p) / variance, at most the
    number of trials. If p is 0 or 1 the variance is 0, and the number of subjects is used instead.

    Parameters
    ----------
    errors_per_subject, trials_per_subject
        Whole numbers, shape (subjects,).

    Raises
    ------
    ValueError
        If shapes differ or a count is out of range.
    """
    errors, trials = _counts(errors_per_subject, trials_per_subject)
    return min(float(trials.sum()), _uncapped(errors, trials))


def _uncapped(errors: NDArray[np.int64], trials: NDArray[np.int64]) -> float:
    """Return p (1 - p) / variance, or the number of subjects if p is 0 or 1."""
    k, total = int(errors.sum()), int(trials.sum())
    if k in (0, total):
        return float(np.count_nonzero(trials))
    p = k / total
    squares = float(np.sum((errors - p * trials) ** 2))
    return p * (1 - p) * total**2 / squares if squares > 0 else math.inf


def effective_people(numbers: ArrayLike) -> float:
    """Return how many people with like numbers would carry a total as these people do.

    With the number x_i of person i it is (sum x)² / sum x² (Kish, Survey Sampling, 1965; the
    inverse of the index of Herfindahl). It is the number of people if all have the same number,
    and 1 if one person has everything; 0 if nobody has anything.

    Parameters
    ----------
    numbers
        Numbers of 0 or more, shape (subjects,).
    """
    x = np.asarray(numbers, np.float64)
    squares = float(x @ x)
    return float(x.sum()) ** 2 / squares if squares else 0.0


def _effective_for_limits(
    errors: NDArray[np.int64], trials: NDArray[np.int64], level: float
) -> float:
    """Return the effective trials that the limits are computed from."""
    subjects, k, total = int(np.count_nonzero(trials)), int(errors.sum()), int(trials.sum())
    if trials.max(initial=0) <= 1:
        return float(subjects)
    if min(k, total - k) < FEWEST_ERRORS or subjects < 2:
        return effective_people(trials)
    shares = errors - k / total * trials
    return allow_for_few(_uncapped(errors, trials), total, shares, trials, level)


def allow_for_few(
    uncapped: float,
    total: int,
    shares: NDArray[np.float64],
    trials: NDArray[np.int64],
    level: float,
) -> float:
    """Return the effective trials, reduced because a variance from few subjects is uncertain.

    A subject with a large part of the trials pulls the rate towards its own, so that its errors
    hardly differ from the expected ones. So S, the errors of a subject minus the expected errors,
    is divided by 1 - h, where h is the subject's part of the trials. This is the variance that
    leaves one subject out in turn (CR3; MacKinnon and White, Journal of Econometrics 29, 1985).
    The part that subjects add to the binomial variance is then multiplied by (t / z)². Here t is
    the quantile of Student's distribution with G - 1 degrees of freedom (Korn and Graubard, Survey
    Methodology 24, 1998). If a few subjects carry most of the variance, or of the trials, the
    variance is estimated from those few only. So G is the smaller one of (sum S²)² / sum S⁴, the
    effective number of clusters (Carter, Schnepel and Steigerwald, Review of Economics and
    Statistics 99, 2017), and `effective_people` of the trials. `benchmarks/interval_coverage.py`
    measures the coverage of the limits.

    Parameters
    ----------
    uncapped
        p (1 - p) / variance.
    total
        Number of trials, the upper limit of the effective trials.
    shares
        S: errors of each subject minus the expected errors, shape (subjects,).
    trials
        Trials that each subject takes part in, shape (subjects,).
    level
        Confidence level of the limits.
    """
    spread = shares / np.maximum(1 - trials / total, 1 / total)
    squares, observed = float(np.sum(spread**2)), float(np.sum(shares**2))
    if observed == 0:
        return float(total)
    excess = squares / observed / uncapped - 1 / total
    if excess <= 0:
        return float(total)
    carrying = min(squares**2 / float(np.sum(spread**4)), effective_people(trials))
    tail = (1 + level) / 2
    t_over_z = float(stdtrit(max(1.0, carrying - 1), tail)) / NormalDist().inv_cdf(tail)
    return 1 / (1 / total + excess * t_over_z**2)


def clustered_rate(
    errors_per_subject: ArrayLike,
    trials_per_subject: ArrayLike,
    *,
    level: float = 0.95,
    target: float = 0.05,
) -> Rate:
    """Estimate a rate and its interval from counts by subject.

    The interval is Wilson's with the effective number of trials. That number is reduced if few
    subjects carry the variance (`allow_for_few`). With fewer than five errors, or fewer than five
    trials without an error, the variance cannot be estimated. Then the number of people who carry
    the trials is used (`effective_people`). If no trial, or every trial, is an error, this gives
    the exact one-sided limit (1 - 0.05^(1/n), about 3/n). Rates of searches hold for the searched
    gallery.

    Parameters
    ----------
    errors_per_subject, trials_per_subject
        Whole numbers, shape (subjects,). Subjects without a trial are not counted.
    level
        Confidence level in (0, 1).
    target
        The rate that an upper bound must be able to exclude. It decides between the statuses
        `bound_only` and `insufficient`.

    Raises
    ------
    ValueError
        If shapes differ or a count, level or target is out of range.
    """
    _require_counts(0, 0, level)
    errors, trials = _counts(errors_per_subject, trials_per_subject)
    n = _effective_for_limits(errors, trials, level)
    total = int(errors.sum())
    return rate_of(total, int(trials.sum()), errors, trials, n, level=level, target=target)


def rate_of(
    errors: int,
    trials: int,
    errors_per_subject: NDArray[np.int64],
    trials_per_subject: NDArray[np.int64],
    effective: float,
    *,
    level: float,
    target: float,
) -> Rate:
    """Return a rate with limits computed from a number of effective trials.

    Parameters
    ----------
    errors, trials
        Counts, 0 <= errors <= trials.
    errors_per_subject, trials_per_subject
        Errors and trials that each subject takes part in, shape (subjects,).
    effective, level, target
        As in `Rate` and `clustered_rate`.

    Raises
    ------
    ValueError
        If counts, level or target are out of range.
    """
    if not 0 < target < 1:
        raise ValueError(f"the target rate must be in (0, 1), got {target}")
    _require_counts(errors, trials, level)
    subjects = int(np.count_nonzero(trials_per_subject))
    people = effective_people(trials_per_subject)
    erring = effective_people(errors_per_subject)
    status = status_of(errors, subjects, effective, people=people, erring=erring, target=target)
    estimate = errors / trials if trials else math.nan
    low, high = _limits(errors, trials, effective, status, level)
    largest = float(errors_per_subject.max(initial=0)) / errors if errors else 0.0
    return Rate(
        errors, trials, subjects, estimate, low, high, status, effective, level, people, largest
    )


def _limits(
    errors: int, trials: int, effective: float, status: Status, level: float
) -> tuple[float, float]:
    if trials == 0:
        return 0.0, 1.0
    scaled = errors / trials * effective
    if errors == 0 or status == "bound_only":
        return 0.0, float(betaincinv(scaled + 1, effective - scaled, level))
    if errors == trials:
        return float(betaincinv(scaled, effective - scaled + 1, 1 - level)), 1.0
    return wilson(scaled, effective, level=level)


def _counts(errors: ArrayLike, trials: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    e, m = np.asarray(errors), np.asarray(trials)
    if e.shape != m.shape or e.ndim != 1:
        raise ValueError(f"need two arrays of shape (subjects,), got {e.shape} and {m.shape}")
    if not np.all((e >= 0) & (e <= m) & (e == np.floor(e)) & (m == np.floor(m))):
        raise ValueError("need whole numbers with 0 <= errors <= trials for every subject")
    return e.astype(np.int64), m.astype(np.int64)
