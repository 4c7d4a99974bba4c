"""`matcher log`, and the options that say who uses a governed gallery."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gallery_builders import MODEL, VECTORS, enrolment
from governed import CONTEXT, governed_gallery, kinds_of
from typer.testing import CliRunner, Result

from matcher.cli.commands import app
from matcher.gallery import Gallery
from matcher.governance import ActivityLog

WHO = ("--operator", "admin-1", "--purpose", "maintenance")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A governed gallery that was searched."""
    path = governed_gallery(tmp_path / "gallery")
    with Gallery.open(path, context=CONTEXT) as gallery:
        gallery.nearest(VECTORS[:1], 3)
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_verify_ends_with_1_for_a_fault_and_names_it(place: Path, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    assert run("log", "anchor", place, "--to", anchors).exit_code == 0
    found = run("log", "verify", place, "--anchors", anchors)
    assert (found.exit_code, "4 records checked, 0 faults." in found.stderr) == (0, True)
    log = place / "casework" / "log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:3]))
    assert run("log", "verify", place).exit_code == 0
    cut = run("log", "verify", place, "--anchors", anchors)
    assert cut.exit_code == 1
    assert "Fault: Record 4" in cut.stderr
    log.write_bytes(b"".join([lines[0].replace(b"operator-7", b"operator-8"), *lines[1:]]))
    changed = run("log", "verify", place)
    assert changed.exit_code == 1
    assert "Fault: Line 1: record 1 was changed" in changed.stderr
    log.unlink()
    gone = run("log", "verify", place)
    assert gone.exit_code == 1
    assert "cannot be read" in gone.stderr


def test_show_names_subjects_and_cases_until_they_are_erased(place: Path) -> None:
    shown = [
        json.loads(line)
        for line in run("log", "show", place, "--format", "jsonl").stdout.splitlines()
    ]
    assert [one["number"] for one in shown] == [1, 2, 3, 4]
    assert sorted(shown[1]["facts"]["subjects"]) == ["subject-0000", "subject-0001"]
    assert {one["case"] for one in shown} == {CONTEXT.case_id}
    of_case = run("log", "show", place, "--case", CONTEXT.case_id, "--kind", "search")
    assert of_case.stdout.count("operator-7") == 1
    assert run("gallery", "remove", place, "subject-0000", *WHO).exit_code == 0
    record = json.loads(run("log", "show", place, 2, "--format", "jsonl").stdout)
    assert sorted(record["facts"]["subjects"]) == ["erased", "subject-0001"]


def test_a_command_needs_the_options_and_says_which(place: Path) -> None:
    refused = run("gallery", "hide", place, "subject-0000", "--because", "x")
    assert refused.exit_code == 5
    assert "--operator" in refused.stderr
    assert kinds_of(place)[-1] == ("denied", "denied: no_context")
    assert run("gallery", "hide", place, "subject-0000", "--because", "x", *WHO).exit_code == 0
    assert kinds_of(place)[-1] == ("hiding", "done")
    half = run("gallery", "hide", place, "subject-0001", "--because", "x", "--case", "c")
    assert half.exit_code == 3


def test_the_environment_gives_them_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_OPERATOR", "from-outside")
    monkeypatch.setenv("MATCHER_PURPOSE", "maintenance")
    assert run("gallery", "hide", place, "subject-0000", "--because", "x").exit_code == 0
    *_, record = ActivityLog.of(place).records()
    assert (record.operator, record.purpose) == ("from-outside", "maintenance")
    assert run("gallery", "unhide", place, "subject-0000", "--operator", "me").exit_code == 0
    *_, record = ActivityLog.of(place).records()
    assert record.operator == "me"


def test_options_for_a_gallery_that_keeps_no_record_are_never_lost_silently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plain"
    with Gallery.create(path, model=MODEL) as gallery:
        gallery.add([enrolment(0)])
    hide = ("gallery", "hide", path, "subject-0000", "--because", "x")
    refused = run(*hide, *WHO)
    assert refused.exit_code == 3
    assert "not governed" in refused.stderr
    monkeypatch.setenv("MATCHER_OPERATOR", "admin-1")
    monkeypatch.setenv("MATCHER_PURPOSE", "maintenance")
    done = run(*hide)
    assert done.exit_code == 0
    assert "is not governed: operator, purpose and case are not recorded" in done.stderr


def test_govern_is_for_ever_and_reaches_the_watch_list(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    Gallery.create(path, model=MODEL).close()
    assert run("watch", "set", path, "--threshold", "0.9").exit_code == 0
    assert run("gallery", "govern", path).exit_code == 3
    assert run("gallery", "govern", path, *WHO).exit_code == 0
    again = run("gallery", "govern", path, *WHO)
    assert (again.exit_code, "already" in again.stderr) == (0, True)
    for one in (path, path / "watch"):
        with Gallery.open(one) as gallery:
            assert gallery.governed
    assert run("watch", "set", path, "--threshold", "0.8").exit_code == 5
    assert run("watch", "set", path, "--threshold", "0.8", *WHO).exit_code == 0


def test_an_export_is_the_log_as_it_was_before_and_is_recorded(place: Path, tmp_path: Path) -> None:
    before = (place / "casework" / "log.jsonl").read_bytes()
    out = tmp_path / "log.jsonl"
    assert run("log", "export", place, "--out", out).exit_code == 5
    assert not out.exists()
    assert run("log", "export", place, "--out", out, *WHO).exit_code == 0
    assert out.read_bytes().startswith(before)
    assert kinds_of(place)[-2:] == [("export", "begun"), ("export", "done")]
