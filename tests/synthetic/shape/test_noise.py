"""Random textures: repeatable, bounded, smooth where they say so, and without seams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.synthetic.shape.noise import grain, noise, smoothstep

POINTS = np.random.default_rng(0).uniform(-3, 3, (4000, 3)).astype(np.float32)
TEXTURES = [noise, grain]
PERIOD = 32

seeds = st.integers(0, 10**6)
frequencies = st.floats(0.5, 60)


def along(start: float, end: float, count: int = 400) -> NDArray[np.float32]:
    """Return points on a line that meets no lattice plane but one."""
    line = np.full((count, 3), 0.37)
    line[:, 0] = np.linspace(start, end, count)
    return line.astype(np.float32)


@pytest.mark.parametrize("texture", TEXTURES)
@given(frequency=frequencies, seed=seeds)
def test_values_are_shares_and_repeat(texture, frequency: float, seed: int) -> None:
    values = texture(POINTS[:200], frequency, seed)
    assert values.dtype == np.float32
    assert values.shape == (200,)
    assert 0 <= values.min() <= values.max() <= 1
    np.testing.assert_array_equal(values, texture(POINTS[:200], frequency, seed))


@pytest.mark.parametrize("texture", TEXTURES)
def test_a_point_has_the_same_value_in_any_company(texture) -> None:
    together = texture(POINTS[:50], 7.0, 3)
    alone = [texture(point[None], 7.0, 3)[0] for point in POINTS[:50]]
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(texture(POINTS[:50][::-1], 7.0, 3), together[::-1])


@pytest.mark.parametrize("texture", TEXTURES)
def test_two_seeds_look_unrelated(texture) -> None:
    values = [texture(POINTS, 5.0, seed) for seed in range(8)]
    between = np.corrcoef(values)[np.triu_indices(8, 1)]
    assert np.abs(between).max() < 0.15


@pytest.mark.parametrize("texture", TEXTURES)
def test_the_texture_fills_its_range(texture) -> None:
    values = texture(POINTS, 5.0, 1)
    assert values.mean() == pytest.approx(0.5, abs=0.03)
    assert np.quantile(values, 0.01) < 0.2
    assert np.quantile(values, 0.99) > 0.8


@given(seed=seeds, frequency=st.floats(0.5, 8), axis=st.integers(0, 2))
def test_a_small_step_makes_a_small_difference(seed: int, frequency: float, axis: int) -> None:
    step = np.zeros(3, np.float32)
    step[axis] = 0.01 / frequency
    here, there = noise(POINTS[:500], frequency, seed), noise(POINTS[:500] + step, frequency, seed)
    assert np.abs(here - there).max() <= 1.5 * 0.01 + 1e-3


def test_the_frequency_counts_cells_for_each_unit_of_length() -> None:
    np.testing.assert_allclose(noise(POINTS, 4.0, 2), noise(POINTS * 4, 1.0, 2), atol=1e-5)
    np.testing.assert_array_equal(grain(POINTS, 4.0, 2), grain(POINTS * 4, 1.0, 2))


def test_noise_bends_once_in_a_cell() -> None:
    values = noise(along(0.0, 12.0, 2400), 1.0, 5)
    turns = np.count_nonzero(np.diff(np.sign(np.diff(values.astype(np.float64)))))
    assert 3 <= turns <= 13


def test_grain_is_even_in_a_cell_and_not_between_cells() -> None:
    cells = grain(along(0.0, 9.999), 1.0, 5).reshape(10, 40)
    assert (np.ptp(cells, axis=1) == 0).all()
    assert len(np.unique(cells)) == 10


@pytest.mark.parametrize("texture", TEXTURES)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_texture_repeats_without_a_seam(texture, axis: int) -> None:
    inside = np.random.default_rng(1).integers(0, 8 * PERIOD, (300, 3)) / 8 + 1 / 16
    shifted = inside.copy()
    shifted[:, axis] += PERIOD
    np.testing.assert_allclose(texture(inside, 1.0, 9), texture(shifted, 1.0, 9), atol=1e-4)
    nearer = inside.copy()
    nearer[:, axis] += PERIOD / 2
    assert not np.allclose(texture(inside, 1.0, 9), texture(nearer, 1.0, 9), atol=0.1)


@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (0, 2)])
def test_no_two_axes_are_the_same(axes: tuple[int, int]) -> None:
    swapped = POINTS.copy()
    swapped[:, list(axes)] = POINTS[:, list(reversed(axes))]
    for texture in TEXTURES:
        assert abs(np.corrcoef(texture(POINTS, 3.0, 4), texture(swapped, 3.0, 4))[0, 1]) < 0.15


@given(low=st.floats(-5, 5), width=st.floats(0.01, 5))
def test_a_step_is_smooth_and_symmetric(low: float, width: float) -> None:
    x = np.linspace(low - width, low + 2 * width, 301)
    up = smoothstep(low, low + width, x)
    assert up[0] == 0
    assert up[-1] == 1
    assert (np.diff(up) >= 0).all()
    np.testing.assert_allclose(up + up[::-1], 1, atol=2e-3)
    assert np.diff(up).max() < 1.6 * 3 / 300
    np.testing.assert_allclose(smoothstep(low + width, low, x), 1 - up, atol=2e-3)
