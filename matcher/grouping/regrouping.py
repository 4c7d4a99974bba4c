"""Group all faces of a file again: fold, cluster, keep corrections, keep numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.faces import QualityPolicy, refusals
from matcher.gallery import Gallery
from matcher.grouping.assignment import NO_GROUP, ToAssign, assign
from matcher.grouping.clusters import group_vectors
from matcher.grouping.faces import ALONE, TAKEN_OUT, Place, ReadPhoto, StoredFace
from matcher.grouping.folding import NEARLY_THE_SAME, Pictured, fold
from matcher.grouping.storage import Rows
from matcher.grouping.thresholds import measured_threshold
from matcher.progress import ProgressHook

_BLOCK: Final = 8192  # faces compared with hidden ones at a time

HIDDEN: Final = "like a hidden subject"
"""Why a face of good quality that the hide list leaves out is in no group."""


@dataclass(frozen=True, eq=False)
class HiddenFaces:
    """The faces of the hidden subjects of a gallery.

    Parameters
    ----------
    vectors
        float32 of shape (faces, d), unit length.
    subjects
        Whose face each is.
    """

    vectors: NDArray[np.float32]
    subjects: tuple[str, ...]

    @classmethod
    def of(cls, gallery: Gallery | None) -> HiddenFaces:
        """Return those of a gallery; none without one."""
        names = [] if gallery is None else [one.subject_id for one in gallery.hidden()]
        held = {} if gallery is None else gallery.faces_of(names)
        faces = [(name, face.vector) for name, several in held.items() for face in several]
        vectors = np.stack([vector for _, vector in faces]) if faces else np.zeros((0, 1))
        return cls(vectors.astype(np.float32), tuple(name for name, _ in faces))

    def reasons(
        self, faces: Sequence[StoredFace], vectors: NDArray[np.float32], threshold: float
    ) -> dict[int, str]:
        """Return why faces are left out, by their numbers: those as similar as of one person.

        A face that a person put into a group stays in it.
        """
        found: dict[int, str] = {}
        for start in range(0, len(faces) if self.subjects else 0, _BLOCK):
            scores = vectors[start : start + _BLOCK] @ self.vectors.T
            closest, best = scores.argmax(axis=1), scores.max(axis=1)
            for row in np.flatnonzero(best >= threshold).tolist():
                face = faces[start + row]
                if not face.place.corrected:
                    found[face.face_id] = f"{HIDDEN}: {self.subjects[closest[row]]}"
        return found


def regroup(
    rows: Rows,
    given: float | None,
    policy: QualityPolicy,
    hidden: HiddenFaces,
    on_progress: ProgressHook,
) -> None:
    """Put every face of the file into a group or out of all, and write it: all or nothing.

    The result depends on the photos, the corrections and the earlier numbers, and not on the order
    in which the photos were read.
    """
    settings = rows.settings()
    assert settings is not None  # noqa: S101 - the caller has set them
    photos = rows.photos()
    faces = sorted(rows.faces(), key=lambda one: (one.face.sha256, one.face.number))
    reasons = {one.face_id: _refusal(one, policy) for one in faces}
    good = [one for one in faces if not reasons[one.face_id]]
    threshold = measured_threshold(settings.model, len(good)) if given is None else float(given)
    vectors = np.stack([one.face.vector for one in good]) if good else np.zeros((0, 1), np.float32)
    reasons |= hidden.reasons(good, vectors, threshold)
    shown = [row for row, one in enumerate(good) if not reasons[one.face_id]]
    good, vectors = [good[row] for row in shown], vectors[shown]
    copies = fold(
        _pictures(good, photos),
        vectors,
        np.array([_kept_in(one) for one in good], dtype=np.int64),
        max(NEARLY_THE_SAME, threshold),
    )
    places = {
        one.face_id: one.place
        if one.place.corrected
        else Place(None, corrected=False, reason=reasons[one.face_id])
        for one in faces
    }
    on_progress("faces grouped", 0, len(good))
    next_group = _place(good, vectors, copies, places, threshold, settings.next_group)
    with rows.writing():
        rows.set_copies({good[one].face_id: good[kept].face_id for one, kept in copies.items()})
        rows.set_places(places)
        rows.set_settings(
            replace(settings, threshold=threshold, policy=policy.name, next_group=next_group)
        )
    on_progress("faces grouped", len(good), len(good))


def _place(
    good: Sequence[StoredFace],
    vectors: NDArray[np.float32],
    copies: Mapping[int, int],
    places: dict[int, Place],
    threshold: float,
    next_group: int,
) -> int:
    """Set the places of the faces that are good enough; return the next number for a group."""
    sets: dict[int, list[int]] = defaultdict(list)
    for row in range(len(good)):
        sets[copies.get(row, row)].append(row)
    corrected = {
        kept: next((good[row].place for row in of_it if good[row].place.corrected), None)
        for kept, of_it in sets.items()
    }
    out = {kept for kept, place in corrected.items() if place and place.group is None}
    kept = [one for one in sorted(sets) if one not in out]
    chosen = vectors[kept]
    groups, next_group = assign(
        ToAssign(
            chosen,
            group_vectors(chosen, threshold),
            np.array([_group_of(corrected[one]) for one in kept], dtype=np.int64),
            np.array([_before(good, sets[one]) for one in kept], dtype=np.int64),
            frozenset(one.group for one in places.values() if one.corrected and one.group),
        ),
        next_group,
    )
    for one, group in zip(kept, groups.tolist(), strict=True):
        for row in sets[one]:
            _set(places, good[row], group)
    for row in (row for one in out for row in sets[one]):
        if not good[row].place.corrected:
            places[good[row].face_id] = Place(None, corrected=False, reason=TAKEN_OUT)
    return next_group


def _set(places: dict[int, Place], face: StoredFace, group: int) -> None:
    if not face.place.corrected:
        alone = group == NO_GROUP
        places[face.face_id] = Place(
            None if alone else group, corrected=False, reason=ALONE if alone else ""
        )


def _before(good: Sequence[StoredFace], rows: Sequence[int]) -> int:
    """Return the group of an earlier run, of the face or of a copy of it."""
    return next((group for row in rows if (group := good[row].place.group)), NO_GROUP)


def _group_of(place: Place | None) -> int:
    return NO_GROUP if place is None else place.group or NO_GROUP


def _kept_in(face: StoredFace) -> int:
    """Return the group in which a correction keeps a face; those taken out are one of their own."""
    if not face.place.corrected:
        return NO_GROUP
    return face.place.group or -1


def _refusal(face: StoredFace, policy: QualityPolicy) -> str:
    found = refusals(face.face.quality, policy)
    if not found:
        return ""
    codes = ", ".join(one.code.replace("_", " ") for one in found)
    return f"quality ({codes}): {'; '.join(map(str, found))}"


def _pictures(good: Sequence[StoredFace], photos: Mapping[str, ReadPhoto]) -> list[Pictured]:
    """Return the photos with a good face: those of the most pixels first, then by their bytes."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(good):
        rows[one.face.sha256].append(row)

    def order(sha256: str) -> tuple[int, str]:
        width, height = photos[sha256].size
        return -width * height, sha256

    return [
        Pictured(
            photos[sha256].looks,
            tuple(rows[sha256]),
            tuple(_share(good[row], photos[sha256].size) for row in rows[sha256]),
        )
        for sha256 in sorted(rows, key=order)
    ]


def _share(one: StoredFace, size: tuple[int, int]) -> tuple[float, float, float, float]:
    left, top, right, bottom = one.face.box
    width, height = size
    return left / width, top / height, right / width, bottom / height
