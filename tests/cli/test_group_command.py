"""`matcher group` and `matcher groups`: what is printed, written, kept and refused."""

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
from matcher.gallery import Gallery

HIGH = ("--threshold", 0.74)  # rendered people are more alike than real ones


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def made(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with both photos of each person, and its file of groups."""
    folder = tmp_path_factory.mktemp("groups") / "photos"
    shutil.copytree(cohort.folder / "early" / "photos", folder / "early")
    shutil.copytree(cohort.folder / "late" / "photos", folder / "late")
    run("group", folder, *HIGH, "--state", folder.parent / "s.groups")
    return folder, folder.parent / "s.groups"


@pytest.fixture
def state(made: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(made[1], tmp_path / "s.groups"))


def printed(state: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(run("groups", "show", state, "--format", "csv").stdout.splitlines()))


def test_table_csv_and_json_have_the_same_groups(
    made: tuple[Path, Path], state: Path, tmp_path: Path
) -> None:
    files = ("--csv", tmp_path / "all.csv", "--sheet", tmp_path / "all.html")
    done = run("groups", "show", state, "--format", "jsonl", *files)
    held = json.loads(done.stdout)
    assert [str(one["number"]) for one in held["groups"]] == [
        one["group"] for one in printed(state)
    ]
    with (tmp_path / "all.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert (tmp_path / "all.html").read_text(encoding="utf-8").count("<img") == 12
    table = run("groups", "show", state).stdout
    assert all(row["photo"] in table for row in printed(state))
    assert "6 groups; 12 faces in 12 photos (12 files)" in done.stderr


def test_corrections_by_number_and_undo(state: Path) -> None:
    before = printed(state)
    first, second = before[0], before[1]
    run("groups", "merge", state, first["group"], second["group"])
    assert len(printed(state)) == len(before) - 1
    new = run("groups", "split", state, second["face"])
    assert "They are group" in new.stderr
    run("groups", "move", state, first["group"], second["face"])
    run("groups", "take-out", state, second["face"])
    rows = list(
        csv.DictReader(run("groups", "changes", state, "--format", "csv").stdout.splitlines())
    )
    assert [row["taken_back"] for row in rows] == [""] * 4
    for _ in range(4):
        assert "Took back correction" in run("groups", "undo", state).stderr
    assert printed(state) == before
    assert "must be there to take back" in run("groups", "undo", state, code=3).stderr


def test_groups_are_enrolled_at_once_or_later(
    made: tuple[Path, Path], state: Path, tmp_path: Path
) -> None:
    groups = len(printed(state))
    words = ("group", made[0], *HIGH, "--state", state, "--enrol", tmp_path / "g")
    done = run(*words)
    assert f"{groups} groups: " in done.stderr
    later = run("groups", "enrol", state, tmp_path / "g")
    assert ": 0 faces enrolled" in later.stderr
    run("groups", "enrol", state, tmp_path / "new")
    with Gallery.open(tmp_path / "g") as one, Gallery.open(tmp_path / "new") as other:
        assert one.photo_counts() == other.photo_counts()
        assert all(name.startswith("unknown-") for name in one.photo_counts())


def test_a_failed_photo_needs_a_look(made: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "readme.txt").write_text("text")
    done = run("group", folder, "--csv", tmp_path / "all.csv", code=1)
    assert "Failed: 1 file (1 photo_format)." in done.stderr
    assert "Left out: 1 file that is no picture." in done.stderr
    assert "broken.jpg" in (tmp_path / "all.csv").read_text(encoding="utf-8")


def test_a_choice_that_cannot_end_well_is_refused_before_any_photo_is_read(
    made: tuple[Path, Path], state: Path, cohort: Cohort, tmp_path: Path
) -> None:
    folder, _ = made
    assert "needs --state" in run("group", folder, "--enrol", tmp_path / "g", code=3).stderr
    assert "measured for" in run("group", folder, "--model", "dlib-resnet", code=3).stderr
    words = ("--model", "dlib-resnet", "--threshold", 0.95, "--state", state)
    assert "was made by youth-resnet" in run("group", folder, *words, code=3).stderr
    missing = tmp_path / "none" / "x"
    for option in ("--csv", "--sheet", "--state"):
        assert "no folder" in run("group", folder, option, missing, code=3).stderr
    (tmp_path / "dates.csv").write_text("photo,taken_on\na.png,yesterday\n")
    dates = run("group", folder, "--dates", tmp_path / "dates.csv", code=3)
    assert "a date such as" in dates.stderr
    (tmp_path / "dates.csv").write_text("photo\na.png\n")
    run("group", folder, "--dates", tmp_path / "dates.csv", code=3)
    assert "must be there" in run("groups", "show", tmp_path / "none", code=3).stderr
    assert not (tmp_path / "none").exists()


def test_days_of_capture_are_those_of_the_list(
    made: tuple[Path, Path], state: Path, tmp_path: Path
) -> None:
    folder, _ = made
    photos = sorted(folder.rglob("*.png"))
    lines = [f"{path},2019-05-{day:02d}" for day, path in enumerate(photos, start=1)]
    (tmp_path / "dates.csv").write_text("\n".join(["photo,taken_on", *lines, f"{photos[0]},"]))
    run("group", folder, *HIGH, "--state", state, "--dates", tmp_path / "dates.csv")
    assert all(row["first"] and row["first"] <= row["last"] for row in printed(state))
    again = f"{photos[0]},2001-01-01"
    (tmp_path / "dates.csv").write_text("\n".join(["photo,taken_on", *lines, again]))
    done = run("group", folder, "--state", state, "--dates", tmp_path / "dates.csv", code=3)
    assert "as an earlier line has it" in done.stderr
