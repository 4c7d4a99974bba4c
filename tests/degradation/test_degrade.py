"""Laws of the degradations: repeatable, harmless at zero, worse with strength, any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from matcher.degradation import RECIPES, Degradation, degrade, parse, shrink, text_of
from matcher.degradation.recipes import KINDS
from matcher.errors import InputError

repeatable = settings(deadline=None, derandomize=True)

SMALLER = {"downsample", "crop"}

steps = st.lists(
    st.builds(Degradation, st.sampled_from(KINDS), st.floats(0.0, 1.0)), max_size=3
).map(tuple)
pictures = st.tuples(st.integers(2, 24), st.integers(2, 24)).flatmap(
    lambda size: arrays(np.uint8, (*size, 3))
)


def portrait_like(height=120, width=96):
    """Return a picture with soft gradients, edges and fine texture."""
    y, x = np.mgrid[:height, :width]
    disc = ((y - height / 2) ** 2 + (x - width / 2) ** 2 < (width / 3) ** 2) * 70
    texture = np.random.default_rng(5).normal(0, 12, (height, width))
    planes = [90 + disc + 20 * np.sin(x / 7), 70 + disc + 0.5 * y, 60 + 0.8 * disc + 0.4 * x]
    return np.clip(np.stack(planes, axis=-1) + texture[..., None], 0, 255).astype(np.uint8)


def psnr(original, other):
    """Peak signal-to-noise ratio in dB, after scaling `other` back to the size of the original."""
    size = original.shape[1::-1]
    same_size = np.asarray(Image.fromarray(other).resize(size, Image.Resampling.BICUBIC))
    error = np.mean((original.astype(float) - same_size) ** 2)
    return 10 * np.log10(255**2 / error)


@repeatable
@given(pictures, steps, st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_bytes_and_the_input_is_left_alone(pixels, steps, seed):
    before = pixels.copy()
    first, second = degrade(pixels, steps, seed=seed), degrade(pixels, steps, seed=seed)
    assert first.tobytes() == second.tobytes()
    assert np.array_equal(pixels, before)
    assert not np.shares_memory(first, pixels)


@repeatable
@given(pictures, st.sampled_from(KINDS), st.floats(0.0, 1.0))
def test_any_size_stays_eight_bit_rgb_of_the_promised_size(pixels, kind, strength):
    result = degrade(pixels, [Degradation(kind, strength)], seed=1)
    assert result.dtype == np.uint8
    assert result.flags.c_contiguous
    if kind in SMALLER:
        assert all(1 <= new <= old for new, old in zip(result.shape, pixels.shape, strict=True))
    else:
        assert result.shape == pixels.shape


@pytest.mark.parametrize("kind", KINDS)
def test_strength_zero_is_the_photo_itself(kind):
    pixels = portrait_like()
    assert np.array_equal(degrade(pixels, [Degradation(kind, 0.0)], seed=9), pixels)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"crop"}))
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_harm_grows_with_strength(kind, seed):
    pixels = portrait_like()
    harm = [
        -psnr(pixels, degrade(pixels, [Degradation(kind, strength)], seed=seed))
        for strength in (0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    assert harm == sorted(harm)
    assert harm[-1] - harm[0] > 1.0


def test_a_crop_keeps_the_stated_share_and_is_part_of_the_photo():
    pixels = portrait_like(100, 80)
    cropped = degrade(pixels, [Degradation("crop", 0.5)], seed=3)
    assert cropped.shape == (70, 56, 3)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (70, 56, 3))[:, :, 0]
    assert (windows == cropped).all(axis=(2, 3, 4)).any()


@pytest.mark.parametrize("kind", ["noise", "motion", "crop", "print-scan"])
def test_another_seed_gives_another_picture(kind):
    pixels = portrait_like()
    one, other = (degrade(pixels, [Degradation(kind, 0.5)], seed=seed) for seed in (0, 1))
    assert not np.array_equal(one, other)


def test_the_order_of_steps_is_kept():
    pixels = portrait_like()
    there = degrade(pixels, parse("downsample:0.5;noise:0.5"), seed=0)
    back = degrade(pixels, parse("noise:0.5;downsample:0.5"), seed=0)
    assert not np.array_equal(there, back)


@pytest.mark.parametrize(
    ("kind", "strength", "expected"),
    [
        pytest.param("grey", 1.0, (76, 76, 76), id="pure red has BT.601 luma 76"),
        pytest.param("low-light", 0.2, (188, 0, 0), id="one stop less halves the light"),
        pytest.param("blur", 1.0, (255, 0, 0), id="blur leaves an even area alone"),
        pytest.param("motion", 1.0, (255, 0, 0), id="motion leaves an even area alone"),
    ],
)
def test_the_physical_meaning_holds_on_an_even_red_area(kind, strength, expected):
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    assert np.all(degrade(red, [Degradation(kind, strength)], seed=0) == expected)


def test_noise_has_the_signal_to_noise_ratio_of_its_electrons():
    grey = np.full((200, 200, 3), 188, np.uint8)  # half of the light of white
    noisy = degrade(grey, [Degradation("noise", 0.5)], seed=0) / 255.0
    light = np.where(noisy <= 0.04045, noisy / 12.92, ((noisy + 0.055) / 1.055) ** 2.4)
    electrons, read = 100 / 0.5**2, 3
    expected = np.sqrt(0.5 * electrons + read**2) / electrons
    assert light.std() == pytest.approx(expected, rel=0.02)


@repeatable
@given(steps)
def test_text_round_trips(steps):
    assert parse(text_of(steps)) == steps


def test_text_reads_as_documented():
    assert parse("downsample:0.5; jpeg:0.3") == (
        Degradation("downsample", 0.5),
        Degradation("jpeg", 0.3),
    )
    assert parse("") == ()
    assert str(Degradation("jpeg", 0.3)) == "jpeg:0.3"


@pytest.mark.parametrize(
    "text", ["jpeg", "jpeg:", "jpeg:much", "jpeg:1.1", "jpeg:-0.1", "jpeg:nan", "melt:0.5"]
)
def test_text_that_is_not_a_step_is_refused(text):
    with pytest.raises(InputError):
        parse(text)


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(np.zeros((4, 4, 3)), id="floats"),
        pytest.param(np.zeros((4, 4), np.uint8), id="no channels"),
        pytest.param(np.zeros((4, 4, 4), np.uint8), id="four channels"),
        pytest.param(np.zeros((0, 4, 3), np.uint8), id="empty"),
    ],
)
def test_other_arrays_are_refused(pixels):
    with pytest.raises(InputError, match="uint8 array of shape"):
        degrade(pixels, (), seed=0)


def test_a_negative_seed_is_refused():
    with pytest.raises(InputError, match="seed"):
        degrade(portrait_like(), (), seed=-1)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_does_harm_and_repeats(name):
    pixels = portrait_like()
    first = RECIPES[name].apply(pixels, seed=4)
    assert np.array_equal(first, RECIPES[name].apply(pixels, seed=4))
    assert psnr(pixels, first) < 35


def test_the_ladder_is_exact():
    pixels = portrait_like(120, 96)
    small = shrink(pixels, 32, 30)
    assert small.shape == (32, 26, 3)
    assert np.array_equal(small, RECIPES["px32-q30"].apply(pixels, seed=0))
    assert shrink(pixels, 500, 95).shape == pixels.shape


@pytest.mark.parametrize(("side", "quality"), [(0, 30), (32, 0), (32, 101)])
def test_the_ladder_refuses_impossible_steps(side, quality):
    with pytest.raises(InputError):
        shrink(portrait_like(), side, quality)


@pytest.mark.parametrize("kind", KINDS)
def test_a_strength_close_to_nothing_is_no_special_case(kind):
    pixels = np.full((8, 8, 3), 120, np.uint8)
    degraded = degrade(pixels, (Degradation(kind, 1e-300),), seed=0)
    assert degraded.dtype == np.uint8
