"""Make the object with all groups from the rows of a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from matcher.faces import weight
from matcher.grouping.faces import PhotoFile, StoredFace
from matcher.grouping.result import Group, GroupedFace, Grouping
from matcher.grouping.storage import Rows, unusable


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
    groups = [_group(number, of_it, of_photo) for number, of_it in members.items()]
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
    vectors = np.stack([one.face.vector for one in kept]).astype(np.float64)
    mean = vectors.mean(axis=0)
    similar = (vectors @ mean / max(float(np.linalg.norm(mean)), 1e-9)).clip(-1, 1)
    measured = {one.face_id: float(value) for one, value in zip(kept, similar, strict=True)}

    def worth(one: StoredFace) -> tuple[float, str, int]:
        value = measured[one.face_id] * weight(one.face.quality)
        return (-round(value, 6), one.face.sha256, one.face.number)

    return Group(
        number,
        tuple(_face(one, of_photo, measured[one.face_id]) for one in sorted(kept, key=worth)),
        tuple(_face(one, of_photo) for one in faces if one.copy_of is not None),
    )


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
