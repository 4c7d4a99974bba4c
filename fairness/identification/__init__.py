"""One-to-many search: the plan of searches, FPIR and FNIR, ranks, error against discard."""

from fairness.identification.candidate_lists import SearchResult, judge_lists
from fairness.identification.error_discard import JudgedPairs
from fairness.identification.open_set import OpenSet, search_plan
from fairness.identification.plan import IdentificationPlan
from fairness.identification.rank_gaps import (
    GroupGap,
    GroupRates,
    ProbeResult,
    group_gaps,
    rates_by_group,
)

__all__ = [
    "GroupGap",
    "GroupRates",
    "IdentificationPlan",
    "JudgedPairs",
    "OpenSet",
    "ProbeResult",
    "SearchResult",
    "group_gaps",
    "judge_lists",
    "rates_by_group",
    "search_plan",
]
