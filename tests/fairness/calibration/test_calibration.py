"""What a score means: counted right, never beyond what the data carry, and it says on what."""

from __future__ import annotations

import json
import re
from datetime import date
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fairness.calibration import CalibrationRecord, calibrate, require_people
from fairness.calibration.gallery_sizes import _Searches, chance_of_a_lead, false_positive_rates
from fairness.calibration.impostors import Impostors
from fairness.calibration.record import AgeBandRecord
from fairness.cohort import Cohort, Sample, SetAside
from fairness.errors import CalibrationError

MODEL = {"name": "made", "weights_sha256": "ab" * 32}
Vectors = NDArray[np.float32]


def unit(vectors: NDArray[np.float64]) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    made: Vectors = (vectors / lengths).astype(np.float32)
    return made


def people(n: int, photos: int = 1, *, seed: int = 0, d: int = 12) -> Vectors:
    """Vectors of people of whom some are more like everybody than others."""
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=(n, 1, d))
    centre[:, :, 0] += rng.gamma(4.0, 0.5, size=(n, 1))
    return unit(centre + 0.4 * rng.normal(size=(n, photos, d))).reshape(n * photos, d)


def cohort(n: int, photos: int = 1, **labels: Any) -> Cohort:
    """Return n people of five years unless the labels say otherwise."""
    facts = {"age_at_capture": 5.0, **labels}
    return Cohort.of(
        [Sample(f"{i:04d}-{k}", f"{i:04d}", **facts) for i in range(n) for k in range(photos)],
        name="made",
    )


def made(of: Cohort, vectors: Vectors, **options: Any) -> CalibrationRecord:
    return calibrate(of, vectors, model=MODEL, made_on=date(2026, 11, 1), **options)


def only_band(record: CalibrationRecord) -> AgeBandRecord:
    (band,) = record.bands
    return band


@given(
    n=st.integers(1, 30),
    sexes=st.lists(st.sampled_from(["female", "male", "unknown"]), min_size=30, max_size=30),
    ages=st.lists(st.sampled_from([2.0, 5.0, 40.0, None]), min_size=30, max_size=30),
)
@settings(max_examples=40, deadline=None)
def test_what_is_refused_before_the_vectors_is_what_would_be_refused_after(
    n: int, sexes: list[str], ages: list[float | None]
) -> None:
    of = Cohort.of(
        [Sample(f"{i}", f"{i}", age_at_capture=ages[i], sex=sexes[i]) for i in range(n)],
        name="made",
    )
    try:
        made(of, people(n))
    except CalibrationError as error:
        with pytest.raises(CalibrationError, match=re.escape(str(error))):
            require_people(of)
    else:
        require_people(of)


def test_impostors_are_other_people_of_the_same_age_and_sex_and_no_relatives() -> None:
    rng = np.random.default_rng(4)
    ages, sexes = rng.choice([5.0, 10.0], 80), rng.choice(["female", "male", "unknown"], 80)
    samples = [
        Sample(
            f"{i:03d}",
            f"{i // 2:03d}",
            age_at_capture=ages[i],
            sex=sexes[i - i % 2],
            family=f"{i // 8}" if i < 24 else None,
        )
        for i in range(80)
    ]
    vectors = people(80, seed=4)
    record = made(Cohort.of(samples, name="mixed"), vectors)
    scores = vectors @ vectors.T
    for band, age in zip(record.bands, (5.0, 10.0), strict=True):
        expected = [
            scores[i, j]
            for i, j in combinations(range(80), 2)
            if ages[i] == ages[j] == age
            and samples[i].subject != samples[j].subject
            and (samples[i].family is None or samples[i].family != samples[j].family)
            and (
                {samples[i].sex, samples[j].sex} <= {samples[i].sex, "unknown"}
                or {samples[i].sex, samples[j].sex} <= {samples[j].sex, "unknown"}
            )
        ]
        assert band.comparisons == len(expected)
        curve = band.false_matches
        counted = [int(np.sum(np.array(expected) >= np.float32(s))) for s in curve.scores]
        assert list(curve.errors) == counted
        np.testing.assert_allclose(curve.rate, np.array(counted) / len(expected), rtol=1e-3)


