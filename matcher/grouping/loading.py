"""Make the object with all groups from the rows of a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.faces import weight
from matcher.grouping.faces import PhotoFile, StoredFace
from matcher.grouping.result import Group, GroupedFace, Grouping
from matcher.grouping.storage import Rows, unusable

_TINY: Final = 1e-9
_STRIP: Final = 1024  # groups that are compared with all others at once


@dataclass(frozen=True)
class _Photo:
    notes: tuple[str, ...] = ()
    files: list[PhotoFile] = field(default_factory=list)


def load_grouping(rows: Rows) -> Grouping:
    """Return everything that a file of groups holds, but the vectors.

    Raises
    ------
    GroupFileError
        If nothing was grouped in the file yet, or a row of it cannot be read.
    """
    settings = rows.settings()
    if settings is None:
        raise unusable(rows.path, "one in which nothing was grouped")
    files, faces, photos = rows.files(), rows.faces(), rows.photos()
    of_photo = {sha256: _Photo(one.notes) for sha256, one in photos.items()}
    for file in files:
        if not file.code and file.sha256 in of_photo:
            of_photo[file.sha256].files.append(file)
    members: dict[int, list[StoredFace]] = defaultdict(list)
    for face in faces:
        if face.place.group is not None:
            members[face.place.group].append(face)
    groups = [_group(number, of_it, of_photo) for number, of_it in sorted(members.items())]
    groups = _with_closest(groups, [_mean(members[group.number]) for group in groups])
    with_face = {face.face.sha256 for face in faces}
    return Grouping(
        groups=tuple(sorted(groups, key=lambda one: (-len(one.faces), one.number))),
        ungrouped=tuple(_face(one, of_photo) for one in faces if one.place.group is None),
        failed=tuple(file for file in files if file.code),
        without_face=tuple(
            file for file in files if not file.code and file.sha256 not in with_face
        ),
        model=settings.model,
        threshold=settings.threshold,
        policy=settings.policy,
        photos=len(photos),
        files=len({file.reference for file in files}),
        left_out=settings.left_out,
        not_there=settings.not_there,
        stamp=settings.stamp,
    )


def _group(number: int, faces: Sequence[StoredFace], of_photo: Mapping[str, _Photo]) -> Group:
    """Return a group, the faces that represent it first."""
    kept = [one for one in faces if one.copy_of is None]
    similar = np.stack([one.face.vector for one in kept]) @ _mean(kept)
    measured = {
        one.face_id: min(1.0, float(value)) for one, value in zip(kept, similar, strict=True)
    }

    def worth(one: StoredFace) -> tuple[float, str, int]:
        value = measured[one.face_id] * weight(one.face.quality)
        return (-round(value, 6), one.face.sha256, one.face.number)

    return Group(
        number,
        tuple(_face(one, of_photo, measured[one.face_id]) for one in sorted(kept, key=worth)),
        tuple(_face(one, of_photo) for one in faces if one.copy_of is not None),
    )


def _mean(faces: Sequence[StoredFace]) -> NDArray[np.float64]:
    """Return the mean vector of a group, each face once, scaled to unit length."""
    kept = [one.face.vector for one in faces if one.copy_of is None]
    mean = np.stack(kept).astype(np.float64).mean(axis=0)
    scaled: NDArray[np.float64] = mean / max(float(np.linalg.norm(mean)), _TINY)
    return scaled


def _with_closest(groups: Sequence[Group], means: Sequence[NDArray[np.float64]]) -> list[Group]:
    """Return the groups, each with the one whose mean is most similar."""
    if len(groups) < 2:
        return list(groups)
    rows = np.stack(means).astype(np.float32)
    found: list[Group] = []
    for start in range(0, len(rows), _STRIP):
        scores = rows[start : start + _STRIP] @ rows.T
        places = np.arange(len(scores))
        scores[places, start + places] = -np.inf
        best = scores.argmax(axis=1)
        found += [
            replace(
                groups[start + row],
                closest=groups[other].number,
                closest_similarity=round(float(scores[row, other]), 3),
            )
            for row, other in enumerate(best.tolist())
        ]
    return found


def _face(
    stored: StoredFace,
    of_photo: Mapping[str, _Photo],
    similarity: float | None = None,
) -> GroupedFace:
    face, place = stored.face, stored.place
    photo = of_photo.get(face.sha256, _Photo())
    days = [file.taken_on for file in photo.files if file.taken_on is not None]
    return GroupedFace(
        face_id=stored.face_id,
        files=tuple(file.reference for file in photo.files),
        sha256=face.sha256,
        number=face.number,
        box=face.box,
        landmarks=tuple((float(x), float(y)) for x, y in face.landmarks),
        quality=face.quality,
        taken_on=min(days, default=None),
        group=place.group,
        copy_of=stored.copy_of,
        corrected=place.corrected,
        reason=place.reason,
        similarity=similarity,
        notes=photo.notes,
    )
