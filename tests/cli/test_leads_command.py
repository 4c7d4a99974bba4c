"""`matcher leads`, `matcher log report`: each person has a name, and nothing is told too early."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import made_casework
import pytest
from click.testing import Result
from typer.testing import CliRunner

from matcher.casework import OUTCOMES, STATES, Outcome
from matcher.cli.app import Exit
from matcher.cli.commands import app
from matcher.cli.leads.looking import State
from matcher.cli.leads.reviewing import OutcomeName


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """A governed gallery with one search of five leads."""
    path = made_casework.gallery_at(tmp_path / "cases.gallery")
    made_casework.search(path)
    return path


def leads(*words: object, by: str = "ana", code: int = Exit.DONE, text: str = "") -> Result:
    who = ("--operator", by, "--purpose", "missing_child", "--case", "case-7")
    done = CliRunner().invoke(app, ["leads", *map(str, words), *who], input=text)
    assert done.exit_code == code, done.stderr
    return done


def listed(gallery: Path, *words: str, by: str = "ana") -> list[dict[str, object]]:
    out = leads("list", gallery, "--format", "jsonl", *words, by=by).stdout
    return [json.loads(line) for line in out.splitlines()]


def test_the_names_of_the_command_are_those_of_the_library() -> None:
    assert {state.value for state in State} == set(STATES) - {"reviewed by another"}
    assert [outcome.value for outcome in OutcomeName] == list(OUTCOMES) == list(get_args(Outcome))


def test_two_people_review_a_lead_and_a_third_decides(gallery: Path) -> None:
    lead = str(listed(gallery)[0]["lead"])
    first = leads(
        *("review", gallery, lead, "--outcome", "candidate", "--reason", "SECRETONE"),
        *("--mark", "nose/tip=similar", "--mark", "chin/jaw=not visible", "--notes", "SECRETTWO"),
    )
    assert "The lead is now: reviewed by one." in first.stderr
    for style in ("table", "jsonl", "csv"):
        seen = leads("show", gallery, lead, "--format", style, by="bo")
        assert "SECRET" not in seen.stdout + seen.stderr
        assert "reviewed by one" in seen.stdout
    leads("review", gallery, lead, "--outcome", "no candidate", "--reason", "ears", by="bo")
    assert [one["lead"] for one in listed(gallery, "--state", "escalated")] == [lead]
    own = json.loads(leads("show", gallery, lead, "--format", "jsonl").stdout)
    assert [one["reason"] for one in own["opinions"]] == ["SECRETONE", "ears"]
    assert own["opinions"][0]["marks"] == {"nose/tip": "similar", "chin/jaw": "not visible"}
    assert [step["state"] for step in own["steps"]][-1] == "escalated"
    leads("review", gallery, lead, "--outcome", "candidate", "--reason", "x", code=Exit.GALLERY)
    last = leads("review", gallery, lead, "--outcome", "inconclusive", "--reason", "x", by="cy")
    assert "The lead is now: inconclusive." in last.stderr


def test_score_and_rank_come_with_the_own_opinion(gallery: Path) -> None:
    lead = listed(gallery)[0]
    assert (lead["rank"], lead["score"]) == (None, None)
    leads("review", gallery, lead["lead"], "--outcome", "candidate", "--reason", "ears")
    assert isinstance(listed(gallery)[0]["rank"], int)
    assert listed(gallery, by="bo")[0]["rank"] is None


def test_a_reason_comes_from_a_file_or_from_the_input(gallery: Path, tmp_path: Path) -> None:
    lead = str(listed(gallery)[0]["lead"])
    review = ("review", gallery, lead, "--outcome", "candidate")
    leads(*review, code=Exit.INPUT)
    leads(*review, "--reason", "a", "--reason-from", "-", code=Exit.INPUT)
    leads(*review, "--reason-from", tmp_path / "none", code=Exit.INPUT)
    leads(*review, "--reason", " ", code=Exit.INPUT)
    leads(*review, "--reason", "a", "--mark", "nose", code=Exit.INPUT)
    leads(*review, "--reason", "a", "--mark", "nose/tip=alike", code=Exit.INPUT)
    leads(*review, "--reason-from", "-", text="seen on the ear\n")
    withdrawn = leads("withdraw", gallery, 1, "--reason-from", "-", text="a slip")
    assert "is now: open." in withdrawn.stderr
    reason = tmp_path / "reason.txt"
    reason.write_text("seen again", encoding="utf-8")
    leads(*review, "--reason-from", reason)
    own = json.loads(leads("show", gallery, lead, "--format", "jsonl").stdout)
    assert [one["reason"] for one in own["opinions"]] == ["seen on the ear", "a slip", "seen again"]


def test_without_a_name_nothing_is_shown(gallery: Path) -> None:
    done = CliRunner().invoke(app, ["leads", "list", str(gallery)])
    assert done.exit_code == Exit.GALLERY
    assert "governed gallery" in done.stderr
    assert "child-" not in done.stdout


def test_the_checklist_names_what_a_mark_takes() -> None:
    done = CliRunner().invoke(app, ["leads", "checklist", "--format", "csv"])
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {"nose/tip", "ears/lobe"} <= {row["feature"] for row in rows}
    assert {row["changes_with_growth"] for row in rows} == {"yes", "no"}


def test_the_audit_takes_tones_of_a_table(gallery: Path, tmp_path: Path) -> None:
    lead = str(listed(gallery)[0]["lead"])
    for person in ("ana", "bo"):
        leads("review", gallery, lead, "--outcome", "candidate", "--reason", "x", by=person)
    tones = tmp_path / "tones.csv"
    tones.write_text("subject,skin_tone_monk\nchild-000,4\nchild-001,\n", encoding="utf-8")
    done = leads("audit", gallery, "--tones", tones, "--format", "jsonl", by="cy")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["status"] for row in rows} == {"withheld"}
    assert {row["factor"] for row in rows} == {"all", "reviewer", "age", "recorded sex", "tone"}
    assert "no error rates" in done.stderr
    for wrong in (
        "subject\nx\n",
        "subject,skin_tone_monk\nx,11\n",
        "subject,skin_tone_monk\nx,four\n",
    ):
        tones.write_text(wrong, encoding="utf-8")
        leads("audit", gallery, "--tones", tones, code=Exit.INPUT)
    tones.write_text("subject,skin_tone_monk\nx,1\nx,2\n", encoding="utf-8")
    leads("audit", gallery, "--tones", tones, code=Exit.INPUT)


def test_the_report_of_a_year_is_a_table_or_one_document(gallery: Path) -> None:
    year = datetime.now(UTC).year
    who = ["--operator", "auditor-1", "--purpose", "audit", "--year", str(year)]
    done = CliRunner().invoke(app, ["log", "report", str(gallery), *who, "--format", "jsonl"])
    assert json.loads(done.stdout)["year"] == year
    table = CliRunner().invoke(app, ["log", "report", str(gallery), *who])
    assert table.exit_code == Exit.DONE
    assert "withheld" in table.stdout
