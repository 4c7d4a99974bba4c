"""Cast shadows: the share of the lamp that each vertex sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matcher.synthetic.rendering.assembly import Material, Mesh
from matcher.synthetic.rendering.raster import rasterise
from matcher.synthetic.rendering.vectors import rotate, unit
from matcher.synthetic.shape import smoothstep

Float = NDArray[np.float32]


def visibility(mesh: Mesh, lamp: Float, softness: float) -> Float:
    """Return float32 (n,) in [0, 1]: the share of the lamp that each vertex sees.

    Parameters
    ----------
    lamp
        Unit vector towards the lamp, in the head's frame.
    softness
        Angular radius of the lamp in radians.
    """
    size, rays = 144, 3
    side = unit(np.cross([0.0, 1.0, 0.0], lamp))
    over = np.cross(lamp, side)
    seen = np.zeros(len(mesh.vertices), np.float32)
    casts = mesh.material != Material.FRAME
    casts &= (mesh.material != Material.HAIR) | (mesh.level[mesh.faces].mean(axis=1) < 0.8)
    faces = mesh.faces[casts]
    reach = 0.85 * mesh.head.height
    for turn in np.arange(rays) * 2 * np.pi / rays:
        jitter = softness * (np.cos(turn) * side + np.sin(turn) * over)
        axis = unit(lamp + jitter)
        right = unit(np.cross([0.0, 1.0, 0.0], axis))
        frame = np.stack([right, np.cross(axis, right), -axis])
        screen = rotate(mesh.vertices, frame)
        screen[:, :2] = (screen[:, :2] / reach + 1) * size / 2
        depth = rasterise(screen, faces, size).depth
        seen += _lit(screen, depth, 0.035 * mesh.head.height)
    return np.asarray(seen / rays, np.float32)


def _lit(screen: Float, depth: Float, bias: float) -> Float:
    size = len(depth)
    cell = np.rint(screen[:, :2]).astype(np.int64)
    lit = np.zeros(len(screen), np.float32)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            x, y = (np.clip(cell[:, k] + d, 0, size - 1) for k, d in ((0, dx), (1, dy)))
            lit += smoothstep(2 * bias, bias, screen[:, 2] - depth[y, x])
    return np.asarray(lit / 9, np.float32)
