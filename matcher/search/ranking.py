"""Rank the subjects that are closest to a probe, each with all its photos."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import fuse
from matcher.gallery import StoredFace
from matcher.search.ages import age_gap, age_on
from matcher.search.candidates import Candidate, CandidatePhoto, ProbeFacts
from matcher.search.probe import PreparedProbe


def ranked(probe: PreparedProbe, references: list[list[StoredFace]]) -> tuple[Candidate, ...]:
    """Return the candidates, the highest score first; equal scores by subject identifier."""
    if probe.vector is None:
        return ()
    described = [_describe(probe, probe.vector, faces) for faces in references]
    described.sort(key=lambda item: (-item.score, item.subject.subject_id))
    return tuple(replace(item, rank=rank) for rank, item in enumerate(described, start=1))


def place_of_last(subjects: Sequence[str], wanted: int, hidden: Collection[str]) -> int | None:
    """Return the place, from 1, of the last wanted subject who is not hidden; None without it."""
    shown = (place for place, name in enumerate(subjects, start=1) if name not in hidden)
    return next(islice(shown, wanted - 1, None), None)


def without_hidden(candidates: Sequence[Candidate], top: int) -> tuple[list[Candidate], int]:
    """Leave hidden subjects out.

    Parameters
    ----------
    candidates
        The highest score first.
    top
        Largest number of candidates to return, >= 1.

    Returns
    -------
    listed
        The first `top` candidates who are not hidden, with their ranks among these.
    hidden
        Number of hidden ones before the last of a full list; of all, if the list is not full.
    """
    listed: list[Candidate] = []
    hidden = 0
    for candidate in candidates:
        if len(listed) == top:
            break
        if candidate.subject.hidden_because is None:
            listed.append(replace(candidate, rank=len(listed) + 1))
        else:
            hidden += 1
    return listed, hidden


def _describe(
    probe: PreparedProbe, vector: NDArray[np.float32], faces: list[StoredFace]
) -> Candidate:
    weights = np.array([face.weight for face in faces])
    compared = np.stack([face.vectors[probe.compared_with] for face in faces])
    photos = sorted(
        (
            _photo(probe.facts, face, _score(vector, reference))
            for face, reference in zip(faces, compared, strict=True)
        ),
        key=lambda item: (-item.score, item.photo.sha256),
    )
    return Candidate(
        rank=0,
        subject=faces[0].subject,
        score=photos[0].score,
        template_score=_score(vector, fuse(compared, weights).vector),
        photos=tuple(photos),
    )


def _photo(probe: ProbeFacts, face: StoredFace, score: float) -> CandidatePhoto:
    photo, born = face.photo, face.subject.date_of_birth
    return CandidatePhoto(
        photo=photo,
        score=score,
        quality=face.quality,
        age_gap=age_gap(
            probe.taken_on,
            probe.age_at_capture,
            photo.taken_on,
            age_on(born, photo.taken_on, photo.age_at_capture),
        ),
        box=face.box,
    )


def _score(probe: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    return float(np.clip(probe @ reference, -1, 1))
