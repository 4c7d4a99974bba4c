"""Whose photos are audited, and what is known of each: the labels of an evaluation.

Labels live here, never in a gallery or on a search path.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.groups import AGE_EDGES, UNKNOWN, Cells, band

Provenance = Literal[
    "document",
    "self_reported",
    "guardian_reported",
    "annotator_perceived",
    "model_inferred",
    "unknown",
]
"""Where a label of sex or gender comes from."""


@dataclass(frozen=True)
class Sample:
    """One photo and its labels.

    Parameters
    ----------
    photo
        Identifier: the path relative to the cohort's folder, or what the scores call it.
    subject
        Who is in it.
    age_at_capture
        Years; None if unknown.
    age_band
        Band as the source gives it, for photos without an exact age.
    taken_on, date_of_birth
        Dates, if known.
    sex
        female, male, other or unknown.
    sex_provenance
        Where `sex` comes from.
    skin_tone_monk
        Annotated step of the Monk scale, 1 to 10.
    skin_tone_fitzpatrick
        Annotated phototype, 1 to 6.
    skin_tone_l, skin_tone_hue
        Measured L* in [0, 100] and hue angle in degrees.
    family
        Shared by relatives; comparisons between them are counted apart.
    quality
        Any measure of quality, higher is better.
    capture_type, source, licence
        Facts for the report: school photo, social media, …; where from; on what terms.
    labels
        Further factors by name, as in {"race": "Black"}.
    """

    photo: str
    subject: str
    age_at_capture: float | None = None
    age_band: str | None = None
    taken_on: date | None = None
    date_of_birth: date | None = None
    sex: str = UNKNOWN
    sex_provenance: Provenance = "unknown"
    skin_tone_monk: int | None = None
    skin_tone_fitzpatrick: int | None = None
    skin_tone_l: float | None = None
    skin_tone_hue: float | None = None
    family: str | None = None
    quality: float | None = None
    capture_type: str = UNKNOWN
    source: str = UNKNOWN
    licence: str = UNKNOWN
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Cohort:
    """The photos of an audit, in the order of their identifiers.

    Parameters
    ----------
    samples
        At least one; identifiers are unique.
    name
        Shown in the report.
    sha256
        Hash of the labels, see `Cohort.of`.
    """

    samples: tuple[Sample, ...]
    name: str
    sha256: str

    @classmethod
    def of(cls, samples: Iterable[Sample], *, name: str) -> Cohort:
        """Return the cohort of samples, sorted by photo."""
        ordered = tuple(sorted(samples, key=lambda sample: sample.photo))
        text = json.dumps([asdict(sample) for sample in ordered], default=str, sort_keys=True)
        return cls(ordered, name, hashlib.sha256(text.encode()).hexdigest())

    def __len__(self) -> int:
        return len(self.samples)

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """Names of the subjects, sorted."""
        return tuple(sorted({sample.subject for sample in self.samples}))

    @cached_property
    def subject_codes(self) -> NDArray[np.int64]:
        """Index into `subjects` of each photo, shape (photos,)."""
        place = {name: index for index, name in enumerate(self.subjects)}
        return np.array([place[sample.subject] for sample in self.samples], dtype=np.int64)

    def cells(self, factor: str, *, age_edges: Sequence[float] = AGE_EDGES) -> Cells:
        """Return the groups of one factor; photos without a label are in `UNKNOWN`.

        Parameters
        ----------
        factor
            "age", "sex", "tone", "capture_type", a key of `Sample.labels`, or several of them
            joined by "*", as in "age*sex".
        age_edges
            Lower edges of the age bands, years.
        """
        cells = [self._one(part, age_edges) for part in factor.split("*")]
        whole = cells[0]
        for other in cells[1:]:
            whole = whole.crossed(other)
        return whole

    def _one(self, factor: str, age_edges: Sequence[float]) -> Cells:
        return Cells.of(factor, [_label(sample, factor, age_edges) for sample in self.samples])


def _label(sample: Sample, factor: str, age_edges: Sequence[float]) -> str:
    if factor == "age":
        if sample.age_at_capture is None and sample.age_band is not None:
            return sample.age_band
        return band(sample.age_at_capture, age_edges)
    if factor == "sex":
        return sample.sex
    if factor == "capture_type":
        return sample.capture_type
    return sample.labels.get(factor, UNKNOWN)
