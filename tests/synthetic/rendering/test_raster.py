"""The rasteriser against a plain point-in-triangle test in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.synthetic.rendering import raster
from matcher.synthetic.rendering.raster import Fragments, rasterise

SIZE = 24
ONE = np.array([[0, 1, 2]])
places = st.floats(-8, 32)
corners = st.tuples(places, places, st.floats(1, 9))
triangles = st.lists(corners, min_size=3, max_size=3).map(np.array)


def signed_area(points: NDArray[np.float64]) -> float:
    (ax, ay), (bx, by) = points[1, :2] - points[0, :2], points[2, :2] - points[0, :2]
    return float(ax * by - bx * ay) / 2


def area(points: NDArray[np.float64]) -> float:
    return abs(signed_area(points))


def depth_inside(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many pixels each pixel centre lies inside a triangle; negative is outside."""
    if signed_area(points) < 0:
        points = points[::-1]
    y, x = np.mgrid[:SIZE, :SIZE]
    inside = []
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        (dx, dy), length = (end - start)[:2], np.hypot(*(end - start)[:2])
        inside.append(((y - start[1]) * dx - (x - start[0]) * dy) / length)
    return np.min(inside, axis=0)


def drawn(found: Fragments) -> NDArray[np.bool_]:
    return found.triangle >= 0


@given(points=triangles)
def test_a_triangle_covers_the_pixels_whose_centres_lie_in_it(points: NDArray[np.float64]) -> None:
    assume(area(points) > 0.5)
    covered = drawn(rasterise(points, ONE, SIZE))
    inside = depth_inside(points)
    assert covered[inside > 0.01].all()
    assert not covered[inside < -0.01].any()


@given(points=triangles)
def test_weights_lead_back_to_the_pixel_and_to_its_depth(points: NDArray[np.float64]) -> None:
    assume(area(points) > 2)
    found = rasterise(points, ONE, SIZE)
    y, x = np.nonzero(drawn(found))
    back = found.weights[y, x] @ points
    thinnest = area(points) / max(np.ptp(points[:, 0]), np.ptp(points[:, 1]))
    slack = 0.02 + 0.02 / thinnest
    np.testing.assert_allclose(back[:, 0], x, atol=slack)
    np.testing.assert_allclose(back[:, 1], y, atol=slack)
    np.testing.assert_allclose(back[:, 2], found.depth[y, x], atol=1e-3)


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0], [2, 1, 0]])
def test_a_vertex_on_a_pixel_has_all_of_the_weight_there(order: list[int]) -> None:
    points = np.array([[3, 4, 2], [20, 5, 4], [8, 18, 8]], float)[order]
    found = rasterise(points, ONE, SIZE)
    for corner, (x, y, z) in enumerate(points):
        np.testing.assert_allclose(found.weights[int(y), int(x)], np.eye(3)[corner], atol=1e-5)
        assert found.depth[int(y), int(x)] == pytest.approx(z, abs=1e-4)


def test_the_number_of_pixels_is_the_area() -> None:
    points = np.array([[10.3, 8.1, 1], [190.7, 40.2, 1], [60.9, 180.4, 1]])
    assert drawn(rasterise(points, ONE, 200)).sum() == pytest.approx(area(points), rel=0.005)


@given(middle=st.tuples(st.floats(4.5, 18.5), st.floats(4.5, 18.5)))
def test_triangles_that_share_edges_leave_no_gap(middle: tuple[float, float]) -> None:
    points = np.array([[3, 3, 1], [20, 3, 1], [20, 20, 1], [3, 20, 1], [*middle, 1]])
    fan = np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]])
    covered = drawn(rasterise(points, fan, SIZE))
    assert covered[3:21, 3:21].all()
    assert covered.sum() == 18 * 18


