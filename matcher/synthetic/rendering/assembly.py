"""Join everything in front of the camera into one mesh."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from matcher.synthetic.person import Identity
from matcher.synthetic.rendering.scene import Scene
from matcher.synthetic.shape import Head, garment_mesh, hair_mesh, head_at, load_pack

Float = NDArray[np.float32]


class Material(IntEnum):
    """The material of a triangle."""

    SKIN = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LASHES = 3
    TEETH = 4
    HAIR = 5
    CLOTH = 6
    FRAME = 7


_MATERIAL_OF_PART = {
    "skin": Material.SKIN,
    "left_eye": Material.LEFT_EYE,
    "right_eye": Material.RIGHT_EYE,
    "left_lashes": Material.LASHES,
    "right_lashes": Material.LASHES,
    "upper_teeth": Material.TEETH,
    "lower_teeth": Material.TEETH,
}


@dataclass(frozen=True, eq=False)
class Mesh:
    """One mesh in the head's frame.

    Parameters
    ----------
    head
        The head that the mesh was built on. Its vertices come first.
    vertices, normals
        float32 (n, 3).
    faces
        int64 (m, 3).
    material
        uint8 (m,): a `Material` for each triangle.
    texture
        float32 (n, 3): on the head, the position in the pack's rest frame; in hair, strand
        coordinates; on cloth, (along, ·, ·).
    cover, level
        float32 (n,): values of hair, see `HairMesh`.
    """

    head: Head
    vertices: Float
    normals: Float
    faces: NDArray[np.int64]
    material: NDArray[np.uint8]
    texture: Float
    cover: Float
    level: Float


def assemble(identity: Identity, age: float, scene: Scene) -> Mesh:
    """Build head, hair, garment and glasses of one photo."""
    pack = load_pack()
    head = head_at(identity, age, scene.expression)
    part_material = np.array([_MATERIAL_OF_PART[part] for part in pack.parts], np.uint8)
    hair = hair_mesh(head, scene.hairdo)
    cloth = garment_mesh(head, scene.garment)
    along = np.stack([cloth.along, 0 * cloth.along, 0 * cloth.along], axis=1)
    pieces = [
        (head.vertices, head.normals, pack.faces, part_material[pack.face_part], pack.vertices),
        (hair.vertices, hair.normals, hair.faces, _all(hair.faces, Material.HAIR), hair.strand),
        (cloth.vertices, cloth.normals, cloth.faces, _all(cloth.faces, Material.CLOTH), along),
    ]
    if scene.glasses is not None:
        points, faces = _glasses(head)
        forward = np.tile(np.array([0, 0.3, 0.95], np.float32), (len(points), 1))
        pieces.append((points, forward, faces, _all(faces, Material.FRAME), points))
    sizes = [len(piece[0]) for piece in pieces]
    start = np.cumsum([0, *sizes])
    cover, level = np.zeros(start[-1], np.float32), np.zeros(start[-1], np.float32)
    cover[start[1] : start[2]], level[start[1] : start[2]] = hair.cover, hair.level
    return Mesh(
        head=head,
        vertices=np.concatenate([piece[0] for piece in pieces]).astype(np.float32),
        normals=np.concatenate([piece[1] for piece in pieces]).astype(np.float32),
        faces=np.concatenate([p[2] + s for p, s in zip(pieces, start, strict=False)]),
        material=np.concatenate([piece[3] for piece in pieces]),
        texture=np.concatenate([piece[4] for piece in pieces]).astype(np.float32),
        cover=cover,
        level=level,
    )


def _all(faces: NDArray[np.int64], material: Material) -> NDArray[np.uint8]:
    return np.full(len(faces), material, np.uint8)


def _glasses(head: Head) -> tuple[Float, NDArray[np.int64]]:
    """Return two flat rings, a bridge and two temples."""
    unit = head.height / 2.4
    around = np.linspace(0, 2 * math.pi, 41)
    points: list[NDArray[np.float64]] = []
    faces: list[NDArray[np.int64]] = []
    front = float(head.vertices[load_pack().vertices_of("left_eye")][:, 2].max()) + 0.10 * unit

    def strip(inner: NDArray[np.float64], outer: NDArray[np.float64]) -> None:
        start = sum(len(p) for p in points)
        count = len(inner)
        k = np.arange(count - 1) + start
        faces.append(np.stack([k, k + 1, k + count], axis=1))
        faces.append(np.stack([k + 1, k + count + 1, k + count], axis=1))
        points.extend([inner, outer])

    spread = float(head.left_eye[0]) + 0.015 * unit
    for side in (-1, 1):
        ring = np.stack([np.cos(around), np.sin(around), 0 * around], axis=1)
        ring[:, :2] = np.sign(ring[:, :2]) * np.abs(ring[:, :2]) ** 0.8
        centre = np.array([side * spread, -0.03 * unit, front])
        sizes = np.array([0.245, 0.185, 0]) * unit
        strip(centre + ring * sizes, centre + ring * (sizes + 0.026 * unit * np.array([1, 1, 0])))
        hinge = centre + np.array([side * 0.262 * unit, 0.06 * unit, 0])
        ear = np.array([side * (abs(hinge[0]) + 0.10 * unit), 0.03 * unit, front - 1.0 * unit])
        temple = np.linspace(hinge, ear, 8)
        strip(temple, temple - np.array([0, 0.035 * unit, 0]))
    half = spread - 0.25 * unit
    across = np.linspace(-half, half, 7)
    arch = 0.03 * unit * (1 - (across / max(half, 1e-3)) ** 2)
    bridge = np.stack([across, arch + 0.03 * unit, 0 * across + front], axis=1)
    strip(bridge, bridge - np.array([0, 0.03 * unit, 0]))
    return np.concatenate(points).astype(np.float32), np.concatenate(faces)
