"""`matcher watch`, and what `matcher enrol` and `matcher gallery remove` say of a watch list."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import killed_enrolment
import pytest
from interruptible import COMMAND
from job_builders import OLD, draw
from made_watch import ON_BOTH, enrol, gallery_with_list, lines_of, pairs_in
from typer.testing import CliRunner
from waiting import PATIENCE, wait_until

from matcher import run_watch_list
from matcher.cli.commands import app
from matcher.gallery import Gallery
from matcher.watching.files import FOLDER_NAME, PAIRS_NAME, alone

ROOT = Path(__file__).parents[2]


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [*map(str, words)])
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def said(result: Any) -> str:
    return " ".join(result.stderr.split())


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    return gallery_with_list(tmp_path)


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of drawn photos of two subjects; the commands load no model."""
    monkeypatch.setattr("matcher.cli.enrol.extractor_of", lambda *_, **__: OLD)
    for number in range(4):
        draw(tmp_path / "photos" / f"A-{number // 2}" / f"{number}.png", number)
        draw(tmp_path / "sought" / f"S-{number // 2}" / f"{number}.png", number)
    Gallery.create(tmp_path / "g", model=OLD.model).close()
    return tmp_path


OFF = ("--policy", "off")


def test_enrol_reports_new_leads_to_a_file(drawn: Path) -> None:
    file, words = drawn / "leads.jsonl", ("enrol", drawn / "g", drawn / "photos", *OFF)
    rule = ("--threshold", 0.99, "--file", file)
    added = run("watch", "add", drawn / "g", drawn / "sought", *OFF, *rule)
    assert "4 enrolled" in said(added)
    assert "compared at the next enrolment" in said(added)
    done = run(*words)
    assert "4 enrolled" in said(done)
    assert f"Watch list: 2 new leads to review; 2 written to {file}; 0 wait." in said(done)
    assert done.stdout == ""
    assert set(pairs_in(file)) == {("S-0", "A-0"), ("S-1", "A-1")}
    again = run(*words)
    assert "Watch list: No new lead" in said(again)
    assert len(lines_of(file)) == 2


def test_enrol_prints_the_leads_of_a_list_without_a_receiver(drawn: Path) -> None:
    run("watch", "add", drawn / "g", drawn / "sought", *OFF, "--threshold", 0.99)
    done = run("enrol", drawn / "g", drawn / "photos", *OFF)
    assert "S-0" in done.stdout
    assert "A-1" in done.stdout
    assert "2 printed" in said(done)
    assert run("watch", "run", drawn / "g").stdout == ""


