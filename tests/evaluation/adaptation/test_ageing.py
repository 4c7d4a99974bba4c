"""What changes in a person over the years is fitted to some people and judged on others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fairness import Cohort, CohortError, Sample
from matcher.evaluation import AgeingGain, Choice
from matcher.evaluation.adaptation import ageing_judging
from matcher.evaluation.adaptation.age_bands import FOLDS
from matcher.evaluation.adaptation.ageing import (
    FEWEST_PEOPLE,
    less_ageing,
    people_years_apart,
    require_years_apart,
    seen_years_apart,
)
from matcher.evaluation.adaptation.ageing_judging import ageing_gain, require_gain
from matcher.evaluation.adaptation.copies import WithCopies
from matcher.evaluation.adaptation.faces import Faces, faces_of

D = 24
NAMES = ("young", "older", "adult")
AS_THEY_ARE = Choice(None, 0)


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return made


def grown(people: int = 60, moved: float = 6.0, noise: float = 0.4, seed: int = 0) -> Faces:
    """Return people photographed at 2, 9 and 30 years, all moved along one direction by age."""
    rng = np.random.default_rng(seed)
    ages = np.tile([2.0, 9.0, 30.0], people)
    codes = np.repeat(np.arange(people), 3)
    along = np.zeros(D)
    along[0] = 1.0
    own = rng.normal(size=(people, D))[codes] + noise * rng.normal(size=(3 * people, D))
    vectors = unit(own + moved * np.log((ages + 2) / 11)[:, None] * along)
    samples = [
        Sample(f"{n:04}.jpg", f"s{who:03}", age_at_capture=age)
        for n, (who, age) in enumerate(zip(codes, ages, strict=True))
    ]
    bands = np.tile(np.arange(3), people)
    made = WithCopies(Cohort.of(samples, name="made"), vectors, vectors, {})
    return faces_of(made, bands, NAMES, None, seed)


def test_the_directions_along_which_people_age_are_gone() -> None:
    dated = grown().dated
    matrix = less_ageing(dated.vectors, dated.people, dated.ages)
    movement = np.zeros(D)
    movement[0] = 1.0
    kept = np.linalg.norm(movement @ matrix) / np.linalg.norm(matrix, ord=2)
    assert kept < 0.1
    other = np.linalg.norm(np.eye(D)[1:] @ matrix, axis=1) / np.linalg.norm(matrix, ord=2)
    assert np.median(other) > 0.8


def test_only_what_differs_within_a_person_counts() -> None:
    """A vector that is added to all photos of a person changes nothing; nor does their order."""
    dated = grown().dated
    fitted = less_ageing(dated.vectors, dated.people, dated.ages)
    rng = np.random.default_rng(1)
    elsewhere = dated.vectors + rng.normal(size=(dated.people.max() + 1, D))[dated.people]
    np.testing.assert_allclose(less_ageing(elsewhere, dated.people, dated.ages), fitted, atol=1e-9)
    order = rng.permutation(len(dated.ages))
    shuffled = less_ageing(dated.vectors[order], dated.people[order], dated.ages[order])
    np.testing.assert_allclose(shuffled, fitted, atol=1e-9)


def test_a_person_with_many_photos_weighs_no_more_than_others() -> None:
    """Each photo of one person is there a hundred times: the fit hardly moves."""
    dated = grown().dated
    many = np.concatenate(
        [np.arange(len(dated.ages)), np.tile(np.flatnonzero(dated.people == 0), 99)]
    )
    fitted = less_ageing(dated.vectors, dated.people, dated.ages)
    again = less_ageing(dated.vectors[many], dated.people[many], dated.ages[many])
    assert np.abs(again - fitted).max() < 0.2 * np.abs(fitted).max()


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from([1, 4, 6, 11, 17, 18, 23, None])), min_size=1
    )
)
def test_people_count_whose_photos_are_years_apart(photos: list[tuple[int, int | None]]) -> None:
    people = np.array([who for who, _ in photos])
    ages = np.array([np.nan if age is None else age for _, age in photos], np.float64)
    wanted = []
    for who, age in photos:
        others = [one for of, one in photos if of == who and one is not None]
        apart = max(others, default=0) - min(others, default=0) >= 5
        wanted.append(age is not None and apart and min(others) < 18)
    assert seen_years_apart(people, ages).tolist() == wanted


def test_an_age_band_is_no_age() -> None:
    samples = [Sample("a.jpg", "a", age_band="0-2"), Sample("b.jpg", "a", age_band="10-19")]
    assert people_years_apart(Cohort.of(samples, name="made")) == 0


def test_too_few_people_are_refused_with_both_numbers() -> None:
    cohort = Cohort.of(
        [
            Sample(f"{who}-{age}.jpg", f"s{who}", age_at_capture=float(age))
            for who in range(FEWEST_PEOPLE - 1)
            for age in (3, 8)
        ],
        name="made",
    )
    with pytest.raises(CohortError, match=f"{FEWEST_PEOPLE} or more") as caught:
        require_years_apart(cohort, "an age")
    assert caught.value.got == str(FEWEST_PEOPLE - 1)


def test_a_gain_is_found_where_people_move_with_age() -> None:
    gain = ageing_gain(grown(moved=2.0), AS_THEY_ARE, seed=0)
    assert gain.beyond_chance
    assert gain.low <= gain.after - gain.before <= gain.high
    assert (gain.people, gain.photos, gain.pairs) == (60, 180, 180)


def test_nothing_is_gained_where_the_map_of_the_age_bands_has_taken_the_direction() -> None:
    gain = ageing_gain(grown(moved=2.0), Choice(0.25, 0), seed=0)
    assert gain.before > 0.9
    assert not gain.beyond_chance


def test_where_nobody_moves_with_age_no_gain_is_claimed() -> None:
    """Photos of a person differ by chance alone; an interval of 95 % may be wrong now and then."""
    claims = [
        ageing_gain(grown(moved=0.0, noise=0.8, seed=seed), AS_THEY_ARE, seed=0).beyond_chance
        for seed in range(20)
    ]
    assert sum(claims) <= 2


def test_nobody_is_judged_by_a_fit_to_the_person() -> None:
    """If the photos of two folds change, the map that judges their pairs stays."""
    faces = grown()
    moved = np.random.default_rng(5).normal(size=faces.dated.vectors.shape)
    choice = Choice(None, 0, ageing=True)
    for left_out in ((0, 3), (2, 2)):
        inside = np.isin(faces.dated.folds, left_out)[:, None]
        vectors = np.where(inside, unit(moved), faces.dated.vectors)
        changed = replace(faces, dated=replace(faces.dated, vectors=vectors))
        assert changed.fitted(choice).to_bytes() != faces.fitted(choice).to_bytes()
        one, other = (each.fitted(choice, left_out).to_bytes() for each in (changed, faces))
        assert one == other


def test_the_folds_of_the_photos_are_those_of_the_people() -> None:
    faces = grown()
    fold = dict(zip(faces.people.tolist(), faces.folds.tolist(), strict=True))
    assert [fold[who] for who in faces.dated.people.tolist()] == faces.dated.folds.tolist()
    assert set(fold.values()) == set(range(FOLDS))


def test_the_rates_are_those_of_a_plain_count() -> None:
    faces = grown(people=56, moved=1.5)
    gain = ageing_gain(faces, AS_THEY_ARE, seed=0)
    dated = faces.dated
    scores = (dated.vectors @ dated.vectors.T).astype(np.float32)
    pairs = [(a, b) for a in range(len(scores)) for b in range(a)]
    strangers = sorted(
        (scores[a, b] for a, b in pairs if dated.people[a] != dated.people[b]), reverse=True
    )
    threshold = strangers[int(0.001 * len(strangers))]
    mated = [
        scores[a, b]
        for a, b in pairs
        if dated.people[a] == dated.people[b] and abs(dated.ages[a] - dated.ages[b]) >= 5
    ]
    assert gain.pairs == len(mated)
    assert gain.before == pytest.approx(np.mean(np.array(mated) > threshold), abs=1e-9)


def test_relatives_are_no_strangers() -> None:
    """Everybody has a twin: among strangers they would set the threshold."""
    faces = grown(people=80, moved=0.5)
    dated = faces.dated
    pair = dated.people // 2
    twins = replace(
        dated,
        vectors=dated.vectors[(dated.people - dated.people % 2) * 3 + np.arange(len(pair)) % 3],
    )
    apart = ageing_gain(replace(faces, dated=twins), AS_THEY_ARE, seed=0)
    kin = ageing_gain(replace(faces, dated=replace(twins, families=pair)), AS_THEY_ARE, seed=0)
    assert kin.before > apart.before + 0.2


def test_of_many_photos_some_people_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ageing_judging, "MOST_PHOTOS", 100)
    gain = ageing_gain(grown(moved=2.0), AS_THEY_ARE, seed=0)
    assert (gain.people, gain.photos) == (33, 99)


def test_a_model_without_a_gain_is_not_written() -> None:
    none = AgeingGain(60, 180, 180, before=0.5, after=0.51, low=-0.01, high=0.03)
    assert not none.beyond_chance
    with pytest.raises(CohortError, match="a gain beyond chance") as caught:
        require_gain(none, used=False)
    assert "+1.0 points (-1.0 to +3.0" in str(caught.value.got)
    some = replace(none, low=0.001)
    assert some.beyond_chance
    require_gain(some, used=True)
