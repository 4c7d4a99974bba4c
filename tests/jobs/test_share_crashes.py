"""Shares and merges that are killed at any moment lose nothing and store nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from job_builders import faces_in
from shared_jobs import (
    BATCH,
    Starter,
    assert_as_in_one_process,
    dealt,
    result_files,
    starter,
    work,
)
from waiting import alive, wait_until

from matcher.gallery.editions import shadow_of
from matcher.jobs import merge_shares


@pytest.fixture
def start() -> Iterator[Starter]:
    with starter() as made:
        yield made


def stored(gallery: Path) -> int:
    return len(faces_in(gallery, shadow_of(gallery)))


def kill_often(tmp_path: Path, start: Starter, photos: int, of: int, kills: int, seed: int) -> None:
    """Kill shares, two of which run at once, and merges beside them, one after another."""
    gallery, folder = dealt(tmp_path, photos, of)
    chance = random.Random(seed)
    killed: list[str] = []
    done = 0
    while len(killed) < kills:
        numbers = chance.sample(range(1, of + 1), 2)
        running = {start.start("share", folder, f"{number}/{of}"): "share" for number in numbers}
        running[start.start("merge", gallery)] = "merge"
        for victim in chance.sample(list(running), len(running)):
            time.sleep(chance.uniform(0, 0.08))
            if alive(victim):
                os.kill(victim, signal.SIGKILL)
                killed.append(running[victim])
        wait_until(lambda running=running: not any(map(alive, running)))
        before, done = done, stored(gallery)
        assert before <= done < photos
        assert done % BATCH == 0, "a batch by halves"
    assert set(killed) == {"share", "merge"}
    for number in range(1, of + 1):
        work(folder, number, of)
    assert_as_in_one_process(gallery, merge_shares(gallery))
    assert list(folder.iterdir()) == []


def test_shares_and_merges_killed_a_few_times(tmp_path: Path, start: Starter) -> None:
    kill_often(tmp_path, start, photos=400, of=4, kills=24, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 5))
def test_shares_and_merges_killed_often(tmp_path: Path, start: Starter, seed: int) -> None:
    kill_often(tmp_path, start, photos=2000, of=5, kills=120, seed=seed)


def test_two_processes_at_once_and_a_merge_between(tmp_path: Path, start: Starter) -> None:
    gallery, folder = dealt(tmp_path, 80, of=2)
    running = [start.start("share", folder, f"{number}/2") for number in (1, 2)]
    wait_until(lambda: len(result_files(folder)) >= 4)
    assert all(map(alive, running)), "one waited for the other"
    early = merge_shares(gallery)
    assert early.job.worked >= 4 * BATCH
    assert not early.complete
    wait_until(lambda: not any(map(alive, running)))
    late = merge_shares(gallery)
    assert early.job.worked + late.job.worked == 80
    assert_as_in_one_process(gallery, late)


SCRIPT = """
import sys
from job_builders import NEW
from shared_jobs import PLANNED
from matcher.jobs import Share, run_share
print(run_share(sys.argv[1], Share.of_text(sys.argv[2]), NEW, settings=PLANNED).worked)
"""


def test_two_real_processes_with_decoders_of_their_own(tmp_path: Path) -> None:
    gallery, folder = dealt(tmp_path, 40, of=2)
    root = Path(__file__).parents[2]
    environment = os.environ | {
        "PYTHONPATH": f"{root / 'tests' / 'helpers'}{os.pathsep}{root}",
        "OMP_NUM_THREADS": "1",
    }
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(folder), f"{number}/2"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in (1, 2)
    ]
    assert [process.communicate()[0] for process in running] == ["20\n", "20\n"]
    assert_as_in_one_process(gallery, merge_shares(gallery))
