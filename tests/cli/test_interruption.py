"""A command that is asked to end: a message, its exit code, and work that goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from ending_signals import signals
from interruptible import COMMAND, HELD, in_a_callback
from rendered_cohort import SUBJECTS, Cohort
from waiting import PATIENCE, wait_until

from matcher.gallery import Gallery
from matcher.gallery.editions import shadow_of

SIGNALS = signals("SIGINT", "SIGTERM", "SIGHUP")


def interrupted(
    number: int, words: list[str], begun: Callable[[], bool], command: list[str] = COMMAND
) -> bytes:
    """Run the command, send the signal once it has begun, and return its talk."""
    running = subprocess.Popen([*command, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_until(lambda: begun() or running.poll() is not None)
    running.send_signal(number)
    _, talk = running.communicate(timeout=PATIENCE)
    assert running.returncode == 128 + number
    assert b"Traceback" not in talk
    return talk


def long_manifest(folder: Path, cohort: Cohort) -> Path:
    """Write a manifest of more photos than are enrolled before a signal comes."""
    manifest = folder / "manifest.csv"
    rows = [f"{path},person {i}" for i, path in enumerate(cohort.probes * 20)]
    manifest.write_text("\n".join(["photo,subject", *rows]))
    return manifest


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupted_enrolment_says_so_and_can_be_run_again(
    tmp_path: Path, cohort: Cohort, number: int
) -> None:
    manifest, gallery = long_manifest(tmp_path, cohort), tmp_path / "g"
    talk = interrupted(number, ["enrol", str(gallery), str(manifest)], gallery.exists)
    assert b"Interrupted. What was stored is kept" in talk
    with Gallery.open(gallery) as opened:
        assert opened.verify().ok
        assert len(opened) < 20 * SUBJECTS
    again = [*COMMAND, "enrol", str(gallery), str(cohort.manifest)]
    subprocess.run(again, check=True, capture_output=True)
    with Gallery.open(gallery) as opened:
        assert opened.verify().ok
        assert {subject.subject_id for subject in opened.subjects()} >= set(cohort.subjects)


@pytest.mark.parametrize("number", SIGNALS[1:])
def test_an_interrupted_job_goes_on_from_its_last_batch(
    tmp_path: Path, cohort: Cohort, number: int
) -> None:
    gallery = tmp_path / "g"
    enrol = [*COMMAND, "enrol", str(gallery), str(cohort.manifest)]
    subprocess.run(enrol, check=True, capture_output=True)
    words = ["reindex", "run", str(gallery), "--model", "dlib-resnet", "--workers", "1"]
    begun = gallery / "reindex.json"
    assert b"Interrupted. What was stored is kept" in interrupted(number, words, begun.exists, HELD)
    assert not begun.exists(), "the lock of the job was given back"
    subprocess.run([*COMMAND, *words], check=True, capture_output=True)
    assert shadow_of(gallery) is not None


@pytest.mark.parametrize("number", SIGNALS[1:])
def test_photos_that_are_rendered_by_several_processes_end_with_the_command(
    tmp_path: Path, number: int
) -> None:
    out = tmp_path / "made"
    words = ["synth", "--out", str(out), "--subjects", "400", "--size", "64", "--workers", "2"]
    talk = interrupted(number, words, lambda: any(out.glob("photos/*.png")))
    assert b"Interrupted" in talk
    assert len(list(out.glob("photos/*.png"))) < 1600


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a terminal go another way there")
@pytest.mark.parametrize("moment", ["a helper starts", "a photo is written"])
def test_ctrl_c_on_the_keyboard_reaches_the_helpers_too_and_none_of_them_complains(
    tmp_path: Path, moment: str
) -> None:
    out = tmp_path / "made"
    words = ["synth", "--out", str(out), "--subjects", "400", "--size", "64", "--workers", "2"]
    running = subprocess.Popen(
        [*COMMAND, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    begun = {
        "a helper starts": lambda: has_helper(running.pid),
        "a photo is written": lambda: any(out.glob("photos/*.png")),
    }
    wait_until(begun[moment])
    os.killpg(running.pid, signal.SIGINT)
    _, talk = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    assert b"Traceback" not in talk, talk.decode()


def has_helper(pid: int) -> bool:
    """Whether a process that `multiprocessing` starts runs below this one."""
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(pid).children()
        return any("spawn_main" in word for process in below for word in process.cmdline())
    return False


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_comes_where_python_ignores_exceptions_is_not_lost(
    tmp_path: Path, cohort: Cohort, number: int
) -> None:
    manifest, gallery = long_manifest(tmp_path, cohort), tmp_path / "g"
    words = ["enrol", str(gallery), str(manifest)]
    command = [sys.executable, "-c", in_a_callback(number)]
    done = subprocess.run([*command, *words], capture_output=True, timeout=PATIENCE)
    assert done.returncode == 128 + number
    assert b"Interrupted. What was stored is kept" in done.stderr
    assert b"Traceback" not in done.stderr
    with Gallery.open(gallery) as opened:
        assert opened.verify().ok
        assert len(opened) < 20 * SUBJECTS


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal there")
def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path, cohort: Cohort) -> None:
    script = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "from matcher.cli import main; import matcher.cli.commands, os; "
        "os.kill(os.getpid(), signal.SIGHUP); main()"
    )
    words = ["enrol", str(tmp_path / "g"), str(cohort.manifest), "--dry-run"]
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, check=True)
    assert b"Would enrol" in done.stderr
