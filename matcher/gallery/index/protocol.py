"""What an index must do.

The law of this room: exact search is the truth. Whatever a faster index proposes, the scores that
leave the gallery are cosines of the stored vectors, and equal scores come in the order of face ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

IndexKind = str
"""Name of a kind of index: "auto", or one of `matcher.gallery.index.KINDS`."""

SERVED: Final = "milvus:"
"""What the address of a Milvus server begins with, where the name of a kind is expected."""


class FaceIndex(Protocol):
    """Finds the nearest vectors. Row numbers are face ids, int64, > 0."""

    @property
    def kind(self) -> str:
        """Which kind it is."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def lossless(self) -> bool:
        """Whether `vectors` returns what was added, bit for bit, and `search` true cosines."""
        ...

    @property
    def learns(self) -> bool:
        """Whether `train` makes a difference."""
        ...

    def __len__(self) -> int:
        """Return the number of faces."""
        ...

    def ids(self) -> NDArray[np.int64]:
        """Return all face ids, ascending."""
        ...

    def train(self, sample: NDArray[np.float32], faces: int) -> None:
        """Learn from a sample, before `faces` vectors are added; most kinds learn nothing."""
        ...

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, float32 of shape (n, d); InputError for bad vectors or known ids."""
        ...

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove the faces that are there, their vectors included; return how many there were."""
        ...

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of faces that are there, float32 of shape (n, d)."""
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
            How many, >= 1.
        allowed
            Face ids among which to search; None for all.

        Returns
        -------
        scores
            float32 array of shape (n, k): cosine similarity in [-1, 1]; -inf where there is none.
        face_ids
            int64 array of shape (n, k); -1 where there is none.
        """
        ...


class FileIndex(FaceIndex, Protocol):
    """An index that lies in memory, and in a file between times."""

    @property
    def needs_rebuild(self) -> bool:
        """Whether so much was added or removed that it should be built anew."""
        ...

    def row_ids(self) -> NDArray[np.int64]:
        """Return the face id of each row as written by `write`, -1 for emptied rows."""
        ...

    def write(self, write: Callable[[bytes], object]) -> None:
        """Hand all but the row ids to `write`, in pieces."""
        ...

    def read(self, ids: NDArray[np.int64], read: Callable[[int], bytes]) -> None:
        """Become what was written, given the row ids, and the rest from `read`, in pieces."""
        ...
