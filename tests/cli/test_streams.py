"""Standard output and stderr that cannot take what is printed: no result is lost."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gallery_builders import enrolment
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.gallery import Gallery, Subject
from matcher.testing import FakeEmbedder

NAME = "Zo\xeb \u0141\u0105tka \U0001f9d2"
ESCAPED = "\\u0141\\u0105tka \\U0001f9d2"

ENCODINGS = [
    pytest.param({"PYTHONIOENCODING": "cp1252"}, id="cp1252"),
    pytest.param({"PYTHONIOENCODING": "ascii"}, id="ascii"),
    pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0"}, id="C"),
]

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery with a subject whose name no code page has."""
    path = tmp_path_factory.mktemp("streams") / "g"
    with Gallery.create(path, model=FakeEmbedder(16).identity) as made:
        made.add([enrolment(0, Subject(NAME)), enrolment(1, Subject("plain"))])
    return path


def run(
    *words: object, settings: dict[str, str] | None = None, **how: object
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "matcher", *map(str, words)]
    pipes: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = subprocess.run(command, env=os.environ | (settings or {}), **(pipes | how))  # type: ignore[call-overload]
    assert b"Traceback" not in (done.stderr or b"")
    assert b"Exception ignored" not in (done.stderr or b"")
    return done  # type: ignore[no-any-return]


@pytest.mark.parametrize("settings", ENCODINGS)
def test_json_lines_stay_json_and_lose_no_character(
    gallery: Path, settings: dict[str, str]
) -> None:
    done = run("gallery", "list", gallery, "--format", "jsonl", settings=settings)
    assert done.returncode == 0
    encoding = settings.get("PYTHONIOENCODING", "ascii")
    found = [json.loads(line)["subject_id"] for line in done.stdout.decode(encoding).splitlines()]
    assert sorted(found) == sorted([NAME, "plain"])


@pytest.mark.parametrize("settings", ENCODINGS)
@pytest.mark.parametrize("style", ["csv", "table"])
def test_what_cannot_be_encoded_is_escaped(
    gallery: Path, settings: dict[str, str], style: str
) -> None:
    wide = {"COLUMNS": "300"}
    done = run("gallery", "list", gallery, "--format", style, settings=settings | wide)
    assert done.returncode == 0
    text = done.stdout.decode(settings.get("PYTHONIOENCODING", "ascii"))
    assert ESCAPED in text
    assert "plain" in text
    if style == "csv":
        assert [row["region"] for row in csv.DictReader(io.StringIO(text, newline=""))] == ["", ""]


@pytest.mark.parametrize("settings", ENCODINGS)
def test_help_and_errors_can_be_read_everywhere(gallery: Path, settings: dict[str, str]) -> None:
    assert run("--help", settings=settings).returncode == 0
    talk = run("gallery", "remove", gallery, NAME + "!", settings=settings)
    assert talk.returncode == 5
    assert ESCAPED.encode() in talk.stderr


@pytest.mark.parametrize("style", ["csv", "jsonl", "table"])
def test_a_reader_that_goes_away_ends_the_command_quietly(gallery: Path, style: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run("gallery", "list", gallery, "--format", style, stdout=writing)
    finally:
        os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b""


def test_talk_that_nobody_reads_does_not_end_the_work(tmp_path: Path, cohort: Cohort) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run("enrol", tmp_path / "g", cohort.manifest, stderr=writing)
    finally:
        os.close(writing)
    assert done.returncode == 0
    with Gallery.open(tmp_path / "g") as opened:
        assert len(opened) == len(cohort.subjects)


@needs_full
@pytest.mark.parametrize("style", ["csv", "jsonl", "table"])
def test_a_full_disk_under_standard_output_is_said(gallery: Path, style: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("gallery", "list", gallery, "--format", style, stdout=full)
    assert done.returncode == 9
    assert b"standard output" in done.stderr


@needs_full
def test_a_report_on_a_full_disk_is_said_instead(tmp_path: Path, cohort: Cohort) -> None:
    manifest = tmp_path / "manifest.csv"
    (tmp_path / "bad.png").write_bytes(b"no picture")
    manifest.write_text(f"photo,subject\nbad.png,C-1\n{cohort.probes[0]},C-2\n")
    done = CliRunner().invoke(
        app, ["enrol", str(tmp_path / "g"), str(manifest), "--report", "/dev/full"]
    )
    assert done.exit_code == 9
    assert "Failed: " in done.stderr
    assert "bad.png" in done.stderr
    assert "No space left" in done.stderr


@needs_full
def test_a_sheet_on_a_full_disk_loses_no_lead(tmp_path: Path, cohort: Cohort) -> None:
    gallery = str(tmp_path / "g")
    assert CliRunner().invoke(app, ["enrol", gallery, str(cohort.manifest)]).exit_code == 0
    search = ["search", gallery, str(cohort.probes[0]), "--format", "csv", "--sheet", "/dev/full"]
    done = CliRunner().invoke(app, search)
    assert done.exit_code == 9
    assert len(done.stdout.splitlines()) == 1 + len(cohort.subjects)
    assert "The leads are on standard output" in done.stderr
    sheet = tmp_path / "leads.html"
    with Path("/dev/full").open("wb") as full:
        lost = run("search", gallery, cohort.probes[0], "--sheet", sheet, stdout=full)
    assert lost.returncode == 9
    assert sheet.read_text("utf-8").count("data:image/jpeg") == 2 * (1 + len(cohort.subjects))
