"""Hair that follows the skull: shells over the scalp, curtains of long hair, a bun."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matcher.testing.synthetic.asset import load_pack
from matcher.testing.synthetic.geometry import Head, vertex_normals
from matcher.testing.synthetic.noise import noise, smoothstep

Float = NDArray[np.float32]
SHELLS = 4
SKULL_Z = -0.62
"""Depth of the vertical axis through the skull in the pack's rest frame, decimetres."""


@dataclass(frozen=True)
class Hairdo:
    """How the hair is worn in one photo.

    Parameters
    ----------
    volume
        Thickness over the scalp, decimetres.
    length
        How far hair hangs below the eyes, decimetres; 0 for hair that does not hang.
    fringe
        How far the hairline comes down over the forehead, decimetres.
    bun
        Whether the hair is tied up at the back of the crown.
    curl
        From 0 (straight) to 1 (coily).
    parting
        Horizontal place of the parting in [-1, 1].
    seed
        Of the strands.
    """

    volume: float
    length: float
    fringe: float
    bun: bool
    curl: float
    parting: float
    seed: int


@dataclass(frozen=True, eq=False)
class HairMesh:
    """Triangles of hair and, at each vertex, what the strand texture needs.

    Parameters
    ----------
    vertices, normals
        float32 (n, 3), head frame.
    faces
        int64 (m, 3).
    strand
        float32 (n, 3): coordinates across, across and along the strands.
    cover
        float32 (n,): 1 in full hair, 0 where it ends.
    level
        float32 (n,): 0 at the roots, 1 at the outermost shell.
    """

    vertices: Float
    normals: Float
    faces: NDArray[np.int64]
    strand: Float
    cover: Float
    level: Float


def hairline(rest: NDArray[np.floating], hairdo: Hairdo) -> Float:
    """Signed distance above the hairline of (n, 3) rest positions, decimetres, roughly."""
    x, y, z = rest[:, 0], rest[:, 1], rest[:, 2]
    turn = np.degrees(np.arctan2(np.abs(x), z - SKULL_Z))
    low = np.interp(turn, _TURNS, _LINE) - hairdo.fringe * smoothstep(52, 34, turn)
    wobble = 0.10 * (noise(rest, 5.0, hairdo.seed) - 0.5)
    ear = np.hypot((y + 0.16) / 0.34, (z + 0.70) / 0.24)
    around_ear = np.where(np.abs(x) > 0.5, (ear - 1) * 0.3, 1.0)
    return np.minimum(y - low + wobble, around_ear).astype(np.float32)


_TURNS = [0, 20, 38, 50, 62, 70, 80, 95, 110, 130, 180]
_LINE = [0.72, 0.71, 0.66, 0.52, 0.26, -0.10, 0.05, 0.10, -0.30, -0.78, -0.86]
"""Height of the hairline above the eyes by angle from the front, decimetres: forehead, temple,
sideburn, over the ear, nape."""


def hair_mesh(head: Head, hairdo: Hairdo) -> HairMesh:
    """Return all the geometry of a hairdo on a head."""
    scalp = _scalp()
    vertices, normals = scalp.refine(head.vertices), scalp.refine(head.normals)
    above = hairline(scalp.rest, hairdo)
    outer, shells = _shells(vertices, normals, above, hairdo, scalp)
    parts = [shells]
    if hairdo.length > 0:
        parts.append(_curtain(outer, above, head, hairdo))
    if hairdo.bun:
        parts.append(_bun(outer, head, hairdo))
    return _join(parts)


@dataclass(frozen=True, eq=False)
class _Scalp:
    """The skin triangles that can carry hair, each cut into four."""

    ends: NDArray[np.int64]
    rest: Float
    faces: NDArray[np.int64]

    def refine(self, values: NDArray[np.floating]) -> Float:
        """Carry (n, 3) values of the pack's vertices over to the finer mesh."""
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
    """Strands that part at the parting, fall to the sides, and run forward on the forehead."""
    x = rest[:, 0] - 0.35 * hairdo.parting
    away = np.stack([x, rest[:, 1] - 0.95, rest[:, 2] - (SKULL_Z - 0.25)], axis=1)
    angle = np.arctan2(away[:, 0], away[:, 2])
    along = np.sqrt((away**2).sum(axis=1))
    return np.stack([np.cos(angle) * 1.6, np.sin(angle) * 1.6, along * 0.22], 1).astype(np.float32)


