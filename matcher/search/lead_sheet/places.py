"""Find where the face lies in a photo that was searched with or enrolled before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.faces import Detector, Face
from matcher.photos import Photo

Box = tuple[float, float, float, float]
"""left, top, right, bottom in pixels of the upright photo."""

_SAME_FACE = 0.4  # smallest intersection over union of two boxes of one face


@dataclass(frozen=True, eq=False)
class Place:
    """Where the face lies in a photo.

    Parameters
    ----------
    boxes
        The box of the face; several if nothing tells which face is meant; empty if there is none.
    eyes, mouth
        float64 arrays of shape (2,), the points of the face on its right and on its left: shape
        (2, 2). None unless the landmarks of one face are known.
    reason
        Why there are no landmarks, in words; empty if there are.
    """

    boxes: tuple[Box, ...]
    eyes: NDArray[np.float64] | None = None
    mouth: NDArray[np.float64] | None = None
    reason: str = ""


def find_place(photo: Photo, box: Box | None, detector: Detector | None) -> Place:
    """Return where the face lies: the one in the box, or the only one if there is no box.

    The gallery keeps no landmarks. The same detector finds the same ones again.
    """
    if detector is None:
        boxes = () if box is None or not _is_true(box) else (box,)
        return Place(boxes, reason="its landmarks were not looked for")
    (faces,) = detector.detect([photo])
    return place_among(faces, box)


def place_among(faces: Sequence[Face], box: Box | None) -> Place:
    """Return where the face in the box lies, or the only face if there is no box.

    Parameters
    ----------
    faces
        All faces that a detector found in the photo.
    box
        The box of the face that is meant; None, or one without an area, if it is not known.
    """
    if box is not None and _is_true(box):
        return _in_box(box, faces)
    if len(faces) == 1:
        return _place_of(faces[0], _box_of(faces[0]))
    found = "no face was found in it"
    if faces:
        found = f"{len(faces)} faces were found in it, and the list does not say which is meant"
    return Place(tuple(map(_box_of, faces)), reason=found)


def others_than(place: Place, faces: Sequence[Face]) -> tuple[Box, ...]:
    """Return the boxes of the faces of a photo that are not the one at a place."""
    boxes = map(_box_of, faces)
    return tuple(
        box for box in boxes if all(overlap(box, meant) < _SAME_FACE for meant in place.boxes)
    )


def _is_true(box: Box) -> bool:
    """Return whether a box has an area; a caller may have enrolled vectors without a true box."""
    return min(box[2] - box[0], box[3] - box[1]) >= 1


def _in_box(box: Box, faces: Sequence[Face]) -> Place:
    overlaps = [overlap(box, _box_of(face)) for face in faces]
    if not overlaps or max(overlaps) < _SAME_FACE:
        return Place((box,), reason="its landmarks were not found again")
    return _place_of(faces[int(np.argmax(overlaps))], box)


def _place_of(face: Face, box: Box) -> Place:
    points = face.landmarks.astype(np.float64)
    if not np.ptp(points[:2], axis=0).any():
        return Place((box,), reason="its eyes were found at one point")
    return Place((box,), points[:2], points[3:])


def _box_of(face: Face) -> Box:
    left, top, right, bottom = face.box.tolist()
    return left, top, right, bottom


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if min(width, height) <= 0:
        return 0.0
    both = width * height
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return float(both / (areas - both))
