"""Identities: what follows from the genome, what relatives share, what a change of colour keeps."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from matcher.errors import InputError
from matcher.synthetic.person import (
    ANCESTRIES,
    Identity,
    SkinTone,
    make_identity,
    with_fixed_colour,
    with_tone,
)
from matcher.synthetic.person.identity import FIXED_TONE, GENOME_SIZE

GENES = (
    *("lasting", "drift", "region", "asymmetry", "build", "ancestry", "timing", "sexual_shape"),
    *("tone", "hair", "eyes", "freckles", "brows", "style", "moles"),
)
DARK, LIGHT = SkinTone(28, 54), SkinTone(84, 60)
subjects = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def crowd() -> list[Identity]:
    """Strangers of one seed."""
    return [make_identity(7, subject) for subject in range(1500)]


def with_genes(person: Identity, name: str, values: list[float]) -> Identity:
    """Return the person with other numbers in one group of traits."""
    genome = person.genome.copy()
    changed = replace(person, genome=genome)
    changed.genes(name)[:] = values
    return changed


def brightness(colour: NDArray[np.float64]) -> float:
    return float(colour @ [0.2126, 0.7152, 0.0722])


def test_every_number_of_the_genome_is_read_by_one_group_of_traits() -> None:
    person = replace(make_identity(0, 0), genome=np.arange(float(GENOME_SIZE)))
    read = np.concatenate([person.genes(name) for name in GENES])
    np.testing.assert_array_equal(read, np.arange(GENOME_SIZE))


def test_the_genome_is_of_independent_standard_normal_numbers(crowd: list[Identity]) -> None:
    genomes = np.array([person.genome for person in crowd[:300]])
    assert stats.kstest(genomes.ravel(), "norm").pvalue > 0.01
    between = np.corrcoef(genomes)[np.triu_indices(300, 1)]
    assert np.abs(between).max() < 0.25
    assert abs(between.mean()) < 0.01


def test_the_sexes_are_evenly_drawn(crowd: list[Identity]) -> None:
    men = sum(person.male for person in crowd)
    assert stats.binomtest(men, len(crowd)).pvalue > 0.01


@given(seed=subjects, subject=subjects)
def test_the_three_shapes_share_a_whole(seed: int, subject: int) -> None:
    ancestry = make_identity(seed, subject).ancestry
    assert len(ancestry) == len(ANCESTRIES)
    assert ancestry.min() > 0
    assert ancestry.sum() == pytest.approx(1)


def test_lightness_is_drawn_evenly_over_its_range(crowd: list[Identity]) -> None:
    drawn = [person.tone.lightness for person in crowd]
    assert stats.kstest(drawn, stats.uniform(27, 58).cdf).pvalue > 0.01
    assert all(38 <= person.tone.hue <= 82 for person in crowd)


@pytest.mark.parametrize("trait", ["hair_colour", "eye_colour"])
def test_fair_hair_and_pale_eyes_come_with_light_skin_only(
    crowd: list[Identity], trait: str
) -> None:
    dark, light = (
        np.array([brightness(getattr(with_tone(person, tone), trait)) for person in crowd])
        for tone in (DARK, LIGHT)
    )
    assert dark.max() < 0.06
    assert np.quantile(light, 0.9) > 2 * dark.max()
    assert light.min() < dark.max()


def test_nobody_with_dark_skin_has_red_hair(crowd: list[Identity]) -> None:
    def redness(tone: SkinTone) -> list[float]:
        colours = [with_tone(person, tone).hair_colour for person in crowd]
        return [float(colour[0] / colour[1]) for colour in colours]

    assert max(redness(LIGHT)) > 3
    assert max(redness(DARK)) < 2


def test_freckles_are_a_share_and_fade_out_with_darker_skin(crowd: list[Identity]) -> None:
    light = [with_tone(person, LIGHT).freckles for person in crowd]
    dark = [with_tone(person, DARK).freckles for person in crowd]
    assert 0 == min(light) < 0.5 < max(light) <= 1
    assert np.mean(np.array(light) > 0) < 0.4
    assert max(dark) < 1e-3


def test_curl_is_a_share_that_leans_with_the_shape(crowd: list[Identity]) -> None:
    curls = np.array([person.hair_curl for person in crowd])
    african, asian, _ = np.array([person.ancestry for person in crowd]).T
    assert 0 < curls.min() < 0.05
    assert 0.95 < curls.max() < 1
    assert np.corrcoef(curls, african)[0, 1] > 0.5 > 0 > np.corrcoef(curls, asian)[0, 1]


@given(subject=subjects, lightness=st.floats(20, 90), hue=st.floats(40, 80))
def test_another_tone_changes_what_depends_on_the_tone_and_nothing_else(
    subject: int, lightness: float, hue: float
) -> None:
    person = make_identity(1, subject)
    changed = with_tone(person, SkinTone(lightness, hue))
    kept = {field.name for field in fields(Identity)} - {"chosen_tone"}
    assert all(getattr(changed, name) is getattr(person, name) for name in kept)
    assert changed.hair_curl == person.hair_curl
    np.testing.assert_array_equal(changed.ancestry, person.ancestry)
    assert with_tone(changed, person.tone).tone == person.tone


@given(subject=subjects)
def test_fixed_colour_changes_the_colours_and_nothing_else(subject: int) -> None:
    person = make_identity(1, subject)
    fixed = with_fixed_colour(person)
    kept = {field.name for field in fields(Identity)} - {"fixed_colour"}
    assert all(getattr(fixed, name) is getattr(person, name) for name in kept)
    assert (fixed.tone, fixed.hair_curl, fixed.freckles) == (FIXED_TONE, 0.3, 0.0)
    np.testing.assert_array_equal(fixed.ancestry, person.ancestry)


def test_a_chosen_tone_is_stronger_than_the_fixed_one() -> None:
    person = make_identity(1, 5)
    for both in (
        with_tone(with_fixed_colour(person), DARK),
        with_fixed_colour(with_tone(person, DARK)),
    ):
        assert both.tone == DARK
        np.testing.assert_array_equal(both.hair_colour, with_fixed_colour(person).hair_colour)


@given(seed=subjects, subject=subjects)
def test_the_same_two_numbers_always_make_the_same_person(seed: int, subject: int) -> None:
    one, two = make_identity(seed, subject), make_identity(seed, subject)
    assert (one.male, one.family, one.tone) == (two.male, two.family, two.tone)
    np.testing.assert_array_equal(one.genome, two.genome)
    assert not np.array_equal(one.genome, make_identity(seed + 1, subject).genome)
    assert not np.array_equal(one.genome, make_identity(seed, subject + 1).genome)


def test_a_gene_changes_only_its_own_trait() -> None:
    person = make_identity(3, 9)
    fairer = with_genes(with_tone(person, LIGHT), "hair", [3.0, 0.0, 0.0, 0.0])
    darker = with_genes(with_tone(person, LIGHT), "hair", [-3.0, 0.0, 0.0, 0.0])
    assert brightness(fairer.hair_colour) > 5 * brightness(darker.hair_colour)
    np.testing.assert_array_equal(fairer.eye_colour, darker.eye_colour)
    assert fairer.hair_curl == darker.hair_curl


def test_siblings_have_the_mean_of_their_parents_and_the_variance_of_strangers() -> None:
    size = 400
    family = [make_identity(0, size + member, family_size=size) for member in range(size)]
    children = np.array([person.genome for person in family[:-1]])
    parent = family[-1].genome
    expected = np.sqrt(0.5)
    assert np.corrcoef(children.mean(axis=0), parent)[0, 1] == pytest.approx(expected, abs=0.05)
    within = children.var(axis=0).mean()
    assert within == pytest.approx(0.5, abs=0.02)
    assert (children**2).mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_families_are_runs_of_subjects(size: int) -> None:
    families = [make_identity(4, subject, family_size=size).family for subject in range(3 * size)]
    assert families == sorted([0, 1, 2] * size)


def test_the_members_of_a_pair_are_both_children() -> None:
    pairs = [
        [make_identity(0, 2 * f + k, family_size=2).genome for k in range(2)] for f in range(60)
    ]
    alike = [np.corrcoef(*pair)[0, 1] for pair in pairs]
    assert np.mean(alike) == pytest.approx(0.5, abs=0.03)


def test_only_the_genome_is_inherited() -> None:
    for subject in range(30):
        alone, related = make_identity(6, subject), make_identity(6, subject, family_size=3)
        assert alone.male == related.male
        assert not np.array_equal(alone.genome, related.genome)


@pytest.mark.parametrize(
    ("seed", "subject", "family_size"), [(-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, -2)]
)
def test_numbers_that_make_nobody_are_refused(seed: int, subject: int, family_size: int) -> None:
    with pytest.raises(InputError, match="0 or more") as caught:
        make_identity(seed, subject, family_size=family_size)
    assert caught.value.got == (seed, subject, family_size)
