"""`dates` lists, `enrol` and `search` take on request; the position is printed with --gps only."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from dated_photos import BERLIN, CAMERA, ORIGINAL, SOFTWARE, TAKEN, dated, with_date
from rendered_cohort import Cohort
from typer.testing import CliRunner, Result

from matcher.cli.commands import app
from matcher.gallery import Gallery
from matcher.photos import DateOfPhoto, gps_position, list_dates


def run(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def photos(tmp_path: Path, cohort: Cohort) -> Path:
    """A folder of two people: dates that are good, edited, missing; and one that is recorded."""
    folder = tmp_path / "photos"
    cases = {
        "A/good.jpg": {},
        "A/edited.jpg": {"first": CAMERA | {SOFTWARE: "GIMP"}},
        "B/good.jpg": {"capture": {ORIGINAL: "2021:02:03 10:00:00"}},
    }
    for number, (name, options) in enumerate(cases.items()):
        with_date(cohort.probes[number], folder / name, gps=BERLIN, **options)
    shutil.copy(cohort.probes[3], folder / "B" / "none.png")
    return folder


def days(gallery: Path) -> dict[str, date | None]:
    with Gallery.open(gallery) as opened:
        return {
            f"{subject}/{photo.path.name}": photo.taken_on
            for subject in ("A", "B")
            for photo in opened.photos(subject)
        }


def test_the_list_has_a_row_for_each_photo_and_counts_them(photos: Path) -> None:
    (photos / "A" / "text.jpg").write_bytes(b"no picture")
    done = run("dates", photos, "--format", "jsonl", code=1)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 5
    rows = {Path(row["photo"]).name: row for row in found}
    edited = rows["edited.jpg"]
    assert edited["day"] == "2019-05-28"
    assert edited["reliability"] == "doubtful"
    assert edited["doubts"] == "editing software"
    assert edited["camera"] == "Canon EOS 80D"
    assert edited["software"] == "GIMP"
    assert edited["time"] == "12:30:05"
    assert rows["none.png"]["doubts"] == "no date"
    assert rows["text.jpg"]["error"] == "photo_format"
    assert "1 could not be read" in done.stderr
    assert f"Cannot be read: {photos / 'A' / 'text.jpg'}" in done.stderr


@pytest.mark.parametrize("style", ["table", "jsonl", "csv"])
def test_a_position_is_printed_only_if_it_is_asked_for(photos: Path, style: str) -> None:
    asked = run("dates", photos, "--gps", "--format", style)
    silent = run("dates", photos, "--format", style)
    assert asked.stdout.count("13.41") == 3
    assert "13.41" not in silent.output
    assert "latitude" not in silent.output


def test_an_empty_folder_and_a_missing_photo_are_said(tmp_path: Path) -> None:
    assert "a folder without any" in run("dates", tmp_path, code=3).stderr
    missing = run("dates", tmp_path / "none.jpg", code=1)
    assert "1 could not be read" in missing.stderr


def test_enrol_offers_dates_in_one_line_and_takes_the_good_ones_on_request(
    tmp_path: Path, photos: Path
) -> None:
    offered = run("enrol", tmp_path / "g", photos).stderr
    assert offered.count("--dates-from-photos") == 1
    assert "2 photos carry a good date that the records lack" in offered
    assert set(days(tmp_path / "g").values()) == {None}
    report = tmp_path / "r.csv"
    taken = run("enrol", tmp_path / "h", photos, "--dates-from-photos", "--report", report).stderr
    assert "Days of capture taken from photos: 2." in taken
    assert "not good enough to be taken: 1 (editing software 1;" in taken
    assert days(tmp_path / "h") == {
        "A/edited.jpg": None,
        "A/good.jpg": date(2019, 5, 28),
        "B/good.jpg": date(2021, 2, 3),
        "B/none.png": None,
    }
    with report.open(newline="", encoding="utf-8") as file:
        rows = {Path(row["photo"]).name: row for row in csv.DictReader(file)}
    assert rows["edited.jpg"]["date_found"] == "2019-05-28"
    assert rows["edited.jpg"]["date_doubts"] == "editing software"
    assert rows["edited.jpg"]["date_use"] == "not good enough"
    assert rows["none.png"]["date_found"] == rows["none.png"]["date_use"] == ""
    with Gallery.open(tmp_path / "h") as opened:
        assert {photo.dated_by for photo in opened.photos("A")} == {None, "EXIF DateTimeOriginal"}


def test_a_gallery_that_is_there_gets_its_dates_with_update(tmp_path: Path, photos: Path) -> None:
    gallery = tmp_path / "g"
    run("enrol", gallery, photos)
    asked = run("enrol", gallery, photos, "--dates-from-photos", code=1).stderr
    assert "2 photos differ from the gallery's records. Take over" in asked
    assert set(days(gallery).values()) == {None}
    run("enrol", gallery, photos, "--dates-from-photos", "--update")
    assert days(gallery)["A/good.jpg"] == date(2019, 5, 28)


def test_a_day_that_is_edited_no_longer_comes_from_the_photo(tmp_path: Path, photos: Path) -> None:
    gallery = tmp_path / "g"
    run("enrol", gallery, photos, "--dates-from-photos")
    run("gallery", "edit", gallery, "A", "--photo", "good.jpg", "--taken-on", "2018-01-01")
    with Gallery.open(gallery) as opened:
        (photo,) = (one for one in opened.photos("A") if one.path.name == "good.jpg")
    assert (photo.taken_on, photo.dated_by) == (date(2018, 1, 1), None)


def test_a_dry_run_says_that_it_reads_no_date(tmp_path: Path, photos: Path) -> None:
    said = run("enrol", tmp_path / "g", photos, "--dry-run", "--dates-from-photos").stderr
    assert "Dates in photos are read only in the run" in said


def test_search_shows_the_date_and_uses_it_on_request(
    tmp_path: Path, photos: Path, cohort: Cohort
) -> None:
    gallery = tmp_path / "g"
    run("enrol", gallery, photos, "--dates-from-photos")
    probe = with_date(cohort.probes[0], tmp_path / "probe.jpg", {ORIGINAL: "2022:02:03"})
    note = "the photo carries the date 2022-02-03 (EXIF DateTimeOriginal; good); it is used only"
    assert note in run("search", gallery, probe).stderr
    shown = run("search", gallery, probe, "--format", "jsonl")
    assert note in shown.stdout
    assert json.loads(shown.stdout)["probe"]["taken_on"] is None
    used = run("search", gallery, probe, "--dates-from-photos", "--format", "jsonl")
    facts = json.loads(used.stdout)["probe"]
    assert (facts["taken_on"], facts["dated_by"]) == ("2022-02-03", "EXIF DateTimeOriginal")
    given = run(
        "search",
        gallery,
        probe,
        "--dates-from-photos",
        "--taken-on",
        "2020-01-01",
        "--format",
        "jsonl",
        "--same-person",
    )
    assert json.loads(given.stdout)["probe"]["taken_on"] == "2020-01-01"


def test_no_position_is_in_anything_that_is_written_or_said(
    tmp_path: Path, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    work = tmp_path / "work"
    work.mkdir()
    gallery, probe = work / "g", photos / "A" / "good.jpg"
    place = gps_position(probe)
    assert place is not None
    said = run("enrol", gallery, photos, "--dates-from-photos", "--report", work / "r.csv").output
    sheet = ("--sheet", work / "s.html", "--dates-from-photos")
    said += run("search", gallery, probe, *sheet, "--format", "jsonl").output
    said += run("cross", gallery, "--threshold", "0", "--sheet", work / "c.html").output
    said += run("gallery", "show", gallery, "A", "--format", "jsonl").output
    written = b"".join(path.read_bytes() for path in work.rglob("*") if path.is_file())
    assert "GPS" not in said
    for text in (str(place.latitude), str(place.longitude), "latitude"):
        assert text not in said + caplog.text
        assert text.encode() not in written


def test_only_the_module_of_positions_knows_where_they_stand() -> None:
    """The tag of the directory of positions is in one file of the package."""
    package = Path(__file__).parents[2] / "matcher"
    knowing = [
        path for path in package.rglob("*.py") if "0x8825" in path.read_text("utf-8").lower()
    ]
    users = [path for path in package.rglob("*.py") if "position_of(" in path.read_text("utf-8")]
    assert [path.name for path in knowing] == ["position.py"]
    assert sorted(path.name for path in users) == ["position.py", "reading.py"]


def test_a_list_in_python_reports_its_progress(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(dated(capture={ORIGINAL: TAKEN}))
    seen: list[tuple[str, int, int | None]] = []
    (one,) = list_dates([tmp_path / "a.jpg"], on_progress=lambda *step: seen.append(step))
    assert isinstance(one, DateOfPhoto)
    assert one.position is None
    assert seen == [("read dates", 1, 1)]
