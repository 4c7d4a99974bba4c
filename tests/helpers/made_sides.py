"""Made people for the two sides of a cross-match."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import FACE
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.testing import FakeEmbedder, random_unit_vectors

DIMENSION = 32
MODEL = FakeEmbedder(DIMENSION).identity
PEOPLE = random_unit_vectors(500, DIMENSION, seed=5)
MISSING = range(40)
FOUND = range(30, 90)
"""Numbers of the people: those from 30 to 39 are on both sides."""


def photo_of(person: int, generator: np.random.Generator, noise: float = 0.08) -> Any:
    """Return a vector of a person, float32 of unit length."""
    vector = PEOPLE[person] + noise * generator.standard_normal(DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def faces(
    side: str, people: Sequence[int], generator: np.random.Generator, **facts: Any
) -> list[Enrolment]:
    """Return one to three photos of each person, under an identifier of that side."""
    return [
        face(f"{side}{person:03d}", number, photo_of(person, generator), **facts)
        for person in people
        for number in range(1 + person % 3)
    ]


def face(
    subject: str | Subject,
    number: int,
    vector: NDArray[np.float32],
    **facts: Any,
) -> Enrolment:
    """Return one face of a subject; its photo is photo `number` of the subject."""
    record = subject if isinstance(subject, Subject) else Subject(subject)
    reference = f"photos/{record.subject_id}-{number}.jpg"
    photo = PhotoRecord(hashlib.sha256(reference.encode()).hexdigest(), reference, **facts)
    return Enrolment(record, photo, {FACE: vector}, (1.0, 2.0, 30.0, 40.0), 0.98)


def plainly(
    first: Gallery, second: Gallery, lowest: float, top: int
) -> dict[tuple[str, str], float]:
    """Return the pairs of subjects that a cross-match must show, by comparing them one by one."""
    sides = [
        {name: np.stack([one.vector for one in held]) for name, held in _held(gallery).items()}
        for gallery in (first, second)
    ]
    within = first is second
    scores = {
        (one, other): float((left @ right.T).max())
        for one, left in sides[0].items()
        for other, right in sides[1].items()
        if one != other and (not within or one < other)
    }
    close = {pair: score for pair, score in scores.items() if score >= lowest}
    return {
        pair: score
        for pair, score in close.items()
        if any(
            sum(better > score for two, better in close.items() if two[place] == pair[place]) < top
            for place in (0, 1)
        )
    }


def _held(gallery: Gallery) -> dict[str, list[Any]]:
    return gallery.faces_of([one.subject_id for one in gallery.subjects()])
