"""Group all faces of a file again: fold, cluster, keep corrections, keep numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matcher.faces import QualityPolicy, refusals
from matcher.grouping.assignment import NO_GROUP, ToAssign, assign
from matcher.grouping.clusters import group_vectors
from matcher.grouping.faces import ALONE, TAKEN_OUT, Place, ReadPhoto, StoredFace
from matcher.grouping.folding import NEARLY_THE_SAME, Pictured, fold
from matcher.grouping.storage import Rows
from matcher.grouping.thresholds import measured_threshold
from matcher.progress import ProgressHook


def regroup(
    rows: Rows, given: float | None, policy: QualityPolicy, on_progress: ProgressHook
) -> None:
    """Put every face of the file into a group or out of all, and write it: all or nothing.

    The result depends on the photos, the corrections and the earlier numbers, and not on the order
    in which the photos were read.
    """
    settings = rows.settings()
    assert settings is not None  # noqa: S101 - the caller has set them
    photos = rows.photos()
    faces = sorted(rows.faces(), key=lambda one: (one.face.sha256, one.face.number))
    reasons = [_refusal(one, policy) for one in faces]
    good = [one for one, reason in zip(faces, reasons, strict=True) if not reason]
    threshold = measured_threshold(settings.model, len(good)) if given is None else float(given)
    vectors = np.stack([one.face.vector for one in good]) if good else np.zeros((0, 1), np.float32)
    copies = fold(
        _pictures(good, photos),
        vectors,
        np.array([_kept_in(one) for one in good], dtype=np.int64),
        max(NEARLY_THE_SAME, threshold),
    )
    places = {
        one.face_id: one.place if one.place.corrected else Place(None, corrected=False, reason=why)
        for one, why in zip(faces, reasons, strict=True)
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
