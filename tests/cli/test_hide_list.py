"""The hide list from the command line: the investigator and a known aunt leave every list."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from gallery_builders import MODEL, enrolment
from rendered_cohort import SUBJECTS, Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.gallery import Gallery

WHY = "the investigator herself"


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def change(*words: object, code: int = 0) -> str:
    return " ".join(run("gallery", *words, code=code).stderr.split())


def rows_of(result: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(result.stdout.splitlines()))


@pytest.fixture
def cases(gallery: Gallery) -> Path:
    gallery.close()
    return gallery.path


def test_who_is_hidden_is_said_listed_and_shown_again(cases: Path, cohort: Cohort) -> None:
    first, second, third, *_ = cohort.subjects
    said = change("hide", cases, first, second, "--because", WHY)
    assert said == (
        f"{first} is hidden now. {second} is hidden now. Hidden now: 2 subjects; hidden in all: 2."
    )
    said = change("hide", cases, second, third, third, "--because", "an aunt")
    assert f"{second} was hidden already, because: {WHY}." in said
    assert f"{third} is hidden now. Hidden now: 1 subject; hidden in all: 3." in said
    listed = rows_of(run("gallery", "hidden", cases, "--format", "csv"))
    assert [(row["subject_id"], row["hidden_because"], row["photos"]) for row in listed] == [
        (first, WHY, "1"),
        (second, WHY, "1"),
        (third, "an aunt", "1"),
    ]
    lines = run("gallery", "hidden", cases, "--format", "jsonl").stdout.splitlines()
    assert json.loads(lines[2])["hidden_because"] == "an aunt"
    assert "an aunt" in run("gallery", "hidden", cases).stdout
    assert json.loads(run("gallery", "info", cases, "--format", "jsonl").stdout)["hidden"] == 3
    assert "Took back correction 3" in change("undo", cases)
    assert change("unhide", cases, first, third) == (
        f"{first} is shown again. {third} was not hidden. Shown again: 1 subject; still hidden: 1."
    )
    assert "subject shown again" in run("gallery", "changes", cases).stdout


@pytest.mark.parametrize("command", ["hide", "unhide"])
def test_a_subject_that_is_not_there_is_named_and_nothing_is_done(
    cases: Path, cohort: Cohort, command: str
) -> None:
    because = ("--because", WHY) if command == "hide" else ()
    said = change(command, cases, cohort.subjects[0], "x", "y", *because, code=5)
    assert "got 'x', 'y'" in said
    assert run("gallery", "hidden", cases, "--format", "jsonl").stdout == ""


def test_a_reason_is_needed(cases: Path, cohort: Cohort) -> None:
    assert "must say why" in change("hide", cases, cohort.subjects[0], "--because", " ", code=3)
    run("gallery", "hide", cases, cohort.subjects[0], code=2)
    run("gallery", "hide", cases, "--because", WHY, code=2)
    assert run("gallery", "hidden", cases, "--format", "csv").stdout.splitlines() == [
        "subject_id,hidden_because,photos"
    ]


def test_no_form_of_a_search_shows_who_is_hidden_and_each_says_so(
    cases: Path, cohort: Cohort, tmp_path: Path
) -> None:
    first, probe, sheet = cohort.subjects[0], cohort.probes[0], tmp_path / "leads.html"
    change("hide", cases, first, "--because", WHY)
    words = ("search", cases, probe)
    shown = run(*words, "--format", "csv", "--sheet", sheet)
    rows = rows_of(shown)
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, SUBJECTS)]
    assert first not in {row["subject"] for row in rows}
    assert {row["hidden_left_out"] for row in rows} == {"1"}
    assert all("Left out of this list: 1 hidden subject." in row["cautions"] for row in rows)
    assert "Left out of this list: 1 hidden subject." in shown.stderr
    assert "Left out of this list: 1 hidden subject." in sheet.read_text("utf-8")
    (found,) = map(json.loads, run(*words, "--format", "jsonl").stdout.splitlines())
    assert (found["hidden"], found["searched_subjects"]) == (1, SUBJECTS - 1)
    table = run(*words)
    assert "hidden_left_out" not in table.stdout
    assert "Left out of this list: 1 hidden subject." in table.stdout + table.stderr
    shown = run(*words, "--include-hidden", "--format", "csv", "--sheet", sheet)
    row = rows_of(shown)[0]
    assert (row["subject"], row["hidden_because"]) == (first, WHY)
    assert WHY in sheet.read_text("utf-8")
    asked = run(*words, "--subject", first, code=1)
    assert "filters and hiding leave nobody" in asked.stderr
    assert f"Hidden, although the search asks for them: {first}." in asked.stderr
    change("unhide", cases, first)
    assert rows_of(run(*words, "--format", "csv"))[0]["subject"] == first


def test_a_cross_match_leaves_them_out(cases: Path, cohort: Cohort) -> None:
    first = cohort.subjects[0]
    words = ("cross", cases, "--threshold", -1, "--top", SUBJECTS, "--format", "csv")
    change("hide", cases, first, "--because", WHY)
    shown = run(*words)
    assert first not in shown.stdout
    pairs = f"{SUBJECTS - 1} pairs with 1 hidden subject"
    assert f"Close enough, but left out: {pairs}" in shown.stderr
    notes = [row["notes"] for row in rows_of(run(*words, "--include-hidden"))]
    assert sum(f"{first} is hidden: {WHY}" in note for note in notes) == SUBJECTS - 1


def test_a_merge_says_who_is_in_lists_now(tmp_path: Path) -> None:
    path = tmp_path / "g"
    with Gallery.create(path, model=MODEL) as made:
        made.add([enrolment(number, name) for number, name in enumerate("abcde")])
    change("hide", path, "a", "c", "--because", WHY)
    assert f"b is in lists now: only a was hidden ({WHY})." in change("merge", path, "a", "b")
    change("undo", path)
    assert f"c is hidden, as both were, because: {WHY}" in change("merge", path, "a", "c")
    assert "d is in lists now: only c was hidden" in change("merge", path, "c", "d")
    assert rows_of(run("gallery", "hidden", path, "--format", "csv")) == []
    assert "hidden" not in change("merge", path, "b", "e")


def test_photos_that_are_enrolled_for_a_hidden_subject_are_said(
    tmp_path: Path, cohort: Cohort
) -> None:
    table = tmp_path / "people.csv"
    lines = ["photo,subject,hidden_because", f"{cohort.probes[0]},aunt,a known relative"]
    table.write_text("\n".join([*lines, f"{cohort.probes[1]},girl,"]) + "\n")
    said = run("enrol", tmp_path / "g", table).stderr
    assert "Enrolled for hidden subjects, who are in no list of leads: aunt." in said
    table.write_text("\n".join([lines[0], f"{cohort.probes[1]},girl,not her"]) + "\n")
    again = run("enrol", tmp_path / "g", table, code=1).stderr
    assert "hidden_because of the subject: nothing in the gallery, not her given" in again
    assert "hidden subjects" not in again
    listed = rows_of(run("gallery", "hidden", tmp_path / "g", "--format", "csv"))
    assert [row["subject_id"] for row in listed] == ["aunt"]
    run("enrol", tmp_path / "g", table, "--update")
    listed = rows_of(run("gallery", "hidden", tmp_path / "g", "--format", "csv"))
    assert [row["subject_id"] for row in listed] == ["aunt", "girl"]
