"""Hair that follows the skull: shells over the scalp, long hair, a bun."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matcher.synthetic.shape.hairdo import Hairdo, HairMesh, grid, join
from matcher.synthetic.shape.head import Head, vertex_normals
from matcher.synthetic.shape.head_asset import load_pack
from matcher.synthetic.shape.long_hair import long_hair_mesh
from matcher.synthetic.shape.noise import noise, smoothstep

Float = NDArray[np.float32]
SHELLS = 4
SKULL_Z = -0.62
"""Depth of the vertical axis through the skull in the pack's rest frame, decimetres."""


def hairline(rest: NDArray[np.floating], hairdo: Hairdo) -> Float:
    """Return the rough signed distance of (n, 3) rest positions above the hairline, in dm."""
    x, y, z = rest[:, 0], rest[:, 1], rest[:, 2]
    turn = np.degrees(np.arctan2(np.abs(x), z - SKULL_Z))
    low = np.interp(turn, _TURNS, _LINE) - hairdo.fringe * smoothstep(52, 34, turn)
    wobble = 0.10 * (noise(rest, 5.0, hairdo.seed) - 0.5)
    ear = np.hypot((y + 0.16) / 0.34, (z + 0.70) / 0.24)
    around_ear = np.where(np.abs(x) > 0.5, (ear - 1) * 0.3, 1.0)
    return np.asarray(np.minimum(y - low + wobble, around_ear), np.float32)


_TURNS = [0, 20, 38, 50, 62, 70, 80, 95, 110, 130, 180]
_LINE = [0.72, 0.71, 0.66, 0.52, 0.26, -0.10, 0.05, 0.10, -0.30, -0.78, -0.86]
"""Height of the hairline above the eyes by angle from the front, decimetres: forehead, temple,
sideburn, over the ear, nape."""


def hair_mesh(head: Head, hairdo: Hairdo) -> HairMesh:
    """Return the whole geometry of a hairdo on a head."""
    scalp = _scalp()
    vertices, normals = scalp.refine(head.vertices), scalp.refine(head.normals)
    above = hairline(scalp.rest, hairdo)
    outer, shells = _shells(vertices, normals, above, hairdo, scalp)
    parts = [shells]
    if hairdo.length > 0:
        parts.append(long_hair_mesh(outer[above > 0.03], head, hairdo))
    if hairdo.bun:
        parts.append(_bun(outer, head, hairdo))
    return join(parts)


@dataclass(frozen=True, eq=False)
class _Scalp:
    """The skin triangles that can carry hair, each cut into four triangles."""

    ends: NDArray[np.int64]
    rest: Float
    faces: NDArray[np.int64]

    def refine(self, values: NDArray[np.floating]) -> Float:
        """Interpolate (n, 3) values of the pack's vertices on the finer mesh."""
        return np.asarray((values[self.ends[:, 0]] + values[self.ends[:, 1]]) / 2, np.float32)


@lru_cache(maxsize=1)
def _scalp() -> _Scalp:
    pack = load_pack()
    faces = pack.faces_of("skin")
    bald = Hairdo(0, 0, 0.45, False, 0, 0, 0)
    reachable = hairline(pack.vertices, bald) > -0.2
    outside = (pack.masks["ears"] < 0.5) & (pack.masks["mouth"] < 0.5)
    faces = faces[(reachable & outside)[faces].all(axis=1)]
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    corners = np.unique(faces)
    middles, place = np.unique(edges, axis=0, return_inverse=True)
    ends = np.concatenate([np.stack([corners, corners], axis=1), middles])
    old = np.searchsorted(corners, faces)
    new = len(corners) + place.reshape(3, -1).T
    a, b, c = old.T
    ab, bc, ca = new.T
    finer = np.concatenate(
        [np.stack(t, axis=1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    )
    rest = (pack.vertices[ends[:, 0]] + pack.vertices[ends[:, 1]]) / 2
    return _Scalp(ends, rest.astype(np.float32), finer)


def _shells(
    vertices: Float, normals: Float, above: Float, hairdo: Hairdo, scalp: _Scalp
) -> tuple[Float, HairMesh]:
    rest = scalp.rest
    lumps = noise(rest, 3.2 + 2.0 * hairdo.curl, hairdo.seed + 1) - 0.5
    gap = np.abs(rest[:, 0] - 0.35 * hairdo.parting) / 0.10
    parting = 1 - 0.45 * np.exp(-(gap**2)) * (rest[:, 2] > SKULL_Z - 0.2) * (hairdo.curl < 0.6)
    ramp = 0.12 + 0.5 * hairdo.volume
    thick = hairdo.volume * smoothstep(-0.02, ramp + 0.22, above) * parting
    crown = 1 + 0.35 * smoothstep(0.3, 1.0, rest[:, 1]) * (hairdo.curl < 0.75)
    thick = thick * crown * (1 + (0.35 + 0.5 * hairdo.curl) * lumps)
    kept = scalp.faces[(above[scalp.faces] > -0.08).any(axis=1)]
    strand = _scalp_strands(rest, hairdo)
    count, layers = len(vertices), []
    for k in range(1, SHELLS + 1):
        level = k / SHELLS
        shell = vertices + normals * (thick * level + 0.006)[:, None]
        if k == SHELLS:
            normals = vertex_normals(shell, scalp.faces)
        layers.append((shell, np.full(count, level, np.float32), kept + (k - 1) * count))
    outer = layers[-1][0]
    return outer, HairMesh(
        vertices=np.concatenate([layer[0] for layer in layers]).astype(np.float32),
        normals=np.tile(normals, (SHELLS, 1)),
        faces=np.concatenate([layer[2] for layer in layers]),
        strand=np.tile(strand, (SHELLS, 1)),
        cover=np.tile(np.clip(above / 0.16, -1, 1), SHELLS).astype(np.float32),
        level=np.concatenate([layer[1] for layer in layers]),
    )


def _scalp_strands(rest: Float, hairdo: Hairdo) -> Float:
    """Return strands that part at the parting, fall sideways, run forward on the forehead."""
    x = rest[:, 0] - 0.35 * hairdo.parting
    away = np.stack([x, rest[:, 1] - 0.95, rest[:, 2] - (SKULL_Z - 0.25)], axis=1)
    angle = np.arctan2(away[:, 0], away[:, 2])
    along = np.sqrt((away**2).sum(axis=1))
    return np.stack([np.cos(angle) * 1.6, np.sin(angle) * 1.6, along * 0.22], 1).astype(np.float32)


def _bun(outer: Float, head: Head, hairdo: Hairdo) -> HairMesh:
    rows, columns = 12, 20
    size = (0.26 + 0.05 * hairdo.curl) * head.height / 2.4
    tip = outer[np.argmax(outer[:, 1] - 0.35 * outer[:, 2])]
    polar = np.linspace(0, math.pi, rows)[:, None]
    turn = np.linspace(0, 2 * math.pi, columns)[None]
    ball = np.stack(
        np.broadcast_arrays(
            np.sin(polar) * np.cos(turn), np.cos(polar) * 0.85, np.sin(polar) * np.sin(turn)
        ),
        -1,
    ).reshape(-1, 3)
    faces = grid(rows, columns)
    ones = np.ones(len(ball), np.float32)
    strand = np.stack([ball[:, 1], ball[:, 2], 0.2 * ball[:, 0]], axis=1)
    return HairMesh(
        vertices=(np.array([0.0, *tip[1:]]) + size * ball).astype(np.float32),
        normals=ball.astype(np.float32),
        faces=faces,
        strand=strand.astype(np.float32),
        cover=ones,
        level=0.5 * ones,
    )
