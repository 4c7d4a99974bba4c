"""How far groups lie apart, and how often chance alone would do that."""

from fairness.differentials.differential import Differential, differentials, joint_differentials
from fairness.differentials.resampling import draw_weights, observed, percentile_limits, resample
from fairness.differentials.significance import benjamini_hochberg, compare_groups, holm

__all__ = [
    "Differential",
    "benjamini_hochberg",
    "compare_groups",
    "differentials",
    "draw_weights",
    "holm",
    "joint_differentials",
    "observed",
    "percentile_limits",
    "resample",
]