@pytest.mark.parametrize("fault", ["gone", "busy", "damaged", "refused"])
def test_an_enrolment_does_not_fail_by_its_watch_list_and_says_that_leads_wait(
    drawn: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    file, folder = drawn / "place" / "leads.jsonl", drawn / "g" / FOLDER_NAME
    file.parent.mkdir()
    program = drawn / "program"
    program.write_text("#!/bin/sh\nexit 9\n")
    program.chmod(0o700)
    to = ("--command", program) if fault == "refused" else ("--file", file)
    run("watch", "add", drawn / "g", drawn / "sought", *OFF, "--threshold", 0.99, *to)
    monkeypatch.setattr("matcher.watching.files.WAIT", 0.1)
    words = ("enrol", drawn / "g", drawn / "photos", *OFF)
    settings = (folder / "watch.json").read_bytes()
    if fault == "gone":
        file.parent.rmdir()
        done = run(*words, code=1)
        assert "in a folder that is not there" in said(done)
        file.parent.mkdir()
    elif fault == "busy":
        with alone(folder):
            done = run(*words, code=1)
        assert "another run" in said(done)
    elif fault == "damaged":
        (folder / "watch.json").write_text("{")
        done = run(*words, code=1)
        (folder / "watch.json").write_bytes(settings)
    else:
        done = run(*words, code=1)
        assert "2 wait" in said(done)
        assert "ended with 9" in said(done)
        run("watch", "set", drawn / "g", "--file", file)
    assert "4 enrolled" in said(done)
    with Gallery.open(drawn / "g") as opened:
        assert len(opened) == 4
    if fault != "refused":
        assert "New leads wait for the next enrolment" in said(done)
    run("watch", "run", drawn / "g")
    assert len(lines_of(file)) == 2


def test_a_run_that_leaves_leads_waiting_ends_with_1(gallery: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\ncat > /dev/null\nexit $2\n")
    program.chmod(0o700)
    words = ("--argument", "--urgent", "--argument", 4)
    run("watch", "set", gallery, "--command", program, *words)
    assert "10 wait" in said(run("watch", "run", gallery, code=1))
    run("watch", "set", gallery, "--command", program, *words[:3], 0, "--seconds", 5)
    assert f"10 received by {program} (at most 5 seconds each)" in said(
        run("watch", "run", gallery)
    )


def test_leads_are_printed_in_every_format(gallery: Path) -> None:
    for style in ("jsonl", "csv", "table"):
        run("watch", "set", gallery, "--print", "--threshold", 0.7)
        done = run("watch", "run", gallery, "--format", style)
        if style == "jsonl":
            pairs = {
                (one["probe"]["subject"]["subject_id"], one["candidate"]["subject"]["subject_id"])
                for one in map(json.loads, done.stdout.splitlines())
            }
        elif style == "csv":
            rows = list(csv.DictReader(done.stdout.splitlines()))
            pairs = {(row["probe"], row["candidate"]) for row in rows}
        else:
            pairs = {pair for pair in ON_BOTH if pair[1] in done.stdout}
        assert pairs == ON_BOTH
        for name in ("outbox.sqlite3", PAIRS_NAME):
            (gallery / FOLDER_NAME / name).unlink()


def test_the_list_in_every_format(gallery: Path) -> None:
    run("watch", "run", gallery)
    done = run("watch", "list", gallery, "--format", "csv")
    rows = {row["subject"]: row for row in csv.DictReader(done.stdout.splitlines())}
    assert len(rows) == 40
    assert rows["m031"] == {
        "subject": "m031",
        "photos": "2",
        "leads_reported": "1",
        "leads_waiting": "0",
        "compared_until": "1",
    }
    lines = run("watch", "list", gallery, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["subject"] for line in lines] == list(rows)
    assert "m031" in run("watch", "list", gallery).stdout
    assert "40 standing probes. Lowest score 0.7, of fake. New leads are printed." in said(done)


def test_standing_probes_are_removed_with_what_waits(gallery: Path) -> None:
    with Gallery.open(gallery) as opened:
        run_watch_list(opened)
    would = run("watch", "remove", gallery, "m030", "m031", "--dry-run")
    assert "Would remove 2 standing probes with 3 photos." in said(would)
    done = said(run("watch", "remove", gallery, "m030", "m031"))
    assert "Removed 2 standing probes with 3 photos." in done
    assert "2 leads that waited" in done
    run("watch", "remove", gallery, "m030", code=5)
    assert "8 printed" in said(run("watch", "run", gallery))


def test_a_removal_from_the_gallery_reaches_the_outbox(gallery: Path) -> None:
    with Gallery.open(gallery) as opened:
        run_watch_list(opened)
    done = said(run("gallery", "remove", gallery, "f030"))
    assert "Dropped from the watch list: 1 lead that waited." in done
    with Gallery.open(gallery) as opened:
        photos = opened.photos("f032")
    for number, photo in enumerate(photos):
        words = ("gallery", "remove-photo", gallery, "f032", photo.reference, "--for-good")
        is_last = number == len(photos) - 1
        done = said(run(*words, code=1 if is_last else 0))
        assert ("Dropped from the watch list" in done) == is_last
    (gallery / FOLDER_NAME / "outbox.sqlite3").write_bytes(b"no database at all")
    done = said(run("gallery", "remove", gallery, "f031"))
    assert "Removed 1 subject with 2 photos." in done
    assert "cleared at its next run" in done


def test_what_cannot_be_is_refused_before_the_work(drawn: Path, tmp_path: Path) -> None:
    add = ("watch", "add", drawn / "g", drawn / "sought", *OFF)
    assert "must be set by one number" in said(run(*add, code=3))
    assert "file of such leads" in said(
        run(*add, "--threshold", 0.9, "--file", tmp_path / "no" / "file", code=3)
    )
    assert "can be started" in said(run(*add, "--threshold", 0.9, "--command", "no-such", code=3))
    assert "one of --file" in said(
        run(*add, "--threshold", 0.9, "--file", tmp_path / "f", "--print", code=3)
    )
    assert "no --command" in said(run(*add, "--threshold", 0.9, "--argument", "a", code=3))
    assert "needs a calibration" in said(run(*add, "--max-fpir", 0.1, code=3))
    assert not (drawn / "g" / FOLDER_NAME).exists()
    run("watch", "set", drawn / "g", "--threshold", 0.9)
    (drawn / "g" / FOLDER_NAME / "watch.json").unlink()  # as after a kill between the two
    assert "must be set by one number" in said(run(*add, code=3))
    shutil.rmtree(drawn / "g" / FOLDER_NAME)
    for command in ("run", "list"):
        assert "matcher watch add" in said(run("watch", command, drawn / "g", code=5))
    assert "matcher watch add" in said(run("watch", "remove", drawn / "g", "x", code=5))
    run("watch", "run", tmp_path / "nothing", code=5)
    run("watch", "add", tmp_path / "nothing", drawn / "sought", "--threshold", 0.9, code=5)


def test_a_dry_run_makes_nothing(drawn: Path) -> None:
    words = ("watch", "add", drawn / "g", drawn / "sought", "--dry-run")
    done = run(*words, "--threshold", 0.99, "--model", "youth-resnet")
    assert "Would enrol 4 photos of 2 subjects" in said(done)
    assert not (drawn / "g" / FOLDER_NAME).exists()


def test_options_of_add_change_a_list_that_is_there(drawn: Path) -> None:
    add = ("watch", "add", drawn / "g", drawn / "sought", *OFF)
    run(*add, "--threshold", 0.5)
    assert "4 already there" in said(run(*add, "--threshold", 0.6))
    assert "Lowest score 0.6" in said(run("watch", "list", drawn / "g"))
    assert "4 already there" in said(run(*add))
    assert "Lowest score 0.6" in said(run("watch", "list", drawn / "g"))


def test_two_runs_at_once_deliver_each_lead_once(gallery: Path, tmp_path: Path) -> None:
    file = tmp_path / "leads.jsonl"
    run("watch", "set", gallery, "--file", file)
    words = [sys.executable, "-m", "matcher", "watch", "run", str(gallery)]
    together = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(3)]
    talk = [one.communicate(timeout=PATIENCE)[1] for one in together]
    assert [one.returncode for one in together] == [0, 0, 0], talk
    assert sorted(pairs_in(file)) == sorted(ON_BOTH)


@pytest.mark.skipif(os.name == "nt", reason="no such signals there")
def test_an_interrupt_during_a_delivery_ends_the_program_and_loses_nothing(
    gallery: Path, tmp_path: Path
) -> None:
    began, file = tmp_path / "began", tmp_path / "leads.jsonl"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $$ >> {began}\nexec sleep 600\n")
    program.chmod(0o700)
    run("watch", "set", gallery, "--command", program, "--seconds", 600)
    running = subprocess.Popen([*COMMAND, "watch", "run", str(gallery)], stderr=subprocess.PIPE)
    wait_until(lambda: began.exists() and began.read_text().endswith("\n"))
    running.send_signal(signal.SIGINT)
    _, talk = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, talk
    assert b"Interrupted. What was stored is kept" in talk
    with pytest.raises(ProcessLookupError):
        os.kill(int(began.read_text()), 0)
    run("watch", "set", gallery, "--file", file)
    run("watch", "run", gallery)
    assert set(pairs_in(file)) == ON_BOTH


def test_who_does_not_read_the_leads_gets_them_again(gallery: Path) -> None:
    words = [*COMMAND, "watch", "run", str(gallery), "--format", "jsonl"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, timeout=PATIENCE)
    os.close(writer)
    assert done.returncode == 141, done.stderr
    assert len(run("watch", "run", gallery, "--format", "jsonl").stdout.splitlines()) == 10


def test_late_leads_come_at_the_next_enrolment(gallery: Path, tmp_path: Path) -> None:
    file = tmp_path / "leads.jsonl"
    run("watch", "set", gallery, "--file", file)
    with Gallery.open(gallery) as opened:
        enrol(opened, "late", 3)
    run("watch", "run", gallery)
    assert ("m003", "late") in pairs_in(file)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the runs are forked")
def test_an_enrolment_that_is_killed_after_its_commit_loses_no_lead(tmp_path: Path) -> None:
    laps = 10
    script = Path(killed_enrolment.__file__)
    environment = {**os.environ, "PYTHONPATH": f"{script.parent}{os.pathsep}{ROOT}"}
    words = [sys.executable, str(script), str(tmp_path), str(laps)]
    done = subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    assert int(done.stdout) >= laps - 2
    with Gallery.open(tmp_path / "gallery") as opened:
        assert len(opened) == laps + 1
    run("watch", "run", tmp_path / "gallery")
    wanted = [(f"S-{number:02d}", f"A-{number:02d}") for number in range(laps)]
    assert sorted(pairs_in(tmp_path / "leads.jsonl")) == wanted
