"""The record of one face in one photo, and the crop geometry that a network asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.faces.quality import FaceQuality
from matcher.photos import Photo

LANDMARKS = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
"""Order of the five landmarks: the subject's right eye (left in an upright picture) first."""

NamedChoice = Literal["one", "largest", "all"]
Choice = NamedChoice | int
"""The faces of a photo that a caller wants. `one` is an error unless the photo shows one face, or
one face that dominates the others; see `matcher.faces.choice`. A number is that of a face, 1 for
the largest; it is an error if the photo has fewer faces."""

OneFace = Literal["one", "largest"]
"""A choice that gives one face of every photo."""

ProbeFace = OneFace | int
"""A choice that gives one face of a probe: also the number of a face."""


FoundBy = Literal["as is", "enlarged", "padded", "turned"]
"""What was done to the photo before the face was found; see `matcher.faces.detection`."""

DetectorName = Literal["mtcnn", "yunet"]
MTCNN: Final[DetectorName] = "mtcnn"
YUNET: Final[DetectorName] = "yunet"
"""The detectors that the library knows. The first is the usual one."""


@dataclass(frozen=True)
class FaceNumber:
    """The place of a chosen face among all faces of its photo; `str` gives it in words.

    Parameters
    ----------
    number
        1 for the face with the largest box, 2 for the next.
    of
        Number of faces that were found in the photo.
    choice
        How the face was chosen.
    """

    number: int
    of: int
    choice: Choice

    def __str__(self) -> str:
        if self.of == 1:
            return "the only face"
        if self.choice not in ("one", "largest"):
            return f"face {self.number} of {self.of}"
        kind = "dominant" if self.choice == "one" else "largest"
        return f"{self.number} of {self.of} faces, the {kind} one"


def note_of_several(number: FaceNumber | None) -> str:
    """Return which of several faces was chosen; nothing if there was no choice."""
    return "" if number is None or number.of == 1 else str(number)


@dataclass(frozen=True, eq=False)
class Face:
    """One face found in a photo. All coordinates are pixels of the upright `photo.pixels`.

    Parameters
    ----------
    photo
        The photo that shows the face.
    box
        float32 array of shape (4,): left, top, right, bottom.
    landmarks
        float32 array of shape (5, 2): (x, y) in the order of `LANDMARKS`.
    probability
        The detector's own output in [0, 1]. Not calibrated. That of YuNet is put on the scale of
        MTCNN's, see `matcher.faces.detection.yunet.SCALE`.
    quality
        Measures of the face, see `FaceQuality`.
    turned
        Angle in degrees (0, 90, 180 or 270, anticlockwise) by which the photo was turned before the
        face was found. The coordinates refer to the photo as it is, not to the turned photo.
    found_by
        The attempt that found the face: on the photo as it is, enlarged, padded with a border, or
        turned.
    number
        Its place among the faces of the photo, from `choose_faces`; None if nobody chose.
    """

    photo: Photo
    box: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    probability: float
    quality: FaceQuality
    turned: int = 0
    found_by: FoundBy = "as is"
    number: FaceNumber | None = None


@dataclass(frozen=True)
class CropTemplate:
    """Positions of the five landmarks in a network's input crop.

    Parameters
    ----------
    name
        Name of the geometry, for records ("dlib-150").
    size
        Side of the square crop in pixels.
    points
        (x, y) of each landmark in crop pixels, in the order of `LANDMARKS`; pixel centres are at
        integer coordinates.
    """

    name: str
    size: int
    points: tuple[tuple[float, float], ...]


class Detector(Protocol):
    """Finds faces in photos."""

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        """Return the faces of each photo, the largest box first; empty if a photo has none."""
        ...
