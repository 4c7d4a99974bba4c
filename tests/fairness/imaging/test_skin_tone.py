"""Apparent tone: colours to the last digit, faces in the right order, reasons to say nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from fairness.cohort import UNKNOWN, Cohort, Sample
from fairness.cohort.tone_bands import apparent_tones, tone_spread
from fairness.imaging import ApparentTone, confounds, measure_tone, with_tones
from fairness.imaging.colour import (
    MONK_LAB,
    MONK_SWATCHES,
    ciede2000,
    hue_angle,
    lab,
    linear,
    nearest_monk,
    typology_angle,
)
from matcher.faces import Detector, load_detector
from matcher.photos import load_photo
from matcher.synthetic import SkinTone, make_identity, with_tone
from matcher.synthetic.person import encoded
from matcher.synthetic.rendering import render

Pixels = NDArray[np.uint8]

SWATCHES = [
    # L*, a*, b*, typology angle, hue angle: scikit-image 0.26
    (94.211, 1.502, 5.434, 82.99, 74.55),
    (92.275, 2.060, 7.292, 80.21, 74.23),
    (93.091, 0.215, 14.216, 71.74, 89.13),
    (87.573, 0.459, 17.759, 64.70, 88.52),
    (77.902, 3.471, 23.144, 50.32, 81.47),
    (55.143, 7.784, 26.746, 10.88, 73.77),
    (42.470, 12.326, 20.535, -20.14, 59.03),
    (30.678, 11.668, 13.339, -55.38, 48.82),
    (21.069, 2.690, 5.968, -78.34, 65.73),
    (14.610, 1.482, 3.529, -84.31, 67.21),
]


@pytest.mark.parametrize("step", range(1, 11))
def test_the_monk_swatches_to_the_last_digit(step: int) -> None:
    lightness, a, b, angle, hue = SWATCHES[step - 1]
    found = MONK_LAB[step - 1]
    assert found.round(3).tolist() == [lightness, a, b]
    assert round(typology_angle(found[0], found[2]), 2) == angle
    assert round(hue_angle(found[1], found[2]), 2) == hue
    assert nearest_monk(found) == step


def test_a_lighter_step_need_not_be_lighter() -> None:
    assert len(MONK_SWATCHES) == 10
    assert MONK_LAB[1, 0] < MONK_LAB[2, 0]


@pytest.mark.parametrize(
    ("lightness", "b", "angle"),
    [(70, 15, 53.1301), (50, 15, 0), (30, 15, -53.1301), (60, -2, 78.6901), (50, 0, 0)],
)
def test_typology_angles(lightness: float, b: float, angle: float) -> None:
    assert round(typology_angle(lightness, b), 4) == angle


def test_colours_agree_with_scikit_image() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    np.testing.assert_allclose(lab(linear(pixels)), rgb2lab(pixels), atol=5e-4)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 10.0, 100.0]))
def test_differences_agree_with_scikit_image(seed: int, apart: float) -> None:
    rng = np.random.default_rng(seed)
    one = rng.uniform([0, -100, -100], [100, 100, 100], (50, 3))
    other = one + rng.uniform(-apart, apart, one.shape)
    grey = one * (1, 0, 0)
    for colour in (one, grey):
        np.testing.assert_allclose(
            ciede2000(colour, other), deltaE_ciede2000(colour, other), atol=1e-9
        )
    np.testing.assert_allclose(ciede2000(one, other), ciede2000(other, one), atol=1e-9)


LANDMARKS = np.array([[60, 60], [120, 60], [90, 95], [65, 125], [115, 125]], dtype=np.float32)
SKIN = (160, 126, 86)  # the sixth swatch


def face(colour: tuple[int, int, int] = SKIN, *, noise: float = 0.0) -> Pixels:
    """Return a face of one colour against a blue wall."""
    picture = np.empty((180, 180, 3))
    picture[:] = (40, 60, 120)
    picture[20:160, 30:150] = colour
    picture += np.random.default_rng(0).normal(0, noise, picture.shape)
    return picture.clip(0, 255).round().astype(np.uint8)


@pytest.mark.parametrize("step", range(1, 8))
def test_a_plain_face_has_the_colour_that_it_has(step: int) -> None:
    colour = bytes.fromhex(MONK_SWATCHES[step - 1][1:])
    tone = measure_tone(face((colour[0], colour[1], colour[2])), LANDMARKS)
    lightness, a, b, angle, hue = SWATCHES[step - 1]
    assert tone.rejection == ""
    assert tone.lightness == pytest.approx(lightness, abs=1e-3)
    assert tone.hue == pytest.approx(hue, abs=1e-2)
    assert tone.chroma == pytest.approx(math.hypot(a, b), abs=1e-3)
    assert tone.ita == pytest.approx(angle, abs=1e-2)
    assert tone.mst_nearest_auto == step
    assert tone.cheek_difference == tone.interquartile == 0
    assert not tone.illumination_suspect
    assert tone.eye_distance == 60
    assert 3 * 18**2 <= tone.pixels <= 3 * 21**2


def test_noise_and_spots_change_little() -> None:
    picture = face(noise=6)
    picture[80:84, 40:75] = 255
    picture[80:84, 105:140] = 0
    tone = measure_tone(picture, LANDMARKS)
    assert tone.lightness == pytest.approx(55.14, abs=1.5)
    assert tone.hue == pytest.approx(73.8, abs=3)
    assert 0 < tone.interquartile < 10


def test_a_fringe_over_the_forehead_changes_nothing() -> None:
    picture = face()
    picture[20:50] = (30, 20, 15)
    assert measure_tone(picture, LANDMARKS).lightness == pytest.approx(55.143, abs=1e-3)


def test_a_tone_does_not_depend_on_the_side() -> None:
    picture = face(noise=6)
    picture[:, :90] //= 2
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    turned = (179, 0) + LANDMARKS[[1, 0, 2, 4, 3]] * (-1, 1)
    one, other = measure_tone(picture, LANDMARKS), measure_tone(mirrored, turned)
    assert one.lightness == pytest.approx(other.lightness, abs=0.5)
    assert one.cheek_difference == pytest.approx(other.cheek_difference, abs=0.5)
    assert one.illumination_suspect


def grey() -> Pixels:
    return np.repeat(face()[..., 1:2], 3, axis=2)


def near_grey() -> Pixels:
    return face((128, 126, 124))


def overexposed() -> Pixels:
    return face((255, 250, 240))


REJECTED = {
    "grey": (grey(), LANDMARKS),
    "near-grey": (near_grey(), LANDMARKS),
    "too small": (face(), LANDMARKS * 0.5),
    "outside": (face(), LANDMARKS + np.array([0, 120])),
    "clipped": (overexposed(), LANDMARKS),
}


@pytest.mark.parametrize("reason", REJECTED)
def test_some_photos_tell_no_tone(reason: str) -> None:
    pixels, landmarks = REJECTED[reason]
    tone = measure_tone(pixels, landmarks.astype(np.float32))
    assert tone.rejection == reason
    assert math.isnan(tone.lightness)
    assert tone.mst_nearest_auto == 0
    assert math.isfinite(tone.exposure)
    assert tone.eye_distance > 0


def test_exposure_and_cast_are_those_of_the_whole_picture() -> None:
    dark = measure_tone(np.full((200, 200, 3), (10, 10, 14), np.uint8), LANDMARKS)
    light = measure_tone(np.full((900, 900, 3), (250, 250, 249), np.uint8), LANDMARKS)
    assert dark.exposure < 5 < 95 < light.exposure
    assert light.cast < 2
    assert measure_tone(face(), LANDMARKS).cast > 2


@pytest.mark.parametrize(
    ("pixels", "landmarks"),
    [
        (face().astype(np.float32), LANDMARKS),
        (face()[..., 0], LANDMARKS),
        (face()[:0], LANDMARKS),
        (face(), LANDMARKS[:4]),
        (face(), LANDMARKS * math.nan),
    ],
)
def test_what_is_no_picture_or_no_face_is_refused(pixels: Pixels, landmarks: object) -> None:
    assert isinstance(landmarks, np.ndarray)
    with pytest.raises(ValueError, match="need"):
        measure_tone(pixels, landmarks)


def test_measured_tones_fill_gaps_and_replace_nothing() -> None:
    found = Cohort.of(
        [Sample("a.jpg", "s1"), Sample("b.jpg", "s2", skin_tone_l=30.0), Sample("c.jpg", "s3")],
        name="school",
    )
    tones = {name: ApparentTone("", lightness=70.0, hue=60.0) for name in ("a.jpg", "b.jpg")}
    filled = with_tones(found, {**tones, "c.jpg": ApparentTone("grey")})
    assert [sample.skin_tone_l for sample in filled.samples] == [70, 30, None]
    grouping = filled.grouping("apparent_tone")
    assert [grouping.names[code] for code in grouping.codes] == ["light yellow", UNKNOWN, UNKNOWN]


def measured(values: dict[str, list[float]]) -> list[Sample]:
    return [
        Sample(f"{who}-{i}.jpg", who, skin_tone_l=value, skin_tone_hue=60.0)
        for who, row in values.items()
        for i, value in enumerate(row)
    ]


def test_the_spread_within_subjects() -> None:
    spread = tone_spread(measured({"s1": [40, 44], "s2": [70, 74], "s3": [55]}))
    assert spread.subjects == 2
    assert spread.within == pytest.approx(math.sqrt(8))
    # one-way: between 900, within 8, two photos each
    assert spread.agreement == pytest.approx((900 - 8) / (900 + 8))
    assert [tone.photos for tone in apparent_tones(measured({"s1": [40, 44]}))] == [2]


def test_the_spread_that_cannot_be_told() -> None:
    for values in ({"s1": [40.0], "s2": [70.0]}, {}):
        spread = tone_spread(measured(values))
        assert spread.subjects == 0
        assert math.isnan(spread.within)
        assert math.isnan(spread.agreement)
    assert math.isnan(tone_spread(measured({"s1": [40, 44]})).agreement)


def test_confounds_show_how_groups_were_photographed() -> None:
    samples = [
        Sample(f"{i}.jpg", f"s{i // 2}", skin_tone_monk=2 if i < 6 else 9) for i in range(12)
    ]
    found = Cohort.of(samples, name="school")
    exposures = {sample.photo: 70.0 if sample.skin_tone_monk == 2 else 40.0 for sample in samples}
    exposure = np.array([exposures[sample.photo] for sample in found.samples])
    quality = np.full(12, math.nan)
    light, dark, *unknown = confounds(
        found, found.grouping("tone"), {"exposure": exposure, "quality": quality}
    )
    assert (light.group, light.fact, light.mean) == ("Monk 1-3 (light)", "exposure", 70)
    assert (light.subjects, light.photos) == (3, 6)
    assert light.thirds[2] == 6
    assert light.shift == pytest.approx(2) == -dark.shift
    assert all((row.photos, row.thirds) == (0, (0, 0, 0)) for row in unknown)
    assert all(math.isnan(row.mean) and math.isnan(row.shift) for row in unknown)


def test_facts_must_be_told_of_every_photo() -> None:
    found = Cohort.of([Sample("a.jpg", "s1")], name="school")
    with pytest.raises(ValueError, match="one exposure for each of 1 photos"):
        confounds(found, found.grouping("sex"), {"exposure": [1.0, 2.0]})


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector()


@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_rendered_people_of_other_tones_are_measured_in_their_order(
    gain: float, detector: Detector
) -> None:
    lightnesses = (80, 60, 40)
    person = make_identity(5, 0)
    found = []
    for lightness in lightnesses:
        light = gain * linear(render(with_tone(person, SkinTone(lightness, 60)), 9.0))
        pixels = (255 * encoded(light)).round().astype(np.uint8)
        (face,) = detector.detect([load_photo(pixels)])[0]
        found.append(measure_tone(face.photo.pixels, face.landmarks))
    assert [tone.rejection for tone in found] == [""] * 3
    assert found[0].lightness > found[1].lightness + 8
    assert found[1].lightness > found[2].lightness + 8
    assert found[0].exposure > found[2].exposure
