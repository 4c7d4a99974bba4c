"""Cast shadows: a plate over a floor, then a head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from matcher.synthetic.person import make_identity
from matcher.synthetic.rendering.assembly import Material, Mesh, assemble
from matcher.synthetic.rendering.cast_shadows import visibility
from matcher.synthetic.rendering.scene import scene_for
from matcher.synthetic.rendering.vectors import unit
from matcher.synthetic.shape import Head, load_pack
from matcher.synthetic.shape.hairdo import grid

Rows = NDArray[np.float32]
SIDE = 41
UP = np.array([0, 0, 1], np.float32)
ABOVE = 0.6
HALF = 0.3


def square(half: float, height: float) -> Rows:
    y, x = np.meshgrid(np.linspace(-half, half, SIDE), np.linspace(-half, half, SIDE))
    return np.stack([x, y, np.full_like(x, height)], axis=-1).reshape(-1, 3).astype(np.float32)


def plate_over_floor(material: Material = Material.CLOTH, level: float = 0.0) -> Mesh:
    """Return a floor at z = 0 and over it a plate, which alone is of the material and level."""
    points = np.concatenate([square(1.2, 0.0), square(HALF, ABOVE)])
    faces = grid(SIDE, SIDE)
    floor, count = len(points) // 2, len(points)
    nothing = np.zeros(3)
    return Mesh(
        head=Head(points, points, nothing, nothing, eye_radius=0.1, height=2.0),
        vertices=points,
        normals=np.tile(UP, (count, 1)),
        faces=np.concatenate([faces, faces + floor]),
        material=np.repeat(np.array([Material.CLOTH, material], np.uint8), len(faces)),
        texture=points,
        cover=np.ones(count, np.float32),
        level=np.repeat(np.array([0.0, level], np.float32), floor),
    )


def on_floor(mesh: Mesh, lamp: Rows = UP, softness: float = 0.0) -> Rows:
    return visibility(mesh, lamp, softness)[: SIDE * SIDE]


def reach(points: Rows, x: float = 0.0) -> NDArray[np.float64]:
    """Return how far from the middle of the shadow points lie, along the farther axis."""
    return np.maximum(np.abs(points[:, 0] - x), np.abs(points[:, 1]))


@pytest.mark.parametrize("turn", [-0.5, 0.0, 0.5])
def test_a_plate_shades_what_lies_behind_it_as_the_lamp_sees_it(turn: float) -> None:
    lamp = np.array([np.sin(turn), 0, np.cos(turn)], np.float32)
    mesh = plate_over_floor()
    seen = on_floor(mesh, lamp)
    away = reach(mesh.vertices[: SIDE * SIDE], -ABOVE * np.tan(turn))
    assert (seen[away < HALF - 0.08] == 0).all()
    assert (seen[away > HALF + 0.08] == 1).all()


def test_the_plate_itself_is_in_the_light() -> None:
    assert (visibility(plate_over_floor(), UP, 0.0)[SIDE * SIDE :] == 1).all()


def test_a_larger_lamp_has_a_wider_half_shadow() -> None:
    mesh = plate_over_floor()
    partly = [
        np.count_nonzero((seen > 0) & (seen < 1))
        for seen in (on_floor(mesh, softness=softness) for softness in (0.0, 0.1, 0.3))
    ]
    assert partly[0] < partly[1] < partly[2]


@pytest.mark.parametrize(
    ("material", "level", "casts"),
    [
        (Material.FRAME, 0.0, False),
        (Material.HAIR, 1.0, False),
        (Material.HAIR, 0.5, True),
        (Material.SKIN, 1.0, True),
    ],
)
def test_frames_and_the_outermost_hair_cast_no_shadow(
    material: Material, level: float, casts: bool
) -> None:
    assert (on_floor(plate_over_floor(material, level)).min() == 0) == casts


def test_on_a_head_the_lamp_reaches_the_side_that_looks_at_it() -> None:
    person = make_identity(0, 3)
    mesh = assemble(person, 25, replace(scene_for(person, 25, 0), glasses=None))
    bald = replace(mesh, faces=mesh.faces[mesh.material != Material.HAIR])
    bald = replace(bald, material=mesh.material[mesh.material != Material.HAIR])
    rest = load_pack().vertices
    places = {
        (0, 0, 1): (np.abs(rest[:, 0]) < 0.4) & (rest[:, 1] > 0.4) & (rest[:, 2] > 0),
        (0, 0, -1): (np.abs(rest[:, 1] - 0.2) < 0.3) & (rest[:, 2] < -1.3),
        (1, 0, 0): (rest[:, 0] > 0.6) & (rest[:, 1] > 0.4),
        (-1, 0, 0): (rest[:, 0] < -0.6) & (rest[:, 1] > 0.4),
    }
    for lamp in places:
        seen = visibility(bald, np.array(lamp, np.float32), 0.05)
        assert 0 <= seen.min() <= seen.max() <= 1
        opposite = tuple(-part for part in lamp)
        assert seen[: len(rest)][places[lamp]].min() > 0.9
        assert seen[: len(rest)][places[opposite]].max() < 0.1


def test_glasses_change_no_light_on_the_face() -> None:
    person = make_identity(0, 3)
    scene = scene_for(person, 25, 0)
    lamp = unit(np.array([0.3, 0.4, 1.0]))
    bare, worn = (
        assemble(person, 25, replace(scene, glasses=glasses)) for glasses in (None, (0.1, 0.1, 0.1))
    )
    count = len(bare.vertices)
    assert len(worn.vertices) > count
    np.testing.assert_array_equal(visibility(bare, lamp, 0.1), visibility(worn, lamp, 0.1)[:count])
