"""A run that is interrupted or killed: what it did is there, and no process is left."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
from pathlib import Path

import made_video
import pytest
from ending_signals import signals
from interruptible import COMMAND
from waiting import PATIENCE, children, wait_until


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five minutes in which the scene changes each second."""
    scenes = [made_video.scene([], (96, 64), seed) for seed in range(60)]
    frames = (scenes[number // 5 % 60] for number in range(300 * 5))
    path = tmp_path_factory.mktemp("long") / "a.mp4"
    return made_video.write(path, frames, rate=5, codec="mpeg4")


def started(film: Path, out: Path) -> subprocess.Popen[bytes]:
    words = ["frames", str(film), "--out", str(out), "--policy", "off", "--per-second", "5"]
    running = subprocess.Popen(
        [*COMMAND, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE, cwd=film.parent
    )
    wait_until(lambda: (out / "tracks.csv").exists() or running.poll() is not None)
    return running


@pytest.mark.parametrize("number", signals("SIGINT", "SIGTERM"))
def test_an_interrupted_run_says_where_to_go_on(tmp_path: Path, film: Path, number: int) -> None:
    out = tmp_path / "out"
    running = started(film, out)
    (worker,) = children(running.pid)
    running.send_signal(number)
    _, talk = running.communicate(timeout=PATIENCE)
    assert running.returncode == 128 + number
    assert b"Traceback" not in talk
    assert b"go on from 00:" in talk
    facts = json.loads((out / "tracks.json").read_text(encoding="utf-8"))
    with (out / "tracks.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(facts["tracks"])
    assert facts["finished"] is False
    wait_until(lambda: not Path(f"/proc/{worker}").exists())


def test_a_killed_run_leaves_its_list_and_no_process(tmp_path: Path, film: Path) -> None:
    out = tmp_path / "out"
    running = started(film, out)
    (worker,) = children(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=PATIENCE)
    assert (out / "tracks.csv").read_text(encoding="utf-8").startswith("track,first,last")
    wait_until(lambda: not Path(f"/proc/{worker}").exists())
