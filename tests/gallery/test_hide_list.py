"""Who is hidden stays in the gallery, is no part of any list, and can be shown again."""

# ruff: noqa: F401, F811 - fixtures are imported by name

import shutil
import unicodedata
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from gallery_builders import MODEL, VECTORS, enrolment, files_hold, filled, gallery, photo_hash

from matcher.errors import CorrectionError, InputError, UnknownSubjectError
from matcher.gallery import Filters, Gallery, Subject
from matcher.gallery.store import FORMAT_VERSION

A, B, C = "subject-0000", "subject-0001", "subject-0002"
WHY = "the investigator herself"
GOLDEN = Path(__file__).parents[1] / "golden"


def names(subjects):
    return [one.subject_id for one in subjects]


def test_who_is_hidden_is_recorded_with_the_reason_and_can_be_taken_back(filled):
    before = list(filled.subjects())
    changed = filled.hide([B, A], because=WHY)
    assert names(changed) == [B, A]
    assert filled.hidden() == [Subject(A, hidden_because=WHY), Subject(B, hidden_because=WHY)]
    assert filled.info().hidden == 2
    assert len(filled.photos(A)) == 4, "the photos stay"
    (change,) = filled.changes(A)
    assert (change.kind, change.before, change.after) == (
        "subject hidden",
        {"hidden_because": None},
        {"hidden_because": WHY},
    )
    assert filled.undo(change.change_id) == change
    assert names(filled.hidden()) == [B]
    assert names(filled.unhide(B)) == [B]
    assert list(filled.subjects()) == before
    assert [one.kind for one in filled.changes(B)] == ["subject hidden", "subject shown again"]
    filled.undo()
    assert filled.hidden() == [Subject(B, hidden_because=WHY)]
    with pytest.raises(CorrectionError, match="taken back already"):
        filled.undo(change.change_id)
    filled.undo()
    assert list(filled.subjects()) == before
    assert filled.verify().ok


def test_who_is_hidden_twice_keeps_the_first_reason(filled):
    filled.hide(A, because=WHY)
    assert names(filled.hide([A, B, B], because="a relative")) == [B]
    assert {one.subject_id: one.hidden_because for one in filled.hidden()} == {
        A: WHY,
        B: "a relative",
    }
    assert filled.unhide([C, A]) == (Subject(A),)
    assert filled.unhide([C, A]) == ()
    assert len(filled.changes()) == 3
    assert filled.hide([], because=WHY) == filled.unhide([]) == ()


def test_a_subject_that_is_not_there_is_named_and_nothing_is_done(filled):
    for work in (lambda who: filled.hide(who, because=WHY), filled.unhide):
        with pytest.raises(UnknownSubjectError, match="got 'x', 'y'"):
            work([A, "x", B, "y", "x"])
    assert filled.hidden() == []
    assert filled.changes() == []


@pytest.mark.parametrize(
    ("because", "says"),
    [
        ("", "must say why; got blank text"),
        (" \t\n", "must say why; got blank text"),
        ("a\0b", "character NUL"),
        ("\udce9", "must be Unicode text"),
        (None, "must be a text"),
        (3, "must be a text"),
    ],
)
def test_a_reason_that_says_nothing_or_cannot_be_kept_is_refused(filled, because, says):
    with pytest.raises(InputError, match=says):
        filled.hide(A, because=because)
    assert filled.hidden() == []


def test_a_reason_is_kept_as_it_is(filled):
    because = "=1+1\x1b[2J\u202e\r\nline two"
    filled.hide(A, because=because)
    assert filled.subject(A).hidden_because == because
    assert filled.changes()[0].after == {"hidden_because": because}


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_an_accented_name_is_hidden_however_it_is_typed(gallery, stored):
    forms = [unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD")]
    gallery.add([enrolment(0, unicodedata.normalize(stored, "Zoë"))])
    assert names(gallery.hide(forms, because=WHY)) == [forms[0]]
    assert names(gallery.unhide(forms[1])) == [forms[0]]


HIDING = 4
"""The first format that knows hidden subjects."""


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION + 1))
def test_in_a_gallery_of_any_format_somebody_can_be_hidden(tmp_path, version):
    path = Path(shutil.copytree(GOLDEN / f"format-{version}", tmp_path / "old"))
    with Gallery.open(next(path.rglob("store.sqlite3")).parent) as gallery:
        already = {one.subject_id for one in gallery.hidden()}
        assert version >= HIDING or not already
        assert gallery.select(Filters()).hidden <= already
        assert gallery.info().format_version == version
        name = next(one.subject_id for one in gallery.subjects() if one.subject_id not in already)
        before = list(gallery.subjects())
        gallery.hide(name, because=WHY)
        assert gallery.info().format_version == FORMAT_VERSION
        assert {one.subject_id for one in gallery.hidden()} == {*already, name}
        assert gallery.select(Filters()).hidden == {name, *gallery.faces_of(already)}
        gallery.unhide(name)
        assert list(gallery.subjects()) == before


