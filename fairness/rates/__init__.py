"""A rate with its counts, its interval, and a status that says how far the data support it."""

from fairness.rates.cells import CellPairs, Cells, PairCells, SubjectCells, renamed
from fairness.rates.counts import Counts, PairCounts, SubjectCounts, by_group, rate_of_counts
from fairness.rates.rate import (
    Rate,
    allow_for_few,
    clopper_pearson,
    clustered_rate,
    effective_people,
    effective_trials,
    wilson,
)
from fairness.rates.status import (
    FEWEST_CARRIERS,
    FEWEST_ERRING,
    FEWEST_ERRORS,
    FEWEST_SUBJECTS,
    Status,
    status_of,
)
from fairness.rates.trials import CompleteTrials, ListedTrials

__all__ = [
    "FEWEST_CARRIERS",
    "FEWEST_ERRING",
    "FEWEST_ERRORS",
    "FEWEST_SUBJECTS",
    "CellPairs",
    "Cells",
    "CompleteTrials",
    "Counts",
    "ListedTrials",
    "PairCells",
    "PairCounts",
    "Rate",
    "Status",
    "SubjectCells",
    "SubjectCounts",
    "allow_for_few",
    "by_group",
    "clopper_pearson",
    "clustered_rate",
    "effective_people",
    "effective_trials",
    "rate_of_counts",
    "renamed",
    "status_of",
    "wilson",
]
