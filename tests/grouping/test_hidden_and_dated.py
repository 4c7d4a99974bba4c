"""The hide list of a gallery leaves faces out of groups; days come from photos only when asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dated_photos
import pytest
from tiled_people import THRESHOLD, CountingExtractor, by_file, grouped, write
from typer.testing import CliRunner

from matcher import Gallery, PhotoOfSubject, Subject, enrol
from matcher.cli.commands import app
from matcher.errors import GalleryModelError, InputError
from matcher.faces import POLICIES
from matcher.grouping import GroupFile
from matcher.synthetic import CohortSpec, write_cohort

EXTRACTOR = CountingExtractor()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two people in three photos each, one photo of both."""
    for person in (1, 2):
        for picture in range(3):
            write(tmp_path / "photos" / f"{person}-{picture}.png", (person, picture))
    write(tmp_path / "photos" / "both.png", (1, 8), (2, 8))
    return tmp_path / "photos"


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    """The first person is known: an investigator, not hidden yet."""
    photo = PhotoOfSubject(write(tmp_path / "known.png", (1, 20)), Subject("investigator"))
    with Gallery.create(tmp_path / "g", model=EXTRACTOR.model) as opened:
        enrol(opened, EXTRACTOR, [photo], policy=POLICIES["off"])
        yield opened


SECOND = frozenset({"2-0.png:1", "2-1.png:1", "2-2.png:1", "both.png:2"})
FIRST = frozenset({"1-0.png:1", "1-1.png:1", "1-2.png:1", "both.png:1"})


def test_faces_like_a_hidden_subject_are_in_no_group_and_come_back(
    folder: Path, gallery: Gallery
) -> None:
    assert by_file(grouped(folder, hidden_of=gallery)) == {FIRST, SECOND}, "nobody is hidden"
    gallery.hide("investigator", because="herself")
    found = grouped(folder, hidden_of=gallery)
    assert by_file(found) == {SECOND}
    assert {one.reason for one in found.ungrouped} == {"like a hidden subject: investigator"}
    assert found.reasons == {"like a hidden subject": 4}
    assert any("like a hidden subject" in line for line in found.cautions())
    gallery.unhide("investigator")
    assert by_file(grouped(folder, hidden_of=gallery)) == {FIRST, SECOND}


def test_a_face_that_a_person_put_into_a_group_stays_there(
    folder: Path, gallery: Gallery, tmp_path: Path
) -> None:
    state = tmp_path / "faces.groups"
    grouped(folder, state=state)
    with GroupFile.open(state) as file:
        first, second = (group.number for group in file.grouping())
        file.merge([first, second])
    gallery.hide("investigator", because="herself")
    assert by_file(grouped(folder, state=state, hidden_of=gallery)) == {FIRST | SECOND}


def test_a_gallery_of_another_model_and_no_gallery_are_refused_before_the_photos(
    folder: Path, gallery: Gallery
) -> None:
    other = CountingExtractor("2")
    with pytest.raises(GalleryModelError):
        grouped(folder, other, hidden_of=gallery)
    with pytest.raises(InputError, match="hidden_of"):
        grouped(folder, other, hidden_of=gallery.path)
    assert other.read == []


@pytest.mark.parametrize("wanted", [True, False])
def test_days_come_from_good_dates_of_photos_only_when_asked(tmp_path: Path, wanted: bool) -> None:
    made = write_cohort(CohortSpec(1, ages=(9, 10), seed=3, size=128), tmp_path / "made", workers=1)
    for number, photo in enumerate(sorted((made.parent / "photos").glob("*.png"))):
        dated_photos.with_date(photo, tmp_path / "photos" / f"{number}.jpg")
    words = ["group", str(tmp_path / "photos"), "--threshold", str(THRESHOLD), "--format", "jsonl"]
    done = CliRunner().invoke(app, [*words, *(["--dates-from-photos"] if wanted else [])])
    assert ("2 with a good date" in done.stderr) == wanted
    assert (str(date(2019, 5, 28)) in done.stdout) == wanted
