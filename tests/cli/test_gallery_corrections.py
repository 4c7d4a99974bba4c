"""Correcting a gallery from the command line, as an investigator does."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from gallery_builders import MODEL, VECTORS, enrolment, files_hold, photo_hash
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.gallery import Gallery


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["gallery", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


def shown(gallery: Path, subject: str) -> dict[str, Any]:
    return dict(json.loads(run("show", gallery, subject, "--format", "jsonl").stdout))


def listed(gallery: Path) -> dict[str, str]:
    rows = csv.DictReader(run("list", gallery, "--format", "csv").stdout.splitlines())
    return {row["subject_id"]: row["photos"] for row in rows}


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """Anna and Ben with three photos each, two of Anna's under the name Annna."""
    names = ("Anna", "Annna", "Annna", "Ben", "Ben", "Ben")
    with Gallery.create(tmp_path / "g", model=MODEL) as made:
        made.add([enrolment(number, name) for number, name in enumerate(names)])
    return tmp_path / "g"


def test_a_wrong_record_is_corrected_and_the_correction_taken_back(gallery: Path) -> None:
    run("edit", gallery, "Anna", "--date-of-birth", "2012-05-28", "--sex", "female", "--tag", "b")
    run("edit", gallery, "Anna", "--tag", "scar", "--tag", "brown eyes", "--note", "left-handed")
    record = shown(gallery, "Anna")
    assert record["date_of_birth"] == "2012-05-28"
    assert record["recorded_sex"] == "female"
    assert record["tags"] == ["brown eyes", "scar"]
    assert [row["kind"] for row in record["changes"]] == ["subject edited"] * 2
    said = run("undo", gallery).stderr
    assert "Took back correction 2 of Anna" in said
    said = run("edit", gallery, "Anna", "--date-of-birth", "").stderr
    assert "Before: date_of_birth: 2012-05-28. After: nothing." in said
    assert shown(gallery, "Anna")["tags"] == ["b"]
    assert shown(gallery, "Anna")["date_of_birth"] is None
    assert "holds that already" in run("edit", gallery, "Anna", "--sex", "female").stderr


def test_date_and_age_of_a_photo_are_corrected(gallery: Path) -> None:
    words = ("--taken-on", "2019-05-28", "--age", "7", "--source", "school")
    said = run("edit", gallery, "Ben", "--photo", "4.jpg", *words).stderr
    assert "After: taken_on: 2019-05-28, age_at_capture: 7.0, source: school." in said
    with Gallery.open(gallery) as opened:
        photo = opened.photos("Ben")[1]
    assert (photo.taken_on, photo.age_at_capture, photo.source) == (date(2019, 5, 28), 7, "school")
    run("edit", gallery, "Ben", "--date-of-birth", "2019-05-29", code=3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("Ben",), "got none"),
        (("Ben", "--age", "7"), "got age_at_capture"),
        (("Ben", "--photo", "4.jpg", "--region", "north"), "got region"),
        (("Ben", "--photo", "4.jpg", "--age", "seven"), "a number of years"),
        (("Ben", "--photo", "4.jpg", "--age", "nan"), "[0, 130] years"),
        (("Ben", "--date-of-birth", "28.05.2012"), "a date such as 2019-05-28"),
        (("Ben", "--photo", "none.jpg", "--age", "7"), "names 0 of 3"),
    ],
)
def test_an_edit_that_makes_no_sense_changes_nothing(
    gallery: Path, words: tuple[str, ...], says: str
) -> None:
    assert says in " ".join(run("edit", gallery, *words, code=3).stderr.split())
    assert json.loads(run("changes", gallery, "--format", "jsonl").stdout or "[]") == []


def test_two_spellings_of_one_name_become_one_subject(gallery: Path) -> None:
    assert listed(gallery) == {"Anna": "1", "Annna": "2", "Ben": "3"}
    assert "Photos of Anna: 3" in run("merge", gallery, "Annna", "Anna").stderr
    assert listed(gallery) == {"Anna": "3", "Ben": "3"}
    run("rename", gallery, "Anna", "Anna K.")
    run("rename", gallery, "Anna K.", "Ben", code=3)
    assert listed(gallery) == {"Anna K.": "3", "Ben": "3"}
    run("undo", gallery)
    run("undo", gallery)
    assert listed(gallery) == {"Anna": "1", "Annna": "2", "Ben": "3"}
    run("undo", gallery, code=5)


def test_a_photo_is_taken_out_and_brought_back_or_deleted_for_good(gallery: Path) -> None:
    run("remove-photo", gallery, "Ben", "4.jpg", "--dry-run")
    assert listed(gallery)["Ben"] == "3"
    run("remove-photo", gallery, "Ben", photo_hash(4)[:8])
    assert listed(gallery)["Ben"] == "2"
    run("undo", gallery)
    assert listed(gallery)["Ben"] == "3"
    run("remove-photo", gallery, "Ben", "photos/4.jpg", "--for-good")
    assert not files_hold(gallery, VECTORS[4].tobytes())
    assert not files_hold(gallery, photo_hash(4).encode())
    run("undo", gallery, code=5)
    said = run("remove-photo", gallery, "Anna", "0.jpg", code=1).stderr
    assert "No face is enrolled of: Anna" in said
    run("remove-photo", gallery, "Anna", "0.jpg", code=3)


def test_a_moved_folder_of_photos_is_recorded(gallery: Path, tmp_path: Path) -> None:
    with Gallery.open(gallery) as opened:
        old = tmp_path / "old"
        photo = opened.photos("Ben")[0]
        opened.update_photo("Ben", replace(photo, reference=str(old / "6.jpg")))
    run("move-photos", gallery, old, tmp_path / "new", code=3)
    (tmp_path / "new").mkdir()
    (tmp_path / "new/6.jpg").write_bytes(b"photo")
    run("move-photos", gallery, old, tmp_path / "new")
    assert shown(gallery, "Ben")["photos"][0]["reference"] == str(tmp_path / "new/6.jpg")
    assert "folder moved" in run("changes", gallery, "--format", "csv").stdout
    run("undo", gallery)
    assert shown(gallery, "Ben")["photos"][0]["reference"] == str(old / "6.jpg")


def test_show_prints_record_photos_and_corrections(gallery: Path) -> None:
    run("edit", gallery, "Ben", "--region", "north")
    table = run("show", gallery, "Ben").stdout
    assert all(word in table for word in ("Photos", "Corrections", "north"))
    rows = list(csv.DictReader(run("show", gallery, "Ben", "--format", "csv").stdout.splitlines()))
    assert [row["sha256"] for row in rows] == [photo_hash(number) for number in (3, 4, 5)]
    run("show", gallery, "nobody", code=5)
