"""Ctrl-C in the middle of an enrolment: a message, its exit code, and a gallery that goes on."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from interruptible import COMMAND
from rendered_cohort import SUBJECTS, Cohort

from matcher.gallery import Gallery

ENROL = [*COMMAND, "enrol"]


def test_an_interrupted_enrolment_says_so_and_can_be_run_again(
    tmp_path: Path, cohort: Cohort
) -> None:
    manifest = tmp_path / "manifest.csv"
    rows = [f"{path},person {i}" for i, path in enumerate(cohort.probes * 20)]
    manifest.write_text("\n".join(["photo,subject", *rows]))
    gallery = tmp_path / "g"
    running = subprocess.Popen([*ENROL, str(gallery), str(manifest)], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not gallery.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, talk = running.communicate(timeout=120)
    assert running.returncode == 130
    assert b"Interrupted. What was stored is kept" in talk
    assert b"Traceback" not in talk
    with Gallery.open(gallery) as opened:
        assert opened.verify().ok
        assert len(opened) < 20 * SUBJECTS
    subprocess.run([*ENROL, str(gallery), str(cohort.manifest)], check=True, capture_output=True)
    with Gallery.open(gallery) as opened:
        assert opened.verify().ok
        assert {subject.subject_id for subject in opened.subjects()} >= set(cohort.subjects)
