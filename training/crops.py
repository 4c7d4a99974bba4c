"""The faces of the training photos, cut once and kept in a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.models import DLIB_150, YOUTH_186, YOUTH_CORNER
from matcher.errors import MatcherError
from matcher.faces import Detector, align, choose_faces
from matcher.photos import load_photo
from matcher.progress import ProgressHook
from training.sources import TrainingPhoto


def cut_crops(
    photos: Sequence[TrainingPhoto], detector: Detector, on_progress: ProgressHook
) -> NDArray[np.uint8]:
    """Return the largest face of each photo as the model sees it.

    Returns
    -------
    uint8 array of shape (photos, 186, 186, 3)
        RGB; all zeros where the photo cannot be read or shows no face.
    """
    crops = np.zeros((len(photos), YOUTH_186.size, YOUTH_186.size, 3), np.uint8)
    for row, photo in enumerate(photos):
        try:
            picture = load_photo(photo.path)
            (faces,) = detector.detect([picture])
            face = choose_faces(faces, "largest", photo=picture)[0]
            crops[row] = align(picture, face.landmarks, YOUTH_186)
        except MatcherError:
            continue
        finally:
            on_progress("cut faces", row + 1, len(photos))
    return crops


def inner_crops(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the part of crops of `YOUTH_186` that dlib's network sees: crops of `DLIB_150`."""
    left, top = YOUTH_CORNER
    side = DLIB_150.size
    return np.ascontiguousarray(crops[:, top : top + side, left : left + side])


def has_face(crops: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return whether each crop of `cut_crops` has a face."""
    return np.array([crop.any() for crop in crops], np.bool_)
