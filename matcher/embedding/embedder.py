"""The protocol of an embedder, which turns crops into vectors, and the vectors by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.models import FACE, ModelIdentity, ModelRecord
from matcher.errors import InputError

Purpose = Literal["gallery", "search", "pairs"]
"""The purpose for which faces are embedded.

"gallery": to keep them. "search": to search for them. "pairs": to compare them with each other by
the vectors that every model makes. A purpose that needs fewer vectors takes less time.
"""


def require_purpose(purpose: str) -> None:
    """Refuse, before any photo is read, a purpose that does not exist.

    Raises
    ------
    InputError
        When it is none of those in `Purpose`.
    """
    if purpose not in get_args(Purpose):
        raise InputError(
            "purpose of the faces",
            rule=f"is one of {', '.join(get_args(Purpose))}",
            got=repr(purpose),
            next_step='Say "gallery" for faces to keep, "search" for probes.',
        )


@dataclass(frozen=True, eq=False)
class FaceVectors:
    """The vectors of n faces for a gallery, and the vectors with which to search for them.

    A model may judge whether a face is degraded, and search for a degraded face with another
    vector. It does so only for the purpose "search". For any other purpose `degraded` is None and
    `probes` are the vectors of the faces themselves, if judging them takes longer.

    Parameters
    ----------
    kept
        The vectors that a gallery keeps, by name: float32 arrays of shape (n, d) with unit rows.
        Vectors that only a gallery needs are absent for any other purpose.
    probes
        float32 array of shape (n, d), unit rows: the vectors with which to search for the faces.
    compared_with
        For each face, the name of the enrolled vectors that its probe is compared with.
    degraded
        For each face, whether the model takes it for a degraded one; None if nobody judged. False
        for a model that makes no difference.
    """

    kept: Mapping[str, NDArray[np.float32]]
    probes: NDArray[np.float32]
    compared_with: tuple[str, ...]
    degraded: tuple[bool | None, ...]

    @classmethod
    def of_one_kind(
        cls, vectors: NDArray[np.float32], *, degraded: bool | None = False
    ) -> FaceVectors:
        """Return the vectors of a model that makes one vector of each face."""
        count = len(vectors)
        return cls({FACE: vectors}, vectors, (FACE,) * count, (degraded,) * count)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The vectors that every model makes, under the name `FACE`."""
        return self.kept[FACE]


class Embedder(Protocol):
    """Turns aligned crops into vectors."""

    @property
    def record(self) -> ModelRecord:
        """The facts of the model."""
        ...

    @property
    def identity(self) -> ModelIdentity:
        """The facts that a gallery must store; the weights hash is of the file really loaded."""
        ...

    @property
    def precision(self) -> str:
        """The precision in which the vectors are computed, such as "float32"."""
        ...

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return unit vectors, float32 of shape (n, d), for RGB crops, uint8 (n, size, size, 3)."""
        ...

    def embed_all(self, crops: NDArray[np.uint8], *, purpose: Purpose = "gallery") -> FaceVectors:
        """Return all vectors of the crops, by name.

        What the purpose does not need is left out.
        """
        ...
