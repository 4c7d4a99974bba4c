"""A cohort is checked at the border: what is impossible or contradictory is named, all at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.cohort import UNKNOWN, Cohort, Sample, without_duplicates
from fairness.cohort.cohort import Coverage
from fairness.cohort.duplication import Duplicates, duplicates
from fairness.errors import CohortError

BIRTH, LATER = date(2010, 5, 1), date(2018, 5, 1)


def cohort(*samples: Sample) -> Cohort:
    return Cohort.of(samples, name="school")


def photos(*subjects: str, **labels: object) -> list[Sample]:
    return [Sample(f"{i}.jpg", who, **labels) for i, who in enumerate(subjects)]  # type: ignore[arg-type]


CONTRADICTIONS: dict[str, tuple[list[Sample], str]] = {
    "an identifier twice": (
        [Sample("a.jpg", "s1"), Sample("a.jpg", "s2")],
        "photo 'a.jpg' occurs 2 times",
    ),
    "two birth dates": (
        [
            Sample("a.jpg", "s1", date_of_birth=BIRTH),
            Sample("b.jpg", "s1", date_of_birth=date(2011, 5, 1)),
        ],
        "subject 's1' has date_of_birth 2010-05-01 and 2011-05-01",
    ),
    "two sexes": (
        [Sample("a.jpg", "s1", sex="female"), Sample("b.jpg", "s1", sex="male")],
        "subject 's1' has sex female and male",
    ),
    "two families": (
        [Sample("a.jpg", "s1", family="f1"), Sample("b.jpg", "s1", family="f2")],
        "subject 's1' has family f1 and f2",
    ),
    "an age against the dates": (
        [Sample("a.jpg", "s1", age_at_capture=9.5, taken_on=LATER, date_of_birth=BIRTH)],
        "age_at_capture must agree with the dates to a year; got 9.5",
    ),
    "a photo before the birth": (
        [Sample("a.jpg", "s1", taken_on=BIRTH, date_of_birth=LATER)],
        "taken_on must not lie before date_of_birth; got born 2018-05-01, taken 2010-05-01",
    ),
    "Monk 11": (photos("s1", skin_tone_monk=11), "skin_tone_monk must be a whole number from 1 to"),
    "half a step": (photos("s1", skin_tone_monk=2.5), "skin_tone_monk must be a whole number"),
    "phototype 0": (photos("s1", skin_tone_fitzpatrick=0), "skin_tone_fitzpatrick must be"),
    "a negative age": (photos("s1", age_at_capture=-1.0), "age_at_capture must be a number from 0"),
    "an age that is no number": (photos("s1", age_at_capture=float("nan")), "got nan"),
    "L* of 101": (photos("s1", skin_tone_l=101.0), "skin_tone_l must be a number from 0 to 100"),
    "infinite quality": (photos("s1", quality=float("inf")), "quality must be a finite number"),
    "an unheard-of sex": (photos("s1", sex="f"), "sex must be one of female, male, other, unknown"),
    "unheard-of provenance": (photos("s1", sex_provenance="guess"), "sex_provenance must be one"),
    "no photo": ([Sample("", "s1")], "photo must not be empty"),
    "no subject": ([Sample("a.jpg", "")], "subject must not be empty"),
    "a label in the place of a factor": (
        photos("s1", labels={"tone": "dark"}),
        "a further label cannot be called 'tone'",
    ),
    "a label that cannot be asked for": (photos("s1", labels={"a*b": "1"}), "called 'a*b'"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_are_refused(name: str) -> None:
    samples, said = CONTRADICTIONS[name]
    with pytest.raises(CohortError) as refusal:
        cohort(*samples)
    error = refusal.value
    assert said in str(error)
    assert "labels of cohort 'school'" in error.what
    assert "possible values" in error.rule
    assert str(error.got).startswith("1 fault: ")
    assert "Correct the labels" in error.next_step


def test_no_samples() -> None:
    with pytest.raises(CohortError, match="at least one photo; got none"):
        cohort()


def test_all_faults_are_counted_and_ten_are_named() -> None:
    with pytest.raises(CohortError) as refusal:
        cohort(*photos(*(f"s{i}" for i in range(14)), skin_tone_monk=11))
    assert str(refusal.value).count("skin_tone_monk must be") == 10
    assert "14 faults: " in str(refusal.value)
    assert "and 4 more" in str(refusal.value)


def test_unknown_contradicts_nothing() -> None:
    samples = [
        Sample("a.jpg", "s1", sex="female", date_of_birth=BIRTH, family="f1"),
        Sample("b.jpg", "s1"),
    ]
    found = cohort(*samples)
    assert found.grouping("sex").names == ("female", UNKNOWN)


def test_an_age_within_a_year_of_the_dates_stands() -> None:
    sample = Sample("a.jpg", "s1", age_at_capture=8.9, taken_on=LATER, date_of_birth=BIRTH)
    assert cohort(sample).samples == (sample,)


def test_an_age_is_worked_out_from_dates() -> None:
    found = cohort(Sample("a.jpg", "s1", taken_on=LATER, date_of_birth=BIRTH))
    assert found.samples[0].age_at_capture == pytest.approx(8, abs=0.01)
    assert Cohort.of(found.samples, name="again").sha256 == found.sha256


@given(st.permutations(photos("s2", "s1", "s2", "s3")))
def test_the_order_of_samples_does_not_matter(samples: list[Sample]) -> None:
    found, expected = cohort(*samples), cohort(*photos("s2", "s1", "s2", "s3"))
    assert found.samples == expected.samples
    assert found.sha256 == expected.sha256
    assert found.subject_codes.tolist() == [1, 0, 1, 2]


@pytest.mark.parametrize("label", ["sex", "source", "family", "capture_type"])
def test_every_label_is_in_the_hash(label: str) -> None:
    changed = photos("s1", **{label: "other"})
    assert cohort(*changed).sha256 != cohort(*photos("s1")).sha256


def names(factor: str, *samples: Sample) -> list[str]:
    grouping = cohort(*samples).grouping(factor)
    return [grouping.names[code] for code in grouping.codes]


FACTOR_STORIES: dict[str, tuple[str, str, list[object], list[str]]] = {
    "age": (
        "age",
        "age_at_capture",
        [7.99, 8, None],
        ["04 to under 08", "08 to under 13", UNKNOWN],
    ),
    "a band as given": ("age", "age_band", ["03-09", None], ["03-09", UNKNOWN]),
    "tone": (
        "tone",
        "skin_tone_monk",
        [1, 3, 4, 6, 7, 10, None],
        ["Monk 1-3 (light)"] * 2 + ["Monk 4-6 (medium)"] * 2 + ["Monk 7-10 (dark)"] * 2 + [UNKNOWN],
    ),
    "phototype": (
        "fitzpatrick",
        "skin_tone_fitzpatrick",
        [1, 2, 3, 4, 5, 6, None],
        ["phototype I-II"] * 2 + ["phototype III-IV"] * 2 + ["phototype V-VI"] * 2 + [UNKNOWN],
    ),
    "quality": (
        "quality",
        "quality",
        [0.1, 0.2, 0.5, 0.6, 0.8, 0.9, None],
        ["quality 1 of 3 (lowest)"] * 2
        + ["quality 2 of 3"] * 2
        + ["quality 3 of 3 (highest)"] * 2
        + [UNKNOWN],
    ),
    "no quality at all": ("quality", "quality", [None, None], [UNKNOWN] * 2),
    "capture type": ("capture_type", "capture_type", ["school photo"], ["school photo"]),
    "source": ("source", "source", ["register"], ["register"]),
}


@pytest.mark.parametrize("name", FACTOR_STORIES)
def test_factors(name: str) -> None:
    factor, label, values, expected = FACTOR_STORIES[name]
    samples = [Sample(f"{i}.jpg", f"s{i}", **{label: value}) for i, value in enumerate(values)]  # type: ignore[arg-type]
    assert names(factor, *samples) == expected


def test_equal_qualities_stay_together() -> None:
    found = names("quality", *photos("s1", "s2", "s3", "s4", quality=0.5))
    assert len(set(found)) == 1


def test_sex_that_a_model_inferred_is_unknown() -> None:
    samples = photos("s1", sex="female", sex_provenance="model_inferred")
    assert names("sex", *samples) == [UNKNOWN]


def test_a_further_label_is_a_factor_and_missing_ones_are_visible() -> None:
    samples = [Sample("a.jpg", "s1", labels={"race": "Black"}), Sample("b.jpg", "s2")]
    assert names("race", *samples) == ["Black", UNKNOWN]
    assert "race" in cohort(*samples).factors


def test_factors_cross() -> None:
    samples = [
        Sample("a.jpg", "s1", sex="female", skin_tone_monk=2),
        Sample("b.jpg", "s2", sex="male", skin_tone_monk=9),
        Sample("c.jpg", "s3", sex="male"),
    ]
    assert names("sex*tone", *samples) == [
        "female, Monk 1-3 (light)",
        "male, Monk 7-10 (dark)",
        "male, unknown",
    ]


def test_an_unheard_of_factor_lists_those_there_are() -> None:
    with pytest.raises(CohortError, match=r"factor 'height'.*Use one of age, sex, tone, .*, race,"):
        cohort(*photos("s1", labels={"race": "White"})).grouping("age*height")


def measured(*values: tuple[str, float, float]) -> list[Sample]:
    return [
        Sample(f"{i}.jpg", subject, skin_tone_l=lightness, skin_tone_hue=hue)
        for i, (subject, lightness, hue) in enumerate(values)
    ]


TONES: dict[str, tuple[list[Sample], str]] = {
    "dark red": (measured(("s1", 59.9, 54.9)), "dark red"),
    "light yellow": (measured(("s1", 60, 55)), "light yellow"),
    "the median of three": (
        measured(("s1", 40, 60), ("s1", 58, 60), ("s1", 70, 60)),
        "dark yellow",
    ),
    "lightness that spreads too far": (measured(("s1", 30, 60), ("s1", 80, 60)), UNKNOWN),
    "hue that spreads too far": (measured(("s1", 70, 40), ("s1", 70, 70)), UNKNOWN),
}


@pytest.mark.parametrize("name", TONES)
def test_an_apparent_tone_belongs_to_a_subject(name: str) -> None:
    samples, band = TONES[name]
    unmeasured = Sample("x.jpg", "s1")
    stranger = Sample("y.jpg", "s2")
    assert names("apparent_tone", *samples, unmeasured, stranger) == [
        *[band] * (len(samples) + 1),
        UNKNOWN,
    ]


def test_coverage_counts_photos_and_subjects_of_each_group() -> None:
    samples = [
        Sample("a.jpg", "s1", age_at_capture=5),
        Sample("b.jpg", "s1", age_at_capture=5.5),
        Sample("c.jpg", "s1", age_at_capture=9),
        Sample("d.jpg", "s2", age_at_capture=9),
        Sample("e.jpg", "s3"),
    ]
    found = cohort(*samples)
    assert found.coverage(found.grouping("age")) == (
        Coverage("04 to under 08", subjects=1, photos=2),
        Coverage("08 to under 13", subjects=2, photos=2),
        Coverage(UNKNOWN, subjects=1, photos=1),
    )


def test_leaving_photos_out_is_visible() -> None:
    found = cohort(*photos("s1", "s2")).without({"0.jpg"}, "blurred")
    assert [sample.photo for sample in found.samples] == ["1.jpg"]
    assert [(left.item, left.why) for left in found.set_aside] == [("0.jpg", "blurred")]
    with pytest.raises(CohortError, match="at least one photo"):
        found.without({"1.jpg"}, "blurred")


def test_the_same_file_twice_under_one_subject_is_set_aside() -> None:
    found = cohort(*photos("s1", "s1", "s1", "s2"))
    hashes = {"0.jpg": "x", "1.jpg": "x", "2.jpg": "y"}
    assert duplicates(hashes, found) == Duplicates(across=(), repeated=("1.jpg",))
    kept = without_duplicates(hashes, found)
    assert [sample.photo for sample in kept.samples] == ["0.jpg", "2.jpg", "3.jpg"]
    assert [left.item for left in kept.set_aside] == ["1.jpg"]


def test_the_same_file_under_two_subjects_is_refused() -> None:
    found = cohort(*photos("s1", "s2", "s1"))
    hashes = dict.fromkeys(("0.jpg", "1.jpg", "2.jpg"), "x")
    expected = Duplicates(across=(("0.jpg", "1.jpg", "2.jpg"),), repeated=("2.jpg",))
    assert duplicates(hashes, found) == expected
    with pytest.raises(CohortError, match=r"'0\.jpg' of subject 's1' and '1\.jpg' of subject 's2'"):
        without_duplicates(hashes, found)


def test_the_same_file_twice_in_a_set_without_identities_is_set_aside() -> None:
    found = cohort(*(Sample(photo, subject=photo) for photo in ("0.jpg", "1.jpg", "2.jpg")))
    hashes = {"0.jpg": "x", "1.jpg": "x", "2.jpg": "y"}
    assert duplicates(hashes, found) == Duplicates(across=(), repeated=("1.jpg",))
    assert without_duplicates(hashes, found).subjects == ("0.jpg", "2.jpg")


def test_different_files_change_nothing() -> None:
    found = cohort(*photos("s1", "s2"))
    assert without_duplicates({"0.jpg": "x", "1.jpg": "y"}, found) is found


@pytest.fixture
def stories() -> Callable[[int], Cohort]:
    def make(subjects: int) -> Cohort:
        return cohort(*photos(*(f"s{i % subjects}" for i in range(subjects * 3))))

    return make


def test_codes_point_at_subjects(stories: Callable[[int], Cohort]) -> None:
    found = stories(7)
    assert len(found) == 21
    assert np.bincount(found.subject_codes).tolist() == [3] * 7
    for sample, code in zip(found.samples, found.subject_codes, strict=True):
        assert found.subjects[code] == sample.subject
