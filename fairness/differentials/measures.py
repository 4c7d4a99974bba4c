"""Measures of how far the error rates of groups lie apart: pure functions of the rates.

Rates are arrays of shape (groups,) or (groups, draws). A measure is computed over the groups and
has shape () or (draws,). An undefined measure is nan, never infinite. All rates are measured at
one threshold for all groups. The formulas of the five summaries are those of the demographics page
of NIST's Face Recognition Technology Evaluation (2024), but Gini is the usual coefficient.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Aggregate = Literal["worst_case", "mean"]
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Weights of the false match rate for which FDR, IR and GARBE are shown. None is the right one."""


def max_minus_min(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the largest rate minus the smallest."""
    x = _rates(rates)
    return np.asarray(x.max(axis=0) - x.min(axis=0))


def max_over_min(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the largest rate divided by the smallest; nan if the smallest is 0."""
    x = _rates(rates)
    return _ratio(x.max(axis=0), x.min(axis=0))


def max_over_mean(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the largest rate divided by the arithmetic mean; nan if all rates are 0."""
    x = _rates(rates)
    return _ratio(x.max(axis=0), x.mean(axis=0))


def max_over_geometric_mean(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the largest rate divided by the geometric mean; nan if a rate is 0."""
    x = _rates(rates)
    return _ratio(x.max(axis=0), geometric_mean(x))


def mean_log10_from_geometric_mean(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the mean of |log10(rate / geometric mean)|; nan if a rate is 0."""
    logs = _logs(rates) / np.log(10)
    return np.asarray(np.abs(logs - logs.mean(axis=0)).mean(axis=0))


def geometric_mean(rates: ArrayLike) -> NDArray[np.float64]:
    """Return the geometric mean; nan if a rate is 0."""
    return np.asarray(np.exp(_logs(rates).mean(axis=0)))


def gini(rates: ArrayLike, *, corrected: bool = True) -> NDArray[np.float64]:
    """Return Gini's coefficient; 0 if all rates are equal.

    The formula is sum_ij |x_i - x_j| / (2 n² mean), in [0, (n - 1) / n]. If `corrected`, it is
    multiplied by n / (n - 1), and lies in [0, 1] (Howard et al. 2022, arXiv 2203.05051). It is 0
    if all rates are 0.
    """
    x = np.sort(_rates(rates), axis=0)
    n = len(x)
    places = (2 * np.arange(1, n + 1) - n - 1).reshape(-1, *[1] * (x.ndim - 1))
    apart = np.sum(places * x, axis=0)
    total = n * x.sum(axis=0)
    raw = np.where(x.max(axis=0) == 0, 0.0, apart / np.where(total == 0, 1.0, total))
    return np.asarray(raw * n / (n - 1) if corrected and n > 1 else raw)


def fdr(fmr: ArrayLike, fnmr: ArrayLike, alpha: float) -> NDArray[np.float64]:
    """Return the Fairness Discrepancy Rate; 1 if the groups do not differ.

    The formula is 1 - (alpha (max FMR - min FMR) + (1 - alpha) (max FNMR - min FNMR)) (de Freitas
    Pereira and Marcel 2020, arXiv 2011.02395). It is near 1 at any low FMR, so read the gaps
    themselves too.
    """
    return 1 - (alpha * max_minus_min(fmr) + (1 - alpha) * max_minus_min(fnmr))


def inequity_ratio(fmr: ArrayLike, fnmr: ArrayLike, alpha: float) -> NDArray[np.float64]:
    """Return (max FMR / min FMR)^alpha (max FNMR / min FNMR)^(1 - alpha); 1 if groups are equal.

    This is NIST's Inequity Ratio. It is nan if any rate is 0.
    """
    return np.asarray(max_over_min(fmr) ** alpha * max_over_min(fnmr) ** (1 - alpha))


def garbe(fmr: ArrayLike, fnmr: ArrayLike, alpha: float) -> NDArray[np.float64]:
    """Return alpha Gini(FMR) + (1 - alpha) Gini(FNMR); 0 if groups are equal, 1 at worst.

    This is the Gini Aggregation Rate for Biometric Equitability (Howard et al. 2022, arXiv
    2203.05051).
    """
    return np.asarray(alpha * gini(fmr) + (1 - alpha) * gini(fnmr))


def equalised_odds_difference(
    fmr: ArrayLike, fnmr: ArrayLike, aggregate: Aggregate = "worst_case"
) -> NDArray[np.float64]:
    """Return the larger, or the mean, of the gaps in FMR and in FNMR; 0 if groups are equal.

    FMR is the false positive rate of Hardt et al. (2016), and 1 - FNMR is their true positive rate.
    """
    gaps = max_minus_min(fmr), max_minus_min(fnmr)
    return np.asarray(np.maximum(*gaps) if aggregate == "worst_case" else np.add(*gaps) / 2)


def equalised_odds_ratio(
    fmr: ArrayLike, fnmr: ArrayLike, aggregate: Aggregate = "worst_case"
) -> NDArray[np.float64]:
    """Return the smaller, or the mean, of min / max of FMR and of 1 - FNMR; 1 if groups are equal.

    It is nan if no group has a false match, or if no group has a true match.
    """
    both = _rates(fmr), 1 - _rates(fnmr)
    ratios = [_ratio(x.min(axis=0), x.max(axis=0)) for x in both]
    return np.asarray(np.minimum(*ratios) if aggregate == "worst_case" else np.add(*ratios) / 2)


def positive_rates(errors: ArrayLike, trials: ArrayLike) -> NDArray[np.float64]:
    """Return rates above 0, for measures that are undefined at 0.

    The rate is errors / trials. If a group has no error, the rate of all groups is
    (errors + 0.5) / (trials + 1) instead (Haldane 1956; Anscombe 1956). So no group is dropped
    because it has no errors.

    Parameters
    ----------
    errors, trials
        Shape (groups,) or (groups, draws). The rate of a group without trials is nan.
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
