"""Operations on rows of three-vectors, written out by component.

NumPy's reductions over an axis of length three are several times slower than the same sums written
out. BLAS is never called, because its rounding changes with the number of threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Any = NDArray[np.floating]


def dot(a: Any, b: Any) -> Float:
    """Return the scalar products of (n, 3) rows with (n, 3) rows or with one (3,) vector."""
    b = np.asarray(b, np.float32)
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2])


def unit(a: Any) -> Float:
    """Return (n, 3) rows or one (3,) vector scaled to length 1."""
    length = np.sqrt(np.maximum(dot(a, a), 1e-18))
    return np.asarray(a / length[..., None], np.float32)


def rotate(a: Any, matrix: Any) -> Float:
    """Apply a (3, 3) matrix to (n, 3) rows."""
    return np.stack([dot(a, matrix[k]) for k in range(3)], axis=-1).astype(np.float32)


def blend(values: Float, corner: NDArray[np.int64], weights: Float) -> Float:
    """Interpolate values of vertices, (n,) or (n, c), at weights (m, 3) of corners (m, 3)."""
    w = weights if values.ndim == 1 else weights[..., None]
    mixed = values.take(corner[:, 0], axis=0) * w[:, 0]
    mixed += values.take(corner[:, 1], axis=0) * w[:, 1]
    mixed += values.take(corner[:, 2], axis=0) * w[:, 2]
    return np.asarray(mixed, np.float32)
