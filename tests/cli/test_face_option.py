"""`--face`: one list for each face of a probe, and the choice among several faces is said."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import group_photos
import pytest
from PIL import Image
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app

DOMINANT = "1 of 2 faces, the dominant one"


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    path = tmp_path_factory.mktemp("galleries") / "g"
    run("enrol", path, cohort.manifest)
    return path


def test_each_face_of_each_probe_has_its_list_and_no_probe_is_left_out(
    enrolled: Path, cohort: Cohort, tmp_path: Path
) -> None:
    group = group_photos.write(tmp_path / "group.png", cohort.probes[:2])
    blank = tmp_path / "blank.png"
    Image.new("RGB", (160, 160), "grey").save(blank)
    words = ("search", enrolled, group, blank, cohort.probes[2], "--face", "all", "--top", 1)
    printed = run(*words, "--format", "jsonl", code=1).stdout.splitlines()
    lists = [json.loads(line) for line in printed]
    named = [Path(item["probe_path"]).name for item in lists]
    assert named == ["group.png", "group.png", "blank.png", cohort.probes[2].name]
    faces = [item["probe"]["face"] for item in lists]
    places = [face and (face["number"], face["of"]) for face in faces]
    assert places == [(1, 2), (2, 2), None, (1, 1)]
    assert [item["probe"]["box"] is None for item in lists] == [False, False, True, False]
    leads = {item["candidates"][0]["subject"]["subject_id"] for item in lists[:2]}
    assert leads == set(cohort.subjects[:2])


def test_rows_talk_and_sheet_say_which_face_a_list_is_of(
    enrolled: Path, cohort: Cohort, tmp_path: Path
) -> None:
    group = group_photos.write(tmp_path / "group.png", cohort.probes[:2])
    sheet = tmp_path / "leads.html"
    words = ("--face", "all", "--top", 1, "--format", "csv", "--sheet", sheet)
    result = run("search", enrolled, group, cohort.probes[2], *words)
    rows = list(csv.DictReader(result.stdout.splitlines()))
    places = [(row["probe_face"], row["probe_faces"]) for row in rows]
    assert places == [("1", "2"), ("2", "2"), ("1", "1")]
    page = sheet.read_text(encoding="utf-8")
    for text in (result.stderr, page):
        assert text.count("Searched for face 1 of 2.") == 1
        assert text.count("Searched for face 2 of 2.") == 1
        assert "face 1 of 1" not in text


def test_a_dominant_face_is_taken_and_every_command_says_so(
    enrolled: Path, cohort: Cohort, tmp_path: Path
) -> None:
    folder = tmp_path / "photos" / "C-9"
    folder.mkdir(parents=True)
    photo = group_photos.write(folder / "two.png", cohort.probes[:2], (1, 0.6))
    assert DOMINANT in run("search", enrolled, photo).stderr
    assert f"two.png: {DOMINANT}" in run("compare", photo, cohort.probes[0]).stderr
    report = tmp_path / "report.csv"
    result = run("enrol", tmp_path / "new", folder.parent, "--report", report)
    assert "1 enrolled; photos with several faces, one chosen: 1" in result.stderr
    (row,) = csv.DictReader(report.read_text(encoding="utf-8").splitlines())
    assert row["face"] == DOMINANT
    told = run("enrol", tmp_path / "again", folder.parent).stderr
    assert f"Chosen: {DOMINANT}, of {photo}" in told


def test_every_face_is_no_choice_where_a_photo_stands_for_one_person(
    enrolled: Path, cohort: Cohort
) -> None:
    run("enrol", enrolled, cohort.manifest, "--face", "all", code=2)
    run("compare", cohort.probes[0], cohort.probes[1], "--face", "all", code=2)
