"""A cohort as files: what its readers find, and what is left when it cannot be written."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fairness import read_cohort
from matcher.enrolment import read_manifest
from matcher.errors import InputError
from matcher.synthetic import (
    SOURCE,
    CohortSpec,
    SkinTone,
    make_identity,
    render_photo,
    sample_photos,
    save_photo,
    with_fixed_colour,
    write_cohort,
)

SPEC = CohortSpec(3, ages=(4.5, 30), shots=2, seed=8, size=64, family_size=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(SPEC, tmp_path_factory.mktemp("cohort"), workers=1).parent


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def test_there_is_one_file_for_each_row_and_no_other(
    folder: Path, rows: list[dict[str, str]]
) -> None:
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    assert written == {row["photo"] for row in rows} | {"manifest.csv"}
    assert len(rows) == len({row["photo"] for row in rows}) == 3 * 2 * 2


def test_the_files_hold_the_photos_of_the_description(
    folder: Path, rows: list[dict[str, str]]
) -> None:
    for row, (subject, age, shot) in zip(rows, SPEC.keys(), strict=True):
        photo = render_photo(SPEC, subject, age, shot)
        np.testing.assert_array_equal(pixels_of(folder / row["photo"]), photo.pixels)
        assert row["subject"] == f"s{subject:05d}"
        assert float(row["age_at_capture"]) == age
        assert row["sex"] == ("male" if photo.identity.male else "female")
        assert int(row["skin_tone_monk"]) == photo.identity.tone.monk
        assert row["family"] == f"f{subject // 2:05d}"


def test_what_is_true_for_life_is_the_same_in_every_row(rows: list[dict[str, str]]) -> None:
    for name in ("date_of_birth", "sex", "skin_tone_l", "skin_tone_hue", "family"):
        for subject in {row["subject"] for row in rows}:
            assert len({row[name] for row in rows if row["subject"] == subject}) == 1, name


def test_enrolment_and_audit_read_the_manifest(folder: Path, rows: list[dict[str, str]]) -> None:
    enrolled = read_manifest(folder / "manifest.csv")
    assert enrolled.errors == ()
    assert [photo.path for photo in enrolled.photos] == [folder / row["photo"] for row in rows]
    assert {photo.source for photo in enrolled.photos} == {SOURCE}
    audited = read_cohort(folder / "manifest.csv")
    assert len(audited) == len(rows)
    assert {sample.photo for sample in audited.samples} == {row["photo"] for row in rows}
    assert audited.subjects == ("s00000", "s00001", "s00002")


def test_an_interrupted_cohort_has_no_manifest_and_can_be_begun_again(tmp_path: Path) -> None:
    def stop(step: str, done: int, total: int | None) -> None:
        if done == 1:
            raise KeyboardInterrupt

    spec = replace(SPEC, subjects=1, shots=1, family_size=1)
    with pytest.raises(KeyboardInterrupt):
        write_cohort(spec, tmp_path, workers=1, on_progress=stop)
    assert not (tmp_path / "manifest.csv").exists()
    assert write_cohort(spec, tmp_path, workers=1).is_file()
    assert len(list((tmp_path / "photos").iterdir())) == 2


@pytest.mark.parametrize("workers", [0, -1])
def test_no_worker_writes_nothing(tmp_path: Path, workers: int) -> None:
    with pytest.raises(InputError, match="workers"):
        write_cohort(SPEC, tmp_path / "new", workers=workers)
    assert not (tmp_path / "new").exists()


def test_a_refused_folder_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("mine")
    with pytest.raises(InputError, match="manifest") as caught:
        write_cohort(SPEC, tmp_path, workers=1)
    assert caught.value.path == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.csv"]
    assert (tmp_path / "manifest.csv").read_text() == "mine"


def test_a_saved_photo_is_lossless_and_says_that_it_is_rendered(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 13, 3), dtype=np.uint8)
    save_photo(pixels, tmp_path / "photo.png")
    np.testing.assert_array_equal(pixels_of(tmp_path / "photo.png"), pixels)
    with Image.open(tmp_path / "photo.png") as image:
        assert image.text["Description"] == image.getexif()[0x010E] == SOURCE


@given(
    subjects=st.integers(1, 5),
    ages=st.lists(st.integers(2, 60), min_size=1, max_size=4, unique=True),
    shots=st.integers(1, 3),
)
def test_every_person_is_shown_at_every_age(subjects: int, ages: list[int], shots: int) -> None:
    keys = list(CohortSpec(subjects, ages=tuple(ages), shots=shots).keys())
    assert len(keys) == len(set(keys)) == subjects * len(ages) * shots
    assert [subject for subject, _, _ in keys] == sorted(subject for subject, _, _ in keys)


def test_a_fixed_colour_and_tones_reach_the_people() -> None:
    fixed = replace(SPEC, colour="fixed")
    assert fixed.identity(1).tone == with_fixed_colour(make_identity(8, 1, family_size=2)).tone
    tones = (SkinTone(30, 55), SkinTone(60, 58))
    toned = replace(SPEC, tones=tones)
    assert [toned.identity(subject).tone for subject in range(3)] == [*tones, tones[0]]
    np.testing.assert_array_equal(toned.identity(2).genome, SPEC.identity(2).genome)


def test_exposure_and_degradation_reach_the_photos() -> None:
    plain = render_photo(SPEC, 0, 30).pixels
    equalised = render_photo(replace(SPEC, exposure="equalised"), 0, 30).pixels
    small = render_photo(replace(SPEC, degradation="downsample:0.25"), 0, 30).pixels
    assert not np.array_equal(plain, equalised)
    assert small.shape == (32, 32, 3)


def test_degradations_draw_anew_for_every_photo() -> None:
    noisy = replace(SPEC, degradation="noise:0.5")
    errors = [
        render_photo(noisy, *key).pixels.astype(int) - render_photo(SPEC, *key).pixels
        for key in ((0, 30, 0), (0, 30, 1), (1, 30, 0))
    ]
    between = np.corrcoef([error.ravel() for error in errors])[np.triu_indices(3, 1)]
    assert np.abs(between).max() < 0.1


def test_samples_are_the_photos_of_a_cohort() -> None:
    (photo,) = sample_photos(1, (6.0,), seed=8, size=64)
    expected = render_photo(CohortSpec(1, ages=(6.0,), seed=8, size=64), 0, 6.0)
    np.testing.assert_array_equal(photo.pixels, expected.pixels)


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("ages", (61,), "from 2 to 60 years"),
        ("ages", (8, 8.0), "different ages"),
        ("size", 63, "64 pixels or more"),
        ("colour", "natural ", "natural or fixed"),
        ("degradation", "jpeg:2", r"\[0, 1\]"),
    ],
)
def test_a_refusal_says_which_rule_was_broken(field: str, value: object, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        replace(SPEC, **{field: value})


def test_ages_that_would_give_two_photos_one_name_are_refused() -> None:
    assert CohortSpec(1, ages=(4.0, 4.01)).ages == (4.0, 4.01)
    with pytest.raises(InputError, match="tell hundredths apart"):
        CohortSpec(1, ages=(4.001, 4.002))
