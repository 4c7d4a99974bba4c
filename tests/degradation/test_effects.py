"""Each effect against its formula, on pictures of any shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage

from matcher.degradation import Degradation, degrade, strength_of_quality
from matcher.degradation.recipes import KINDS
from matcher.photos import saved_as_jpeg

Pixels = NDArray[np.uint8]
LUMA = np.array([0.299, 0.587, 0.114])
TO_LIGHT = ["blur", "motion", "noise", "low-light", "colour-cast"]

strengths = st.floats(0.05, 1.0)
thin = st.one_of(
    st.just((1, 1)),
    st.integers(1, 90).map(lambda n: (1, n)),
    st.integers(1, 90).map(lambda n: (n, 1)),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
)


def one(pixels: Pixels, kind: str, strength: float, seed: int = 0) -> Pixels:
    return degrade(pixels, [Degradation(kind, strength)], seed=seed)  # type: ignore[arg-type]


def light(pixels: Pixels) -> NDArray[np.float64]:
    share = pixels / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def encoded(value: NDArray[np.float64]) -> Pixels:
    value = value.clip(0, 1)
    share = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.rint(255 * share).astype(np.uint8)


def even(value: int | tuple[int, int, int], height: int = 40, width: int = 50) -> Pixels:
    return np.full((height, width, 3), value, np.uint8)


def scene(height: int = 90, width: int = 120) -> Pixels:
    """Return soft colour with sharp edges."""
    y, x = np.mgrid[:height, :width]
    planes = [60 + x, 220 - y, 90 + 60 * ((x // 15 + y // 15) % 2)]
    return np.clip(np.stack(planes, axis=-1), 0, 255).astype(np.uint8)


def point(side: int = 101) -> Pixels:
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[side // 2, side // 2] = 255
    return pixels


@pytest.mark.parametrize("kind", KINDS)
@given(shape=thin, strength=strengths, seed=st.integers(0, 100))
def test_the_thinnest_pictures_are_pictures_too(
    kind: str, shape: tuple[int, int], strength: float, seed: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
    result = one(pixels, kind, strength, seed)
    assert (result.dtype, result.ndim, result.shape[2]) == (np.uint8, 3, 3)
    assert all(1 <= new <= old for new, old in zip(result.shape, pixels.shape, strict=True))
    assert result.shape == pixels.shape or kind in ("downsample", "crop")


@pytest.mark.parametrize("kind", KINDS)
@given(pixels=arrays(np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 8), st.just(3))))
def test_no_strength_is_no_change_whatever_the_seed(kind: str, pixels: Pixels) -> None:
    for seed in (0, 7):
        np.testing.assert_array_equal(one(pixels, kind, 0.0, seed), pixels)


@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    strength=strengths,
)
def test_sides_shrink_by_the_sixteenth_power(height: int, width: int, strength: float) -> None:
    factor = 16.0**-strength
    shrunk = one(even(90, height, width), "downsample", strength)
    assert shrunk.shape == (max(1, round(height * factor)), max(1, round(width * factor)), 3)
    assert (shrunk == 90).all()


def test_fine_stripes_become_grey_and_do_not_alias() -> None:
    stripes = even(0, 64, 64)
    stripes[:, ::2] = 200
    small = one(stripes, "downsample", 0.5)
    assert np.abs(small.astype(int) - 100).max() < 12


@given(
    height=st.integers(1, 60), width=st.integers(1, 60), strength=strengths, seed=st.integers(0, 50)
)
def test_a_crop_is_cut_out_of_the_photo(
    height: int, width: int, strength: float, seed: int
) -> None:
    numbers = np.arange(height * width)
    pixels = np.stack([numbers % 256, numbers // 256, numbers * 0], axis=-1).astype(np.uint8)
    pixels = pixels.reshape(height, width, 3)
    kept = one(pixels, "crop", strength, seed)
    for side, of_all in zip(kept.shape, (height, width), strict=False):
        assert side == max(1, round(of_all * (1 - 0.6 * strength)))
    place = kept[..., 0].astype(int) + 256 * kept[..., 1].astype(int)
    expected = place[0, 0] + np.arange(kept.shape[0])[:, None] * width + np.arange(kept.shape[1])
    np.testing.assert_array_equal(place, expected)


def test_crops_are_drawn_from_the_whole_photo() -> None:
    y, x = np.mgrid[:50, :50].astype(np.uint8)
    pixels = np.stack([y, x, x], axis=-1)
    corners = np.array([one(pixels, "crop", 1.0, seed)[0, 0, :2] for seed in range(200)])
    assert corners.min() == 0
    assert corners.max() == 30
    assert np.abs(corners.mean(axis=0) - 15).max() < 2.5


@pytest.mark.parametrize("kind", ["blur", "motion"])
@pytest.mark.parametrize("strength", [0.3, 0.7, 1.0])
def test_a_point_of_light_is_spread_and_none_is_lost(kind: str, strength: float) -> None:
    spread = light(one(point(), kind, strength))
    assert spread[..., 0].sum() == pytest.approx(1, abs=0.03)
    np.testing.assert_array_equal(spread[..., 0], spread[..., 2])
    place = ndimage.center_of_mass(spread[..., 0])
    assert place == pytest.approx((50, 50), abs=0.1)


@pytest.mark.parametrize("strength", [0.3, 0.7, 1.0])
def test_defocus_is_an_even_disc_of_the_stated_radius(strength: float) -> None:
    spread = light(one(point(), "blur", strength))[..., 0]
    radius = strength * 0.04 * 101
    y, x = np.mgrid[:101, :101] - 50
    away = np.hypot(y, x)
    assert not spread[away > radius + 1].any()
    inside = spread[away < radius - 1]
    expected = 1 / (np.pi * radius**2)
    assert inside == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_motion_is_a_line_of_the_stated_length(seed: int) -> None:
    spread = light(one(point(), "motion", 1.0, seed))[..., 0]
    y, x = np.nonzero(spread > 0)
    away = np.stack([y, x], axis=1) - 50.0
    _, extent, axes = np.linalg.svd(away, full_matrices=False)
    along, across = (away @ axis for axis in axes)
    assert extent[0] > 5 * extent[1]
    assert np.ptp(along) == pytest.approx(0.12 * 101, abs=2.5)
    assert np.abs(across).max() < 1.5


def test_motion_goes_in_any_direction() -> None:
    angles = []
    for seed in range(60):
        y, x = np.nonzero(one(point(), "motion", 1.0, seed)[..., 0])
        falls = np.sign(np.sum((y - 50) * (x - 50)))
        angles.append(float(falls * np.arctan2(np.ptp(y), np.ptp(x))))
    for low, high in ((-1.5, -1.0), (-0.6, -0.1), (0.1, 0.6), (1.0, 1.5)):
        assert any(low < angle < high for angle in angles)


@pytest.mark.parametrize("kind", ["blur", "motion"])
@given(value=st.integers(0, 255), strength=strengths)
def test_an_even_area_of_any_brightness_stays_as_it_is(
    kind: str, value: int, strength: float
) -> None:
    np.testing.assert_array_equal(one(even(value), kind, strength), even(value))


@given(strength=strengths, value=st.integers(0, 255))
def test_each_stop_of_low_light_halves_the_light(strength: float, value: int) -> None:
    dark = one(even(value), "low-light", strength)
    np.testing.assert_array_equal(dark, encoded(light(even(value)) * 2 ** (-5 * strength)))


@given(strength=strengths, seed=st.integers(0, 20))
def test_a_cast_moves_red_and_blue_apart_by_its_stops(strength: float, seed: int) -> None:
    red, green, blue = light(one(even(100), "colour-cast", strength, seed))[0, 0]
    assert green == light(even(100))[0, 0, 0]
    assert abs(np.log2(red / green)) == pytest.approx(strength, abs=0.05)
    assert np.log2(red / green) == pytest.approx(-np.log2(blue / green), abs=0.08)


def test_casts_are_warm_as_often_as_cold() -> None:
    warm = [
        int(np.diff(one(even(100), "colour-cast", 0.5, s)[0, 0, ::2].astype(int))[0] < 0)
        for s in range(60)
    ]
    assert 18 < sum(warm) < 42


@given(strength=strengths)
def test_grey_moves_colours_towards_their_luma(strength: float) -> None:
    pixels = scene(20, 30)
    luma = (pixels @ LUMA)[..., None]
    expected = pixels + strength * (luma - pixels)
    np.testing.assert_allclose(one(pixels, "grey", strength), expected, atol=0.51)


def test_a_grey_picture_stays_as_it_is_when_made_grey() -> None:
    grey = np.arange(256, dtype=np.uint8)[:, None, None].repeat(3, axis=2)
    np.testing.assert_array_equal(one(grey, "grey", 1.0), grey)


@pytest.mark.parametrize("quality", [5, 30, 50, 77, 94])
def test_jpeg_saves_at_the_quality_that_its_strength_stands_for(quality: int) -> None:
    strength = strength_of_quality(quality)
    np.testing.assert_array_equal(one(scene(), "jpeg", strength), saved_as_jpeg(scene(), quality))


@pytest.mark.parametrize("strength", [0.3, 0.6, 0.9])
def test_saving_twice_does_more_harm_than_once(strength: float) -> None:
    pixels = scene().astype(int)
    once, twice = (
        np.square(one(scene(), kind, strength) - pixels).mean() for kind in ("jpeg", "jpeg-twice")
    )
    assert twice > 1.05 * once


@pytest.mark.parametrize(("strength", "black", "white"), [(0.5, 0.10, 0.95), (1.0, 0.20, 0.90)])
def test_prints_fade_and_turn_yellow(strength: float, black: float, white: float) -> None:
    paper = np.array([1, 1 - 0.03 * strength, 1 - 0.15 * strength])
    for value, level in ((0, black), (255, white)):
        faded = one(even(value, 120, 120), "print-scan", strength) / 255
        assert faded.mean(axis=(0, 1)) == pytest.approx(level * paper, abs=0.01)
        assert faded[..., 0].std() == pytest.approx(0.06 * strength, rel=0.15)
        assert np.corrcoef(faded[..., 0].ravel(), faded[..., 2].ravel())[0, 1] > 0.95


def test_a_screenshot_has_lost_what_was_finer_than_it_showed() -> None:
    stripes = even(60, 64, 64)
    stripes[:, ::2] = 180
    for strength, left in ((0.1, 60), (1.0, 6)):
        shown = one(stripes, "screenshot", strength)
        assert shown.shape == stripes.shape
        assert np.ptp(shown[32, 8:-8, 1].astype(int)) <= left
    assert np.abs(one(even(123), "screenshot", 1.0).astype(int) - 123).max() <= 2


@pytest.mark.parametrize("kind", TO_LIGHT)
def test_what_happens_to_light_keeps_black_black_or_nearly(kind: str) -> None:
    black = one(even(0), kind, 0.3)
    assert black.mean() < 4


def test_noise_is_independent_between_pixels_and_colours() -> None:
    noisy = one(even(120, 60, 60), "noise", 0.4).astype(float)
    assert noisy.mean() == pytest.approx(120, abs=1)
    noise = noisy - noisy.mean(axis=(0, 1))
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.06
    beside = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    assert abs(beside) < 0.03
