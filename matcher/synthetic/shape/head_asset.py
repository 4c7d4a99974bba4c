"""The head pack: a CC0 mesh of head and neck with its morphs (see HEAD_LICENCE.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PACK = Path(__file__).with_name("head.safetensors")


@dataclass(frozen=True, eq=False)
class HeadPack:
    """The mesh that all faces share.

    Parameters
    ----------
    vertices
        float32 (n, 3) in decimetres: x to the subject's left, y up, z to the front; the origin
        lies between the eyes.
    faces
        int64 (m, 3) indices into `vertices`.
    face_part
        uint8 (m,): index into `parts`.
    parts
        Names of the parts of the head: skin, eyes, lashes, teeth.
    collar
        (height, tilt): every vertex satisfies y > height + tilt · z.
    openness
        float32 (n,) in [0, 1]: share of the sky that a vertex sees.
    masks
        Name → float32 (n,) in [0, 1]: lips, eyelids, ears, inside of the mouth.
    morph_names
        Names of the morphs.
    morphs
        float32 (k, n, 3): displacement of every vertex at weight 1.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.int64]
    face_part: NDArray[np.uint8]
    parts: tuple[str, ...]
    collar: tuple[float, float]
    openness: NDArray[np.float32]
    masks: Mapping[str, NDArray[np.float32]]
    morph_names: tuple[str, ...]
    morphs: NDArray[np.float32]

    def faces_of(self, *parts: str) -> NDArray[np.int64]:
        """Return the triangles of the named parts."""
        return self.faces[np.isin(self.face_part, [self.parts.index(part) for part in parts])]

    def vertices_of(self, *parts: str) -> NDArray[np.int64]:
        """Return the indices of the vertices of the named parts, ascending."""
        return np.unique(self.faces_of(*parts))

    def deform(self, weights: Mapping[str, float]) -> NDArray[np.float32]:
        """Return (n, 3) vertices with each named morph added at its weight."""
        vertices = self.vertices.astype(np.float64)
        for name, weight in weights.items():
            if weight:
                vertices += weight * self.morphs[self.index[name]]
        return vertices.astype(np.float32)

    @property
    def index(self) -> Mapping[str, int]:
        """Name → row of `morphs`."""
        return _index(self.morph_names)


@lru_cache(maxsize=2)
def _index(names: tuple[str, ...]) -> Mapping[str, int]:
    return {name: row for row, name in enumerate(names)}


@lru_cache(maxsize=1)
def load_pack() -> HeadPack:
    """Load the pack beside this file. The arrays are shared, so do not write to them."""
    from safetensors import safe_open

    with safe_open(PACK, framework="numpy") as file:
        facts = json.loads(file.metadata()["facts"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    names = tuple(facts["morphs"])
    height, tilt = facts["collar"]
    return HeadPack(
        vertices=tensors["vertices"],
        faces=tensors["faces"].astype(np.int64),
        face_part=tensors["face_part"],
        parts=tuple(facts["parts"]),
        collar=(height, tilt),
        openness=tensors["openness"] / np.float32(255),
        masks={
            name.removeprefix("mask_"): mask / np.float32(255)
            for name, mask in tensors.items()
            if name.startswith("mask_")
        },
        morph_names=names,
        morphs=_dense_morphs(tensors, len(names)),
    )


def _dense_morphs(tensors: Mapping[str, NDArray[np.generic]], count: int) -> NDArray[np.float32]:
    dense = np.zeros((count, *tensors["vertices"].shape), np.float32)
    start = tensors["morph_start"].astype(np.int64)
    for row, scale in enumerate(tensors["morph_scale"].astype(np.float32)):
        part = slice(start[row], start[row + 1])
        moved = tensors["morph_index"][part].astype(np.int64)
        dense[row, moved] = tensors["morph_delta"][part].astype(np.float32) * scale
    return dense
