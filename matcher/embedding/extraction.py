"""What an extractor gives for a face, and for a photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.models import FACE
from matcher.errors import MatcherError
from matcher.faces import Face
from matcher.photos import Photo, PhotoSource


@dataclass(frozen=True, eq=False)
class EmbeddedFace:
    """One face and its vectors.

    Parameters
    ----------
    face
        The face, with its photo and quality.
    vectors
        The vectors by name: float32 arrays of shape (d,), unit length, see `FaceVectors.kept`.
    probe
        float32 array of shape (d,), unit length: the vector with which to search for the face.
    compared_with
        Name of the enrolled vectors that the probe is compared with.
    degraded
        Whether the model takes the face for a degraded one; None if it did not judge, see
        `FaceVectors`.
    """

    face: Face
    vectors: Mapping[str, NDArray[np.float32]]
    probe: NDArray[np.float32]
    compared_with: str
    degraded: bool | None = False

    @property
    def vector(self) -> NDArray[np.float32]:
        """The vector that every model makes, under the name `FACE`."""
        return self.vectors[FACE]


@dataclass(frozen=True, eq=False)
class PhotoExtraction:
    """The result for one photo of a batch: its faces, or the error that stopped it.

    Parameters
    ----------
    source
        The source as the caller gave it.
    photo
        The decoded photo; None if it could not be read.
    faces
        The chosen faces; empty if there is an error.
    error
        The reason why there are no faces.
    """

    source: PhotoSource
    photo: Photo | None
    faces: tuple[EmbeddedFace, ...] = ()
    error: MatcherError | None = None
