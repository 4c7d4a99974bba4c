"""`matcher hashes` and the lists of `matcher enrol`, as somebody types them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from rendered_cohort import SUBJECTS, Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.photos import file_hashes


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    place = tmp_path_factory.mktemp("hashes") / "g"
    run("enrol", place, cohort.manifest)
    return place


def test_an_exported_list_finds_the_photos_of_gallery_and_folder(
    place: Path, tmp_path: Path, cohort: Cohort
) -> None:
    out = tmp_path / "out.csv"
    said = run("hashes", "export", place, "--out", out).stderr
    assert f"{SUBJECTS} photos in {out}." in said
    found = run("hashes", "check", place, "--list", out, "--format", "csv", code=1)
    rows = list(csv.DictReader(io.StringIO(found.stdout)))
    assert len(rows) == SUBJECTS
    assert {row["by"] for row in rows} == {"sha256"}
    assert f"{SUBJECTS} photos checked, {SUBJECTS} on the list." in found.stderr
    folder = run("hashes", "check", cohort.manifest.parent, "--list", out, code=1)
    assert f"{SUBJECTS} on the list." in folder.stderr
    (tmp_path / "other.txt").write_text("0" * 40)
    nothing = run("hashes", "check", place, "--list", tmp_path / "other.txt")
    assert f"{SUBJECTS} photos checked, 0 on the list." in nothing.stderr
    assert nothing.stdout == ""


def test_a_plain_list_of_one_kind_of_hash(place: Path, tmp_path: Path) -> None:
    run("hashes", "export", place, "--out", tmp_path / "o", "--columns", "sha1", "--plain")
    lines = (tmp_path / "o").read_text().splitlines()
    assert [len(line) for line in lines] == [40] * SUBJECTS
    wrong = run("hashes", "export", place, "--out", tmp_path / "p", "--plain", code=3)
    assert "one hash for a plain list" in wrong.stderr
    assert not (tmp_path / "p").exists()
    run("hashes", "export", place, "--out", tmp_path / "none" / "o", code=3)


def test_nothing_is_left_to_fill_after_enrolment(place: Path) -> None:
    said = run("hashes", "fill", place).stderr
    assert "0 photos filled; 0 missing; 0 changed; 0 unreadable." in said


def test_enrolment_skips_and_flags_and_the_dry_run_says_the_same(
    tmp_path: Path, cohort: Cohort
) -> None:
    photos = tmp_path / "photos"
    for number, probe in enumerate(cohort.probes[:3]):
        (photos / f"C-{number}").mkdir(parents=True)
        (photos / f"C-{number}" / "face.png").write_bytes(probe.read_bytes())
    (tmp_path / "skip.txt").write_text(f"{file_hashes(cohort.probes[0]).md5}\nnonsense\n")
    (tmp_path / "flag.txt").write_text(file_hashes(cohort.probes[1]).sha256)
    lists = ("--skip-hashes", tmp_path / "skip.txt", "--flag-hashes", tmp_path / "flag.txt")
    flagged = f"Listed to flag, by SHA-256: {photos / 'C-1' / 'face.png'}"
    dry = run("enrol", tmp_path / "g", photos, *lists, "--dry-run", code=1).stderr
    assert "Would enrol 2 photos of 2 subjects; 0 already there; 1 skipped; 0 would fail" in dry
    assert f"{flagged} (new)" in dry
    assert "No photo could be enrolled of: C-0" in dry
    report = tmp_path / "report.csv"
    done = run("enrol", tmp_path / "g", photos, *lists, "--report", report, code=1).stderr
    assert "Malformed lines: 1 (2)." in done
    assert "2 enrolled; 1 skipped; 1 person without any face" in done
    assert f"{flagged} (enrolled)" in done
    with report.open(newline="") as file:
        rows = {row["subject"]: row for row in csv.DictReader(file)}
    assert {name: row["listed"] for name, row in rows.items()} == {
        "C-0": "to skip, by MD5",
        "C-1": "to flag, by SHA-256",
        "C-2": "",
    }
    assert rows["C-0"]["status"] == "skipped"


def test_a_list_that_is_none_is_refused_before_the_work(tmp_path: Path, cohort: Cohort) -> None:
    for wrong in (cohort.manifest, tmp_path / "none.txt", tmp_path):
        words = ("enrol", tmp_path / "g", cohort.manifest, "--skip-hashes", wrong)
        assert "the list of hashes" in run(*words, code=3).stderr
    assert not (tmp_path / "g").exists()
