"""A gallery knows which detectors found its faces, and what suits it is chosen by that."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import sqlite3
from contextlib import closing

import pytest
from gallery_builders import MODEL, enrolment, gallery
from hypothesis import given
from hypothesis import strategies as st

from matcher.embedding import DETECTORS, UNRECORDED, differing_detectors, usual_detector
from matcher.errors import GalleryDamagedError, InputError
from matcher.gallery import Gallery
from matcher.gallery.store import STORE_NAME

NAMES = st.sets(st.sampled_from([*DETECTORS, UNRECORDED, "ours"])).map(sorted).map(tuple)


def test_an_empty_gallery_knows_of_no_detector(gallery):
    assert gallery.detectors == gallery.info().detectors == ()


def test_the_detectors_of_all_writes_are_kept(gallery):
    gallery.add([enrolment(0)], detector="yunet")
    assert gallery.detectors == ("yunet",)
    gallery.add([enrolment(1)], detector="mtcnn")
    gallery.add([enrolment(2)], detector="yunet")
    assert gallery.detectors == gallery.info().detectors == ("mtcnn", "yunet")
    gallery.close()
    with Gallery.open(gallery.path) as again:
        assert again.detectors == ("mtcnn", "yunet")
        assert again.verify().ok


def test_a_face_without_the_name_of_a_detector_is_not_passed_over(gallery):
    gallery.add([enrolment(0)])
    assert gallery.detectors == (UNRECORDED,)
    gallery.add([enrolment(1)], detector="yunet")
    assert gallery.detectors == (UNRECORDED, "yunet")


def test_a_gallery_of_an_earlier_version_says_nothing_of_its_detector(gallery):
    gallery.add([enrolment(0)], detector="mtcnn")
    _write(gallery, "DELETE FROM meta WHERE key = ?", "detectors")
    with Gallery.open(gallery.path) as older:
        assert older.detectors == (UNRECORDED,)
        older.add([enrolment(1)], detector="yunet")
        assert older.detectors == (UNRECORDED, "yunet")


@pytest.mark.parametrize("noted", ["yunet", "{}", "[3]", '["yunet"', "[NaN]"])
def test_a_note_that_is_none_is_a_damaged_gallery(gallery, noted):
    gallery.add([enrolment(0)], detector="mtcnn")
    _write(gallery, "UPDATE meta SET value = ? WHERE key = ?", noted, "detectors")
    with Gallery.open(gallery.path) as damaged:
        with pytest.raises(GalleryDamagedError):
            _ = damaged.detectors
        assert not damaged.verify().ok


def _write(gallery, statement, *values):
    gallery.close()
    with closing(sqlite3.connect(gallery.path / STORE_NAME)) as connection, connection:
        connection.execute(statement, values)


@pytest.mark.parametrize("name", ["", "a\ud800", 3, ["yunet"]])
def test_what_is_no_name_is_refused_and_nothing_is_written(gallery, name):
    with pytest.raises(InputError):
        gallery.add([enrolment(0)], detector=name)
    assert (len(gallery), gallery.detectors) == (0, ())


@pytest.mark.parametrize(
    ("known", "usual"),
    [
        ((), "mtcnn"),
        (("mtcnn",), "mtcnn"),
        (("yunet",), "yunet"),
        (("mtcnn", "yunet"), "mtcnn"),
        ((UNRECORDED,), "mtcnn"),
        (("ours",), "mtcnn"),
    ],
)
def test_work_goes_on_with_the_only_detector_of_a_gallery(known, usual):
    assert usual_detector(known) == usual


@given(NAMES, st.sampled_from(DETECTORS))
def test_only_another_detector_is_worth_a_word(known, detector):
    said = differing_detectors(known, detector)
    others = set(known) - {detector}
    if detector == "mtcnn":
        others -= {UNRECORDED}  # earlier versions had no other
    assert bool(said) == bool(others)
    assert all(name in said for name in others)