def _curtain(outer: Float, above: Float, head: Head, hairdo: Hairdo) -> HairMesh:
    """Long hair: a sheet from temple to temple around the back, hanging from the shells."""
    columns, rows = 56, 16
    scale = head.height / 2.4
    centre = np.array([0.0, 0.0, _middle(outer[:, 2])])
    covered = outer[above > 0.05]
    turn = np.arctan2(covered[:, 0], covered[:, 2] - centre[2])
    reach = np.hypot(covered[:, 0], covered[:, 2] - centre[2])
    front = math.radians(66)
    theta = np.linspace(front, 2 * math.pi - front, columns)
    widest = np.array([_widest(turn, reach, t) for t in theta])
    widest = _smooth(widest)
    top, bottom = 0.42 * scale, -hairdo.length * scale
    wave = noise(np.stack([theta * 3, theta * 0, theta * 0], 1), 1.3, hairdo.seed + 2) - 0.5
    down = np.linspace(0, 1, rows)[:, None]
    y = top + (bottom - top) * down + 0.10 * wave[None] * down
    swell = 0.015 + (0.05 + 0.10 * hairdo.volume) * np.sin(math.pi * np.clip(down * 1.2, 0, 1))
    ripple = noise(
        np.stack(
            np.broadcast_arrays(theta[None] * 4, down * (2 + 5 * hairdo.curl), down * 0), -1
        ).reshape(-1, 3),
        1.5,
        hairdo.seed + 3,
    ).reshape(rows, columns)
    radius = widest[None] * (1 - 0.05 * down) + swell + (0.05 + 0.10 * hairdo.curl) * (ripple - 0.5)
    points = np.stack(
        [radius * np.sin(theta), y, centre[2] + radius * np.cos(theta) * 0.97], axis=-1
    )
    inner = points * np.array([0.93, 1.0, 0.97])
    sheets = [points.reshape(-1, 3), inner.reshape(-1, 3)]
    grid = _grid(rows, columns)
    strand = np.stack(
        np.broadcast_arrays(
            np.sin(theta)[None] * 1.6, np.cos(theta)[None] * 1.6, y * (0.25 + 0.5 * hairdo.curl)
        ),
        -1,
    ).reshape(-1, 3)
    edge = np.minimum(np.arange(columns), np.arange(columns)[::-1]) / 5
    ends = np.clip((1 - down) * 3.0, 0, 1) * np.clip(edge + 0.15, 0, 1)[None]
    normals = vertex_normals(sheets[0], grid)
    outward = sheets[0] - centre
    normals *= np.sign((normals * outward).sum(axis=1, keepdims=True))
    return HairMesh(
        vertices=np.concatenate(sheets).astype(np.float32),
        normals=np.tile(normals, (2, 1)).astype(np.float32),
        faces=np.concatenate([grid, grid + rows * columns]),
        strand=np.tile(strand, (2, 1)).astype(np.float32),
        cover=np.tile(ends.ravel(), 2).astype(np.float32),
        level=np.repeat(np.array([0.6, 0.25], np.float32), rows * columns),
    )


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
    faces = _grid(rows, columns)
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


def _join(parts: list[HairMesh]) -> HairMesh:
    start = np.cumsum([0] + [len(part.vertices) for part in parts])
    return HairMesh(
        vertices=np.concatenate([part.vertices for part in parts]),
        normals=np.concatenate([part.normals for part in parts]),
        faces=np.concatenate([part.faces + s for part, s in zip(parts, start, strict=False)]),
        strand=np.concatenate([part.strand for part in parts]),
        cover=np.concatenate([part.cover for part in parts]),
        level=np.concatenate([part.level for part in parts]),
    )


def _grid(rows: int, columns: int) -> NDArray[np.int64]:
    start = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)[None]).ravel()
    near = np.stack([start, start + 1, start + columns], axis=1)
    far = np.stack([start + 1, start + columns + 1, start + columns], axis=1)
    return np.concatenate([near, far])


def _middle(values: Float) -> float:
    return float((values.min() + values.max()) / 2)


def _widest(turn: NDArray[np.floating], reach: NDArray[np.floating], at: float) -> float:
    apart = np.abs((turn - at + math.pi) % (2 * math.pi) - math.pi)
    return float(reach[apart < 0.22].max(initial=0.3))


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values, 3, mode="edge")
    return np.asarray(np.convolve(padded, np.ones(7) / 7, mode="valid"))
