"""People with made-up vectors, and the audit of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fairness import AuditReport, AuditSettings, Cohort, EmbeddingScores, Sample, Scores, audit

MATCHER = {"model": "made", "weights_sha256": "ab" * 32}


@dataclass
class Made:
    """People in groups: `noise` spoils their mated scores, `crowd` draws them together."""

    groups: Mapping[str, int]
    noise: Mapping[str, float] = field(default_factory=dict)
    crowd: Mapping[str, float] = field(default_factory=dict)
    photos: int = 2
    seed: int = 0
    labels: Mapping[str, Any] = field(default_factory=dict)
    family_size: int = 1

    def scores(self, refused: Mapping[str, str] | None = None) -> EmbeddingScores:
        """Compare them; `refused` says by photo why it has no vector."""
        rng = np.random.default_rng(self.seed)
        samples, rows = [], []
        for group, people in self.groups.items():
            centre = rng.normal(size=24)
            for person in range(people):
                name = f"{group}{person:03}"
                self_ = rng.normal(size=24) + self.crowd.get(group, 0) * centre
                for photo in range(self.photos):
                    rows.append(self_ + self.noise.get(group, 0.5) * rng.normal(size=24))
                    samples.append(self._sample(name, group, person, photo))
        vectors = np.array(rows)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cohort = Cohort.of(samples, name="made")
        order = np.argsort([sample.photo for sample in samples])
        reasons = [(refused or {}).get(sample.photo, "") for sample in cohort.samples]
        return EmbeddingScores(cohort, vectors[order].astype(np.float32), reasons)

    def _sample(self, name: str, group: str, person: int, photo: int) -> Sample:
        family = f"{group}-{person // self.family_size}" if self.family_size > 1 else None
        facts = {
            "age_at_capture": 5.0 + 4 * photo,
            "quality": float((7 * person + 3 * photo) % 11),
            "family": family,
            **self.labels,
        }
        labels = {} if group == "nobody knows" else {"kind": group}
        return Sample(f"{name}-{photo}.jpg", name, labels=labels, **facts)


def audited(
    scores: Scores, *, bounds: Any = (), baseline: Any = None, **choices: Any
) -> AuditReport:
    settings = AuditSettings(**{"factors": ("kind",), "fmr": 0.01, "draws": 60, **choices})
    return audit(scores, settings, matcher=MATCHER, bounds=bounds, baseline=baseline)
