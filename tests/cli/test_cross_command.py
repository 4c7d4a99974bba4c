"""`matcher cross`: what is listed, written and kept, and what happens when a list gets nowhere."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_sides import FOUND, MISSING, MODEL, face, faces, photo_of
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.gallery import Gallery


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["cross", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "missing", tmp_path / "found"
    for path, side, people in zip(paths, "mf", (MISSING, FOUND), strict=True):
        with Gallery.create(path, model=MODEL) as gallery:
            gallery.add(faces(side, people, np.random.default_rng(ord(side))))
    return paths


def test_table_csv_and_json_have_the_same_leads(sides: tuple[Path, Path], tmp_path: Path) -> None:
    low = ("--threshold", 0.7)
    file, sheet = tmp_path / "leads.csv", tmp_path / "leads.html"
    done = run(*sides, *low, "--format", "jsonl", "--csv", file, "--sheet", sheet, code=1)
    leads = json.loads(done.stdout)["leads"]
    with file.open(newline="", encoding="utf-8") as rows:
        written = list(csv.DictReader(rows))
    assert [row["first"] for row in written] == [
        one["first"]["subject"]["subject_id"] for one in leads
    ]
    printed = list(csv.DictReader(run(*sides, *low, "--format", "csv").stdout.splitlines()))
    assert printed == written
    assert "10 leads to review" in done.stderr
    assert "Not on the sheet: Subject m0" in done.stderr  # these photos exist nowhere
    page = sheet.read_text(encoding="utf-8")
    assert page.count("<article") == len(leads)
    assert page.count("photo not found") == 2 * len(leads)
    table = run(*sides, *low).stdout
    assert all(row["second"] in table for row in written)


def test_every_night_lists_what_is_new(sides: tuple[Path, Path], tmp_path: Path) -> None:
    words = (*sides, "--threshold", 0.7, "--pairs", tmp_path / "p", "--new", "--format", "csv")
    assert len(run(*words).stdout.splitlines()) == 11
    assert len(run(*words).stdout.splitlines()) == 1
    with Gallery.open(sides[1]) as found:
        found.add([face("late", 0, photo_of(3, np.random.default_rng(1)))])
    night = run(*words)
    assert [row["second"] for row in csv.DictReader(night.stdout.splitlines())] == ["late"]
    assert "1 face of found" in night.stderr
    assert "reported before: 10 leads" in night.stderr


def test_a_list_that_got_nowhere_is_listed_again(
    sides: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (*sides, "--threshold", 0.7, "--pairs", tmp_path / "p", "--new", "--format", "csv")

    def full(*anything: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("matcher.gallery.files.replace_private", full)
        failed = run(*words, "--csv", tmp_path / "new.csv", code=9)
    assert "No space left" in failed.stderr
    assert len(run(*words).stdout.splitlines()) == 11


def test_what_cannot_be_written_is_refused_before_any_comparison(
    sides: tuple[Path, Path], tmp_path: Path
) -> None:
    for option in ("--csv", "--sheet", "--pairs"):
        wrong = run(*sides, "--threshold", 0.7, option, tmp_path / "no" / "file", code=3)
        assert option in wrong.stderr
        assert "compared" not in wrong.stdout
    assert "set by one number" in " ".join(run(*sides, code=3).stderr.split())
    assert "needs a file of pairs" in run(*sides, "--threshold", 0.7, "--new", code=3).stderr
    other = run(sides[0], tmp_path / "none", "--threshold", 0.7, code=5)
    assert "must be a directory" in other.stderr


def test_within_one_gallery(sides: tuple[Path, Path]) -> None:
    with Gallery.open(sides[0]) as gallery:
        gallery.add([face("twice", 0, photo_of(5, np.random.default_rng(1)))])
    done = run(sides[0], "--threshold", 0.7, "--format", "csv")
    (row,) = csv.DictReader(done.stdout.splitlines())
    assert (row["first"], row["second"]) == ("m005", "twice")
    assert "compared with each other" in done.stderr
