"""A governed gallery with a search in its log, and the people who work on the case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from gallery_builders import photo_hash

import matcher
from matcher.casework import CaseContext, Casework, Lead, Opinion, Outcome
from matcher.embedding import FACE
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.search import Calibration, CandidateList
from matcher.testing import FakeDetector, FakeEmbedder, clustered_unit_vectors

DIMENSION = 16
EMBEDDER = FakeEmbedder(DIMENSION)
EXTRACTOR = matcher.Extractor(FakeDetector(), EMBEDDER)
SUBJECTS = 30
VECTORS = clustered_unit_vectors(SUBJECTS, 3, DIMENSION, seed=5)
"""Three vectors of each subject; the third is a probe."""

QUALITY = {
    "inter_eye_distance": 15.0,
    "sharpness": 0.5,
    "exposure": 0.5,
    "contrast": 0.5,
    "compression": 90.0,
    "yaw": 0.0,
    "pitch": 0.0,
    "roll": 0.0,
    "probability": 0.99,
}

SEARCHING = CaseContext(
    operator="officer-1",
    purpose="missing_child",
    case_id="case-7",
    legal_basis="art. 12",
    authorisation="order 5",
    authorised_until=date(2999, 12, 31),
)
AUDITOR = CaseContext(operator="auditor-1", purpose="audit")


def by(operator: str, **other: object) -> CaseContext:
    """Return the context of another person of the same case."""
    return replace(SEARCHING, operator=operator, **other)  # type: ignore[arg-type]


def gallery_at(path: Path, subjects: int = SUBJECTS) -> Path:
    """Make a governed gallery of children of 6 and 10, half of them girls."""
    context = CaseContext(operator="admin-1", purpose="maintenance")
    identity = EXTRACTOR.model
    with Gallery.create(path, model=identity, governed=True, context=context) as made:
        made.add([_face(subject, photo) for subject in range(subjects) for photo in range(2)])
    return path


def _face(subject: int, photo: int) -> Enrolment:
    number = 3 * subject + photo
    record = Subject(
        name_of(subject),
        date_of_birth=date(2016, 1, 1),
        recorded_sex="female" if subject % 2 else "male",
    )
    year = 2022 if photo == 0 else 2026
    return Enrolment(
        subject=record,
        photo=PhotoRecord(photo_hash(number), f"photos/{number}.jpg", taken_on=date(year, 1, 1)),
        vectors={FACE: VECTORS[number]},
        box=(1.0, 2.0, 30.0, 40.0),
        probability=0.98,
        quality=QUALITY,
    )


def name_of(subject: int) -> str:
    """Return the identifier of a subject."""
    return f"child-{subject:03d}"


def search(
    path: Path,
    subject: int = 3,
    *,
    context: CaseContext = SEARCHING,
    calibration: Calibration | None = None,
    top: int = 5,
    age: float | None = 10.0,
    probe: np.ndarray | None = None,
) -> CandidateList:
    """Search for a subject with a vector that is not enrolled, or with another one."""
    vector = VECTORS[3 * subject + 2] if probe is None else probe
    with Gallery.open(path, context=context) as gallery:
        searcher = matcher.Searcher(gallery, EXTRACTOR, calibration=calibration)
        return searcher.search(vector, top=top, taken_on=date(2026, 6, 1), age_at_capture=age)


@contextmanager
def casework_of(
    path: Path, operator: str = "reviewer-1", calibration: Calibration | None = None
) -> Iterator[Casework]:
    """Open the casework of a gallery as one person of the case."""
    with (
        Gallery.open(path, context=by(operator)) as gallery,
        Casework.open(gallery, calibration=calibration) as casework,
    ):
        yield casework


def say(path: Path, operator: str, lead_id: str, outcome: Outcome = "candidate") -> None:
    """Have a person write an opinion."""
    with casework_of(path, operator) as casework:
        casework.review(lead_id, Opinion(outcome, f"because {operator} saw it"))


def lead_at(path: Path, operator: str, lead_id: str) -> Lead:
    """Return a lead as one person sees it."""
    with casework_of(path, operator) as casework:
        return casework.lead(lead_id)


def unit(vector: np.ndarray) -> np.ndarray:
    """Return a vector of unit length."""
    return vector / np.linalg.norm(vector)
