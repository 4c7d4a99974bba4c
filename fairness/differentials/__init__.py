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
    effective_people,
    odds_ratios,
    require_regression,
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
    "PEOPLE_PER_PARAMETER",
    "Differential",
    "GroupComparison",
    "GroupTest",
    "LevelOdds",
    "Levels",
    "OddsRatio",
    "Resample",
    "benjamini_hochberg",
    "combined_differentials",
    "compare_groups",
    "differentials",
    "draw_weights",
    "effective_people",
    "holm",
    "observed",
    "odds_ratios",
    "percentile_limits",
    "require_regression",
    "resample",
    "under_equality",
]
