"""Turn the photos of a cohort into vectors, scores that `fairness` can audit, and maps."""

from matcher.evaluation.adaptation import (
    BAND_EDGES,
    AdaptationPlan,
    AdaptedModel,
    AgeingGain,
    Choice,
    GroupRates,
    Judgement,
    adapt,
    plan_adaptation,
)
from matcher.evaluation.cohort_vectors import CohortVectors, embed_cohort, require_probes
from matcher.evaluation.scores import EmbeddedScores, embedded_scores

__all__ = [
    "BAND_EDGES",
    "AdaptationPlan",
    "AdaptedModel",
    "AgeingGain",
    "Choice",
    "CohortVectors",
    "EmbeddedScores",
    "GroupRates",
    "Judgement",
    "adapt",
    "embed_cohort",
    "embedded_scores",
    "plan_adaptation",
    "require_probes",
]
