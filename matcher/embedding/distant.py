"""A face as it would look from afar, so that what is worn is compared with what is worn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.embedding.record import Embedder

_CUBIC = Image.Resampling.BICUBIC


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
    distant = embedder.embed(from_afar(crops, look.pixels))
    return Looks(vectors, distant, np.einsum("nd,nd->n", vectors, distant) > look.worn_above)


def from_afar(crops: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """Return crops shrunk to `pixels` across and brought back, both uint8 (n, size, size, 3).

    Shrinking averages over the pixels that become one, as a camera does.
    """
    size = crops.shape[1]
    seen = np.empty_like(crops)
    for row, crop in enumerate(crops):
        small = Image.fromarray(crop).resize((pixels, pixels), _CUBIC)
        seen[row] = np.asarray(small.resize((size, size), _CUBIC))
    return seen
