"""Find the subjects closest to each probe, and their faces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.errors import InputError
from matcher.gallery import Gallery, Selection, StoredFace
from matcher.search.probe import PreparedProbe
from matcher.search.ranking import place_of_last

_FACES_PER_SUBJECT: Final = 4
"""First guess of the number of faces to fetch for each wanted subject."""


def closest_subjects(
    gallery: Gallery, probes: Sequence[PreparedProbe], top: int, selection: Selection
) -> list[list[str]]:
    """Return the `top` subjects of each probe, or all if fewer, by their closest face.

    Hidden subjects stand among them, and do not count.
    """
    closest: list[list[str]] = [[] for _ in probes]
    for name in gallery.model.vector_names:
        vectors = {
            row: probe.vector
            for row, probe in enumerate(probes)
            if probe.vector is not None and probe.compared_with == name
        }
        ranked = _closest(gallery, list(vectors.values()), top, selection, name)
        for row, subjects in zip(vectors, ranked, strict=True):
            closest[row] = subjects
    return closest


def _closest(
    gallery: Gallery,
    vectors: list[NDArray[np.float32]],
    top: int,
    selection: Selection,
    name: str,
) -> list[list[str]]:
    faces, hidden = selection.faces + selection.hidden_faces, selection.hidden
    # In a list that is not full, hidden subjects behind the last one count too.
    wanted = top if hidden else min(top, selection.subjects)
    if not vectors or faces == 0:
        return [[] for _ in vectors]
    queries = _stack(vectors, gallery.model.dimension)
    fetch = min(top * _FACES_PER_SUBJECT, faces)
    while True:
        _, face_ids = gallery.nearest(queries, fetch, selection.allowed, name=name)
        owners = gallery.owners(face_ids)
        subjects = [list(dict.fromkeys(name for name in row if name)) for row in owners]
        ends = [place_of_last(row, wanted, hidden) for row in subjects]
        if fetch >= faces or None not in ends:
            return [row[:end] for row, end in zip(subjects, ends, strict=True)]
        fetch = min(fetch * 2, faces)


def faces_of_subjects(
    gallery: Gallery, closest: Iterable[list[str]], selection: Selection
) -> dict[str, list[StoredFace]]:
    """Return the allowed faces of all subjects in `closest`, with one query for all."""
    faces_by_subject = gallery.faces_of(sorted({name for row in closest for name in row}))
    if selection.allowed is None:
        return faces_by_subject
    face_ids = [face.face_id for faces in faces_by_subject.values() for face in faces]
    allowed = set(np.intersect1d(face_ids, selection.allowed).tolist())
    kept = {
        name: [face for face in faces if face.face_id in allowed]
        for name, faces in faces_by_subject.items()
    }
    return {name: faces for name, faces in kept.items() if faces}


def _stack(vectors: list[NDArray[np.float32]], dimension: int) -> NDArray[np.float32]:
    for vector in vectors:
        if vector.shape != (dimension,):
            raise InputError(
                "probe vector",
                rule=f"needs the shape ({dimension},) of the gallery's model",
                got=vector.shape,
                next_step="Make the vector with the model of the gallery.",
            )
    return np.stack(vectors)
