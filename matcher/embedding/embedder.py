"""What turns crops into vectors, and the vectors of a face: to be kept, and to be searched for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.models import ModelIdentity, ModelRecord


@dataclass(frozen=True, eq=False)
class FaceVectors:
    """The vectors of faces by each look of a model.

    A clear face is searched for among the vectors, a worn one among the distant ones.

    Parameters
    ----------
    vectors
        float32 array of shape (n, d), unit rows.
    distant
        Likewise, of the faces as seen from afar too; None when the model has no distant look, or
        was not asked for it.
    probes
        Likewise, by which they are searched for: the rows of `vectors` where a face is clear.
    worn
        bool array of shape (n,): whether a face is small or worn itself; never without a distant
        look.
    """

    vectors: NDArray[np.float32]
    distant: NDArray[np.float32] | None
    probes: NDArray[np.float32]
    worn: NDArray[np.bool_]

    @classmethod
    def near(cls, vectors: NDArray[np.float32]) -> FaceVectors:
        """Return the looks of a model that has no distant one."""
        return cls(vectors, None, vectors, np.zeros(len(vectors), np.bool_))


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

    def look(self, crops: NDArray[np.uint8], *, distant: bool = True) -> FaceVectors:
        """Return what `embed` does, and the vectors by the model's distant look if it has one.

        Faces that are only searched for need no `distant` vectors; without them it is quicker.
        """
        ...
