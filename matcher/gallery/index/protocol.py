"""The protocols of an index.

The rule of this package: exact search is the truth. A faster index may propose any candidates. The
scores that leave the gallery are cosines of the stored vectors, and equal scores come in the order
of face ids.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

IndexKind = str
"""Name of a kind of index: "auto", or one of `matcher.gallery.index.KINDS`."""


class FaceIndex(Protocol):
    """Finds the nearest vectors. Row numbers are face ids, int64, > 0."""

    @property
    def kind(self) -> str:
        """Name of the kind."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def lossless(self) -> bool:
        """Whether `vectors` returns what was added, bit for bit, and `search` true cosines."""
        ...

    def __len__(self) -> int:
        """Return the number of faces."""
        ...

    def ids(self) -> NDArray[np.int64]:
        """Return all face ids, ascending."""
        ...

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, float32 of shape (n, d); InputError for bad vectors or known ids."""
        ...

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove the faces that the index holds, with their vectors; return how many it held."""
        ...

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of faces that the index holds, float32 of shape (n, d)."""
        ...

    def search(
        self,
        queries: NDArray[np.float32],
        k: int,
        allowed: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the k nearest faces of each query, best first, equal scores by face id.

        Parameters
        ----------
        queries
            float32 array of shape (n, d), unit rows.
        k
            Number of faces to return, >= 1.
        allowed
            Face ids to search among; None for all.

        Returns
        -------
        scores
            float32 array of shape (n, k): cosine similarity in [-1, 1]; -inf where there is no
            face.
        face_ids
            int64 array of shape (n, k); -1 where there is no face.
        """
        ...
