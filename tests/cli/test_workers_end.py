"""However a process that started others is ended, none of them outlives it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ending_signals import signals
from interruptible import COMMAND
from job_builders import made
from waiting import PATIENCE, alive, children, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")

JOB = Path(__file__).parents[1] / "helpers" / "killed_job.py"
SIGNALS = signals("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL")
SMALL = ("--subjects", "4000", "--size", "64", "--workers", "2")
FROM_PYTHON = (
    "import sys; from matcher.synthetic import CohortSpec, write_cohort; "
    "__name__ == '__main__' and write_cohort(CohortSpec(4000, size=64), sys.argv[1], workers=2)"
)


def end(running: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process that has helpers, and wait until all of them have ended."""
    helpers = children(running.pid)
    assert len(helpers) >= 2
    running.send_signal(number)
    running.communicate(timeout=PATIENCE)
    assert running.returncode != 0
    wait_until(lambda: not any(map(alive, helpers)))


@pytest.mark.parametrize("number", SIGNALS)
def test_helpers_of_synth_end_with_the_command(tmp_path: Path, number: int) -> None:
    words = [*COMMAND, "synth", "--out", str(tmp_path / "made"), *SMALL]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: any(tmp_path.glob("made/photos/*.png")))
    end(running, number)


@pytest.mark.parametrize("number", SIGNALS[1::2])
def test_helpers_of_a_demo_end_with_the_command(tmp_path: Path, number: int) -> None:
    words = [*COMMAND, "demo", "--out", str(tmp_path / "demo"), "--subjects", "4000"]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: any(tmp_path.glob("demo/enrolled/photos/*.png")))
    end(running, number)


@pytest.mark.parametrize("number", SIGNALS[1:])
def test_helpers_end_with_a_program_that_knows_no_signals(tmp_path: Path, number: int) -> None:
    words = [sys.executable, "-c", FROM_PYTHON, str(tmp_path / "made")]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: any(tmp_path.glob("made/photos/*.png")))
    end(running, number)


@pytest.mark.parametrize("number", SIGNALS[1:])
def test_decoders_end_with_the_job(tmp_path: Path, number: int) -> None:
    gallery, journal = made(tmp_path, 40), tmp_path / "journal"
    journal.touch()
    running = subprocess.Popen(
        [sys.executable, str(JOB), str(gallery), str(journal), "2"],
        env=os.environ | {"PYTHONPATH": f"{JOB.parent}:{Path.cwd()}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_until(lambda: journal.stat().st_size > 0)
    helpers = children(running.pid)
    assert helpers
    running.send_signal(number)
    running.wait(PATIENCE)
    wait_until(lambda: not any(map(alive, helpers)))
    running.communicate()
