"""The shape of a head: one person at one age with one expression, as a mesh."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matcher.errors import InputError
from matcher.synthetic.person import (
    ANCESTRIES,
    ASYMMETRIES,
    OFFSETS,
    OLDEST,
    REGIONS,
    YOUNGEST,
    Identity,
    amplitude,
    drift,
    drift_size,
    stage_weights,
)
from matcher.synthetic.shape.head_asset import HeadPack, load_pack

Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Head:
    """A head in its own frame: origin between the eyes, y up, z to the front, decimetres.

    Parameters
    ----------
    vertices, normals
        float32 (n, 3), in the order of the pack.
    left_eye, right_eye
        float64 (3,): centres of the eyeballs (the subject's left is at positive x).
    eye_radius
        Radius of the eyeballs.
    height
        Distance from the chin to the crown plus a twentieth, about the height of a head with hair.
    """

    vertices: Float
    normals: Float
    left_eye: NDArray[np.float64]
    right_eye: NDArray[np.float64]
    eye_radius: float
    height: float


def _known_expression(pack: HeadPack, name: str) -> str:
    morph = f"expression/{name}"
    if morph not in pack.index:
        known = [one.partition("/")[2] for one in pack.index if one.startswith("expression/")]
        raise InputError(
            "expression",
            rule=f"must be one of {', '.join(known)}",
            got=repr(name),
            next_step="Give one of these, or none for a face at rest.",
        )
    return morph


def head_at(identity: Identity, age: float, expression: Mapping[str, float] | None = None) -> Head:
    """Return a person's head at an age.

    Parameters
    ----------
    identity
        The person.
    age
        Age in years, from 2 to 60.
    expression
        Weights of the pack's expression morphs, by name without the prefix "expression/".
    """
    pack = load_pack()
    weights = shape_weights(identity, age)
    for name, weight in (expression or {}).items():
        weights[_known_expression(pack, name)] = weight
    known = {name: weight for name, weight in weights.items() if name in pack.index}
    vertices = pack.deform(known)
    left, right = (vertices[pack.vertices_of(f"{side}_eye")] for side in ("left", "right"))
    middle = (left.mean(axis=0) + right.mean(axis=0)) / 2
    vertices = vertices - middle
    skin = pack.faces_of("skin")
    return Head(
        vertices=vertices,
        normals=vertex_normals(vertices, pack.faces),
        left_eye=(left.mean(axis=0) - middle).astype(np.float64),
        right_eye=(right.mean(axis=0) - middle).astype(np.float64),
        eye_radius=float(np.ptp(left[:, 1]) / 2),
        height=1.05 * float(vertices[skin][..., 1].max() - vertices[_chin(), 1]),
    )


def shape_weights(identity: Identity, age: float) -> dict[str, float]:
    """Return the weight of every morph that makes up a person's neutral face at an age."""
    if not YOUNGEST <= age <= OLDEST:
        raise InputError(
            "age",
            rule=f"from {YOUNGEST:g} to {OLDEST:g} years",
            got=age,
            next_step="Give an age for which the head mesh is made.",
        )
    weights = _stage_shape(identity, age)
    for offset, value in zip(OFFSETS, offset_values(identity, age), strict=True):
        for name in offset.high if value > 0 else offset.low:
            weights[name] = weights.get(name, 0.0) + abs(float(value))
    for stem, value in zip(ASYMMETRIES, identity.genes("asymmetry"), strict=True):
        weights[f"{stem}-{'l' if value > 0 else 'r'}"] = 0.16 * min(abs(float(value)), 2.0)
    return weights


def offset_values(identity: Identity, age: float) -> NDArray[np.float64]:
    """Return the value in (-1, 1) of each offset (`morphs.OFFSETS`) at an age."""
    spread, shared, early, lasting, region = _offset_table()
    common = identity.genes("region")[region]
    own = np.sqrt(1 - shared**2) * identity.genes("lasting") + shared * common
    moving = drift(identity.genes("drift").reshape(-1, drift_size()), age)
    value = np.sqrt(lasting) * own + np.sqrt(1 - lasting) * moving
    return np.asarray(0.9 * np.tanh(1.4 * spread * amplitude(early, age) * value / 0.9))


def vertex_normals(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> Float:
    """Return float32 (n, 3) unit normals, averaged over triangles by area."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    flat = np.cross(b - a, c - a)
    corner = faces.T.ravel()
    sums = [
        np.bincount(corner, weights=np.tile(flat[:, axis], 3), minlength=len(vertices))
        for axis in range(3)
    ]
    normal = np.stack(sums, axis=1)
    length = np.sqrt((normal**2).sum(axis=1, keepdims=True))
    return np.asarray(normal / np.maximum(length, 1e-12), np.float32)


@lru_cache(maxsize=1)
def _chin() -> int:
    """Return the vertex at the foot of the chin."""
    pack = load_pack()
    skin = pack.vertices_of("skin")
    away = pack.vertices[skin] - np.array([0.0, -1.06, 0.22], np.float32)
    return int(skin[(away**2).sum(axis=1).argmin()])


@lru_cache(maxsize=1)
def _offset_table() -> tuple[NDArray[np.float64], ...]:
    columns = [[getattr(o, name) for o in OFFSETS] for name in ("spread", "shared", "early")]
    lasting = [o.lasting for o in OFFSETS]
    region = [REGIONS.index(o.region) for o in OFFSETS]
    return (*(np.array(c) for c in (*columns, lasting)), np.array(region))


def _stage_shape(identity: Identity, age: float) -> dict[str, float]:
    timing, sexual_shape = (float(identity.genes(n)[0]) for n in ("timing", "sexual_shape"))
    stages = stage_weights(age, identity.male, timing=0.9 * float(np.clip(timing, -2, 2)))
    male = float(np.clip((0.88 if identity.male else 0.12) + 0.06 * sexual_shape, 0, 1))
    genes = identity.genes("build")
    lean = 0.30 * (math.sqrt(0.4) * genes[0] + math.sqrt(0.6) * float(drift(genes[1:], age)))
    heavy = math.tanh(lean)
    builds = {"average": 1 - abs(heavy), "max": max(heavy, 0.0), "min": max(-heavy, 0.0)}
    weights = {}
    for sex, of_sex in (("male", male), ("female", 1 - male)):
        for stage, of_stage in stages.items():
            for ancestry, share in zip(ANCESTRIES, identity.ancestry, strict=True):
                weights[f"stage/{ancestry}-{sex}-{stage}"] = of_sex * of_stage * float(share)
            for build, share in builds.items():
                weights[f"build/{sex}-{stage}-{build}"] = of_sex * of_stage * share
    return weights | _childish(stages)


def _childish(stages: Mapping[str, float]) -> dict[str, float]:
    """Widen the eyes and narrow the nose of the mesh's children, whose own are rather adult."""
    young = stages["baby"] + 0.6 * stages["child"]
    return {
        "local/l-eye-scale-incr": 0.40 * young,
        "local/r-eye-scale-incr": 0.40 * young,
        "local/nose-scale-horiz-decr": 0.35 * young,
        "local/nose-point-width-decr": 0.20 * young,
    }
