"""Killed or interrupted at any moment, a job goes on from its last batch."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from job_builders import (
    NEW,
    OLD,
    SETTINGS,
    add,
    assert_same_faces,
    draw,
    faces_in,
    listed,
    made,
)
from waiting import PATIENCE, alive, children, wait_until

from matcher.gallery import Gallery
from matcher.gallery.editions import shadow_of
from matcher.jobs import JobSettings
from matcher.jobs.executors import local_executor
from matcher.jobs.reindexing import outcomes, reindex
from matcher.jobs.shadow import Shadow
from matcher.photos import load_photo

JOB = Path(__file__).parents[1] / "helpers" / "killed_job.py"
ENVIRONMENT = os.environ | {
    "PYTHONPATH": f"{JOB.parent}:{Path.cwd()}",
    "OMP_NUM_THREADS": "1",
}
BATCH = 4


def start(gallery: Path, journal: Path, most: int) -> subprocess.Popen[bytes]:
    """Start the job, which commits so many batches and then waits to be killed."""
    command = [sys.executable, str(JOB), str(gallery), str(journal), str(most)]
    return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE)


def wait_for_commit(running: subprocess.Popen[bytes], journal: Path, before: int) -> None:
    """Wait until the job is about to commit for the first time."""
    wait_until(lambda: journal.stat().st_size != before or running.poll() is not None)


def kill_often(tmp_path: Path, photos: int, kills: int, seed: int) -> None:
    gallery, journal = made(tmp_path, photos), tmp_path / "journal"
    shutil.copytree(gallery, tmp_path / "quiet")
    journal.touch()
    chance = random.Random(seed)
    killed, done = 0, 0
    workers: list[int] = []
    most = photos // BATCH // (kills + 1)
    while killed < kills:
        before = journal.stat().st_size
        running = start(gallery, journal, most)
        if chance.random() < 0.25:
            time.sleep(chance.uniform(0.1, 1.0))  # while it starts, most likely
        else:
            wait_for_commit(running, journal, before)
            time.sleep(chance.uniform(0, 0.15))
        assert running.poll() is None, running.stderr.read().decode()  # type: ignore[union-attr]
        workers.extend(children(running.pid))
        running.send_signal(signal.SIGKILL)
        running.communicate()
        wait_until(lambda: not any(map(alive, workers)))
        killed += 1
        stored = faces_in(gallery, shadow_of(gallery)) if shadow_of(gallery) else {}
        assert done <= len(stored) <= photos
        assert len(stored) % BATCH == 0, "a batch by halves"
        done = len(stored)
    report = reindex(gallery, NEW, settings=replace(SETTINGS, batch=BATCH))
    assert report.counts == {"done": photos}
    begun = sum(len(line.split()) for line in journal.read_text("ascii").splitlines())
    assert begun + report.worked <= photos + kills * BATCH, "more than one batch done twice"
    quiet = reindex(tmp_path / "quiet", NEW, settings=replace(SETTINGS, batch=BATCH))
    assert_same_faces(
        faces_in(gallery, report.edition), faces_in(tmp_path / "quiet", quiet.edition)
    )


def test_a_job_killed_a_few_times(tmp_path: Path) -> None:
    kill_often(tmp_path, photos=160, kills=3, seed=1)


@pytest.mark.slow
def test_a_job_killed_a_hundred_times(tmp_path: Path) -> None:
    kill_often(tmp_path, photos=4000, kills=100, seed=2)


def test_ctrl_c_leaves_whole_batches_and_no_worker(tmp_path: Path) -> None:
    gallery, journal = made(tmp_path, 240), tmp_path / "journal"
    journal.touch()
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    script = (
        f"{heeding}import sys, killed_job; sys.argv = {['', str(gallery), str(journal), '30']}; "
    )
    running = subprocess.Popen(
        [sys.executable, "-c", script + "killed_job.main()"],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
    )
    # The first batch is stored when the second one is about to be.
    wait_until(lambda: journal.read_text("ascii").count("\n") >= 2 or running.poll() is not None)
    workers = children(running.pid)
    running.send_signal(signal.SIGINT)
    _, talk = running.communicate(timeout=PATIENCE)
    assert b"KeyboardInterrupt" in talk
    assert workers
    assert not any(alive(worker) for worker in workers)
    stored = len(faces_in(gallery, shadow_of(gallery)))
    assert 0 < stored < 240
    assert stored % BATCH == 0
    assert reindex(gallery, NEW, settings=SETTINGS).worked == 240 - stored


class Killed(BaseException):
    """Stands for the end of the process."""


class Direct:
    """Decodes in this process: what is tested here is what survives, not how it is decoded."""

    def __init__(self, _: object) -> None: ...

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None: ...

    def read_all(self, paths, ahead: int) -> Iterator[object]:
        assert ahead > 0
        return map(load_photo, paths)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("small"), 16)


MOMENTS = st.sampled_from(["before embedding", "before commit", "in commit", "after commit"])
DISASTERS = st.tuples(st.just("kill"), MOMENTS, st.integers(0, 4))
EVENTS = st.one_of(
    st.tuples(st.just("remove"), st.integers(0, 3)),
    st.tuples(st.just("enrol"), st.integers(16, 23)),
    st.tuples(st.just("change"), st.integers(0, 15)),
)


@settings(max_examples=20)
@given(story=st.lists(st.one_of(DISASTERS, EVENTS), max_size=6), taking=st.booleans())
def test_any_story_of_kills_and_events_ends_as_if_undisturbed(
    small: Path, story, taking: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_executor, "Decoders", Direct)
        home = Path(folder)
        shutil.copytree(small.parent / "photos", home / "photos")
        shutil.copytree(small, home / "gallery")
        moved = ((small.parent / "photos", home / "photos"),)
        place = replace(SETTINGS, batch=3, moved=moved, take_changed=taking)
        for step, (word, *what) in enumerate(story):
            if word == "kill":
                run_until_killed(home / "gallery", place, *what)
            else:
                happen(home, word, what[0], step)
        shutil.copytree(home / "gallery", home / "quiet")
        shutil.rmtree(home / "quiet" / "editions", ignore_errors=True)
        report = reindex(home / "gallery", NEW, settings=place)
        quiet = reindex(home / "quiet", NEW, settings=place)
        changed = set() if taking else named_changed(home / "gallery")
        assert taking or changed == named_changed(home / "quiet")
        assert report.lost <= quiet.lost == len(changed)  # embedded before it changed: kept
        assert_same_faces(
            without(changed, faces_in(home / "gallery", report.edition)),
            without(changed, faces_in(home / "quiet", quiet.edition)),
        )


def named_changed(gallery: Path) -> set[int]:
    return {one.face_id for one in outcomes(gallery) if one.status == "changed"}


def without(changed: set[int], faces: dict[int, Any]) -> dict[int, Any]:
    return {face_id: face for face_id, face in faces.items() if face_id not in changed}


def happen(home: Path, word: str, number: int, step: int) -> None:
    if word == "change":
        draw(home / "photos" / f"{number}.png", 5000 + step)
        return
    with Gallery.open(home / "gallery", model=OLD.model) as opened:
        held = {subject.subject_id for subject in opened.subjects()}
        if word == "remove" and f"subject-{number:03d}" in held:
            opened.remove_subject(f"subject-{number:03d}")
    if word == "enrol" and not (home / "photos" / f"{number}.png").exists():
        add(home / "gallery", listed(home / "photos", [number]))


def run_until_killed(gallery: Path, place: JobSettings, moment: str, batch: int) -> None:
    """Run the job and end it at a moment of one of its batches, as a kill would."""
    embed, commit, record = local_executor.embed_batch, Shadow.commit, Shadow._record
    batches = iter(range(10_000))
    now = [-1]

    def end(at: str) -> None:
        if at == moment and now[0] == batch:
            raise Killed

    def embedding(*given, **named):
        now[0] = next(batches)
        end("before embedding")
        return embed(*given, **named)

    def committing(*given):
        end("before commit")
        commit(*given)
        end("after commit")

    def recording(*given):
        record(*given)
        end("in commit")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_executor, "embed_batch", embedding)
        patch.setattr(Shadow, "commit", committing)
        patch.setattr(Shadow, "_record", recording)
        try:
            reindex(gallery, NEW, settings=place)
        except Killed:
            assert shadow_of(gallery) is not None
