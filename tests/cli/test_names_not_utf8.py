"""Photos and folders whose names are not UTF-8, through every command that names them."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from rendered_cohort import Cohort
from typer.testing import CliRunner

from fairness import read_cohort
from matcher.cli.commands import app
from matcher.enrolment import read_folder
from matcher.errors import InputError, ManifestError, NoFaceError
from matcher.gallery import Gallery, PhotoRecord, Subject
from matcher.gallery.validation import check_photo, check_subject
from matcher.photos import sha256_of

FOLDER = os.fsdecode(b"Andr\xe9")
NAME = os.fsdecode(b"fot\xe9.png")


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    """A folder of two subjects; the name of one, and of her photo, is Latin-1."""
    folder = tmp_path_factory.mktemp("people")
    try:
        (folder / FOLDER).mkdir()
    except OSError:
        pytest.skip("this file system has no such names")
    early = sorted((cohort.folder / "early" / "photos").iterdir())
    shutil.copy(early[0], folder / FOLDER / NAME)
    (folder / FOLDER / os.fsdecode(b"bad\xff.png")).write_bytes(b"no picture")
    (folder / "s-2").mkdir()
    shutil.copy(early[1], folder / "s-2" / "\u00fc.png")
    return folder


@pytest.fixture(scope="module")
def enrolled(people: Path) -> Path:
    gallery = people.parent / os.fsdecode(b"g\xe9")
    report = people.parent / os.fsdecode(b"r\xe9.csv")
    talk = run("enrol", gallery, people, "--report", report, code=1).stderr
    assert "r\\xe9.csv" in talk
    found = {row["photo"]: row for row in csv.DictReader(io.StringIO(report.read_text("utf-8")))}
    enrolled = found[f"{people}/Andr\\xe9/fot\\xe9.png"]
    assert (enrolled["status"], enrolled["subject"]) == ("enrolled", "Andr\\xe9")
    failed = found[f"{people}/Andr\\xe9/bad\\xff.png"]
    assert failed["status"] == "failed"
    assert "bad\\xff.png" in failed["reason"]
    assert found[f"{people}/s-2/\u00fc.png"]["status"] == "enrolled"
    return gallery


def test_the_stored_reference_opens_the_file_again(people: Path, enrolled: Path) -> None:
    with Gallery.open(enrolled) as gallery:
        (photo,) = gallery.photos("Andr\\xe9")
        (other,) = gallery.photos("s-2")
    assert photo.path == people / FOLDER / NAME
    assert sha256_of(photo.path) == photo.sha256
    assert photo.reference.endswith("/Andr%E9/fot%E9.png")
    assert other.reference == str(people / "s-2" / "\u00fc.png")


def test_a_second_run_knows_the_photo(people: Path, enrolled: Path) -> None:
    talk = run("enrol", enrolled, people, code=1).stderr
    assert "2 already there" in talk
    assert "Failed: " in talk
    assert "bad\\xff.png" in talk


@pytest.mark.parametrize("style", ["csv", "jsonl", "table"])
def test_a_search_finds_it_and_shows_its_picture(
    people: Path, enrolled: Path, tmp_path: Path, style: str
) -> None:
    sheet = tmp_path / os.fsdecode(b"leads\xe9.html")
    probe = people / FOLDER / NAME
    result = run("search", enrolled, probe, "--format", style, "--sheet", sheet)
    assert "fot\\xe9.png: 2 leads to review" in result.stderr or style == "jsonl"
    if style == "csv":
        first = next(csv.DictReader(io.StringIO(result.stdout)))
        assert first["probe"] == f"{people}/Andr\\xe9/fot\\xe9.png"
        assert first["subject"] == "Andr\\xe9"
    if style == "jsonl":
        found = json.loads(result.stdout)
        assert found["probe_path"] == f"{people}/Andr\\xe9/fot\\xe9.png"
        assert found["candidates"][0]["subject"]["subject_id"] == "Andr\\xe9"
    page = sheet.read_text("utf-8")
    assert "Leads from g\\xe9" in page
    assert "Probe <bdi>fot\\xe9.png</bdi>" in page
    assert page.count("data:image/jpeg") == 6
    assert "Not on the sheet" not in result.stderr


def test_a_probe_that_cannot_be_searched_is_named(people: Path, enrolled: Path) -> None:
    probe = people / FOLDER / os.fsdecode(b"bad\xff.png")
    assert "bad\\xff.png" in run("search", enrolled, probe, code=1).stderr
    assert "bad\\xff.png" in run("compare", probe, probe, code=3).stderr
    good = people / FOLDER / NAME
    assert "fot\\xe9.png" in run("compare", good, good, "--format", "csv").stdout


def test_the_gallery_is_listed_and_checked(enrolled: Path) -> None:
    assert "Andr\\xe9" in run("gallery", "list", enrolled, "--format", "csv").stdout
    facts = json.loads(run("gallery", "info", enrolled, "--format", "jsonl").stdout)
    assert facts["path"].endswith("/g\\xe9")
    assert "0 faults" in run("gallery", "verify", enrolled).stderr


def test_it_is_embedded_again_with_another_model(enrolled: Path, tmp_path: Path) -> None:
    gallery = tmp_path / "g"
    shutil.copytree(enrolled, gallery)
    report = tmp_path / "report.csv"
    model = ("--model", "dlib-resnet")
    run("reindex", "run", gallery, *model, "--workers", 1, "--report", report)
    (row, _) = csv.DictReader(io.StringIO(report.read_text("utf-8")))
    assert (row["status"], row["subject_id"]) == ("done", "Andr\\xe9")
    assert row["reference"].endswith("/fot%E9.png")
    run("reindex", "switch", gallery, *model)
    with Gallery.open(gallery) as opened:
        assert opened.photos("Andr\\xe9")[0].path.exists()


def test_a_manifest_names_it_by_its_reference(people: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"photo,subject\nfile://{people}/Andr%E9/fot%E9.png,C-1\n")
    run("enrol", tmp_path / "g", manifest)
    manifest.write_bytes(b"photo,subject\n" + os.fsencode(people / FOLDER / NAME) + b",C-1\n")
    assert "not in UTF-8" in run("enrol", tmp_path / "g", manifest, code=1).stderr


def test_two_folders_that_would_be_one_person_are_refused(people: Path, tmp_path: Path) -> None:
    shutil.copytree(people, tmp_path / "people")
    shutil.copytree(people / FOLDER, tmp_path / "people" / "Andr\\xe9")
    with pytest.raises(ManifestError, match="two sub-folders"):
        read_folder(tmp_path / "people")


def test_an_audit_of_such_a_folder_ends(people: Path, tmp_path: Path, cohort: Cohort) -> None:
    folder = tmp_path / os.fsdecode(b"set\xe9")
    inside = folder / os.fsdecode(b"sc\xe8nes")
    inside.mkdir(parents=True)
    for age, part in ((9, "early"), (12, "late")):
        for number, photo in enumerate(sorted((cohort.folder / part / "photos").iterdir())):
            shutil.copy(photo, inside / f"{number:03d}A{age:02d}.jpg")
    shutil.copy(inside / "000A09.jpg", inside / NAME)
    assert read_cohort(folder, "fgnet").name == "set\\xe9"
    out = tmp_path / "report"
    run(
        "audit",
        folder,
        "--layout",
        "fgnet",
        "--out",
        out,
        "--by",
        "age",
        "--fmr",
        0.2,
        "--draws",
        5,
    )
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert "set\\xe9" in json.dumps(record, ensure_ascii=False).replace("\\\\", "\\")
    assert "set\\xe9" in (out / "report.html").read_text("utf-8")
    (aside,) = read_cohort(folder, "fgnet").set_aside
    assert aside.item == "sc\\xe8nes/fot\\xe9.png"


def test_text_that_no_file_can_hold_is_refused_before_it_is_stored() -> None:
    with pytest.raises(InputError, match="subject_id"):
        check_subject(Subject(FOLDER))
    with pytest.raises(InputError, match="tags"):
        check_subject(Subject("s", tags=(FOLDER,)))
    with pytest.raises(InputError, match="reference"):
        check_photo(PhotoRecord("0" * 64, f"/x/{NAME}"))


def test_the_message_of_an_error_can_be_printed() -> None:
    error = NoFaceError("a", rule="b", got=NAME, next_step="c", path=Path(NAME))
    assert str(error) == "a (fot\\xe9.png): b; got fot\\xe9.png. c"
