"""What each measure promises: its range, and the direction in which it moves."""

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageFilter

from matcher.faces import load_detector, measure
from matcher.faces.quality_measures import inside, luminance, pose, sharpness
from matcher.photos import load_photo
from matcher.synthetic import sample_photos

LEVEL = np.array([(-50, 0), (50, 0), (0, 53), (-38, 100), (38, 100)], float)


@pytest.fixture(scope="module")
def portrait():
    return load_detector().detect([load_photo(sample_photos(1, (12.0,))[0].pixels)])[0][0]


def again(face, change):
    """Measure the same face after a change of the pixels."""
    pixels = np.ascontiguousarray(change(face.photo.pixels))
    return measure(load_photo(pixels), face.box, face.landmarks, face.probability)


def blurred(radius):
    return lambda pixels: np.asarray(
        Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius))
    )


def times(factor):
    return lambda pixels: (pixels * factor).clip(0, 255).astype(np.uint8)


def flattened(factor):
    return lambda pixels: (128 + (pixels - 128.0) * factor).astype(np.uint8)


def falls(values):
    return all(after < before for before, after in pairwise(values))


def test_blur_lowers_sharpness(portrait):
    assert falls([again(portrait, blurred(r)).sharpness for r in (0, 1, 2, 4, 8)])


def test_shrinking_and_enlarging_lowers_sharpness(portrait):
    def through(side):
        small = Image.fromarray(portrait.photo.pixels).resize((side, side), Image.Resampling.BOX)
        back = small.resize(portrait.photo.size, Image.Resampling.BICUBIC)
        return again(portrait, lambda _: np.asarray(back)).sharpness

    assert falls([through(side) for side in (256, 128, 64, 32, 16)])


def test_darkening_lowers_exposure(portrait):
    assert falls([again(portrait, times(f)).exposure for f in (1.5, 1, 0.5, 0.2, 0.05)])


def test_flattening_lowers_contrast(portrait):
    assert falls([again(portrait, flattened(f)).contrast for f in (1, 0.6, 0.3, 0.1)])


def test_contrast_and_sharpness_do_not_hang_on_exposure(portrait):
    lighter = again(portrait, lambda pixels: (pixels * 0.6 + 80).astype(np.uint8))
    darker = again(portrait, lambda pixels: (pixels * 0.6 + 10).astype(np.uint8))
    assert lighter.contrast == pytest.approx(darker.contrast, abs=0.01)
    assert lighter.sharpness == pytest.approx(darker.sharpness, abs=0.01)


def test_compression_is_that_of_the_photo(portrait):
    def saved(quality):
        data = io.BytesIO()
        Image.fromarray(portrait.photo.pixels).save(data, "JPEG", quality=quality)
        photo = load_photo(data.getvalue())
        return measure(photo, portrait.box, portrait.landmarks, 1.0).compression

    assert falls([portrait.quality.compression, saved(90), saved(50), saved(10)])
    assert portrait.quality.compression == 100


def test_every_measure_keeps_its_range(portrait):
    for change in (times(1), times(0), times(9), blurred(20), flattened(0)):
        quality = again(portrait, change)
        shares = (quality.sharpness, quality.exposure, quality.contrast, quality.inside)
        assert all(0 <= share <= 1 for share in shares)
        assert all(type(share) is float for share in shares)


def test_a_blank_photo_has_no_sharpness_and_no_contrast(portrait):
    quality = again(portrait, times(0))
    assert (quality.sharpness, quality.exposure, quality.contrast) == (0, 0, 0)


@given(hnp.arrays(np.uint8, (40, 40, 3)))
@settings(max_examples=30)
def test_luminance_and_sharpness_of_any_pixels_are_shares(pixels):
    light = luminance(pixels)
    assert light.min() >= 0
    assert light.max() <= 1
    assert 0 <= sharpness(light) <= 1


def test_luminance_of_grey_is_its_own_level():
    grey = np.full((2, 2, 3), 51, np.uint8)
    np.testing.assert_allclose(luminance(grey), 0.2)


def test_sharpness_is_that_of_the_worse_direction():
    noise = np.random.default_rng(0).random((64, 64))
    smeared = np.asarray(Image.fromarray(noise).resize((8, 64)).resize((64, 64)))
    assert sharpness(smeared) < 0.6 * sharpness(noise)
    assert sharpness(smeared) == pytest.approx(sharpness(smeared.T))


def test_a_level_face_looks_straight_ahead():
    np.testing.assert_allclose(pose(LEVEL), (0, 0, 0), atol=1e-9)


@given(st.floats(-179, 179), st.floats(1, 500), st.floats(-1000, 1000))
def test_roll_is_the_turn_in_the_picture_and_leaves_yaw_and_pitch_alone(angle, size, shift):
    turn = np.radians(angle)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    aside = LEVEL + np.array([(0, 0), (0, 0), (12, -7), (0, 0), (0, 0)])
    yaw, pitch, roll = pose(aside @ matrix.T * size / 100 + shift)
    assert roll == pytest.approx(angle, abs=1e-4)
    assert (yaw, pitch) == pytest.approx(pose(aside)[:2], abs=1e-4)


def test_yaw_and_pitch_follow_the_nose():
    def with_nose(right, down):
        return pose(LEVEL + np.array([(0, 0), (0, 0), (right, down), (0, 0), (0, 0)]))

    yaws = [with_nose(right, 0)[0] for right in (40, 15, 0, -15, -40)]
    pitches = [with_nose(0, down)[1] for down in (20, 8, 0, -8, -20)]
    assert falls(yaws)
    assert falls(pitches)
    np.testing.assert_allclose(np.add(yaws, yaws[::-1]), 0, atol=1e-9)


def test_a_mirrored_face_looks_the_other_way(portrait):
    points = portrait.landmarks.astype(float)
    mirrored = points[[1, 0, 2, 4, 3]] * (-1, 1)
    yaw, pitch, roll = pose(points)
    assert pose(mirrored) == pytest.approx((-yaw, pitch, -roll), abs=1e-6)


def test_coinciding_eyes_have_no_pose():
    assert pose(np.zeros((5, 2))) == (0, 0, 0)


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ((10, 10, 50, 50), 1.0),
        ((-20, 0, 20, 40), 0.5),
        ((80, 80, 120, 120), 0.25),
        ((200, 200, 240, 240), 0.0),
        ((5, 5, 5, 5), 0.0),
    ],
    ids=["within", "half", "a quarter", "outside", "empty"],
)
def test_inside_is_the_share_of_the_box_in_the_photo(box, share):
    assert inside(np.array(box, float), (100, 100)) == pytest.approx(share)
