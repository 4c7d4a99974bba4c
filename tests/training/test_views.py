"""Views of a face: what the student sees."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.embedding.models import DLIB_150
from training.views import ALL_SIZES, degraded, grown, moved, view

LANDMARKS = np.array(DLIB_150.points)
EYES = LANDMARKS[:2].mean(axis=0)
growths = st.floats(-0.18, 0.18)


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    rows, columns = np.mgrid[0:150, 0:150]
    return np.stack([rows, columns, (rows + columns) // 2], axis=-1).astype(np.uint8)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_view_is_a_crop_and_the_same_for_the_same_draw(seed: int) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (150, 150, 3), dtype=np.uint8)
    first = view(crop, np.random.default_rng(seed), ALL_SIZES)
    assert first.shape == crop.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, view(crop, np.random.default_rng(seed), ALL_SIZES))


@given(growths, st.lists(st.tuples(st.floats(0, 150), st.floats(0, 150)), min_size=1, max_size=9))
def test_growth_can_be_undone(growth: float, points: list[tuple[float, float]]) -> None:
    before = np.array(points)
    after = grown(before, growth, EYES)
    assert np.allclose(grown(after, growth, EYES, backwards=True), before, atol=1e-9)


def test_a_head_that_grows_has_a_longer_lower_face() -> None:
    older, younger = grown(LANDMARKS, 0.1, EYES), grown(LANDMARKS, -0.1, EYES)
    eyes_to_mouth = [
        (points[3:, 1].mean() - points[:2, 1].mean()) / np.ptp(points[:2, 0])
        for points in (younger, LANDMARKS, older)
    ]
    assert eyes_to_mouth == sorted(eyes_to_mouth)
    assert eyes_to_mouth[0] < eyes_to_mouth[2] - 0.05


def test_a_moved_face_stays_about_where_it_was(crop: np.ndarray) -> None:
    """The ramp's value tells where a pixel came from."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        seen = moved(crop, rng)
        for x, y in LANDMARKS.astype(int):
            came_from = seen[y, x, 1::-1].astype(float)  # (column, row)
            assert np.hypot(*(came_from - (x, y))) < 20


def test_worn_views_differ_from_each_other_and_from_the_crop(crop: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    views = [degraded(crop, rng, ALL_SIZES) for _ in range(5)]
    assert len({image.tobytes() for image in [crop, *views]}) == 6
