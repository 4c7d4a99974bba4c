"""A rate with its counts, its interval, and a status that says how far the data support it."""

from fairness.rates.counts import Counts, PairCounts, SubjectCounts, by_group, rate_of_counts
from fairness.rates.rate import (
    FEWEST_ERRORS,
    FEWEST_SUBJECTS,
    Rate,
    Status,
    allow_for_few,
    clopper_pearson,
    clustered_rate,
    effective_trials,
    status_of,
    wilson,
)
from fairness.rates.trials import CompleteTrials, ListedTrials

__all__ = [
    "FEWEST_ERRORS",
    "FEWEST_SUBJECTS",
    "CompleteTrials",
    "Counts",
    "ListedTrials",
    "PairCounts",
    "Rate",
    "Status",
    "SubjectCounts",
    "allow_for_few",
    "by_group",
    "clopper_pearson",
    "clustered_rate",
    "effective_trials",
    "rate_of_counts",
    "status_of",
    "wilson",
]