@pytest.mark.parametrize(
    ("gone", "kept", "whole"),
    [
        (WHY, None, None),
        (None, WHY, None),
        (WHY, WHY, WHY),
        (WHY, "a relative", f"a relative; {WHY}"),
    ],
)
def test_a_merged_subject_is_hidden_only_if_both_were(filled, gone, kept, whole):
    for name, because in ((A, gone), (B, kept)):
        if because is not None:
            filled.hide(name, because=because)
    before = list(filled.subjects())
    assert filled.merge_subjects(A, into=B) == Subject(B, hidden_because=whole)
    assert filled.subject(B).hidden_because == whole
    filled.undo()
    assert list(filled.subjects()) == before


def test_a_corrected_or_renamed_subject_stays_hidden(filled):
    filled.hide(A, because=WHY)
    filled.update_subject(replace(filled.subject(A), date_of_birth=date(2010, 1, 1)))
    filled.rename_subject(A, "Anna")
    (hidden,) = filled.hidden()
    assert hidden == Subject("Anna", date_of_birth=date(2010, 1, 1), hidden_because=WHY)
    with pytest.raises(CorrectionError, match="must be the latest"):
        filled.undo(1)
    assert names(filled.unhide("Anna")) == ["Anna"]


def test_the_reason_goes_with_the_subject(filled):
    filled.hide(A, because="a-reason-to-find")
    assert files_hold(filled.path, b"a-reason-to-find")
    filled.remove_subject(A)
    assert not files_hold(filled.path, b"a-reason-to-find")
    assert filled.hidden() == []


def test_an_enrolled_record_can_say_that_its_subject_is_hidden(gallery):
    gallery.add([enrolment(0, Subject("aunt", hidden_because=WHY)), enrolment(1, "girl")])
    assert names(gallery.hidden()) == ["aunt"]
    gallery.add([enrolment(2, Subject("girl", hidden_because=WHY)), enrolment(3, "aunt")])
    assert names(gallery.hidden()) == ["aunt"], "who is there keeps her record"


def test_the_faces_of_hidden_subjects_come_with_their_vectors(filled):
    filled.hide([A, C], because=WHY)
    held = filled.faces_of(names(filled.hidden()))
    assert list(held) == [A, C]
    np.testing.assert_array_equal(
        [face.vector for face in held[C]], VECTORS[8:12], err_msg="photos 8 to 11"
    )


def test_a_selection_counts_hidden_subjects_apart(filled):
    filled.hide([A, B], because=WHY)
    filled.take_out_photo(photo_hash(7), B)
    everybody = filled.select(Filters())
    assert everybody.allowed is None
    assert (everybody.faces, everybody.subjects) == (32, 8)
    assert (everybody.of_faces, everybody.of_subjects) == (39, 10)
    assert (everybody.hidden, everybody.hidden_faces) == ({A, B}, 7)
    some = filled.select(Filters(subject_ids=(B, C)))
    assert (some.faces, some.subjects, some.hidden, some.hidden_faces) == (4, 1, {B}, 3)
    assert len(some.allowed) == 7, "hidden faces are compared too, so that lists can count them"
    shown = filled.select(Filters(subject_ids=(B, C), include_hidden=True))
    assert (shown.faces, shown.subjects, shown.hidden, shown.hidden_faces) == (7, 2, set(), 0)
    assert filled.select(Filters(include_hidden=True)).faces == 39
    for photo in range(4, 7):
        filled.take_out_photo(photo_hash(photo), B)
    assert filled.select(Filters()).hidden == {A}, "of B there is no face"


def test_what_one_process_hides_another_sees_at_once(filled):
    with Gallery.open(filled.path, model=MODEL) as other:
        assert other.select(Filters()).subjects == 10
        filled.hide(A, because=WHY)
        assert other.select(Filters()).subjects == 9
        assert names(other.hidden()) == [A]
