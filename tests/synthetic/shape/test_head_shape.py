"""A head: a sound mesh in its own frame, that grows, and moves as its face does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.errors import InputError
from matcher.synthetic.person import make_identity
from matcher.synthetic.shape import head_at, load_pack
from matcher.synthetic.shape.head import vertex_normals

AGES = (2.0, 5.0, 9.0, 14.0, 20.0, 60.0)
people = st.builds(make_identity, st.integers(0, 50), st.integers(0, 10_000))
ages = st.floats(2, 60)


def ball(rows: int = 24, columns: int = 48) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return a unit sphere, wound so that its normals look outwards."""
    polar = np.linspace(0.02, np.pi - 0.02, rows)[:, None]
    turn = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    points = np.broadcast_arrays(
        np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)
    )
    row, column = np.mgrid[: rows - 1, :columns]
    here, beside = row * columns + column, row * columns + (column + 1) % columns
    below, across = here + columns, beside + columns
    faces = [np.stack(t, axis=-1) for t in ((here, below, beside), (beside, below, across))]
    return np.stack(points, -1).reshape(-1, 3), np.concatenate(faces).reshape(-1, 3)


@settings(max_examples=25)
@given(person=people, age=ages)
def test_a_head_is_a_sound_mesh_about_the_eyes(person, age: float) -> None:
    head = head_at(person, age)
    assert head.vertices.shape == head.normals.shape == load_pack().vertices.shape
    assert np.isfinite(head.vertices).all()
    np.testing.assert_allclose(np.linalg.norm(head.normals, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(head.left_eye, -head.right_eye, atol=1e-6)
    for side, centre in (("left", head.left_eye), ("right", head.right_eye)):
        ball = head.vertices[load_pack().vertices_of(f"{side}_eye")]
        np.testing.assert_allclose(ball.mean(axis=0), centre, atol=1e-5)
    assert head.left_eye[0] > 2 * np.abs(head.left_eye[1:]).max()
    assert 0.1 < head.eye_radius < head.left_eye[0]


@pytest.mark.parametrize("subject", range(6))
def test_heads_grow_until_they_are_grown(subject: int) -> None:
    heights = [head_at(make_identity(1, subject), age).height for age in AGES[:5]]
    assert heights == sorted(heights)
    assert 1.15 < heights[-1] / heights[0] < 1.9


@pytest.mark.parametrize("age", AGES)
def test_the_height_is_from_chin_to_crown_and_a_twentieth(age: float) -> None:
    head = head_at(make_identity(1, 2), age)
    skin = head.vertices[load_pack().vertices_of("skin")]
    chin = skin[:, 1].max() - head.height / 1.05
    front = skin[(np.abs(skin[:, 0]) < 0.1) & (skin[:, 2] > 0)]
    mouth = head.vertices[load_pack().masks["lips"] > 0.5, 1].min()
    assert chin < mouth
    assert np.abs(front[:, 1] - chin).min() < 0.02


def test_children_have_larger_eyes_for_their_heads() -> None:
    for subject in range(6):
        share = [
            (head.eye_radius / head.height)
            for head in (head_at(make_identity(1, subject), age) for age in (3.0, 25.0))
        ]
        assert share[0] > 1.1 * share[1]


def test_a_smile_moves_the_mouth_and_leaves_the_rest_where_it_was() -> None:
    person, pack = make_identity(1, 3), load_pack()
    sober = head_at(person, 9.0)
    smiling = head_at(person, 9.0, {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6})
    moved = np.linalg.norm(smiling.vertices - sober.vertices, axis=1)
    lips = pack.masks["lips"] > 0.5
    assert moved[lips].max() > 0.05
    assert moved[pack.vertices[:, 1] > 0.5].max() < 1e-5
    assert moved[pack.vertices[:, 2] < -0.8].max() < 1e-5


def test_closing_one_eye_moves_the_lids_of_that_side() -> None:
    person, pack = make_identity(1, 3), load_pack()
    open_, shut = head_at(person, 9.0), head_at(person, 9.0, {"eyeBlinkLeft": 1.0})
    moved = np.linalg.norm(shut.vertices - open_.vertices, axis=1)
    left, right = (moved[pack.vertices_of(f"{side}_lashes")] for side in ("left", "right"))
    assert left.max() > 0.1
    assert right.max() == 0
    lids = pack.masks["eyelids"][moved > 0.05]
    assert lids.mean() > 3 * pack.masks["eyelids"].mean()


@given(weight=st.floats(0.05, 1.0))
def test_half_an_expression_moves_half_as_far(weight: float) -> None:
    pack = load_pack()
    name = "expression/jawOpen"
    whole = pack.deform({name: 1.0}).astype(np.float64) - pack.vertices
    part = pack.deform({name: weight}).astype(np.float64) - pack.vertices
    np.testing.assert_allclose(part, weight * whole, atol=1e-6)


def test_morphs_add_up_in_any_order() -> None:
    pack = load_pack()
    first, second = {"expression/jawOpen": 0.5}, {"local/chin-height-incr": 0.7}
    apart = pack.deform(first) + pack.deform(second) - pack.vertices
    np.testing.assert_allclose(pack.deform(first | second), apart, atol=1e-6)
    np.testing.assert_array_equal(pack.deform(first | second), pack.deform(second | first))


def test_no_weight_is_the_mesh_itself_and_it_is_not_written_to() -> None:
    pack = load_pack()
    before = pack.vertices.copy()
    still = pack.deform({"expression/jawOpen": 0.0})
    np.testing.assert_array_equal(still, before)
    pack.deform({"expression/jawOpen": 1.0})
    np.testing.assert_array_equal(pack.vertices, before)
    assert not np.shares_memory(still, pack.vertices)
    with pytest.raises(KeyError):
        pack.deform({"expression/jawOpened": 1.0})


def test_normals_of_a_ball_are_its_radii() -> None:
    points, faces = ball()
    normals = vertex_normals(points, faces)
    assert normals.dtype == np.float32
    away_from_the_poles = np.abs(points[:, 2]) < 0.95
    np.testing.assert_allclose(normals[away_from_the_poles], points[away_from_the_poles], atol=0.02)
    np.testing.assert_allclose(vertex_normals(points, faces[:, ::-1]), -normals, atol=1e-6)
    np.testing.assert_allclose(vertex_normals(7 * points + 3, faces), normals, atol=1e-5)


def test_normals_are_averaged_by_area() -> None:
    points = np.array([[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 1], [0, 1, 0]], float)
    faces = np.array([[0, 1, 2], [0, 4, 3]])
    large, small = np.array([0, 0, 9.0]), np.array([1.0, 0, 0])
    expected = (large + small) / np.linalg.norm(large + small)
    np.testing.assert_allclose(vertex_normals(points, faces)[0], expected, atol=1e-6)


def test_a_vertex_of_nothing_has_no_normal_rather_than_a_wrong_one() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5], [2, 2, 2]], float)
    faces = np.array([[0, 1, 2], [3, 3, 4]])
    normals = vertex_normals(points, faces)
    np.testing.assert_array_equal(normals[:3], [[0, 0, 1]] * 3)
    np.testing.assert_array_equal(normals[3:], np.zeros((2, 3)))


def test_the_normals_of_a_head_look_away_from_it() -> None:
    pack, head = load_pack(), head_at(make_identity(1, 4), 12.0)
    skin = pack.vertices_of("skin")
    skull = skin[(pack.vertices[skin, 1] > 0.5) & (pack.masks["ears"][skin] < 0.1)]
    centre = np.array([0, 0.1, -0.25]) * head.height
    outward = head.vertices[skull] - centre
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    assert (head.normals[skull] * outward).sum(axis=1).min() > 0.5


def test_an_expression_that_the_pack_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match=r"jawOpen.*got 'mouthSmile'"):
        head_at(make_identity(1, 0), 9, {"mouthSmile": 1.0})
