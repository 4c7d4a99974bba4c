"""A probe's own date is shown; it counts only on request, if it is good and no other is given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from dated_photos import BERLIN, ORIGINAL, with_date
from job_builders import OLD, draw

from matcher.enrolment import PhotoOfSubject, enrol
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject
from matcher.search import Probe, Searcher, write_sheet

DAY = date(2019, 5, 28)
NOTE = "the photo carries the date 2019-05-28 (EXIF DateTimeOriginal; good); "


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.create(tmp_path / "g", model=OLD.model) as opened:
        photo = PhotoOfSubject(
            with_date(draw(tmp_path / "a.png", 1), tmp_path / "a.jpg", {ORIGINAL: "2015:05:28"}),
            Subject("Ana", date_of_birth=date(2010, 5, 28)),
        )
        enrol(opened, OLD, [photo], policy=POLICIES["off"], dates_from_photos=True)
        yield opened


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    return with_date(draw(tmp_path / "b.png", 2), tmp_path / "b.jpg", gps=BERLIN)


def searcher(gallery: Gallery, take: bool) -> Searcher:
    return Searcher(gallery, OLD, policy=POLICIES["off"], dates_from_photos=take)


def test_the_date_is_shown_and_not_used(gallery: Gallery, probe: Path) -> None:
    found = searcher(gallery, False).search(probe)
    assert found.probe.notes == (NOTE + "it is used only with --dates-from-photos",)
    assert (found.probe.taken_on, found.probe.dated_by) == (None, None)
    assert found.candidates[0].age_gap is None


def test_on_request_it_gives_the_age_gap(gallery: Gallery, probe: Path) -> None:
    found = searcher(gallery, True).search(probe)
    assert found.probe.notes == (NOTE + "it is used",)
    assert (found.probe.taken_on, found.probe.dated_by) == (DAY, "EXIF DateTimeOriginal")
    assert found.candidates[0].age_gap == pytest.approx(4, abs=0.01)
    assert json.loads(found.to_json())["probe"]["taken_on"] == "2019-05-28"


def test_a_given_day_wins(gallery: Gallery, probe: Path) -> None:
    found = searcher(gallery, True).search(probe, taken_on=date(2021, 5, 28))
    assert found.probe.notes == (NOTE + "the day that was given is used",)
    assert (found.probe.taken_on, found.probe.dated_by) == (date(2021, 5, 28), None)
    assert found.candidates[0].age_gap == pytest.approx(6, abs=0.01)


def test_a_date_that_is_not_good_is_never_used(gallery: Gallery, tmp_path: Path) -> None:
    path = with_date(draw(tmp_path / "b.png", 2), tmp_path / "c.jpg", first={})
    found = searcher(gallery, True).search(path)
    assert found.probe.taken_on is None
    (note,) = found.probe.notes
    assert note.endswith("doubtful: no camera named); it is not good enough to be used")


@pytest.mark.parametrize("days", [("2019:05:28", "2019:05:28"), ("2019:05:28", "2020:01:05")])
def test_of_several_photos_of_one_person_only_a_common_day_counts(
    gallery: Gallery, tmp_path: Path, days: tuple[str, str]
) -> None:
    photos = [
        with_date(draw(tmp_path / "b.png", 2), tmp_path / f"{n}.jpg", {ORIGINAL: day})
        for n, day in enumerate(days)
    ]
    found = searcher(gallery, True).search_person(photos)
    same = days[0] == days[1]
    assert found.probe.taken_on == (DAY if same else None)
    assert found.probe.dated_by == ("EXIF DateTimeOriginal" if same else None)
    carried = [note for note in found.probe.notes if "carries the date" in note]
    assert [note.split(":")[0] for note in carried] == ["photo 1 (0.jpg)", "photo 2 (1.jpg)"]


def test_many_probes_and_all_faces_use_it_too(gallery: Gallery, probe: Path) -> None:
    ready = searcher(gallery, True)
    (one,) = ready.search_many([probe])
    ((face,),) = ready.search_faces_many([probe])
    (alone,) = ready.search_faces(Probe(probe))
    assert {found.probe.taken_on for found in (one, face, alone)} == {DAY}


def test_the_sheet_says_what_gave_a_day_and_has_no_position(
    gallery: Gallery, probe: Path, tmp_path: Path
) -> None:
    found = searcher(gallery, True).search(probe)
    write_sheet(tmp_path / "s.html", [probe], [found], title="t", detector=OLD)
    page = (tmp_path / "s.html").read_text(encoding="utf-8")
    assert "2019-05-28, by the photo&#39;s EXIF DateTimeOriginal" in page
    assert "2015-05-28, by the photo&#39;s EXIF DateTimeOriginal" in page
    assert NOTE in page
    for place in ("13.41", "52.52"):
        assert place not in page
        assert place not in found.to_json()
