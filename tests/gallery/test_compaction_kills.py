"""Whenever a removal or a compaction is killed, nothing is lost and nothing removed is left."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import killed_compaction
import pytest
from gallery_builders import (
    MODEL,
    VECTORS,
    assert_searches_like_a_scan,
    enrolment,
    files_hold,
    photo_hash,
)

from matcher.gallery import Gallery

ROOT = Path(__file__).parents[2]
SUBJECTS, PHOTOS = 400, 4


def killed_after(seconds: float, *arguments: object) -> None:
    """Run the removals, wait for the first, and kill them some time later."""
    script = Path(killed_compaction.__file__)
    environment = {**os.environ, "PYTHONPATH": f"{script.parent}{os.pathsep}{ROOT}"}
    journal = Path(str(arguments[1]))
    before = journal.stat().st_size if journal.exists() else 0
    running = subprocess.Popen([sys.executable, str(script), *map(str, arguments)], env=environment)
    while not journal.exists() or journal.stat().st_size == before:
        assert running.poll() is None
        time.sleep(0.001)
    time.sleep(seconds)
    running.kill()
    running.wait()


@pytest.mark.parametrize(
    "kills", [6, pytest.param(50, marks=pytest.mark.slow)], ids=["some", "fifty"]
)
def test_a_killed_removal_or_compaction_loses_nothing_and_leaves_nothing(
    tmp_path: Path, kills: int
) -> None:
    chance = random.Random(11)
    path, journal = tmp_path / "g", tmp_path / "journal"
    with Gallery.create(path, model=MODEL) as gallery:
        gallery.add([enrolment(number) for number in range(SUBJECTS * PHOTOS)])
    first, seen = 0, set()
    for _ in range(kills):
        killed_after(chance.random() * 0.15, path, journal, first)
        lines = [line.split() for line in journal.read_text().splitlines()]
        told = {int(number) for word, number in lines if word == "removed"}
        seen |= {word for word, _ in lines[-1:]}
        with Gallery.open(path) as gallery:
            there = {int(one.subject_id[8:]) for one in gallery.subjects()}
            unwanted = {int(number) for word, number in lines if word == "unwanted"}
            assert not there & told
            assert there >= set(range(SUBJECTS)) - unwanted
            assert len(gallery) == PHOTOS * len(there)
            assert gallery.verify().faults == ()
            assert_searches_like_a_scan(gallery)
        for number in set(range(max(unwanted) + 1)) - there:
            for face in range(PHOTOS * number, PHOTOS * number + PHOTOS):
                assert not files_hold(path, VECTORS[face].tobytes())
                assert not files_hold(path, photo_hash(face).encode())
        first = max(unwanted) + 1
    assert seen, "no kill came in time"
