"""What a model makes of faces: to be kept, to be searched for, and how it saw them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Looks:
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
    def near(cls, vectors: NDArray[np.float32]) -> Looks:
        """Return the looks of a model that has no distant one."""
        return cls(vectors, None, vectors, np.zeros(len(vectors), np.bool_))
