"""Error rates with honest intervals, by group. Knows scores and labels, nothing of any matcher."""

from fairness.groups import UNKNOWN
from fairness.identification import (
    GroupGap,
    GroupRates,
    ProbeResult,
    group_gaps,
    rates_by_group,
)
from fairness.significance import holm
from fairness.uncertainty import Rate, Status, clopper_pearson, clustered_rate, wilson

__all__ = [
    "UNKNOWN",
    "GroupGap",
    "GroupRates",
    "ProbeResult",
    "Rate",
    "Status",
    "clopper_pearson",
    "clustered_rate",
    "group_gaps",
    "holm",
    "rates_by_group",
    "wilson",
]
