"""Killed at any moment, an erasure is finished by the next one, and the log stays whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from made_casework import casework_of
from made_erasure import ERASED, KEEPER, gallery_with_everything, tells_of

from matcher.casework import erase_subject, finish_erasures
from matcher.casework.retention import begun_erasures
from matcher.errors import UnknownSubjectError
from matcher.gallery import Gallery
from matcher.governance import ActivityLog

HELPER = Path(__file__).parents[2] / "helpers" / "killed_erasure.py"
SPARSE, DENSE = 29, 3


def killed_at(path: Path, moment: int) -> bool:
    """Run an erasure; return whether it was killed before it ended."""
    environment = {**os.environ, "PYTHONPATH": f"{HELPER.parent}:{Path.cwd()}"}
    words = [sys.executable, str(HELPER), str(path), ERASED, str(moment)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize("step", [SPARSE, pytest.param(DENSE, marks=pytest.mark.slow)])
def test_an_erasure_that_was_killed_is_finished(tmp_path: Path, step: int) -> None:
    made = gallery_with_everything(tmp_path)
    moment, finished = 1, 0
    while True:
        path = tmp_path / "copy"
        shutil.copytree(made, path)
        was_killed = killed_at(path, moment)
        with Gallery.open(path, context=KEEPER) as gallery:
            if begun_erasures(gallery):
                (erasure,) = finish_erasures(gallery)
                finished += 1
                assert erasure.proof.ok, (moment, erasure.proof)
            elif was_killed and ERASED in {one.subject_id for one in gallery.subjects()}:
                assert erase_subject(gallery, ERASED).proof.ok  # it had not begun
            assert begun_erasures(gallery) == []
            assert gallery.verify().faults == ()
        assert not tells_of(path, ERASED)
        assert ActivityLog.of(path).verify().ok
        shutil.rmtree(path)
        if not was_killed:
            break
        moment += step
    assert finished >= 3
    assert moment > 4 * SPARSE


def test_the_same_call_finishes_it_too(tmp_path: Path) -> None:
    path = gallery_with_everything(tmp_path)
    moment = 40
    assert killed_at(path, moment)
    with Gallery.open(path, context=KEEPER) as gallery:
        assert begun_erasures(gallery) == [("subject", ERASED)]
        assert erase_subject(gallery, ERASED).proof.ok
        try:
            erase_subject(gallery, ERASED)
        except UnknownSubjectError:
            pass
        else:
            raise AssertionError("it is gone")
    with casework_of(path, "reviewer-1") as casework:
        assert all(one.subject_id != ERASED for one in casework.leads())
