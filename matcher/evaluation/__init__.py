"""Turn the photos of a cohort into vectors and scores that `fairness` can audit."""

from matcher.evaluation.cohort_vectors import CohortVectors, embed_cohort
from matcher.evaluation.scores import EmbeddedScores, embedded_scores

__all__ = ["CohortVectors", "EmbeddedScores", "embed_cohort", "embedded_scores"]
