"""Smooth random textures over space, the same for everybody; vectorised and repeatable."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
_SIDE = 32  # a power of two: cells wrap round by masking bits


def noise(points: NDArray[np.floating], frequency: float, seed: int) -> Float:
    """Return float32 values in [0, 1] at (n, 3) points: a random lattice, smoothly interpolated.

    Parameters
    ----------
    points
        (n, 3) positions.
    frequency
        Lattice cells per unit of length.
    seed
        Shifts the lattice, so that the textures of two seeds appear unrelated.
    """
    shift = np.random.default_rng(seed).uniform(0, _SIDE, 3)
    scaled = np.asarray(points, np.float32) * np.float32(frequency) + shift.astype(np.float32)
    cell = np.floor(scaled)
    part = scaled - cell
    part = part * part * (3 - 2 * part)
    low = cell.astype(np.int32).T & (_SIDE - 1)
    high = (low + 1) & (_SIDE - 1)
    lattice = _lattice().ravel()
    x0, x1 = low[0] * _SIDE * _SIDE, high[0] * _SIDE * _SIDE
    y0, y1 = low[1] * _SIDE, high[1] * _SIDE
    z0, z1 = low[2], high[2]
    fx, fy, fz = part[:, 0], part[:, 1], part[:, 2]

    def along_z(corner: NDArray[np.int32]) -> Float:
        near, far = lattice.take(corner + z0), lattice.take(corner + z1)
        return np.asarray(near + (far - near) * fz)

    a, b = along_z(x0 + y0), along_z(x0 + y1)
    c, d = along_z(x1 + y0), along_z(x1 + y1)
    front, back = a + (b - a) * fy, c + (d - c) * fy
    return np.asarray(front + (back - front) * fx)


def grain(points: NDArray[np.floating], frequency: float, seed: int) -> Float:
    """Return float32 values in [0, 1] at (n, 3) points, one per lattice cell, not interpolated."""
    shift = np.random.default_rng(seed).integers(0, _SIDE, 3)
    cell = np.floor(np.asarray(points, np.float32) * np.float32(frequency)).astype(np.int32)
    x, y, z = (cell + shift.astype(np.int32)).T & (_SIDE - 1)
    return np.asarray(_lattice().ravel().take((x * _SIDE + y) * _SIDE + z))


@lru_cache(maxsize=1)
def _lattice() -> Float:
    return np.random.default_rng(7).random((_SIDE, _SIDE, _SIDE), dtype=np.float32)


def smoothstep(low: float, high: float, x: NDArray[np.floating]) -> Float:
    """Return 0 below `low`, 1 above `high`, a smooth ramp between. `low` may exceed `high`."""
    t = np.clip((np.asarray(x, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
