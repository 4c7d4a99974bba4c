"""The date that a photo carries becomes its day of capture only on request, and only if good."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from dated_photos import BERLIN, CAMERA, CHANGED, ORIGINAL, SOFTWARE, TAKEN, with_date
from job_builders import OLD, draw

from matcher.enrolment import EnrolmentOutcome, PhotoOfSubject, date_remarks, enrol
from matcher.faces import POLICIES
from matcher.gallery import Gallery, PhotoRecord, Subject

DAY = date(2019, 5, 28)
ANA = Subject("Ana", date_of_birth=date(2010, 5, 28))


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery.create(tmp_path / "g", model=OLD.model)


@pytest.fixture
def photo(tmp_path: Path) -> PhotoOfSubject:
    """A photo with a good date, whose record has none."""
    return PhotoOfSubject(with_date(draw(tmp_path / "a.png", 1), tmp_path / "p" / "a.jpg"), ANA)


def one(gallery: Gallery, photo: PhotoOfSubject, **options: bool) -> EnrolmentOutcome:
    (outcome,) = enrol(gallery, OLD, [photo], policy=POLICIES["off"], **options)
    return outcome


def stored(gallery: Gallery, subject: str = "Ana") -> PhotoRecord:
    (record,) = gallery.photos(subject)
    return record


def test_without_a_request_a_date_is_offered_and_not_stored(
    gallery: Gallery, photo: PhotoOfSubject
) -> None:
    outcome = one(gallery, photo)
    assert outcome.dating is not None
    assert (outcome.dating.use, outcome.dating.found.day) == ("offered", DAY)
    assert (stored(gallery).taken_on, stored(gallery).dated_by) == (None, None)
    assert list(date_remarks([outcome.dating])) == [
        "1 photo carries a good date that the records lack; --dates-from-photos takes it."
    ]


def test_on_request_a_good_date_is_taken_and_its_origin_is_stored(
    gallery: Gallery, photo: PhotoOfSubject
) -> None:
    outcome = one(gallery, photo, dates_from_photos=True)
    assert outcome.status == "enrolled"
    assert (stored(gallery).taken_on, stored(gallery).dated_by) == (DAY, "EXIF DateTimeOriginal")
    row = outcome.row()
    assert {name: row[name] for name in row if name.startswith("date_")} == {
        "date_found": "2019-05-28",
        "date_field": "EXIF DateTimeOriginal",
        "date_reliability": "good",
        "date_doubts": "",
        "date_use": "taken",
    }
    assert list(date_remarks([outcome.dating])) == ["Days of capture taken from photos: 1."]
    assert not one(gallery, photo, dates_from_photos=True).differences


@pytest.mark.parametrize("take", [False, True])
@pytest.mark.parametrize(
    ("recorded", "use"), [(DAY, "same day"), (date(2018, 1, 1), "differs from the record")]
)
def test_a_recorded_day_always_stays(
    gallery: Gallery, photo: PhotoOfSubject, take: bool, recorded: date, use: str
) -> None:
    outcome = one(gallery, replace(photo, taken_on=recorded), dates_from_photos=take)
    assert outcome.dating is not None
    assert outcome.dating.use == use
    assert (stored(gallery).taken_on, stored(gallery).dated_by) == (recorded, None)
    said = " ".join(date_remarks([outcome.dating]))
    assert ("1 photo carries another date than the records have (1 good, 0 not)" in said) == (
        use != "same day"
    )


@pytest.mark.parametrize(
    ("capture", "first", "doubt"),
    [
        ({ORIGINAL: TAKEN}, {}, "no camera named"),
        ({ORIGINAL: TAKEN}, CAMERA | {SOFTWARE: "GIMP 2.10"}, "editing software"),
        ({}, CAMERA | {CHANGED: TAKEN}, "not the field of the capture"),
        ({ORIGINAL: "2035:01:02 10:00:00"}, CAMERA, "in the future"),
        ({ORIGINAL: "2000:01:01 00:00:00"}, CAMERA, "first day of a camera's clock"),
        ({ORIGINAL: "2009:05:28 10:00:00"}, CAMERA, "before the person's birth"),
        ({ORIGINAL: b"soon"}, CAMERA, "not a date"),
    ],
)
def test_a_date_that_is_not_good_is_counted_by_what_speaks_against_it(
    gallery: Gallery,
    tmp_path: Path,
    capture: dict[int, object],
    first: dict[int, object],
    doubt: str,
) -> None:
    path = with_date(draw(tmp_path / "a.png", 1), tmp_path / "a.jpg", capture, first)
    outcome = one(gallery, PhotoOfSubject(path, ANA), dates_from_photos=True)
    assert outcome.status == "enrolled"
    assert outcome.dating is not None
    assert outcome.dating.use == "not good enough"
    assert stored(gallery).taken_on is None
    (said,) = date_remarks([outcome.dating, None])
    assert "not good enough to be taken: 1 (" in said
    assert f"{doubt} 1" in said


def test_the_birth_that_only_the_gallery_knows_counts_too(gallery: Gallery, tmp_path: Path) -> None:
    one(gallery, PhotoOfSubject(draw(tmp_path / "b.png", 2), ANA))
    early = {ORIGINAL: "2009:05:28 10:00:00"}
    path = with_date(draw(tmp_path / "a.png", 1), tmp_path / "a.jpg", early)
    outcome = one(gallery, PhotoOfSubject(path, Subject("Ana")), dates_from_photos=True)
    assert outcome.status == "enrolled"
    assert outcome.dating is not None
    assert outcome.dating.found.doubts == ("before the person's birth",)


def test_of_two_births_the_later_one_counts(gallery: Gallery, tmp_path: Path) -> None:
    one(gallery, PhotoOfSubject(draw(tmp_path / "b.png", 2), ANA))
    early = {ORIGINAL: "2009:05:28 10:00:00"}
    path = with_date(draw(tmp_path / "a.png", 1), tmp_path / "a.jpg", early)
    other = replace(ANA, date_of_birth=date(2001, 1, 1))
    outcome = one(gallery, PhotoOfSubject(path, other), dates_from_photos=True)
    assert outcome.dating is not None
    assert outcome.dating.found.doubts == ("before the person's birth",)


def test_another_age_than_recorded_is_not_good_enough(
    gallery: Gallery, photo: PhotoOfSubject
) -> None:
    outcome = one(gallery, replace(photo, age_at_capture=3.0), dates_from_photos=True)
    assert outcome.dating is not None
    assert outcome.dating.found.doubts == ("another age than recorded",)
    assert stored(gallery).taken_on is None


def test_a_photo_that_is_there_gets_its_date_with_update_only(
    gallery: Gallery, photo: PhotoOfSubject
) -> None:
    one(gallery, photo)
    again = one(gallery, photo)
    assert again.dating is not None
    assert (again.dating.use, again.differences) == ("offered", ())
    asked = one(gallery, photo, dates_from_photos=True)
    assert asked.dating is not None
    assert asked.dating.use == "awaits --update"
    assert list(map(str, asked.differences)) == [
        "taken_on of the photo: nothing in the gallery, 2019-05-28 given",
        "dated_by of the photo: nothing in the gallery, EXIF DateTimeOriginal given",
    ]
    assert stored(gallery).taken_on is None
    updated = one(gallery, photo, dates_from_photos=True, update=True)
    assert updated.updated
    assert (stored(gallery).taken_on, stored(gallery).dated_by) == (DAY, "EXIF DateTimeOriginal")
    gallery.undo()
    assert (stored(gallery).taken_on, stored(gallery).dated_by) == (None, None)


def test_a_day_that_the_gallery_holds_is_never_replaced_by_that_of_the_photo(
    gallery: Gallery, photo: PhotoOfSubject
) -> None:
    one(gallery, replace(photo, taken_on=date(2018, 1, 1)))
    outcome = one(gallery, photo, dates_from_photos=True, update=True)
    assert outcome.differences == ()
    assert (stored(gallery).taken_on, stored(gallery).dated_by) == (date(2018, 1, 1), None)


def test_a_day_that_a_person_gives_later_no_longer_comes_from_the_photo(
    gallery: Gallery, photo: PhotoOfSubject
) -> None:
    one(gallery, photo, dates_from_photos=True)
    outcome = one(gallery, replace(photo, taken_on=date(2018, 1, 1)), update=True)
    assert [change.field for change in outcome.differences] == ["taken_on", "dated_by"]
    assert (stored(gallery).taken_on, stored(gallery).dated_by) == (date(2018, 1, 1), None)


def test_a_photo_that_fails_gives_no_date(gallery: Gallery, tmp_path: Path) -> None:
    path = with_date(draw(tmp_path / "a.png", 1), tmp_path / "a.jpg")
    (outcome,) = enrol(
        gallery, OLD, [PhotoOfSubject(path, ANA)], policy=POLICIES["strict"], dates_from_photos=True
    )
    assert outcome.status == "failed"
    assert outcome.dating is None


def test_no_position_gets_into_the_gallery(gallery: Gallery, tmp_path: Path) -> None:
    path = with_date(draw(tmp_path / "a.png", 1), tmp_path / "a.jpg", gps=BERLIN)
    with OLD.decoding_apart(1) as apart:
        enrol(
            gallery,
            apart,
            [PhotoOfSubject(path, ANA)],
            policy=POLICIES["off"],
            dates_from_photos=True,
        )
    assert stored(gallery).taken_on == DAY
    assert "13.41" not in str(vars(stored(gallery)))
    assert not {"latitude", "gps", "position"} & set(vars(stored(gallery)))
