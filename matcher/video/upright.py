"""Turn a frame as the display matrix of the file says, as a phone writes that was held upright."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Turn = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

_MATRIX: Final = "9i"
_STRAIGHT: Final = 0.02  # largest share of a turn beside the axes


def turn_of(matrix: bytes | None) -> Turn | None:
    """Return what makes a stored frame upright; None if the matrix asks for another angle.

    Parameters
    ----------
    matrix
        Nine 32-bit numbers as FFmpeg gives them (a, b, u, c, d, v, x, y, w): a stored pixel (x, y)
        is shown at (a x + c y, b x + d y). None if the file has none.
    """
    if matrix is None:
        return as_stored
    if len(matrix) != struct.calcsize(_MATRIX):
        return None
    a, b, _, c, d, *_ = struct.unpack(_MATRIX, matrix)
    largest = max(map(abs, (a, b, c, d)))
    if largest == 0:
        return None
    along, across = max(abs(b), abs(c)), max(abs(a), abs(d))
    if along <= _STRAIGHT * largest and a and d:
        return lambda stored: stored[:: _step(d), :: _step(a)]
    if across <= _STRAIGHT * largest and b and c:
        return lambda stored: stored.swapaxes(0, 1)[:: _step(b), :: _step(c)]
    return None


def as_stored(stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a frame as it is."""
    return stored


def _step(factor: int) -> int:
    return 1 if factor > 0 else -1
