"""One-to-many search: the plan of a test, FPIR and FNIR, ranks, error versus discard."""

from fairness.identification.candidate_lists import SearchResult, judge_lists
from fairness.identification.error_discard import (
    ErrorVersusDiscard,
    JudgedPairs,
    refused_by_group,
)
from fairness.identification.list_file import CandidateLists, read_lists
from fairness.identification.open_set import OpenSet, search_plan, search_plans
from fairness.identification.plan import ROLE, ROLES, IdentificationPlan
from fairness.identification.rank_gaps import (
    GroupGap,
    GroupRates,
    ProbeResult,
    group_gaps,
    rates_by_group,
)
from fairness.identification.searches import MatedSearches, Misses, NonMatedSearches, Selectivity

__all__ = [
    "ROLE",
    "ROLES",
    "CandidateLists",
    "ErrorVersusDiscard",
    "GroupGap",
    "GroupRates",
    "IdentificationPlan",
    "JudgedPairs",
    "MatedSearches",
    "Misses",
    "NonMatedSearches",
    "OpenSet",
    "ProbeResult",
    "SearchResult",
    "Selectivity",
    "group_gaps",
    "judge_lists",
    "rates_by_group",
    "read_lists",
    "refused_by_group",
    "search_plan",
    "search_plans",
]
