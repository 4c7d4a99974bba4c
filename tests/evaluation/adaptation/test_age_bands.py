"""Which band a photo is in, and how many people a map needs."""

from __future__ import annotations

import numpy as np
import pytest

from fairness import Cohort, CohortError, Sample
from fairness.cohort import band, bands
from matcher.embedding import band_weights
from matcher.evaluation.adaptation.age_bands import (
    BAND_EDGES,
    FEWEST_IN_A_BAND,
    FEWEST_OF_A_KIND,
    FOLDS,
    band_codes,
    people_found,
    people_needed,
    require_edges,
    require_people,
    years_of,
)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("00-02", 1.5),
        ("3-9", 6.5),
        ("10-19", 15.0),
        ("10\N{EN DASH}19", 15.0),
        ("04 to under 08", 6.0),
        ("13 to under 18", 15.5),
        ("3 to 9", 6.5),
        ("3 to under 9 months", 0.5),
        ("70 and over", 70.0),
        ("more than 70", 70.0),
        ("18+", 18.0),
        ("7", 7.0),
        ("6 months", 0.5),
        (" 20-29 ", 25.0),
        ("unknown", None),
        ("child", None),
        ("-", None),
        ("", None),
        ("3-", None),
    ],
)
def test_a_stated_band_counts_as_its_middle(text: str, years: float | None) -> None:
    assert years_of(Sample("a.jpg", "a", age_band=text)) == years


@pytest.mark.parametrize("age", [0.0, 0.4, 1.5, 3.9, 5.0, 12.99, 17.0, 40.0, 80.0])
def test_the_names_of_bands_are_understood_where_they_have_a_middle(age: float) -> None:
    text = band(age)
    years = years_of(Sample("a.jpg", "a", age_band=text))
    assert years is not None
    assert band(years) == text


def test_an_exact_age_goes_before_a_band() -> None:
    assert years_of(Sample("a.jpg", "a", age_at_capture=4.0, age_band="70+")) == 4.0
    assert years_of(Sample("a.jpg", "a")) is None


def cohort(*ages: float | None) -> Cohort:
    samples = [Sample(f"{n:05}.jpg", f"s{n}", age_at_capture=age) for n, age in enumerate(ages)]
    return Cohort.of(samples, name="made")


def test_bands_begin_at_their_edge_and_nobody_without_an_age_is_in_one() -> None:
    codes = band_codes(cohort(0, 3.99, 4, 12.9, 13, 17.9, 18, 90, None), BAND_EDGES)
    assert codes.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, -1]


@pytest.mark.parametrize("dimension", [2, 48, 128, 512, 2048])
@pytest.mark.parametrize("edges", [BAND_EDGES, (0, 13, 18), (0, 1, 4, 8, 13, 18)])
def test_with_the_people_needed_the_fit_is_worth_more_faces_than_numbers(
    dimension: int, edges: tuple[float, ...]
) -> None:
    needed = people_needed(dimension, edges)
    fitted_to = [needed[name] * (FOLDS - 1) // FOLDS for name in bands(edges)]
    weights = band_weights(np.repeat(np.arange(len(edges)), fitted_to))
    assert 1 / np.sum(weights**2) > dimension
    assert min(needed.values()) >= FEWEST_IN_A_BAND
    assert needed["18 and over"] >= FEWEST_OF_A_KIND
    assert needed["all younger than 18"] >= FEWEST_OF_A_KIND


def test_a_person_with_many_photos_is_one_person() -> None:
    samples = [Sample(f"{n}.jpg", "a", age_at_capture=5.0) for n in range(100)]
    made = Cohort.of(samples, name="made")
    found = people_found(made, band_codes(made, BAND_EDGES), BAND_EDGES)
    assert found["04 to under 13"] == 1


def test_each_short_band_is_named_with_what_it_needs_and_has() -> None:
    made = cohort(*[2.0] * 60, *[8.0] * 10, *[15.0] * 300, *[30.0] * 20)
    found = people_found(made, band_codes(made, BAND_EDGES), BAND_EDGES)
    with pytest.raises(CohortError) as caught:
        require_people(made, found, people_needed(128, BAND_EDGES), "an age")
    assert caught.value.got == "04 to under 13: 10 of 50; 18 and over: 20 of 250"


@pytest.mark.parametrize(
    "edges", [(), (0,), (0, 18), (0, 4, 13), (1, 4, 18), (0, 13, 4, 18), (0, 4, 4, 18), (0, 9, 21)]
)
def test_edges_that_do_not_separate_children_from_adults_are_refused(
    edges: tuple[float, ...],
) -> None:
    with pytest.raises(CohortError, match="two bands below it"):
        require_edges(edges)
