"""Rendered people: growth, families, and axes that do not depend on each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import InputError
from matcher.synthetic import (
    SkinTone,
    make_identity,
    tone_of_monk,
    tone_of_pixels,
    with_fixed_colour,
    with_tone,
)
from matcher.synthetic.person import amplitude, drift, drift_size, stage_weights
from matcher.synthetic.person.skin_tone import MONK_SWATCHES, lab_of_linear, linear_of_lab
from matcher.synthetic.shape import head_at
from matcher.synthetic.shape.head import offset_values, shape_weights

ages = st.floats(2.0, 59.0)
subjects = st.integers(0, 10_000)


@given(age=ages, male=st.booleans(), timing=st.floats(-2, 2))
def test_the_stages_of_life_are_shares_of_one(age, male, timing):
    weights = stage_weights(age, male, timing)
    assert sum(weights.values()) == pytest.approx(1)
    assert all(-0.03 <= weight <= 1.03 for weight in weights.values())


@given(age=ages, subject=subjects)
def test_growth_is_smooth(age, subject):
    person = make_identity(0, subject)
    now, soon = shape_weights(person, age), shape_weights(person, age + 0.01)
    for name in now.keys() | soon.keys():
        assert abs(now.get(name, 0.0) - soon.get(name, 0.0)) < 0.012, name


def test_a_face_changes_more_over_twelve_years_than_over_one():
    for subject in range(8):
        person = make_identity(5, subject)
        at = {age: head_at(person, age).vertices for age in (4.0, 5.0, 16.0)}
        year = np.abs(at[4.0] - at[5.0]).mean()
        assert 0 < year < np.abs(at[4.0] - at[16.0]).mean()


def test_a_child_is_not_a_scaled_copy_of_the_adult():
    person = make_identity(5, 1)
    child, adult = (head_at(person, age).vertices for age in (4.0, 25.0))
    scale = (child * adult).sum() / (child**2).sum()
    left_over = np.sqrt(((adult - scale * child) ** 2).sum(axis=1).mean())
    assert left_over > 0.03


def test_offsets_follow_a_person_through_life_but_drift():
    people = [make_identity(2, subject) for subject in range(150)]
    values = {age: np.array([offset_values(p, age) for p in people]) for age in (4.0, 8.0, 25.0)}

    def correlation(a: float, b: float) -> float:
        columns = range(values[a].shape[1])
        return float(
            np.mean([np.corrcoef(values[a][:, k], values[b][:, k])[0, 1] for k in columns])
        )

    assert 0.4 < correlation(4.0, 25.0) < correlation(4.0, 8.0) < 0.98


def test_the_drift_has_unit_variance_at_every_age():
    numbers = np.random.default_rng(0).standard_normal((20_000, drift_size()))
    for age in (2.0, 6.0, 20.0, 50.0):
        assert drift(numbers, age).std() == pytest.approx(1, abs=0.03)


def test_amplitude_starts_at_the_early_share_and_ends_at_the_adult_spread():
    early = np.array([0.1, 1.0, 1.3])
    np.testing.assert_allclose(amplitude(early, 3.0), early)
    np.testing.assert_allclose(amplitude(early, 40.0), 1, atol=1e-3)


@given(subject=subjects, lightness=st.floats(15, 90), hue=st.floats(40, 80))
def test_changing_the_tone_leaves_the_shape_as_it_is(subject, lightness, hue):
    person = make_identity(0, subject)
    changed = with_tone(person, SkinTone(lightness, hue))
    assert shape_weights(changed, 9.0) == shape_weights(person, 9.0)
    assert changed.tone == SkinTone(lightness, hue)


def test_tone_and_ancestry_are_drawn_independently():
    people = [make_identity(0, subject) for subject in range(1500)]
    tones = np.array([person.tone.lightness for person in people])
    for column in np.array([person.ancestry for person in people]).T:
        assert abs(np.corrcoef(tones, column)[0, 1]) < 0.08
    assert np.ptp(tones) > 55


def test_with_fixed_colour_everybody_has_the_same_colours_and_their_own_shape():
    first, second = (with_fixed_colour(make_identity(0, subject)) for subject in (1, 2))
    assert first.tone == second.tone
    np.testing.assert_array_equal(first.hair_colour, second.hair_colour)
    np.testing.assert_array_equal(first.eye_colour, second.eye_colour)
    assert first.freckles == second.freckles == 0
    assert shape_weights(first, 9.0) == shape_weights(make_identity(0, 1), 9.0)
    assert shape_weights(first, 9.0) != shape_weights(second, 9.0)


def test_relatives_are_closer_than_strangers():
    families = [[make_identity(0, 3 * f + k, family_size=3) for k in range(3)] for f in range(60)]
    genomes = np.array([[person.genome for person in family] for family in families])
    siblings = [np.corrcoef(f[0], f[1])[0, 1] for f in genomes]
    parent = [np.corrcoef(f[0], f[2])[0, 1] for f in genomes]
    strangers = [np.corrcoef(genomes[k, 0], genomes[k - 1, 0])[0, 1] for k in range(60)]
    assert np.mean(siblings) == pytest.approx(0.5, abs=0.03)
    assert np.mean(parent) == pytest.approx(0.5, abs=0.03)
    assert np.max(strangers) < 0.2
    assert {person.family for person in families[4]} == {4}


def test_a_family_of_one_is_a_stranger_to_everybody():
    assert [make_identity(0, subject).family for subject in range(4)] == [0, 1, 2, 3]


def test_the_same_numbers_make_the_same_person():
    one, two = make_identity(4, 17), make_identity(4, 17)
    np.testing.assert_array_equal(one.genome, two.genome)
    assert not np.array_equal(one.genome, make_identity(5, 17).genome)


@given(lightness=st.floats(20, 88), hue=st.floats(45, 75))
def test_the_albedo_has_the_lightness_and_hue_it_was_asked_for(lightness, hue):
    lab = lab_of_linear(SkinTone(lightness, hue).albedo)
    assert lab[0] == pytest.approx(lightness, abs=0.01)
    assert np.degrees(np.arctan2(lab[2], lab[1])) == pytest.approx(hue, abs=0.1)


@given(lab=st.tuples(st.floats(5, 95), st.floats(-15, 25), st.floats(-10, 30)))
def test_lab_and_linear_light_are_inverse(lab):
    there = linear_of_lab(np.array(lab))
    if there.min() > 0:
        np.testing.assert_allclose(lab_of_linear(there), lab, atol=1e-4)


@pytest.mark.parametrize("number", range(1, 11))
def test_a_swatch_of_the_monk_scale_is_nearest_to_itself(number):
    swatch = MONK_SWATCHES[number - 1]
    pixels = np.array([[int(swatch[k : k + 2], 16) for k in (1, 3, 5)]], np.uint8)
    lightness, hue, nearest = tone_of_pixels(pixels)
    assert nearest == number
    assert tone_of_monk(number).lightness == pytest.approx(lightness, abs=0.01)
    assert tone_of_monk(number).hue == pytest.approx(hue, abs=0.01)


def test_black_and_white_have_the_lightness_of_the_standard():
    assert lab_of_linear(np.ones(3)) == pytest.approx([100, 0, 0], abs=1e-4)
    assert lab_of_linear(np.zeros(3)) == pytest.approx([0, 0, 0], abs=1e-4)


def test_what_cannot_be_made_is_refused():
    with pytest.raises(InputError, match="age"):
        head_at(make_identity(0, 0), 1.0)
    with pytest.raises(InputError, match="identity"):
        make_identity(0, -1)
    with pytest.raises(InputError, match="skin tone"):
        SkinTone(5, 60)
    with pytest.raises(InputError, match="Monk"):
        tone_of_monk(11)
