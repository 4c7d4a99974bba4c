"""`enrol --dry-run` finds what the run would find without the model."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from rendered_cohort import SUBJECTS, Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def test_it_counts_what_is_new_there_unreadable_and_refused(tmp_path: Path, cohort: Cohort) -> None:
    gallery, manifest = tmp_path / "g", tmp_path / "manifest.csv"
    (tmp_path / "job.py").write_text("print('no picture')\n")
    (tmp_path / "empty.png").touch()
    manifest.write_text(
        "photo,subject,sex\n"
        f"{cohort.probes[0]},C-1,\n{cohort.probes[1]},C-2,\n{cohort.probes[1]},C-2,\n"
        f"none.jpg,C-3,\njob.py,C-1,\nempty.png,C-4,\n{cohort.probes[2]},C-5,girl\n"
    )
    first = run("enrol", gallery, manifest, "--dry-run", code=1).stderr
    assert (
        "Would enrol 2 photos of 2 subjects; 1 already there; 3 would fail; 1 row refused." in first
    )
    for name in ("none.jpg", "job.py", "empty.png"):
        assert f"Would fail: {tmp_path / name} " in first
    assert f"Would be refused: {cohort.probes[2]} line 8, column sex" in first
    for name in ("C-3", "C-4", "C-5"):
        assert f"No photo could be enrolled of: {name}" in first
    assert "of: C-1" not in first
    assert not gallery.exists()

    run("enrol", gallery, manifest, code=1)
    before = {file: file.stat().st_mtime_ns for file in gallery.iterdir()}
    second = run("enrol", gallery, manifest, "--dry-run", code=1).stderr
    assert (
        "Would enrol 0 photos of 0 subjects; 3 already there; 3 would fail; 1 row refused."
        in second
    )
    assert {file: file.stat().st_mtime_ns for file in gallery.iterdir()} == before


def test_the_run_does_what_the_dry_run_said(tmp_path: Path, cohort: Cohort) -> None:
    gallery, photos = tmp_path / "g", tmp_path / "photos"
    for number, probe in enumerate(cohort.probes):
        (photos / f"C-{number}").mkdir(parents=True)
        shutil.copy(probe, photos / f"C-{number}" / "face.png")
    (photos / "C-0" / "text.jpg").write_text("no picture")
    said = run("enrol", gallery, photos, "--dry-run", code=1).stderr
    assert f"Would enrol {SUBJECTS} photos of {SUBJECTS} subjects; 0 already there; 1 would" in said
    assert f"{SUBJECTS} enrolled; 1 failed" in run("enrol", gallery, photos, code=1).stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--model", "nonesuch"), 4), (("--model", "dlib-resnet"), 5), (("--index", "best"), 3)],
)
def test_it_refuses_the_choices_that_the_run_refuses(
    tmp_path: Path, cohort: Cohort, words: tuple[str, str], code: int
) -> None:
    gallery = tmp_path / "g"
    if "dlib-resnet" in words:
        run("enrol", gallery, cohort.manifest)
    for more in ((), ("--dry-run",)):
        run("enrol", gallery, cohort.manifest, *words, *more, code=code)
