"""Differences between groups: in one number, tested, and with other factors held fixed."""

from fairness.differentials.differential import (
    Differential,
    combined_differentials,
    differentials,
)
from fairness.differentials.odds import (
    PEOPLE_PER_PARAMETER,
    LevelOdds,
    Levels,
    OddsRatio,
    odds_ratios,
    require_regression,
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
    "PEOPLE_PER_PARAMETER",
    "Differential",
    "GroupComparison",
    "GroupTest",
    "LevelOdds",
    "Levels",
    "OddsRatio",
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
    "odds_ratios",
    "percentile_limits",
    "rates_against_others",
    "require_regression",
    "resample",
    "under_equality",
]
