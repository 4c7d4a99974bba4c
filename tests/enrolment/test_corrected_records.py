"""A corrected manifest that is enrolled again: what differs is said, and taken over on request."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from job_builders import OLD, draw

from matcher.enrolment import EnrolmentOutcome, PhotoOfSubject, enrol
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject

GIRL = Subject("Ben", recorded_sex="male", date_of_birth=date(2002, 5, 28), region="Köln")


@pytest.fixture
def photos(tmp_path: Path) -> list[PhotoOfSubject]:
    """Three photos of one subject, whose record is wrong."""
    paths = [draw(tmp_path / f"{number}.png", number) for number in range(3)]
    return [PhotoOfSubject(path, GIRL, taken_on=date(2019, 5, 1)) for path in paths]


@pytest.fixture
def gallery(tmp_path: Path, photos: list[PhotoOfSubject]) -> Gallery:
    opened = Gallery.create(tmp_path / "g", model=OLD.model)
    run(opened, photos)
    return opened


def run(
    gallery: Gallery, photos: list[PhotoOfSubject], *, update: bool = False
) -> tuple[EnrolmentOutcome, ...]:
    return enrol(gallery, OLD, photos, policy=POLICIES["off"], update=update)


def corrected(photos: list[PhotoOfSubject]) -> list[PhotoOfSubject]:
    subject = Subject("Ben", recorded_sex="female", date_of_birth=date(2012, 5, 28), tags=("scar",))
    return [
        replace(photos[0], subject=subject, age_at_capture=6.9),
        *(replace(photo, subject=subject) for photo in photos[1:]),
    ]


def test_what_differs_is_said_and_nothing_is_changed(
    gallery: Gallery, photos: list[PhotoOfSubject]
) -> None:
    first, *others = run(gallery, corrected(photos))
    assert first.status == "already there"
    assert list(map(str, first.differences)) == [
        "date_of_birth of the subject: 2002-05-28 in the gallery, 2012-05-28 given",
        "recorded_sex of the subject: male in the gallery, female given",
        "tags of the subject: nothing in the gallery, scar given",
        "age_at_capture of the photo: nothing in the gallery, 6.9 given",
    ]
    assert first.row()["updated"] == "no"
    assert [outcome.differences for outcome in others] == [(), ()]
    assert gallery.subject("Ben") == GIRL
    assert gallery.changes() == []


def test_what_differs_is_taken_over_on_request_and_can_be_taken_back(
    gallery: Gallery, photos: list[PhotoOfSubject]
) -> None:
    first, *_ = run(gallery, corrected(photos), update=True)
    assert (first.updated, first.row()["updated"]) == (True, "yes")
    record = gallery.subject("Ben")
    assert record == replace(
        GIRL, recorded_sex="female", date_of_birth=date(2012, 5, 28), tags=("scar",)
    ), "the region, which the new manifest leaves empty, stays"
    assert gallery.photos("Ben")[0].age_at_capture == 6.9
    assert not any(outcome.differences for outcome in run(gallery, corrected(photos)))
    gallery.undo()
    gallery.undo()
    assert gallery.subject("Ben") == GIRL
    assert gallery.photos("Ben")[0].age_at_capture is None


def test_a_correction_comes_with_a_new_photo_too(
    gallery: Gallery, photos: list[PhotoOfSubject], tmp_path: Path
) -> None:
    late = replace(corrected(photos)[1], path=draw(tmp_path / "late.png", 9))
    (outcome,) = run(gallery, [late], update=True)
    assert (outcome.status, outcome.updated) == ("enrolled", True)
    assert gallery.subject("Ben").recorded_sex == "female"


def test_a_photo_that_lies_elsewhere_now_is_said(
    gallery: Gallery, photos: list[PhotoOfSubject], tmp_path: Path
) -> None:
    copy = replace(photos[0], path=tmp_path / "copy.png")
    copy.path.write_bytes(photos[0].path.read_bytes())
    assert run(gallery, [copy])[0].differences == (), "the first place still holds the photo"
    photos[0].path.unlink()
    (outcome,) = run(gallery, [copy], update=True)
    assert [difference.field for difference in outcome.differences] == ["reference"]
    assert gallery.photos("Ben")[0].reference == str(copy.path)


def test_a_record_that_cannot_be_true_is_one_failed_outcome(
    gallery: Gallery, photos: list[PhotoOfSubject]
) -> None:
    unborn = replace(photos[0], subject=replace(GIRL, date_of_birth=date(2020, 1, 1)))
    outcomes = run(gallery, [unborn, photos[1]], update=True)
    assert [outcome.status for outcome in outcomes] == ["failed", "already there"]
    assert "must not be after the day of a photo" in outcomes[0].row()["reason"]
    assert gallery.subject("Ben") == GIRL


def test_two_rows_of_one_photo_that_differ_are_said(
    gallery: Gallery, photos: list[PhotoOfSubject], tmp_path: Path
) -> None:
    new = replace(photos[0], path=draw(tmp_path / "new.png", 12))
    twin = replace(new, taken_on=date(2019, 5, 2))
    one, other = run(gallery, [new, twin])
    assert (one.status, other.status) == ("enrolled", "already there")
    assert [difference.field for difference in other.differences] == ["taken_on"]
