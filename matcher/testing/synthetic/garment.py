"""A garment around the neck: a generated sheet from the collar down, with nobody inside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matcher.testing.synthetic.asset import load_pack
from matcher.testing.synthetic.geometry import Head, vertex_normals

Float = NDArray[np.float32]
_AROUND = 48


@dataclass(frozen=True)
class Garment:
    """What is worn in one photo.

    Parameters
    ----------
    colour, second
        Linear sRGB of the cloth and of its band or stripes.
    collar
        Height of the collar along the neck, decimetres.
    stripes
        Stripes per decimetre; 0 for plain cloth.
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
    """Triangles of cloth; `along` runs from 0 at the rim of the collar to 1 at the last ring."""

    vertices: Float
    normals: Float
    faces: NDArray[np.int64]
    along: Float


def garment_mesh(head: Head, garment: Garment) -> GarmentMesh:
    """Return cloth that starts on the neck of `head` and falls over imagined shoulders."""
    turn = np.linspace(0, 2 * math.pi, _AROUND + 1)
    neck = _neck_ring(head, turn)
    scale = head.height / 2.4
    middle = neck[:-1].mean(axis=0)
    out = neck - middle
    out[:, 1] = 0
    out /= np.sqrt((out**2).sum(axis=1, keepdims=True))
    up = np.array([0.0, 1.0, 0.0])
    rings = [
        neck - 0.02 * out * scale - 0.10 * up * scale,
        neck + 0.015 * out * scale + garment.collar * up * scale,
        neck + 0.055 * out * scale + (garment.collar + 0.005) * up * scale,
        neck + 0.085 * out * scale + (garment.collar - 0.06) * up * scale,
        neck + 0.10 * out * scale - 0.03 * up * scale,
    ]
    half = garment.shoulders * head.height
    depth = 0.52 * half
    for t in np.linspace(0.12, 1, 9):
        wide = np.stack([half * np.sin(turn), 0 * turn, depth * np.cos(turn)], axis=1)
        target = middle + wide - up * scale * 0.10
        blend = t**0.9
        ring = rings[4] * (1 - blend) + target * blend
        flank = np.abs(np.sin(turn))
        slope = (0.34 * t**1.25 * flank + 0.30 * t * (1 - flank)) * scale + 0.10 * scale * t**5
        ring[:, 1] = neck[:, 1] * (1 - t) + middle[1] * t - slope - 0.04 * scale
        rings.append(ring)
    for fall in (0.25, 0.8, 2.2):
        ring = rings[13].copy()
        ring[:, 1] -= fall * scale
        ring[:, (0, 2)] = middle[[0, 2]] + (ring[:, (0, 2)] - middle[[0, 2]]) * (1.03 + 0.02 * fall)
        rings.append(ring)
    vertices = np.concatenate(rings).astype(np.float32)
    faces = _sheet(len(rings))
    normals = vertex_normals(vertices, faces)
    outward = vertices - (middle - np.array([0.0, 0.6 * scale, 0.0]))
    normals *= np.sign((normals * outward).sum(axis=1, keepdims=True) + 1e-9)
    along = np.repeat(np.linspace(0, 1, len(rings)), _AROUND + 1)
    return GarmentMesh(vertices, normals, faces, along.astype(np.float32))


@lru_cache(maxsize=1)
def _neck_edge() -> NDArray[np.int64]:
    """Vertices on the rim where the neck ends."""
    faces = load_pack().faces_of("skin")
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    return np.unique(unique[count == 1])


def _neck_ring(head: Head, turn: NDArray[np.float64]) -> NDArray[np.float64]:
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
