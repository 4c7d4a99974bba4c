"""Rows of three numbers: the same sums as NumPy's own, and rotations that keep lengths."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from matcher.synthetic.rendering.vectors import blend, dot, rotate, unit

Rows = NDArray[np.float32]
numbers = st.floats(-100, 100, width=32)
rows = arrays(np.float32, st.tuples(st.integers(1, 8), st.just(3)), elements=numbers)
turns = st.integers(0, 10_000).map(lambda seed: Rotation.random(rng=seed).as_matrix())


@given(a=rows)
def test_products_are_those_of_einsum(a: Rows) -> None:
    b = a[::-1] + 1
    np.testing.assert_allclose(dot(a, b), np.einsum("ni,ni->n", a, b), rtol=1e-5, atol=0.02)
    np.testing.assert_allclose(dot(a, b[0]), a @ b[0], rtol=1e-5, atol=0.02)


@given(a=rows)
def test_unit_vectors_are_of_length_one_and_point_the_same_way(a: Rows) -> None:
    long_enough = a[np.linalg.norm(a, axis=1) > 1e-3]
    made = unit(long_enough)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert (dot(made, long_enough) > 0).all()
    np.testing.assert_allclose(np.cross(made, long_enough), 0, atol=1e-3)
    np.testing.assert_allclose(unit(3 * long_enough), made, atol=1e-6)


def test_nothing_has_no_direction_and_is_no_error() -> None:
    np.testing.assert_array_equal(unit(np.zeros(3)), np.zeros(3))
    assert unit(np.array([0.0, -2.0, 0.0])).tolist() == [0, -1, 0]


@given(a=rows, turn=turns)
def test_a_rotation_is_a_matrix_product_that_keeps_lengths(
    a: Rows, turn: NDArray[np.float64]
) -> None:
    turned = rotate(a, turn)
    np.testing.assert_allclose(turned, a @ turn.T, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(
        np.linalg.norm(turned, axis=1), np.linalg.norm(a, axis=1), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(rotate(turned, turn.T), a, rtol=1e-4, atol=1e-3)


@given(values=arrays(np.float32, (5, 3), elements=numbers), seed=st.integers(0, 1000))
def test_a_blend_is_exact_at_the_corners_and_a_mean_in_the_middle(values: Rows, seed: int) -> None:
    corner = np.random.default_rng(seed).integers(0, 5, (4, 3))
    for place, weights in enumerate(np.eye(3, dtype=np.float32)):
        at = np.tile(weights, (4, 1))
        np.testing.assert_array_equal(blend(values, corner, at), values[corner[:, place]])
        np.testing.assert_array_equal(blend(values[:, 1], corner, at), values[corner[:, place], 1])
    third = np.full((4, 3), 1 / 3, np.float32)
    middle = values[corner].mean(axis=1)
    np.testing.assert_allclose(blend(values, corner, third), middle, rtol=1e-4, atol=1e-3)
