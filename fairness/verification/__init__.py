"""One-to-one comparison: pairs, scores, thresholds, and error rates at a threshold."""

from fairness.verification.doubted_labels import (
    EXPECTED_FALSE_ALARMS,
    Suspicion,
    SuspiciousRanges,
    suspicions,
    suspicious_ranges,
)
from fairness.verification.false_matches import FalseMatches
from fairness.verification.histogram import (
    GroupPairs,
    ScoreCounts,
    ScoreHistogram,
    allowed_errors,
    everybody,
)
from fairness.verification.listed_scores import NO_SCORE, ListedScores
from fairness.verification.pairs import Pairs, family_codes, years_between
from fairness.verification.rates import Verification
from fairness.verification.score_distributions import (
    DetPoints,
    ScoreShift,
    det_points,
    score_shifts,
)
from fairness.verification.score_file import read_scores
from fairness.verification.scores import NOT_COMPARED, EmbeddingScores, Kind, Scores
from fairness.verification.selection import Listing, listing, require_no_selection
from fairness.verification.thresholds import (
    Threshold,
    require_among,
    require_between,
    require_cosine,
    shortest_above,
    threshold_at,
)
from fairness.verification.vectors import Probes, require_probes

__all__ = [
    "EXPECTED_FALSE_ALARMS",
    "NOT_COMPARED",
    "NO_SCORE",
    "DetPoints",
    "EmbeddingScores",
    "FalseMatches",
    "GroupPairs",
    "Kind",
    "ListedScores",
    "Listing",
    "Pairs",
    "Probes",
    "ScoreCounts",
    "ScoreHistogram",
    "ScoreShift",
    "Scores",
    "Suspicion",
    "SuspiciousRanges",
    "Threshold",
    "Verification",
    "allowed_errors",
    "det_points",
    "everybody",
    "family_codes",
    "listing",
    "read_scores",
    "require_among",
    "require_between",
    "require_cosine",
    "require_no_selection",
    "require_probes",
    "score_shifts",
    "shortest_above",
    "suspicions",
    "suspicious_ranges",
    "threshold_at",
    "years_between",
]
