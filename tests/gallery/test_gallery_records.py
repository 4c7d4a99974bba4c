"""What is put into a gallery comes out of it; what breaks a rule does not go in."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from gallery_builders import DIMENSION, MODEL, VECTORS, enrolment, filled, gallery, photo_hash

from matcher.embedding import FACE
from matcher.errors import InputError, UnknownSubjectError
from matcher.gallery import Gallery, Subject

CHILD = Subject(
    "child-1", date(2015, 2, 28), "female", region="North", tags=("a", "b"), source="case 7"
)


def test_a_face_comes_back_with_all_its_facts(gallery):
    before = datetime.now(UTC)
    given = enrolment(1, CHILD, taken_on=date(2020, 1, 2), age_at_capture=4.5, source="school")
    (outcome,) = gallery.add([given])
    assert outcome.status == "enrolled"
    stored = gallery.faces([outcome.face_id])[outcome.face_id]
    assert stored.subject == CHILD
    assert stored.photo == given.photo
    assert (stored.box, stored.probability, stored.weight) == (given.box, 0.98, 0.75)
    assert stored.quality == {"sharpness": 0.5}
    np.testing.assert_array_equal(stored.vector, given.vectors[FACE])
    assert before <= stored.enrolled_at <= datetime.now(UTC)


def test_the_gallery_says_what_it_holds(filled):
    info = filled.info()
    assert (info.subjects, info.photos, info.faces, len(filled)) == (10, 40, 40, 40)
    assert info.model == filled.model == MODEL
    assert info.generation == filled.generation == 1
    assert info.index == "auto"
    assert info.store_bytes > 40 * DIMENSION * 4
    assert filled.verify().ok


def test_everything_survives_closing(tmp_path):
    with Gallery.create(tmp_path / "g", model=MODEL) as one:
        one.add([enrolment(number, CHILD) for number in range(5)])
        before = one.nearest(VECTORS[:3], 5)
    with Gallery.open(tmp_path / "g", model=MODEL) as other:
        after = other.nearest(VECTORS[:3], 5)
        assert other.subject("child-1") == CHILD
        assert other.info().index_rows == 5
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])


def test_the_same_photo_of_the_same_subject_is_a_duplicate(filled):
    (outcome,) = filled.add([enrolment(3)])
    assert (outcome.status, outcome.face_id, outcome.also_under) == ("duplicate", 4, ())
    assert len(filled) == 40


def test_a_duplicate_within_one_call_is_found(gallery):
    first, second = gallery.add([enrolment(3), enrolment(3)])
    assert (first.status, second.status) == ("enrolled", "duplicate")
    assert first.face_id == second.face_id


def test_a_photo_under_another_subject_is_kept_and_reported(filled):
    outcomes = filled.add([enrolment(3, "other"), enrolment(3, "third")])
    assert [outcome.status for outcome in outcomes] == ["enrolled", "enrolled"]
    assert outcomes[0].also_under == ("subject-0000", "third")
    assert outcomes[1].also_under == ("other", "subject-0000")
    assert filled.info().photos == 40
    assert len(filled) == 42


def test_a_subject_that_is_there_is_left_as_it_is(gallery):
    gallery.add([enrolment(1, CHILD)])
    gallery.add([enrolment(2, replace(CHILD, region="South"))])
    assert gallery.subject("child-1") == CHILD
    gallery.update_subject(replace(CHILD, region="South", tags=("c",)))
    assert gallery.subject("child-1") == replace(CHILD, region="South", tags=("c",))
    assert [photo.sha256 for photo in gallery.photos("child-1")] == [photo_hash(1), photo_hash(2)]


def test_subjects_come_in_order_and_photos_can_be_asked_for(filled):
    names = [one.subject_id for one in filled.subjects()]
    assert names == sorted(names)
    assert len(names) == 10
    assert filled.has_photo(photo_hash(5), "subject-0001")
    assert not filled.has_photo(photo_hash(5), "subject-0002")
    assert filled.photos("nobody") == []


def test_unknown_subjects_are_named(filled):
    for ask in (filled.subject, filled.remove_subject):
        with pytest.raises(UnknownSubjectError, match="nobody"):
            ask("nobody")
    with pytest.raises(UnknownSubjectError):
        filled.update_subject(Subject("nobody"))
    assert filled.generation == 1


def test_faces_come_in_the_order_asked_without_those_that_are_not_there(filled):
    assert list(filled.faces([7, 3, 999, 5])) == [7, 3, 5]
    assert filled.owners(np.array([[1, 40], [-1, 999]])) == [
        ["subject-0000", "subject-0009"],
        [None, None],
    ]


def test_faces_of_a_subject_come_together(filled):
    found = filled.faces_of(["subject-0002", "nobody"])
    assert list(found) == ["subject-0002"]
    faces = found["subject-0002"]
    np.testing.assert_array_equal([face.vector for face in faces], VECTORS[8:12])
    assert [face.weight for face in faces] == [0.75] * 4
    assert [face.face_id for face in faces] == [9, 10, 11, 12]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda entry: replace(entry, vectors={FACE: VECTORS[3] * np.float32(1.1)}),
        lambda entry: replace(entry, vectors={FACE: VECTORS[3] * np.nan}),
        lambda entry: replace(entry, vectors={FACE: VECTORS[3][:-1]}),
        lambda entry: replace(entry, subject=Subject(" ")),
        lambda entry: replace(entry, subject=Subject("x", recorded_sex="f")),
        lambda entry: replace(entry, subject=Subject("x", tags=("b", "a"))),
        lambda entry: replace(entry, photo=replace(entry.photo, sha256="AB" * 32)),
        lambda entry: replace(entry, photo=replace(entry.photo, age_at_capture=-1.0)),
        lambda entry: replace(entry, weight=0.0),
        lambda entry: replace(entry, probability=1.5),
        lambda entry: replace(entry, box=(0.0, 0.0, float("inf"), 1.0)),
        lambda entry: replace(entry, box=(0.0, 0.0, 1.0)),
    ],
)
def test_one_bad_entry_keeps_out_all(gallery, spoil):
    with pytest.raises(InputError):
        gallery.add([enrolment(1), spoil(enrolment(2))])
    assert len(gallery) == 0
    assert gallery.generation == 0


def test_each_write_is_one_generation(gallery):
    gallery.add([enrolment(1), enrolment(2)])
    gallery.update_subject(Subject("subject-0000", region="North"))
    gallery.remove_photo(photo_hash(1))
    assert gallery.generation == 3


def test_text_that_looks_like_sql_is_text(gallery):
    name = "x'); DROP TABLE faces; --"
    gallery.add([enrolment(1, Subject(name, region=name, tags=(name,)))])
    assert gallery.subject(name).tags == (name,)
    assert gallery.remove_subject(name) == 1
