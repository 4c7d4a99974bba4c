"""Laws of the similarity transform and of the crop made with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from matcher.errors import InputError
from matcher.faces import CropTemplate, align, similarity_transform
from matcher.photos import Photo

FIVE = np.array([(30.0, 40.0), (70.0, 42.0), (50.0, 62.0), (35.0, 82.0), (66.0, 80.0)])

angles = st.floats(-np.pi, np.pi)
scales = st.floats(0.05, 20)
shifts = st.tuples(st.floats(-500, 500), st.floats(-500, 500))
noises = hnp.arrays(np.float64, (5, 2), elements=st.floats(-15, 15))


def photo_of(pixels: np.ndarray) -> Photo:
    height, width = pixels.shape[:2]
    return Photo(np.ascontiguousarray(pixels, np.uint8), "0" * 64, (width, height), "array")


def similarity(angle, scale, shift):
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])


def moved(matrix, points):
    return points @ matrix[:, :2].T + matrix[:, 2]


def template_of(points, size):
    return CropTemplate("test", size, tuple(map(tuple, np.asarray(points).tolist())))


@given(angles, scales, shifts)
def test_a_known_transform_is_recovered(angle, scale, shift):
    truth = similarity(angle, scale, shift)
    np.testing.assert_allclose(similarity_transform(FIVE, moved(truth, FIVE)), truth, atol=1e-8)


@given(noises, noises)
def test_the_transform_never_mirrors_and_never_shears(noise, other):
    matrix = similarity_transform(FIVE + noise, FIVE[:, ::-1] + other)[:, :2]
    assert np.linalg.det(matrix) >= 0
    np.testing.assert_allclose(matrix.T @ matrix, np.linalg.det(matrix) * np.eye(2), atol=1e-9)


def test_mirrored_points_are_not_met_by_mirroring():
    mirrored = FIVE * (-1, 1)
    matrix = similarity_transform(FIVE, mirrored)
    assert np.linalg.det(matrix[:, :2]) > 0
    assert np.abs(moved(matrix, FIVE) - mirrored).max() > 5


@given(noises, st.integers(0, 2**32 - 1))
def test_no_nearby_similarity_is_closer(noise, seed):
    wanted = FIVE + noise
    matrix = similarity_transform(FIVE, wanted)
    error = np.square(moved(matrix, FIVE) - wanted).sum()
    random = np.random.default_rng(seed)
    step = similarity(random.normal(0, 0.02), 1 + random.normal(0, 0.02), random.normal(0, 0.5, 2))
    other = moved(step, moved(matrix, FIVE))
    assert np.square(other - wanted).sum() >= error - 1e-9


@given(noises, st.permutations(range(5)))
def test_the_order_of_the_pairs_does_not_matter(noise, order):
    wanted = FIVE + noise
    np.testing.assert_allclose(
        similarity_transform(FIVE[order], wanted[order]),
        similarity_transform(FIVE, wanted),
        atol=1e-8,
    )


@given(noises, angles, scales, shifts)
def test_moving_the_photo_moves_the_transform_along(noise, angle, scale, shift):
    photo_moves = similarity(angle, scale, shift)
    points = FIVE + noise
    direct = moved(similarity_transform(points, FIVE), points)
    around = moved(photo_moves, points)
    around = moved(similarity_transform(around, FIVE), around)
    np.testing.assert_allclose(around, direct, atol=1e-6)


@pytest.mark.parametrize(
    "points",
    [np.zeros((5, 2)), np.full((5, 2), np.nan), np.zeros((5, 3)), np.zeros((1, 2)), np.zeros(10)],
    ids=["all equal", "not finite", "three coordinates", "a single point", "flat"],
)
def test_points_without_a_transform_are_an_error(points):
    with pytest.raises(InputError, match="points"):
        similarity_transform(points, points)


def test_a_crop_at_its_own_place_is_the_photo_itself():
    pixels = np.random.default_rng(0).integers(0, 256, (120, 100, 3), np.uint8)
    crop = align(photo_of(pixels), FIVE, template_of(FIVE - (10, 20), 64))
    # Pillow rounds sampled values down.
    assert np.abs(crop.astype(int) - pixels[20:84, 10:74]).max() <= 1


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_photo_gives_the_same_crop(turns):
    pixels = np.random.default_rng(1).integers(0, 256, (96, 96, 3), np.uint8)
    centre = 47.5
    angle = -turns * np.pi / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = (FIVE - centre) @ turn.T + centre
    template = template_of(FIVE - 16, 64)
    upright = align(photo_of(pixels), FIVE, template).astype(int)
    turned = align(photo_of(np.rot90(pixels, turns)), landmarks, template).astype(int)
    assert np.abs(turned - upright).max() <= 1


def test_landmarks_come_to_lie_on_the_template():
    y, x = np.mgrid[:200, :200]
    template = template_of(FIVE * 0.5 + 5, 64)
    truth = similarity(0.3, 1.3, (20, 5))
    landmarks = moved(truth, FIVE)
    for wanted, (left, top) in zip(template.points, landmarks, strict=True):
        spot = 255 * np.exp(-((x - left) ** 2 + (y - top) ** 2) / (2 * 5.0**2))
        light = align(photo_of(np.repeat(spot[..., None], 3, 2)), landmarks, template)[..., 0] / 1.0
        v, u = np.mgrid[:64, :64]
        centre = (light * u).sum() / light.sum(), (light * v).sum() / light.sum()
        np.testing.assert_allclose(centre, wanted, atol=0.15)


def test_a_large_face_is_averaged_not_skipped():
    board = np.indices((800, 800)).sum(0) % 2 * 255
    crop = align(photo_of(np.repeat(board[..., None], 3, 2)), FIVE * 8, template_of(FIVE, 100))
    inner = crop[5:-5, 5:-5].astype(float)
    assert abs(inner.mean() - 127.5) < 2
    assert inner.std() < 5


@pytest.mark.parametrize("factor", [1, 1.5, 2, 3, 5, 7.9])
def test_reducing_does_not_shift_the_face(factor):
    # From black to white over the width of the crop.
    ramp = np.clip((np.arange(800) - 400) / (90 * factor) + 0.5, 0, 1) * 255
    photo, mirrored = (
        photo_of(np.broadcast_to(light[None, :, None], (800, 800, 3)).round())
        for light in (ramp, 255 - ramp)
    )
    landmarks = (FIVE - 45) * factor + 400
    crop = align(photo, landmarks, template_of(FIVE, 90)).astype(float)
    other = align(mirrored, landmarks, template_of(FIVE, 90)).astype(float)
    expected = np.interp((np.arange(90) - 45) * factor + 400, np.arange(800), ramp)
    # Rounding down pulls both the same way, a shift pulls them apart; half a pixel makes 1.4.
    assert abs((((crop - other)[45] + 255) / 2 - expected[:, None]).mean()) < 0.6


def test_beyond_the_photo_is_black():
    white = photo_of(np.full((60, 60, 3), 255, np.uint8))
    crop = align(white, FIVE, template_of(FIVE, 100))
    assert crop[:58, :58].min() == 255
    assert crop[62:].max() == 0
    assert crop[:, 62:].max() == 0


def test_a_face_quite_outside_the_photo_gives_black_not_a_crash():
    crop = align(photo_of(np.full((20, 20, 3), 255, np.uint8)), FIVE + 900, template_of(FIVE, 64))
    assert crop.shape == (64, 64, 3)
    assert crop.dtype == np.uint8
    assert crop.max() == 0


def test_a_grey_photo_stays_grey():
    grey = np.random.default_rng(2).integers(0, 256, (100, 100, 1), np.uint8).repeat(3, 2)
    crop = align(photo_of(grey), FIVE, template_of(FIVE[:, :] * 0.7, 64))
    assert (np.ptp(crop, axis=2) == 0).all()
    assert Image.fromarray(crop).mode == "RGB"
