"""The description of a hairdo, and the mesh that hair is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


@dataclass(frozen=True)
class Hairdo:
    """The hairdo in one photo.

    Parameters
    ----------
    volume
        Thickness over the scalp, decimetres.
    length
        Length by which hair hangs below the eyes, decimetres; 0 for hair that does not hang.
    fringe
        Distance by which the hairline comes down over the forehead, decimetres.
    bun
        Whether the hair is tied up at the back of the crown.
    curl
        Curl, from 0 (straight) to 1 (coily).
    parting
        Horizontal position of the parting in [-1, 1].
    seed
        Seed of the strands.
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
    """Triangles of hair, and the values that the strand texture needs at each vertex.

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


def join(parts: Sequence[HairMesh]) -> HairMesh:
    """Join several meshes into one."""
    start = np.cumsum([0] + [len(part.vertices) for part in parts])
    return HairMesh(
        vertices=np.concatenate([part.vertices for part in parts]),
        normals=np.concatenate([part.normals for part in parts]),
        faces=np.concatenate([part.faces + s for part, s in zip(parts, start, strict=False)]),
        strand=np.concatenate([part.strand for part in parts]),
        cover=np.concatenate([part.cover for part in parts]),
        level=np.concatenate([part.level for part in parts]),
    )


def grid(rows: int, columns: int) -> NDArray[np.int64]:
    """Return the triangles of a sheet of rows x columns vertices, numbered row by row."""
    start = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)[None]).ravel()
    near = np.stack([start, start + 1, start + columns], axis=1)
    far = np.stack([start + 1, start + columns + 1, start + columns], axis=1)
    return np.concatenate([near, far])
