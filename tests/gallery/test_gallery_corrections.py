"""Corrections reach the records, are kept with their date, and can be taken back."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from gallery_builders import (
    MODEL,
    VECTORS,
    assert_searches_like_a_scan,
    enrolment,
    files_hold,
    filled,
    gallery,
    photo_hash,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import CorrectionError, InputError, UnknownSubjectError
from matcher.gallery import Gallery, PhotoRecord, Subject
from matcher.gallery.store import moves

A, B, C = "subject-0000", "subject-0001", "subject-0002"


def state(gallery):
    """Return all that a reader can see of the subjects: records, photos, vectors."""
    faces = gallery.faces_of([subject.subject_id for subject in gallery.subjects()])
    return {
        subject.subject_id: (
            subject,
            sorted(
                (face.photo.sha256, repr(face.photo), face.vector.tobytes(), face.enrolled_at)
                for face in faces.get(subject.subject_id, ())
            ),
        )
        for subject in gallery.subjects()
    }


def kinds(gallery):
    return [change.kind for change in gallery.changes()]


def test_a_corrected_record_is_kept_with_its_date_and_can_be_taken_back(filled):
    before = state(filled)
    born = date(2012, 3, 4)
    filled.update_subject(Subject(A, date_of_birth=born, recorded_sex="female", tags=("scar",)))
    (change,) = filled.changes(A)
    assert change.kind == "subject edited"
    assert change.before == {"date_of_birth": None, "recorded_sex": "unknown", "tags": ()}
    assert change.after == {"date_of_birth": born, "recorded_sex": "female", "tags": ("scar",)}
    assert abs((datetime.now(UTC) - change.at).total_seconds()) < 600
    assert filled.undo().change_id == change.change_id
    assert state(filled) == before
    assert [(one.kind, one.undone, one.undoes) for one in filled.changes(A)] == [
        ("subject edited", True, None),
        ("taken back", False, change.change_id),
    ]


def test_a_record_that_stays_as_it_is_is_no_change(filled):
    filled.update_subject(filled.subject(A))
    filled.update_photo(A, filled.photos(A)[0])
    assert filled.changes() == []


def test_date_and_age_of_a_photo_can_be_corrected(filled):
    photo = filled.photos(A)[1]
    corrected = replace(photo, taken_on=date(2020, 5, 1), age_at_capture=7.5, source="school")
    filled.update_photo(A, corrected)
    assert filled.photos(A)[1] == corrected
    assert filled.changes(A)[0].sha256 == photo.sha256
    filled.undo()
    assert filled.photos(A)[1] == photo
    with pytest.raises(InputError, match="must be a photo of the subject"):
        filled.update_photo(B, corrected)


def test_nobody_is_born_after_a_photo_of_them(filled):
    photo = filled.photos(A)[0]
    filled.update_photo(A, replace(photo, taken_on=date(2020, 5, 1)))
    with pytest.raises(InputError, match="must not be after the day of a photo"):
        filled.update_subject(Subject(A, date_of_birth=date(2020, 5, 2)))
    filled.update_subject(Subject(A, date_of_birth=date(2020, 5, 1)))
    with pytest.raises(InputError, match="must not be after the day of a photo"):
        filled.update_photo(A, replace(photo, taken_on=date(2020, 4, 30)))
    assert len(filled.changes()) == 2


def test_a_photo_that_is_taken_out_is_found_by_no_search_until_it_comes_back(filled):
    before = state(filled)
    assert filled.take_out_photo(photo_hash(1)) == 1
    assert not filled.has_photo(photo_hash(1), A)
    assert 2 not in filled.nearest(VECTORS[1:2], 39)[1]
    assert_searches_like_a_scan(filled)
    filled.undo()
    assert state(filled) == before
    scores, ids = filled.nearest(VECTORS[1:2], 1)
    np.testing.assert_allclose(scores, [[1]], atol=1e-6)
    assert ids[0, 0] == 41  # a number is never used twice
    assert_searches_like_a_scan(filled)
    assert filled.take_out_photo("0" * 64) == 0


def test_a_photo_of_two_subjects_is_taken_out_of_one_or_of_both(filled):
    filled.add([enrolment(1, B)])
    assert filled.take_out_photo(photo_hash(1), B) == 1
    assert filled.has_photo(photo_hash(1), A)
    filled.undo()
    assert filled.take_out_photo(photo_hash(1)) == 2
    assert not filled.has_photo(photo_hash(1), A)
    filled.undo()
    filled.undo()
    assert filled.has_photo(photo_hash(1), A)
    assert filled.has_photo(photo_hash(1), B)


def test_a_renamed_subject_keeps_photos_tags_and_history(filled):
    filled.update_subject(Subject(A, tags=("scar",), region="north"))
    before = state(filled)
    filled.rename_subject(A, "Anna")
    assert filled.subject("Anna") == Subject("Anna", tags=("scar",), region="north")
    assert len(filled.photos("Anna")) == 4
    assert [change.kind for change in filled.changes("Anna")] == [
        "subject edited",
        "subject renamed",
    ]
    with pytest.raises(UnknownSubjectError):
        filled.subject(A)
    with pytest.raises(InputError, match="must not belong to another subject"):
        filled.rename_subject("Anna", B)
    filled.undo()
    assert state(filled) == before


def test_two_records_of_one_person_become_one(filled):
    filled.update_subject(Subject(A, date_of_birth=date(2010, 1, 1), note="tall", tags=("a",)))
    filled.update_subject(Subject(B, recorded_sex="male", note="brown hair", tags=("b",)))
    filled.add([enrolment(1, B, VECTORS[100])])  # the same photo under both
    before = state(filled)
    filled.merge_subjects(A, into=B)
    assert filled.subject(B) == Subject(
        B,
        date_of_birth=date(2010, 1, 1),
        recorded_sex="male",
        note="brown hair; tall",
        tags=("a", "b"),
    )
    assert sorted(photo.sha256 for photo in filled.photos(B)) == sorted(map(photo_hash, range(8)))
    with pytest.raises(UnknownSubjectError):
        filled.subject(A)
    assert_searches_like_a_scan(filled)
    assert filled.verify().ok
    filled.undo()
    assert state(filled) == before
    assert [change.kind for change in filled.changes(A)] == ["subject edited"]
    assert_searches_like_a_scan(filled)


def test_records_that_contradict_each_other_are_not_merged(filled):
    filled.update_subject(Subject(A, date_of_birth=date(2010, 1, 1)))
    filled.update_subject(Subject(B, date_of_birth=date(2011, 1, 1)))
    before = state(filled)
    with pytest.raises(InputError, match=r"2011-01-01 of 'subject-0001', 2010-01-01 of"):
        filled.merge_subjects(A, into=B)
    with pytest.raises(InputError, match="must be two"):
        filled.merge_subjects(A, into=A)
    assert state(filled) == before


def test_photos_that_moved_to_another_folder_are_found_there(filled, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "7.jpg").write_bytes(b"photo")
    for photo in filled.photos(B):
        number = photo.reference.rpartition("/")[2]
        filled.update_photo(B, replace(photo, reference=str(tmp_path / "old" / number)))
    with pytest.raises(InputError, match="no file of them below the second"):
        filled.move_photos(tmp_path / "old", tmp_path / "elsewhere")
    assert filled.move_photos(tmp_path / "old", tmp_path / "new") == 4
    assert filled.photos(B)[3].reference == str(tmp_path / "new" / "7.jpg")
    assert filled.photos(A)[0].reference == "photos/0.jpg"
    filled.undo()
    assert filled.photos(B)[3].reference == str(tmp_path / "old" / "7.jpg")


def test_only_the_latest_correction_of_a_subject_is_taken_back(filled):
    filled.update_subject(Subject(A, region="north"))
    filled.update_subject(Subject(B, region="north"))
    filled.update_subject(Subject(A, region="south"))
    with pytest.raises(CorrectionError, match="1, and 3 came later"):
        filled.undo(1)
    assert filled.undo(2).subject_id == B  # the other subject's correction does not stand on it
    filled.undo()
    filled.undo(1)
    with pytest.raises(CorrectionError, match="1, taken back already"):
        filled.undo(1)
    with pytest.raises(CorrectionError, match="no such correction"):
        filled.undo()
    with pytest.raises(CorrectionError, match="no such correction"):
        filled.undo(4)  # the taking back itself
    assert filled.subject(A) == Subject(A)


def test_what_is_removed_is_gone_from_the_history_too(tmp_path):
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        gallery.add([enrolment(number, "a-name-to-find") for number in range(3)])
        gallery.add([enrolment(number, "other") for number in range(3, 6)])
        gallery.update_subject(Subject("a-name-to-find", note="a-note-to-find"))
        gallery.update_subject(Subject("a-name-to-find"))
        gallery.take_out_photo(photo_hash(0))
        gallery.rename_subject("a-name-to-find", "renamed")
        gallery.merge_subjects("other", into="renamed")
        gallery.update_subject(Subject("renamed", note="later"))
        traces = [b"a-name-to-find", b"a-note-to-find", photo_hash(0).encode()]
        traces += [VECTORS[0].tobytes()]
        assert all(files_hold(gallery.path, trace) for trace in traces)
        gallery.remove_photo(photo_hash(0))
        assert not files_hold(gallery.path, photo_hash(0).encode())
        assert not files_hold(gallery.path, VECTORS[0].tobytes())
        gallery.remove_subject("renamed")
        assert not any(files_hold(gallery.path, trace) for trace in (*traces, b"later"))
        assert gallery.changes() == []


def test_a_subject_without_a_face_leaves_no_byte_either(tmp_path):
    with Gallery.create(tmp_path / "g", model=MODEL) as gallery:
        gallery.add([enrolment(number, "a-name-to-find") for number in range(30)])
        for number in range(30):
            gallery.take_out_photo(photo_hash(number))
        gallery.remove_subject("a-name-to-find")
        assert not files_hold(gallery.path, b"a-name-to-find")
        assert not any(files_hold(gallery.path, VECTORS[n].tobytes()) for n in range(30))


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_an_accented_name_is_one_name_however_it_is_typed(gallery, stored):
    names = {form: unicodedata.normalize(form, "Zoë Müller") for form in ("NFC", "NFD")}
    other = names["NFD" if stored == "NFC" else "NFC"]
    gallery.add([enrolment(0, names[stored])])
    gallery.add([enrolment(1, other)])
    (subject,) = gallery.subjects()
    assert subject.subject_id == names["NFC"]
    assert len(gallery.photos(other)) == len(gallery.photos(names[stored])) == 2
    assert gallery.has_photo(photo_hash(0), other)
    gallery.rename_subject(other, "Zoë")
    assert gallery.remove_subject(unicodedata.normalize("NFD", "Zoë")) == 2


def test_two_names_of_an_older_version_that_differ_only_in_form_are_said_and_kept_apart(gallery):
    composed, decomposed = (unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD"))
    gallery.add([enrolment(0, "one"), enrolment(1, "other")])
    with gallery._store.writing():
        moves.rename(gallery._store, "one", composed)
        moves.rename(gallery._store, "other", decomposed)
    (fault,) = gallery.verify().faults
    assert "differ only in how the accents of 'Zoë' are written: 'Zoe\\u0308', 'Zo\\xeb'" in fault
    assert [len(gallery.photos(name)) for name in (composed, decomposed)] == [1, 1]
    gallery.merge_subjects(decomposed, into=composed)
    assert gallery.verify().ok
    assert len(gallery.photos(decomposed)) == 2


# A correction at random: what is done, to which of three subjects, with which number.
STEP = st.tuples(
    st.sampled_from(["subject", "photo", "take out", "rename", "merge", "hide", "unhide"]),
    st.integers(0, 2),
    st.integers(0, 5),
)


def correct(gallery, what, who, number):
    subjects = [subject.subject_id for subject in gallery.subjects()][:3]
    name = subjects[who % len(subjects)]
    photos = gallery.photos(name)
    if what == "subject":
        gallery.update_subject(replace(gallery.subject(name), region=f"region {number}"))
    elif what == "rename":
        gallery.rename_subject(name, f"{name}-{number}")
    elif what == "hide":
        gallery.hide(subjects[: 1 + who], because=f"reason {number}")
    elif what == "unhide":
        gallery.unhide(subjects[who:])
    elif what == "merge" and len(subjects) > 1:
        other = subjects[(who + 1) % len(subjects)]
        if gallery.subject(other).region in (None, gallery.subject(name).region):
            gallery.merge_subjects(other, into=name)
    elif photos and what == "photo":
        photo = photos[number % len(photos)]
        gallery.update_photo(name, replace(photo, age_at_capture=float(number)))
    elif photos and what == "take out":
        gallery.take_out_photo(photos[number % len(photos)].sha256, name)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, max_size=8))
def test_whatever_is_corrected_can_all_be_taken_back(tmp_path_factory, steps):
    with Gallery.create(tmp_path_factory.mktemp("g") / "g", model=MODEL) as gallery:
        gallery.add([enrolment(number) for number in range(12)])
        gallery.add([enrolment(0, B, VECTORS[100]), enrolment(5, C, VECTORS[101])])
        before = state(gallery)
        for step in steps:
            correct(gallery, *step)
        assert gallery.verify().ok
        for _ in list(gallery.changes()):
            gallery.undo()
        assert state(gallery) == before
        assert gallery.verify().ok
        assert_searches_like_a_scan(gallery)
