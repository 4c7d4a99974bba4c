"""A rate with its counts, its interval, and what the data can carry."""

from fairness.rates.counts import Counts, PairCounts, SubjectCounts, by_group, rate_of_counts
from fairness.rates.rate import (
    FEWEST_ERRORS,
    FEWEST_SUBJECTS,
    Rate,
    Status,
    allow_for_few,
    clopper_pearson,
    clustered_rate,
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
    "rate_of_counts",
    "wilson",
]
