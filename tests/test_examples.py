"""The examples run as a reader runs them, and leave what they promise."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from matcher.gallery import Gallery

DAY = Path(__file__).parents[1] / "examples" / "case_day.py"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("work") / "day"
    done = subprocess.run(
        [sys.executable, str(DAY), str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder, done.stdout


def test_every_step_says_what_a_person_has_to_know(day: tuple[Path, str]) -> None:
    _, said = day
    assert "missing.csv: 7 of 7 people are in the gallery" in said
    assert "2001-05-17 in the gallery, 2010-05-17 given" in said
    assert "without any face: case-10" in said
    assert "merged: case-9 into case-6, 2 photos" in said
    assert "photo taken out, case-1" in said
    assert "not on the page" not in said
    assert said.splitlines()[-1] == "faults found by the gallery's own check: none"


def test_the_gallery_holds_what_was_corrected(day: tuple[Path, str]) -> None:
    with Gallery.open(day[0] / "cases.gallery") as gallery:
        assert gallery.photo_counts() == {f"case-{n}": 1 + (n == 6) for n in range(1, 9)}
        assert str(gallery.subject("case-2").date_of_birth) == "2010-05-17"
        assert gallery.subject("case-3").region == "north"


def test_the_exports_hold_a_list_for_each_face_and_the_children_lead(
    day: tuple[Path, str],
) -> None:
    folder, _ = day
    with (folder / "leads.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = {(Path(row["probe"]).name, row["subject"]) for row in rows if row["rank"] == "1"}
    children = {("class.png", "case-2"), ("class.png", "case-3")}
    assert children | {("park.png", "case-6"), ("park.png", "case-7")} <= first
    lists = [json.loads(line) for line in (folder / "leads.jsonl").read_text("utf-8").splitlines()]
    assert len(lists) == 5
    assert [len(one["candidates"]) for one in lists] == [3] * 5
    assert "case-9" not in {row["subject"] for row in rows}
    page = (folder / "leads.html").read_text("utf-8")
    assert page.count("class.png") >= 3
    for name in ("leads.csv", "leads.jsonl", "leads.html"):
        assert (folder / name).stat().st_mode & 0o077 == 0


def test_a_folder_that_exists_is_refused(tmp_path: Path) -> None:
    words = [sys.executable, str(DAY), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "exists; name another folder" in done.stderr
