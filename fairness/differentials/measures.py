"""How far error rates of groups lie apart, in one number: pure functions of the rates.

Rates are arrays of shape (groups,) or (groups, draws); a measure is taken over the groups, and its
shape is () or (draws,). Where a measure is undefined it is nan, never infinite. Rates are those at
one threshold for all groups. Formulas of the five summaries are those of the demographics page of
NIST's Face Recognition Technology Evaluation (2024), except that Gini is the usual coefficient.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Aggregate = Literal["worst_case", "mean"]
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Weights of the false match rate that FDR, IR and GARBE are shown for; no one weight is right."""


def max_minus_min(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the largest rate less the smallest."""
    x = _rates(rates)
    return np.asarray(x.max(axis=0) - x.min(axis=0))


def max_over_min(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the largest rate over the smallest; nan where the smallest is 0."""
    x = _rates(rates)
    return _ratio(x.max(axis=0), x.min(axis=0))


def max_over_mean(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the largest rate over the arithmetic mean; nan where all are 0."""
    x = _rates(rates)
    return _ratio(x.max(axis=0), x.mean(axis=0))


def max_over_geometric_mean(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the largest rate over the geometric mean; nan where one is 0."""
    x = _rates(rates)
    return _ratio(x.max(axis=0), geometric_mean(x))


def mean_log10_from_geometric_mean(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the mean of |log10(rate / geometric mean)|; nan where one is 0."""
    logs = _logs(rates) / np.log(10)
    return np.asarray(np.abs(logs - logs.mean(axis=0)).mean(axis=0))


def geometric_mean(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the geometric mean; nan where a rate is 0."""
    return np.asarray(np.exp(_logs(rates).mean(axis=0)))


def gini(rates: ArrayLike, *, corrected: bool = True) -> NDArray[np.float64]:
    """Return Gini's coefficient, 0 where all rates are equal.

    sum_ij |x_i - x_j| / (2 n² mean), in [0, (n - 1) / n]; times n / (n - 1), and in [0, 1], if
    `corrected` (Howard et al. 2022, arXiv 2203.05051). 0 where all rates are 0.
    """
    x = np.sort(_rates(rates), axis=0)
    n = len(x)
    places = (2 * np.arange(1, n + 1) - n - 1).reshape(-1, *[1] * (x.ndim - 1))
    apart = np.sum(places * x, axis=0)
    total = n * x.sum(axis=0)
    raw = np.where(x.max(axis=0) == 0, 0.0, apart / np.where(total == 0, 1.0, total))
    return np.asarray(raw * n / (n - 1) if corrected and n > 1 else raw)


def fdr(fmr: ArrayLike, fnmr: ArrayLike, alpha: float) -> NDArray[np.float64]:
    """Return the Fairness Discrepancy Rate, 1 where the groups do not differ.

    1 - (alpha (max FMR - min FMR) + (1 - alpha) (max FNMR - min FNMR)) (de Freitas Pereira and
    Marcel 2020, arXiv 2011.02395). Near 1 at any low FMR: read the gaps themselves beside it.
    """
    return 1 - (alpha * max_minus_min(fmr) + (1 - alpha) * max_minus_min(fnmr))


def inequity_ratio(fmr: ArrayLike, fnmr: ArrayLike, alpha: float) -> NDArray[np.float64]:
    """Return (max FMR / min FMR)^alpha (max FNMR / min FNMR)^(1 - alpha), 1 where groups are equal.

    NIST's Inequity Ratio; nan where any rate is 0.
    """
    return np.asarray(max_over_min(fmr) ** alpha * max_over_min(fnmr) ** (1 - alpha))


def garbe(fmr: ArrayLike, fnmr: ArrayLike, alpha: float) -> NDArray[np.float64]:
    """Return alpha Gini(FMR) + (1 - alpha) Gini(FNMR), 0 where groups are equal, 1 the worst.

    Gini Aggregation Rate for Biometric Equitability (Howard et al. 2022, arXiv 2203.05051).
    """
    return np.asarray(alpha * gini(fmr) + (1 - alpha) * gini(fnmr))


def equalised_odds_difference(
    fmr: ArrayLike, fnmr: ArrayLike, aggregate: Aggregate = "worst_case"
) -> NDArray[np.float64]:
    """Return the larger, or the mean, of the gaps in FMR and in FNMR; 0 where groups are equal.

    False positive rate and true positive rate of Hardt et al. (2016) are FMR and 1 - FNMR.
    """
    gaps = max_minus_min(fmr), max_minus_min(fnmr)
    return np.asarray(np.maximum(*gaps) if aggregate == "worst_case" else np.add(*gaps) / 2)


def equalised_odds_ratio(
    fmr: ArrayLike, fnmr: ArrayLike, aggregate: Aggregate = "worst_case"
) -> NDArray[np.float64]:
    """Return the smaller, or the mean, of min / max of FMR and of 1 - FNMR; 1 where equal.

    nan where no group has a false match, or none a true one.
    """
    both = _rates(fmr), 1 - _rates(fnmr)
    ratios = [_ratio(x.min(axis=0), x.max(axis=0)) for x in both]
    return np.asarray(np.minimum(*ratios) if aggregate == "worst_case" else np.add(*ratios) / 2)


def positive_rates(errors: ArrayLike, trials: ArrayLike) -> NDArray[np.float64]:
    """Return rates for measures that are undefined at 0.

    errors / trials, and (errors + 0.5) / (trials + 1) for all groups where one has no error
    (Haldane 1956; Anscombe 1956), so that no group is dropped for being without errors.

    Parameters
    ----------
    errors, trials
        Shape (groups,) or (groups, draws); nan comes of no trials.
    """
    k, n = _rates(errors), _rates(trials)
    without = np.any(k == 0, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.where(without, (k + 0.5) / (n + 1), k / n)
    return np.where(n > 0, rates, np.nan)


def _rates(rates: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(rates, dtype=np.float64)
    if x.ndim == 0 or len(x) == 0:
        raise ValueError("need rates of at least one group")
    return x


def _logs(rates: ArrayLike) -> NDArray[np.float64]:
    x = _rates(rates)
    logs = np.full(x.shape, np.nan)
    np.log(x, out=logs, where=x > 0)
    return logs


def _ratio(over: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.full(np.shape(under), np.nan)
    np.divide(over, under, out=ratio, where=np.asarray(under > 0))
    return ratio
