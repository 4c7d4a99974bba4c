"""The scores of a model for the photos of a cohort, ready for `fairness.audit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairness import Cohort, EmbeddingScores
from matcher.degradation import Camera
from matcher.embedding import Extractor
from matcher.evaluation.cohort_vectors import embed_cohort
from matcher.faces import POLICIES, QualityPolicy
from matcher.progress import ProgressHook, silent


@dataclass(frozen=True, eq=False)
class EmbeddedScores:
    """The inputs that an audit of a model needs.

    Parameters
    ----------
    scores
        Scores of all photos of the cohort, with apparent tone and quality filled in.
    facts
        Measurements by name, a number for each photo, nan where there is none: `facts` of
        `fairness.audit`.
    matcher
        Facts that identify the model and the quality policy: `matcher` of `fairness.audit`.
    """

    scores: EmbeddingScores
    facts: Mapping[str, list[float]]
    matcher: Mapping[str, str]


def embedded_scores(
    cohort: Cohort,
    extractor: Extractor,
    cache: Path,
    policy: QualityPolicy = POLICIES["off"],
    on_progress: ProgressHook = silent,
    *,
    camera: Camera | None = None,
) -> EmbeddedScores:
    """Embed a cohort for an audit.

    Parameters and errors are the same as for `embed_cohort`. With a camera, the scores are those of
    degraded probes with photos as they are, see `fairness.EmbeddingScores`.
    """
    made = embed_cohort(cohort, extractor, cache, policy, on_progress, camera=camera)
    return EmbeddedScores(
        EmbeddingScores(made.cohort, made.vectors, made.acquisition, probes=made.probes),
        made.facts,
        {
            "model": f"{extractor.model.name} {extractor.model.version}",
            "weights_sha256": extractor.model.weights_sha256,
            "precision": extractor.precision,
            "detector": extractor.detector or "not one of the library",
            "policy": policy.name,
        },
    )