def test_photos_without_a_vector_do_not_count() -> None:
    vectors = people(40, seed=2)
    acquisition = ["no face" if i % 4 == 0 else "" for i in range(40)]
    vectors[::4] = 0
    band = only_band(made(cohort(40), vectors, acquisition=acquisition))
    assert (band.photos, band.comparisons) == (30, 30 * 29 // 2)


def test_the_chance_of_a_lead_is_that_of_all_galleries() -> None:
    hit = np.array([True, True, False, False, False, True, False])
    for size in range(1, 7):
        galleries = [any(hit[list(drawn)]) for drawn in combinations(range(7), size)]
        chance = chance_of_a_lead(np.array([3.0]), np.array([7.0]), np.array([size]))
        assert chance[0, 0] == pytest.approx(np.mean(galleries))


def test_with_several_photos_of_a_person_the_chance_is_at_least_the_true_one() -> None:
    rng = np.random.default_rng(1)
    hit = rng.random((6, 3)) < 0.3
    picks = [hit[np.arange(6), list(photos)] for photos in product(range(3), repeat=6)]
    shares = np.array([hit.mean(axis=1).sum()])
    for size in range(1, 6):
        true = np.mean(
            [pick[list(drawn)].any() for pick in picks for drawn in combinations(range(6), size)]
        )
        chance = chance_of_a_lead(shares, np.array([6.0]), np.array([size]))[0, 0]
        assert true - 1e-12 <= chance <= 1


@pytest.mark.parametrize("photos", [1, 3])
def test_a_gallery_of_one_has_the_false_match_rate(photos: int) -> None:
    band = only_band(made(cohort(30, photos), people(30, photos)))
    column = [row[0] for row in band.galleries.rate]
    assert band.galleries.sizes[0] == 1
    np.testing.assert_allclose(column, band.false_matches.rate, rtol=1e-3)


def test_the_interval_comes_from_leaving_out_one_person_after_the_other() -> None:
    vectors = people(25, seed=3)
    whole = Impostors.among(cohort(25), vectors, np.arange(25))
    threshold, sizes = np.float32(np.quantile(whole.scores, 0.9)), np.array([1, 5, 10])
    _, shares = _Searches(whole).rates(threshold, sizes)
    left_out = [
        _Searches(Impostors.among(cohort(25), vectors, np.delete(np.arange(25), one))).rates(
            threshold, sizes
        )[0]
        for one in range(25)
    ]
    np.testing.assert_allclose(shares, np.mean(left_out, axis=0) - left_out, atol=1e-6)


def test_limits_enclose_the_rate_and_fall_with_the_score() -> None:
    band = only_band(made(cohort(60, 2), people(60, 2)))
    for part in (band.false_matches, band.galleries):
        low, rate, high = (np.array(values) for values in (part.low, part.rate, part.high))
        assert np.all((low <= rate) & (rate <= high) & (high <= 1))
        assert np.all(np.diff(high, axis=0) <= 0)
    assert np.all(np.diff(band.galleries.rate, axis=1) >= -1e-12)


def test_the_last_score_is_the_highest_that_five_comparisons_reach() -> None:
    vectors = people(50, seed=6)
    curve = only_band(made(cohort(50), vectors)).false_matches
    scores = np.sort((vectors @ vectors.T)[np.triu_indices(50, 1)])
    assert curve.scores[-1] == pytest.approx(float(scores[-5]), abs=1e-6)
    assert curve.errors[-1] == 5
    assert curve.errors[0] == len(scores)


def test_galleries_are_no_larger_than_what_every_probe_has_met() -> None:
    samples = [
        Sample(f"{i:03d}", f"{i:03d}", age_at_capture=5, sex="female" if i < 40 else "male")
        for i in range(60)
    ]
    band = only_band(made(Cohort.of(samples, name="uneven"), people(60)))
    assert band.galleries.sizes[-1] == 20 - 1 - 1
    assert band.largest_gallery["0.1"] >= band.largest_gallery["0.05"]


def test_bands_with_too_few_people_are_named_and_say_no_more() -> None:
    few = [Sample(f"few-{i}", f"few-{i}", age_at_capture=70) for i in range(10)]
    boys = [Sample(f"boy-{i}", f"boy-{i}", age_at_capture=5, sex="male") for i in range(10)]
    of = Cohort.of([*cohort(30, sex="female").samples, *few, *boys], name="few")
    record = made(of, people(50))
    assert only_band(record).subjects == 30
    assert record.not_calibrated == {"65 and over": "fewer than 11 people of one sex"}


def test_without_any_band_there_is_no_calibration() -> None:
    with pytest.raises(CalibrationError, match="11 people"):
        made(cohort(10), people(10))
    with pytest.raises(CalibrationError, match="11 people"):
        made(cohort(30, age_at_capture=None), people(30))


def test_bands_of_the_source_are_taken_as_they_are() -> None:
    samples = [
        Sample(f"{label}/{i}", f"{label}/{i}", age_band=label)
        for label in ("00-02", "03-09", "70 and over")
        for i in range(15)
    ]
    record = made(Cohort.of(samples, name="banded"), people(45))
    assert [(b.at_least, b.below) for b in record.bands] == [(0, 3), (3, 10), (70, None)]
    assert all(band.gaps == () for band in record.bands)


def test_an_age_in_two_bands_is_refused() -> None:
    mixed = [*cohort(15).samples, *cohort(15, age_at_capture=None, age_band="03-09").samples]
    renamed = [Sample(f"{i}", f"{i}", s.age_at_capture, s.age_band) for i, s in enumerate(mixed)]
    with pytest.raises(CalibrationError, match="03-09"):
        made(Cohort.of(renamed, name="mixed"), people(30))


def test_gaps_compare_a_band_with_photos_of_other_ages() -> None:
    rng = np.random.default_rng(8)
    ages = rng.uniform(4, 20, size=60)
    samples = [Sample(f"{i:03d}", f"{i:03d}", age_at_capture=ages[i]) for i in range(60)]
    record = made(Cohort.of(samples, name="spread"), people(60), gap_edges=(0, 2, 5))
    first = record.bands[0]
    assert [(gap.at_least, gap.below) for gap in first.gaps] == [(0, 2), (2, 5), (5, None)]
    apart = np.abs(ages[:, None] - ages)
    for gap in first.gaps:
        end = np.inf if gap.below is None else gap.below
        either = (ages[:, None] < 8) | (ages < 8)
        within = either & (apart >= gap.at_least) & (apart < end)
        assert gap.comparisons == np.triu(within, 1).sum()


def test_of_large_bands_people_are_drawn_whole_by_the_seed() -> None:
    vectors = people(60, 3)
    one, again, other = (
        made(cohort(60, 3), vectors, most_photos=60, seed=seed) for seed in (1, 1, 2)
    )
    band = only_band(one)
    assert (band.subjects, band.photos) == (20, 60)
    assert one.to_json() == again.to_json() != other.to_json()


def test_the_record_says_what_it_was_made_of(tmp_path: Path) -> None:
    of = cohort(30)
    made(of, people(30), seed=7).write(tmp_path / "record.json")
    record = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    assert (record["format"], record["version"]) == ("face score calibration", 1)
    assert record["cohort"]["sha256"] == of.sha256
    assert record["cohort"]["subjects"] == 30
    assert record["model"] == MODEL
    assert (record["made_on"], record["seed"], record["level"]) == ("2026-11-01", 7, 0.95)
    assert record["bands"][0]["comparisons"] == 30 * 29 // 2
    assert "04 to under 08" in str(made(of, people(30)))


def test_the_record_counts_the_rows_that_were_refused() -> None:
    whole = cohort(30)
    part = whole.having(whole.samples, [SetAside("x.jpg", "line 9", refused=True)])
    assert "rows_refused" not in made(whole, people(30)).cohort
    assert made(part, people(30)).cohort["rows_refused"] == 1


@pytest.mark.parametrize(
    ("vectors", "acquisition"),
    [(people(29), None), (people(30) * 2, None), (people(30), [""] * 29)],
    ids=["too few", "not of unit length", "reasons missing"],
)
def test_vectors_that_are_not_the_cohort_s_are_refused(
    vectors: Vectors, acquisition: list[str] | None
) -> None:
    with pytest.raises(ValueError, match="need"):
        made(cohort(30), vectors, acquisition=acquisition)


def test_a_model_without_its_hash_is_refused() -> None:
    with pytest.raises(CalibrationError, match="weights_sha256"):
        calibrate(cohort(30), people(30), model={"name": "x"}, made_on=date(2026, 1, 1))


def test_rates_of_the_gallery_are_those_of_drawn_galleries() -> None:
    vectors = people(40, seed=9)
    group = Impostors.among(cohort(40), vectors, np.arange(40))
    threshold = np.float32(np.quantile(group.scores, 0.97))
    table = false_positive_rates(group, np.array([threshold]), level=0.95)
    rng = np.random.default_rng(0)
    place = table.sizes.index(10)
    drawn = [
        (group.scores[i, rng.permutation(np.delete(np.arange(40), i))[:10]] >= threshold).any()
        for i in range(40)
        for _ in range(500)
    ]
    assert table.rate[0, place] == pytest.approx(np.mean(drawn), abs=0.01)
