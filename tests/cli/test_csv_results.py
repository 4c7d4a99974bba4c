"""CSV on stdout and in reports: a row for every probe, plain cells, nothing that a sheet runs."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.degradation import RECIPES
from matcher.photos import load_photo
from matcher.search.candidates import COLUMNS
from matcher.synthetic import save_photo


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    folder = tmp_path_factory.mktemp("csv")
    manifest = folder / "manifest.csv"
    manifest.write_text(
        "photo,subject,tags,region,note,date_of_birth\n"
        f'{cohort.probes[0]},=1+1,b;a,@home,"-1,5 m",2010-01-02\n'
        f"{cohort.probes[1]},C-2,,,,\n"
    )
    run("enrol", folder / "g", manifest)
    return folder / "g"


def test_every_probe_has_a_row_and_says_which_file_it_is(
    gallery: Path, cohort: Cohort, tmp_path: Path
) -> None:
    same_name = [tmp_path / name / "front.png" for name in ("a", "b")]
    for path, source in zip(same_name, cohort.probes, strict=False):
        path.parent.mkdir()
        shutil.copy(source, path)
    missing = tmp_path / "none.jpg"
    probes = (*same_name, missing)
    result = run("search", gallery, *probes, "--top", 1, "--format", "csv", code=1)
    rows = table(result.stdout)
    assert [row["probe"] for row in rows] == [str(path) for path in probes]
    assert [row["outcome"] for row in rows] == ["leads", "leads", "probe not good enough"]
    assert [row["rank"] for row in rows] == ["1", "1", ""]
    assert "must be an existing file" in rows[2]["reason"]
    assert rows[2]["subject"] == rows[2]["score"] == ""
    assert tuple(rows[0]) == ("probe", *COLUMNS)


def test_without_any_lead_the_header_and_the_probe_are_there(gallery: Path, cohort: Cohort) -> None:
    words = ("search", gallery, cohort.probes[2], "--threshold", 1, "--format")
    (row,) = table(run(*words, "csv", code=1).stdout)
    assert (row["outcome"], row["reason"], row["rank"]) == ("none above the threshold", "", "")
    printed = run(*words, "table", code=1).stdout
    assert printed == f"{cohort.probes[2]}: none above the threshold\n"


def test_a_degraded_probe_says_so_in_its_rows(
    gallery: Path, cohort: Cohort, tmp_path: Path
) -> None:
    probe = tmp_path / "small.png"
    worn = RECIPES["screenshot"].apply(load_photo(cohort.probes[0]).pixels, seed=1)
    save_photo(worn[::6, ::6].copy(), probe)
    words = ("search", gallery, probe, "--policy", "off", "--format", "csv")
    rows = table(run(*words).stdout)
    assert rows
    for row in rows:
        assert row["cautions"] == (
            "The probe is degraded: it was searched for with a vector for degraded photos."
        )


def test_cells_are_as_a_manifest_writes_them_and_no_formula(gallery: Path) -> None:
    listed = run("gallery", "list", gallery, "--format", "csv")
    first, second = table(listed.stdout)
    assert (first["tags"], first["date_of_birth"]) == ("a;b", "2010-01-02")
    assert second["tags"] == second["date_of_birth"] == ""
    assert first["subject_id"] == "'=1+1"
    assert (first["region"], first["note"]) == ("'@home", "'-1,5 m")
    assert "3 cells of the CSV would run as a formula" in listed.stderr
    exact = json.loads(run("gallery", "list", gallery, "--format", "jsonl").stdout.splitlines()[0])
    assert (exact["subject_id"], exact["tags"]) == ("=1+1", ["a", "b"])


def test_a_negative_number_is_no_formula(gallery: Path, cohort: Cohort) -> None:
    words = ("search", gallery, *cohort.probes[:2], "--format", "csv", "--age", 2)
    for row in table(run(*words, "--taken-on", "2005-01-01").stdout):
        assert -1 <= float(row["score"]) <= 1
        assert not row["age_gap"] or float(row["age_gap"]) < 100


def test_an_empty_list_has_its_header(tmp_path: Path, gallery: Path) -> None:
    shutil.copytree(gallery, tmp_path / "g")
    run("gallery", "remove", tmp_path / "g", "=1+1", "C-2")
    listed = run("gallery", "list", tmp_path / "g", "--format", "csv").stdout.splitlines()
    assert listed == [
        "subject_id,photos,date_of_birth,recorded_sex,region,tags,source,case_reference,note,hidden_because"
    ]
    assert "nothing to list" in run("gallery", "list", tmp_path / "g").stderr


def test_a_report_of_an_enrolment_holds_no_formula(tmp_path: Path, cohort: Cohort) -> None:
    manifest, report = tmp_path / "manifest.csv", tmp_path / "report.csv"
    manifest.write_text(f"photo,subject\n{cohort.probes[0]},@home\n")
    result = run("enrol", tmp_path / "g", manifest, "--report", report)
    (row,) = table(report.read_text(encoding="utf-8"))
    assert row["subject"] == "'@home"
    assert "1 cell of the CSV would run as a formula" in result.stderr


def test_models_and_galleries_are_described_without_python(gallery: Path) -> None:
    for words in (("models", "info", "youth-resnet"), ("gallery", "info", gallery)):
        for style in ("csv", "table"):
            text = run(*words, "--format", style).stdout
            for sign in ("{'", "('", "None", "True", "False", "datetime"):
                assert sign not in text, (words, style)
    (facts,) = table(run("models", "info", "youth-resnet", "--format", "csv").stdout)
    assert facts["mirrored"] in ("true", "false")
