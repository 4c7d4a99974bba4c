"""What is known of a photo of the folder, and of a face in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import FACE
from matcher.faces import FaceQuality
from matcher.search.lead_sheet.places import Box

ALONE: Final = "no other face is as similar"
TAKEN_OUT: Final = "taken out of its group by a person"
"""Why a face of good quality is in no group."""


@dataclass(frozen=True)
class PhotoFile:
    """One file of the folder.

    Parameters
    ----------
    reference
        Its absolute path as text, see `matcher.paths.to_reference`.
    sha256
        Hash of its bytes; empty if it could not be read.
    code, reason
        Code and message of the error that made it fail; empty if it was read.
    taken_on
        Day of capture, if known.
    """

    reference: str
    sha256: str
    code: str = ""
    reason: str = ""
    taken_on: date | None = None


@dataclass(frozen=True)
class ReadPhoto:
    """One photo that was read, however many files hold it.

    Parameters
    ----------
    sha256
        Hash of its bytes.
    looks
        Perceptual hash of 64 bits: the signs of the lowest frequencies. Pictures that look alike
        differ in few of them.
    size
        Width and height in pixels, upright.
    notes
        What was converted, chosen or lost while it was read.
    """

    sha256: str
    looks: int
    size: tuple[int, int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ReadFace:
    """One face of a photo that was read.

    Parameters
    ----------
    sha256
        The photo.
    number
        1 for the largest face of the photo, 2 for the next.
    box
        left, top, right, bottom in pixels of the upright photo.
    landmarks
        float32 array of shape (5, 2), see `matcher.faces.LANDMARKS`.
    probability
        The detector's output in [0, 1].
    quality
        Measures of the face.
    vectors
        Vectors by name, float32 arrays of shape (d,), unit length: all that a gallery keeps.
    """

    sha256: str
    number: int
    box: Box
    landmarks: NDArray[np.float32]
    probability: float
    quality: FaceQuality
    vectors: Mapping[str, NDArray[np.float32]]

    @property
    def vector(self) -> NDArray[np.float32]:
        """The vector that every model makes of a face, and by which faces are grouped."""
        return self.vectors[FACE]


@dataclass(frozen=True)
class Place:
    """Where a face is: in a group, or in none.

    Parameters
    ----------
    group
        Number of the group; None if it is in none.
    corrected
        Whether a correction put it there, or left it there. No later run moves it.
    reason
        Why it is in no group; empty if it is in one.
    """

    group: int | None
    corrected: bool
    reason: str = ""


@dataclass(frozen=True, eq=False)
class StoredFace:
    """A face with its number in the file, and its place.

    Parameters
    ----------
    face_id
        Its number. It is never used twice.
    face
        The face.
    place
        Its group.
    copy_of
        The face that this one is a near-identical picture of; None if it is none.
    """

    face_id: int
    face: ReadFace
    place: Place
    copy_of: int | None = None
