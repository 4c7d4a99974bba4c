"""Differences between groups in one number, their intervals, and tests of equal rates."""

from fairness.differentials.differential import (
    Differential,
    combined_differentials,
    differentials,
)
from fairness.differentials.paired import PairedTest, compare_matchers
from fairness.differentials.permutation import rates_against_others
from fairness.differentials.ratios import at_least_times, effective_together
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
from fairness.differentials.stratified import StratifiedTest, compare_within

__all__ = [
    "Differential",
    "GroupComparison",
    "GroupTest",
    "PairedTest",
    "Resample",
    "StratifiedTest",
    "at_least_times",
    "benjamini_hochberg",
    "combined_differentials",
    "compare_groups",
    "compare_matchers",
    "compare_within",
    "differentials",
    "draw_weights",
    "effective_together",
    "holm",
    "observed",
    "percentile_limits",
    "rates_against_others",
    "resample",
    "under_equality",
]
