"""Who else of a gallery is as close to a face as a lead must be: relatives, doubles, strangers."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from matcher.embedding import FACE
from matcher.gallery import Gallery, StoredFace
from matcher.words import counted, some_of, visible

_FIRST: Final = 64
"""Faces that are fetched at first."""


@dataclass(frozen=True)
class Reach:
    """Other subjects within reach of a face.

    Parameters
    ----------
    subjects
        The closest of them first, at most as many as were asked for.
    more
        Number of further ones.
    hidden
        Number of hidden subjects among all within reach. They are not named.
    """

    subjects: tuple[str, ...]
    more: int
    hidden: int

    def __str__(self) -> str:
        if not self.subjects and not self.hidden:
            return "No other subject of this gallery is as close to this face as a lead must be."
        names = some_of([visible(name) for name in self.subjects], len(self.subjects))
        further = f" and {self.more} more" if self.more else ""
        hidden = f"; and {counted(self.hidden, 'hidden subject')}" if self.hidden else ""
        if not self.subjects:
            return f"As close to this face as a lead must be: {hidden.removeprefix('; and ')}."
        return (
            f"As close to this face as a lead must be, and so to be ruled out: "
            f"{names}{further}{hidden}."
        )


def subjects_in_reach(
    gallery: Gallery, face: StoredFace, *, lowest: float, degraded: bool, most: int
) -> Reach:
    """Return the other subjects whose faces have at least a score to a face of the gallery.

    It is no search for a person: the log has no record of it.

    Parameters
    ----------
    gallery, face
        The gallery, and a face of it.
    lowest
        Lowest score, cosine similarity in [-1, 1].
    degraded
        Whether the list was made with the vectors for degraded probes.
    most
        Subjects to name.
    """
    names = gallery.model.vector_names
    name = names[-1] if degraded else FACE
    activity = gallery.activity
    with nullcontext() if activity is None else activity.covering():
        owners = _owners(gallery, face, name, lowest)
    others = list(dict.fromkeys(one for one in owners if one != face.subject.subject_id))
    hidden = {one.subject_id for one in gallery.hidden()}
    shown = [one for one in others if one not in hidden]
    return Reach(tuple(shown[:most]), max(0, len(shown) - most), len(others) - len(shown))


def _owners(gallery: Gallery, face: StoredFace, name: str, lowest: float) -> list[str]:
    """Return the subjects of all faces at or above a score, the closest first."""
    query = face.vectors[name][None, :]
    faces = len(gallery)
    fetch = min(_FIRST, faces)
    while True:
        scores, face_ids = gallery.nearest(query, fetch, name=name)
        if fetch >= faces or scores[0, -1] < lowest:
            break
        fetch = min(4 * fetch, faces)
    (owners,) = gallery.owners(face_ids)
    return [
        owner
        for owner, score in zip(owners, scores[0], strict=True)
        if owner is not None and score >= lowest
    ]