@given(points=st.lists(corners, min_size=12, max_size=12), seed=st.integers(0, 100))
def test_the_nearest_is_seen_whatever_the_order(
    points: list[tuple[float, float, float]], seed: int
) -> None:
    screen, faces = np.array(points), np.arange(12).reshape(4, 3)
    together = rasterise(screen, faces, SIZE)
    alone = np.stack([rasterise(screen, faces[k : k + 1], SIZE).depth for k in range(4)])
    np.testing.assert_array_equal(together.depth, alone.min(axis=0))
    seen = np.take_along_axis(alone, together.triangle.clip(0)[None], axis=0)[0]
    np.testing.assert_array_equal(seen[drawn(together)], together.depth[drawn(together)])
    order = np.random.default_rng(seed).permutation(4)
    np.testing.assert_array_equal(rasterise(screen, faces[order], SIZE).depth, together.depth)


@given(points=triangles)
def test_both_windings_are_drawn(points: NDArray[np.float64]) -> None:
    assume(area(points) > 0.5)
    front, back = rasterise(points, ONE, SIZE), rasterise(points, ONE[:, ::-1], SIZE)
    differing = drawn(front) != drawn(back)
    assert np.abs(depth_inside(points)[differing]).max(initial=0) < 0.01


@pytest.mark.parametrize("shift", [(-60, 0), (60, 0), (0, -60), (0, 60)])
def test_what_is_outside_the_picture_is_not_drawn(shift: tuple[int, int]) -> None:
    points = np.array([[2, 2, 1], [20, 4, 1], [8, 20, 1]], float)
    points[:, :2] += shift
    found = rasterise(points, ONE, SIZE)
    assert not drawn(found).any()
    assert np.isinf(found.depth).all()
    assert not found.weights.any()


def test_a_triangle_larger_than_the_picture_fills_it() -> None:
    points = np.array([[-100, -100, 3], [200, -100, 3], [0, 300, 3]], float)
    found = rasterise(points, ONE, SIZE)
    assert drawn(found).all()
    np.testing.assert_allclose(found.depth, 3, atol=1e-4)


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([[5, 5, 1], [5, 5, 1], [5, 5, 1]], id="point"),
        pytest.param([[2, 2, 1], [8, 8, 1], [14, 14, 1]], id="line"),
    ],
)
def test_a_triangle_without_area_is_not_drawn(points: list[list[float]]) -> None:
    assert not drawn(rasterise(np.array(points, float), ONE, SIZE)).any()


def test_no_triangle_gives_an_empty_picture() -> None:
    found = rasterise(np.zeros((3, 3)), np.zeros((0, 3), int), SIZE)
    assert found.depth.shape == found.triangle.shape == (SIZE, SIZE)
    assert not drawn(found).any()


def test_working_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    screen, faces = rng.uniform(-4, 28, (90, 3)), np.arange(90).reshape(30, 3)
    whole = rasterise(screen, faces, SIZE)
    monkeypatch.setattr(raster, "CHUNK", 64)
    parts = rasterise(screen, faces, SIZE)
    np.testing.assert_array_equal(parts.depth, whole.depth)
    np.testing.assert_array_equal(parts.triangle, whole.triangle)
    np.testing.assert_array_equal(parts.weights, whole.weights)


def test_the_alpha_test_sees_the_weights_that_are_drawn() -> None:
    points = np.array([[0, 0, 1], [20, 0, 1], [0, 20, 1]], float)
    near_the_first = rasterise(points, ONE, SIZE, alpha_test=lambda _, weights: weights[:, 0] > 0.5)
    whole = rasterise(points, ONE, SIZE)
    np.testing.assert_array_equal(
        drawn(near_the_first), drawn(whole) & (whole.weights[..., 0] > 0.5)
    )


def test_a_hole_shows_what_lies_behind() -> None:
    square = [[0, 0, 1], [20, 0, 1], [0, 20, 1], [0, 0, 2], [20, 0, 2], [0, 20, 2]]
    faces = np.arange(6).reshape(2, 3)
    found = rasterise(
        np.array(square, float),
        faces,
        SIZE,
        alpha_test=lambda triangle, weights: (triangle == 1) | (weights[:, 0] < 0.5),
    )
    assert found.triangle[0, 0] == 1
    assert found.depth[0, 0] == pytest.approx(2)
    assert found.triangle[1, 17] == 0
