"""Differences between groups in one number, their intervals, and tests of equal rates."""

from fairness.differentials.differential import (
    Differential,
    combined_differentials,
    differentials,
)
from fairness.differentials.resampling import (
    Resample,
    draw_weights,
    observed,
    percentile_limits,
    resample,
    under_equality,
)
from fairness.differentials.significance import (
    GroupComparison,
    GroupTest,
    benjamini_hochberg,
    compare_groups,
    holm,
)

__all__ = [
    "Differential",
    "GroupComparison",
    "GroupTest",
    "Resample",
    "benjamini_hochberg",
    "combined_differentials",
    "compare_groups",
    "differentials",
    "draw_weights",
    "holm",
    "observed",
    "percentile_limits",
    "resample",
    "under_equality",
]
