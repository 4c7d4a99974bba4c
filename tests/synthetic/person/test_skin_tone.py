"""Colour of skin: sRGB and L*a*b* against another library, tones and swatches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from skimage import color

from matcher.errors import InputError
from matcher.synthetic.person import (
    SkinTone,
    encoded,
    linear,
    make_identity,
    tone_of_monk,
    tone_of_pixels,
)
from matcher.synthetic.person.skin_tone import (
    MONK_SWATCHES,
    lab_of_linear,
    linear_of_lab,
    nearest_monk,
)

SWATCHES = np.array([[int(h[k : k + 2], 16) for k in (1, 3, 5)] for h in MONK_SWATCHES])
SWATCH_LABS = color.rgb2lab(SWATCHES / 255)
shares = st.floats(0, 1)
colours = st.tuples(shares, shares, shares).map(np.array)
tones = st.builds(SkinTone, st.floats(15, 90), st.floats(40, 80))


@given(values=arrays(np.float64, 12, elements=shares))
def test_encoding_undoes_linear_light_and_the_other_way_round(
    values: NDArray[np.float64],
) -> None:
    np.testing.assert_allclose(encoded(linear(values)), values, atol=2e-7)
    np.testing.assert_allclose(linear(encoded(values)), values, atol=2e-7)


def test_the_transfer_curve_is_that_of_the_standard() -> None:
    assert linear(np.array([0.0, 0.04045, 0.5, 1.0])) == pytest.approx(
        [0, 0.0031308, 0.2140411, 1], abs=1e-7
    )
    codes = np.arange(256) / 255
    assert (np.diff(linear(codes)) > 0).all()
    np.testing.assert_array_equal(np.rint(255 * encoded(linear(codes))), np.arange(256))


def test_light_beyond_black_and_white_is_clipped() -> None:
    np.testing.assert_allclose(encoded(np.array([-0.5, 0.0, 1.0, 7.0])), [0, 0, 1, 1], atol=1e-12)


@given(rgb=colours)
def test_lab_is_that_of_scikit_image(rgb: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(lab_of_linear(linear(rgb)), color.rgb2lab(rgb), atol=0.03)


@given(rgb=colours)
def test_from_lab_is_that_of_scikit_image(rgb: NDArray[np.float64]) -> None:
    there = color.rgb2lab(rgb)
    np.testing.assert_allclose(encoded(linear_of_lab(there)), rgb, atol=2e-3)


@given(rgb=colours)
def test_light_to_lab_and_back_is_the_same_light(rgb: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(linear_of_lab(lab_of_linear(rgb)), rgb, atol=1e-9)


def test_pictures_are_converted_pixel_by_pixel() -> None:
    picture = np.random.default_rng(0).random((3, 5, 3))
    whole = lab_of_linear(picture)
    assert whole.shape == picture.shape
    np.testing.assert_array_equal(whole[1, 4], lab_of_linear(picture[1, 4]))
    np.testing.assert_array_equal(linear_of_lab(whole)[2, 0], linear_of_lab(whole[2, 0]))


@given(lightness=st.floats(0, 100))
def test_a_grey_of_any_lightness_has_no_colour(lightness: float) -> None:
    rgb = linear_of_lab(np.array([lightness, 0.0, 0.0]))
    assert np.ptp(rgb) < 1e-9
    assert lab_of_linear(rgb)[1:] == pytest.approx([0, 0], abs=1e-6)


@given(subject=st.integers(0, 10_000))
def test_everybodys_skin_can_be_shown_on_a_screen(subject: int) -> None:
    red, green, blue = make_identity(0, subject).tone.albedo
    assert 0 < blue < green < red < 1


@given(tone=tones, step=st.floats(0.5, 5))
def test_lighter_skin_reflects_more_light(tone: SkinTone, step: float) -> None:
    lighter = SkinTone(tone.lightness + step, tone.hue)
    luminance = np.array([0.2126, 0.7152, 0.0722])
    assert lighter.albedo @ luminance > tone.albedo @ luminance


@given(tone=tones)
def test_the_swatch_of_a_tone_is_the_nearest_by_an_independent_measure(tone: SkinTone) -> None:
    away = color.deltaE_cie76(color.rgb2lab(encoded(tone.albedo)), SWATCH_LABS)
    assert away[tone.monk - 1] <= away.min() + 0.05


@pytest.mark.parametrize("number", range(1, 11))
def test_a_swatch_is_nearest_to_itself_and_to_colours_close_by(number: int) -> None:
    lab = SWATCH_LABS[number - 1]
    assert nearest_monk(lab) == number
    others = np.delete(SWATCH_LABS, number - 1, axis=0)
    apart = np.sqrt(((others - lab) ** 2).sum(axis=1)).min()
    for direction in np.random.default_rng(number).standard_normal((20, 3)):
        near = lab + 0.45 * apart * direction / np.linalg.norm(direction)
        assert nearest_monk(near) == number


def test_the_scale_runs_from_light_to_dark() -> None:
    lightness = [tone_of_monk(number).lightness for number in range(3, 11)]
    assert lightness == sorted(lightness, reverse=True)
    assert [tone_of_monk(number).monk for number in range(3, 11)] == list(range(3, 11))


@given(
    rgb=st.tuples(*[st.integers(0, 255)] * 3),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
)
def test_a_flat_patch_has_the_tone_of_its_colour(
    rgb: tuple[int, int, int], height: int, width: int
) -> None:
    patch = np.full((height, width, 3), rgb, np.uint8)
    lightness, hue, monk = tone_of_pixels(patch)
    expected = color.rgb2lab(np.array(rgb) / 255)
    assert lightness == pytest.approx(expected[0], abs=0.03)
    if math.hypot(*expected[1:]) > 5:
        turn = math.degrees(math.atan2(expected[2], expected[1]))
        assert abs((hue - turn + 180) % 360 - 180) < 0.5
    assert monk == nearest_monk(lab_of_linear(linear(np.array(rgb) / 255)))


def test_pixels_are_averaged_as_light_is() -> None:
    board = np.zeros((4, 4, 3), np.uint8)
    board[::2, ::2] = board[1::2, 1::2] = 255
    assert tone_of_pixels(board)[0] == pytest.approx(76.07, abs=0.01)


def test_the_order_of_pixels_does_not_matter() -> None:
    pixels = np.random.default_rng(3).integers(60, 200, (6, 7, 3), dtype=np.uint8)
    shuffled = np.random.default_rng(4).permutation(pixels.reshape(-1, 3))
    assert tone_of_pixels(shuffled) == pytest.approx(tone_of_pixels(pixels), abs=1e-9)


@pytest.mark.parametrize(
    ("lightness", "hue"),
    [(9.9, 60), (96.1, 60), (50, -0.1), (50, 100.1), (math.nan, 60), (50, math.nan)],
)
def test_tones_out_of_range_are_refused(lightness: float, hue: float) -> None:
    with pytest.raises(InputError, match="skin tone"):
        SkinTone(lightness, hue)


@pytest.mark.parametrize(("lightness", "hue"), [(10, 0), (96, 100)])
def test_the_ends_of_the_range_are_tones(lightness: float, hue: float) -> None:
    assert 1 <= SkinTone(lightness, hue).monk <= 10


@pytest.mark.parametrize("number", [0, 11, -1])
def test_there_are_ten_swatches(number: int) -> None:
    with pytest.raises(InputError, match="Monk swatch"):
        tone_of_monk(number)
