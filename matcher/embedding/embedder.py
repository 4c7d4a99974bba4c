"""What turns crops into vectors, and the vectors of faces by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.models import FACE, ModelIdentity, ModelRecord


@dataclass(frozen=True, eq=False)
class FaceVectors:
    """The vectors of n faces, and how each face is searched for.

    Parameters
    ----------
    kept
        By name, float32 arrays of shape (n, d) with unit rows: what a gallery keeps. Without those
        that only a gallery needs, when they were not asked for.
    probes
        float32 array of shape (n, d), unit rows: the vectors by which the faces are searched for.
    compared_with
        For each face the name of the enrolled vectors with which its probe is compared.
    """

    kept: Mapping[str, NDArray[np.float32]]
    probes: NDArray[np.float32]
    compared_with: tuple[str, ...]

    @classmethod
    def of_one_kind(cls, vectors: NDArray[np.float32]) -> FaceVectors:
        """Return the vectors of a model that makes one of a face."""
        return cls({FACE: vectors}, vectors, (FACE,) * len(vectors))

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The vectors that every model makes: those under `FACE`."""
        return self.kept[FACE]


class Embedder(Protocol):
    """Turns aligned crops into vectors."""

    @property
    def record(self) -> ModelRecord:
        """The facts of the model."""
        ...

    @property
    def identity(self) -> ModelIdentity:
        """What a gallery must remember of it; the weights hash is of the file really loaded."""
        ...

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return unit vectors, float32 of shape (n, d), for RGB crops, uint8 (n, size, size, 3)."""
        ...

    def embed_all(self, crops: NDArray[np.uint8], *, for_gallery: bool = True) -> FaceVectors:
        """Return all vectors of the crops, by name.

        Faces that are only searched for need not all of them: with `for_gallery` false it is
        quicker.
        """
        ...
