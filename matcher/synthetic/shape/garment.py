"""A garment around the neck: a generated sheet from the collar down, without a body inside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matcher.synthetic.shape.head import Head, vertex_normals
from matcher.synthetic.shape.head_asset import load_pack

Float = NDArray[np.float32]
Array = NDArray[np.float64]
_AROUND = 48
_LAST_SHOULDER = 13
"""Index of the outermost ring of the shoulders."""


@dataclass(frozen=True)
class Garment:
    """The garment in one photo.

    Parameters
    ----------
    colour, second
        Linear sRGB of the cloth and of its band or stripes.
    collar
        Height of the collar along the neck, decimetres.
    stripes
        Stripes per decimetre; 0 means plain cloth.
    shoulders
        Half the width of the shoulders, in head heights.
    """

    colour: tuple[float, float, float]
    second: tuple[float, float, float]
    collar: float
    stripes: float
    shoulders: float


@dataclass(frozen=True, eq=False)
class GarmentMesh:
    """Triangles of cloth. `along` runs from 0 at the collar's rim to 1 at the last ring."""

    vertices: Float
    normals: Float
    faces: NDArray[np.int64]
    along: Float


def garment_mesh(head: Head, garment: Garment) -> GarmentMesh:
    """Return cloth that starts at the neck of `head` and falls over imagined shoulders."""
    turn = np.linspace(0, 2 * math.pi, _AROUND + 1)
    neck = _neck_ring(head, turn)
    scale = head.height / 2.4
    middle = neck[:-1].mean(axis=0)
    rings = _collar(neck, middle, garment.collar, scale)
    rings += _shoulders(rings[-1], neck, middle, turn, garment.shoulders * head.height)
    for fall in (0.25, 0.8, 2.2):
        ring = (rings[-1] - middle) * np.array([1.03, 1.0, 1.03]) + middle
        ring[:, 1] = rings[_LAST_SHOULDER][:, 1] - fall * scale
        rings.append(ring)
    vertices = np.concatenate(rings).astype(np.float32)
    faces = _sheet(len(rings))
    normals = vertex_normals(vertices, faces)
    outward = vertices - (middle - np.array([0.0, 0.6 * scale, 0.0]))
    normals *= np.sign((normals * outward).sum(axis=1, keepdims=True) + 1e-9)
    along = np.repeat(np.linspace(0, 1, len(rings)), _AROUND + 1)
    return GarmentMesh(vertices, normals, faces, along.astype(np.float32))


def _collar(neck: Array, middle: Array, height: float, scale: float) -> list[Array]:
    """Return five rings: from inside the neck up to the rim of the collar and down outside."""
    out = (neck - middle) * np.array([1.0, 0.0, 1.0])
    out /= np.sqrt((out**2).sum(axis=1, keepdims=True))
    up = np.array([0.0, 1.0, 0.0])
    steps = (
        (-0.02, -0.10),
        (0.015, height),
        (0.055, height + 0.005),
        (0.085, height - 0.05),
        (0.10, -0.08),
    )
    return [neck + (away * out + rise * up) * scale for away, rise in steps]


def _shoulders(collar: Array, neck: Array, middle: Array, turn: Array, half: float) -> list[Array]:
    """Return nine rings that slope from the collar out to half the width of the shoulders."""
    scale = half / 2.0
    edge = np.stack([half * np.sin(turn), 0 * turn, 0.52 * half * np.cos(turn)], axis=1) + middle
    flank = np.abs(np.sin(turn))
    rings = []
    for t in np.linspace(0.12, 1, 9):
        ring = collar + (edge - collar) * t**0.9
        slope = 0.34 * t**1.25 * flank + 0.30 * t * (1 - flank) + 0.10 * t**5
        level = neck[:, 1] * (1 - t) + middle[1] * t
        ring[:, 1] = np.minimum(level - slope * scale, collar[:, 1] - 0.15 * t * scale)
        rings.append(ring)
    return rings


@lru_cache(maxsize=1)
def _neck_edge() -> NDArray[np.int64]:
    """Return the vertices on the rim where the neck ends."""
    faces = load_pack().faces_of("skin")
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    return np.unique(unique[count == 1])


def _neck_ring(head: Head, turn: NDArray[np.float64]) -> Array:
    """Return the rim of the neck at the given angles around it, (n, 3)."""
    rim = head.vertices[_neck_edge()].astype(np.float64)
    middle = (rim.min(axis=0) + rim.max(axis=0)) / 2
    angle = np.arctan2(rim[:, 0] - middle[0], rim[:, 2] - middle[2]) % (2 * math.pi)
    order = np.argsort(angle)
    return np.stack(
        [np.interp(turn, angle[order], rim[order, axis], period=2 * math.pi) for axis in range(3)],
        axis=1,
    )


def _sheet(rings: int) -> NDArray[np.int64]:
    width = _AROUND + 1
    start = (np.arange(rings - 1)[:, None] * width + np.arange(_AROUND)[None]).ravel()
    near = np.stack([start, start + 1, start + width], axis=1)
    far = np.stack([start + 1, start + width + 1, start + width], axis=1)
    return np.concatenate([near, far])
