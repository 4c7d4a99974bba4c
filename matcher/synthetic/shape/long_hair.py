"""Long hair: a sheet that hangs from the scalp's hair, from temple to temple around the back."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from matcher.synthetic.shape.hairdo import Hairdo, HairMesh, grid
from matcher.synthetic.shape.head import Head, vertex_normals
from matcher.synthetic.shape.head_asset import load_pack
from matcher.synthetic.shape.noise import noise, smoothstep

Float = NDArray[np.float32]
Array = NDArray[np.float64]
_ROWS, _COLUMNS = 16, 56
_FRONT = math.radians(58)
"""Angle from straight ahead at which the sheet begins on each side of the face."""


def long_hair_mesh(outer: Float, head: Head, hairdo: Hairdo) -> HairMesh:
    """Return hair that hangs from the outermost shell.

    Parameters
    ----------
    outer
        float32 (n, 3): the shell's vertices that carry hair.
    head
        The head, whose ears the hair covers.
    hairdo
        The hairdo. Its length must be at least a little above 0.
    """
    scale = head.height / 2.4
    middle = float((outer[:, 2].min() + outer[:, 2].max()) / 2)
    theta = np.linspace(_FRONT, 2 * math.pi - _FRONT, _COLUMNS)
    down = np.linspace(0, 1, _ROWS)[:, None]
    heights = _heights(theta, down, scale, hairdo)
    radius = _shell_reach(outer, theta, heights.mean(axis=1), middle, scale)
    emerging = smoothstep(0.62 * scale, 0.0, heights)
    radius = radius * (0.84 + 0.16 * emerging)
    low = smoothstep(0.60 * scale, -0.10 * scale, heights)
    ears = np.clip(_ear_reach(head, theta, middle) - radius, 0, None)
    radius = radius * (1 - 0.04 * low * down) + ears * low + _swell(theta, down, hairdo)
    points = np.stack(
        [radius * np.sin(theta), heights, middle + 0.97 * radius * np.cos(theta)], axis=-1
    ).reshape(-1, 3)
    return _two_sheets(points, heights, theta, down, middle, hairdo)


def _heights(theta: Array, down: Array, scale: float, hairdo: Hairdo) -> Array:
    wave = noise(np.stack([theta * 3, theta * 0, theta * 0], 1), 1.3, hairdo.seed + 2) - 0.5
    top, bottom = 0.60 * scale, -hairdo.length * scale
    return np.asarray(top + (bottom - top) * down + 0.10 * wave * down)


def _swell(theta: Array, down: Array, hairdo: Hairdo) -> Array:
    """Return how far the sheet stands off: more half-way down, rippled in curly hair."""
    full = 0.015 + (0.05 + 0.10 * hairdo.volume) * np.sin(math.pi * np.clip(down * 1.2, 0, 1))
    where = np.broadcast_arrays(theta * 4, down * (2 + 5 * hairdo.curl), 0.0)
    ripple = noise(np.stack(where, axis=-1).reshape(-1, 3), 1.5, hairdo.seed + 3)
    ripple = ripple.reshape(_ROWS, _COLUMNS) - 0.5
    return np.asarray(full + (0.05 + 0.10 * hairdo.curl) * ripple)


def _two_sheets(
    points: Array, heights: Array, theta: Array, down: Array, middle: float, hairdo: Hairdo
) -> HairMesh:
    """Lay a second, thinner sheet inside the first, and give both sheets their strands."""
    sheet = grid(_ROWS, _COLUMNS)
    normals = vertex_normals(points, sheet)
    outward = (normals * (points - np.array([0.0, 0.0, middle]))).sum(axis=1, keepdims=True)
    normals *= np.sign(outward)
    around = (1.6 * np.sin(theta), 1.6 * np.cos(theta))
    along = heights * (0.25 + 0.5 * hairdo.curl)
    strand = np.stack(np.broadcast_arrays(*around, along), axis=-1).reshape(-1, 3)
    from_edge = np.minimum(np.arange(_COLUMNS), np.arange(_COLUMNS)[::-1]) / 5
    cover = np.clip(3 * (1 - down), 0, 1) * np.clip(from_edge + 0.15, 0, 1)
    inner = points * np.array([0.93, 1.0, 0.97])
    return HairMesh(
        vertices=np.concatenate([points, inner]).astype(np.float32),
        normals=np.tile(normals, (2, 1)).astype(np.float32),
        faces=np.concatenate([sheet, sheet + len(points)]),
        strand=np.tile(strand, (2, 1)).astype(np.float32),
        cover=np.tile(cover.ravel(), 2).astype(np.float32),
        level=np.repeat(np.array([0.6, 0.25], np.float32), len(points)),
    )


def _shell_reach(
    covered: Float,
    theta: NDArray[np.float64],
    heights: NDArray[np.floating],
    middle: float,
    scale: float,
) -> NDArray[np.float64]:
    """Return (heights, theta): the reach of the shells; below them, the widest reach above."""
    turn = np.arctan2(covered[:, 0], covered[:, 2] - middle)
    reach = np.hypot(covered[:, 0], covered[:, 2] - middle)
    rows: list[NDArray[np.float64]] = []
    for height in heights:
        near = np.abs(covered[:, 1] - height) < 0.13 * scale
        row = np.array([_widest(turn[near], reach[near], t) for t in theta])
        rows.append(np.maximum(_smooth(row), rows[-1] if rows else 0.0))
    return np.array(rows)


def _ear_reach(head: Head, theta: NDArray[np.float64], middle: float) -> NDArray[np.float64]:
    """Return the distance from the skull's axis at which hair covers the ears."""
    ears = head.vertices[load_pack().masks["ears"] > 0.5]
    turn = np.arctan2(ears[:, 0], ears[:, 2] - middle)
    reach = np.hypot(ears[:, 0], ears[:, 2] - middle) + 0.02
    return _smooth(np.array([_widest(turn, reach, t) for t in theta]))


def _widest(turn: NDArray[np.floating], reach: NDArray[np.floating], at: float) -> float:
    apart = np.abs((turn - at + math.pi) % (2 * math.pi) - math.pi)
    return float(reach[apart < 0.15].max(initial=0.3))


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values, 3, mode="edge")
    return np.asarray(np.convolve(padded, np.ones(7) / 7, mode="valid"))
