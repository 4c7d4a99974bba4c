"""Audits of seeded, made-up vectors: what `fairness.audit` says of people who never lived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fairness import AuditReport, AuditSettings, Bound, Cohort, EmbeddingScores, Sample, audit

_DIMENSIONS = 24


@dataclass(frozen=True)
class Person:
    """Traits of the people of one group.

    Parameters
    ----------
    count
        Number of people.
    noise
        Noise in each photo, relative to the person's own signal: higher gives more misses.
    crowd
        Pull of the group's centre: higher gives more false matches.
    age
        Age in the first photo, years; None if it is not known. The second photo is 3 years later.
    """

    count: int
    noise: float = 0.6
    crowd: float = 0.3
    age: float | None = None


@dataclass(frozen=True)
class Made:
    """Groups of a factor, two photos a person, with quality, and with photos that are refused.

    Parameters
    ----------
    groups
        Traits by name of the group.
    factor
        "sex", or the name of a label.
    refused
        Share of photos refused.
    """

    groups: Mapping[str, Person]
    factor: str = "sex"
    refused: float = 0.0
    seed: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)

    def scores(self) -> EmbeddingScores:
        """Return the scores of all pairs."""
        rng = np.random.default_rng(self.seed)
        samples: list[Sample] = []
        rows: list[np.ndarray] = []
        for place, (group, people) in enumerate(self.groups.items()):
            centre = rng.normal(size=_DIMENSIONS)
            for person in range(people.count):
                own = rng.normal(size=_DIMENSIONS) + people.crowd * centre
                for photo in range(2):
                    quality = float(rng.uniform(0.2, 1))
                    spread = people.noise * (1.4 - quality)
                    rows.append(own + spread * rng.normal(size=_DIMENSIONS))
                    samples.append(self._sample(group, place, people, person, photo, quality))
        vectors = np.array(rows)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cohort = Cohort.of(samples, name="made")
        by_photo = dict(zip((sample.photo for sample in samples), vectors, strict=True))
        ordered = np.array([by_photo[sample.photo] for sample in cohort.samples], np.float32)
        lost = rng.random(len(ordered)) < self.refused
        ordered[lost] = np.nan
        return EmbeddingScores(cohort, ordered, ["no face" if gone else "" for gone in lost])

    def _sample(
        self, group: str, place: int, people: Person, person: int, photo: int, quality: float
    ) -> Sample:
        labels = dict(self.labels)
        if self.factor not in ("sex", "age"):
            labels[self.factor] = group
        return Sample(
            photo=f"{place:02}-{person:03}-{photo}.jpg",
            subject=f"{place:02}-{person:03}",
            sex=group if self.factor == "sex" else "unknown",
            age_at_capture=None if people.age is None else people.age + 3 * photo,
            quality=quality,
            labels=labels,
        )

    def audit(self, bounds: Sequence[Bound] = (), **settings: object) -> AuditReport:
        """Audit them by their factor; `settings` are those of `AuditSettings`."""
        chosen: dict[str, object] = {"factors": (self.factor,), "fmr": 0.01, "draws": 200}
        return audit(
            self.scores(),
            AuditSettings(**(chosen | settings)),  # type: ignore[arg-type]
            matcher={"model": "made", "weights_sha256": "ab" * 32},
            bounds=bounds,
        )


TWO = Made({"female": Person(120, noise=1.5, age=6), "male": Person(120, age=6)}, refused=0.05)
"""Two groups of one factor, both with enough data to be rated."""

AGES = Made(
    {
        str(age): Person(count, noise, age=age)
        for age, count, noise in (
            (0.5, 30, 1.6),
            (2, 60, 1.5),
            (5, 80, 1.3),
            (9, 80, 1.1),
            (14, 80, 0.9),
            (20, 60, 0.8),
            (35, 40, 0.7),
            (52, 12, 0.7),
            (70, 12, 0.7),
        )
    },
    factor="age",
)
"""Nine bands of age, some of them with few people."""

NAMES = Made(
    {
        "日本 北海道": Person(80, 1.2),
        "Народы Севера, Сибири и Дальнего Востока, живущие в сёлах": Person(80, 1.1),
        "Foster children of the northern and the north-western districts": Person(80, 0.9),
        "Foster children of the northern and the north-eastern districts": Person(80, 0.8),
        "हिन्दी": Person(60, 1.2),
        "<b>bold</b> & $x_1$": Person(60, 1.2),
        "new arrivals": Person(14, 1.2),
    },
    factor="origin",
)
"""Names that are long, alike at both ends, of other scripts, or markup; and a small group."""
