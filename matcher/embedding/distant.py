"""Faces at each look of a model, so that what is worn is compared with what is worn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.record import Embedder


@dataclass(frozen=True, eq=False)
class Looks:
    """The vectors of faces by each look.

    Parameters
    ----------
    vectors
        float32 array of shape (n, d), unit rows.
    distant
        Likewise, of the faces seen from afar; None when the model has no distant look.
    worn
        bool array of shape (n,): whether a face is so much the same from afar that it is worn or
        small itself, see `DistantLook`.
    """

    vectors: NDArray[np.float32]
    distant: NDArray[np.float32] | None
    worn: NDArray[np.bool_]


def embed_looks(embedder: Embedder, crops: NDArray[np.uint8]) -> Looks:
    """Return the vectors of aligned crops by each look that the model has.

    Parameters and errors are those of `Embedder.embed`.
    """
    vectors, look = embedder.embed(crops), embedder.record.distant
    if look is None:
        return Looks(vectors, None, np.zeros(len(vectors), np.bool_))
    distant = embedder.embed_from_afar(crops)
    return Looks(vectors, distant, np.einsum("nd,nd->n", vectors, distant) > look.worn_above)
