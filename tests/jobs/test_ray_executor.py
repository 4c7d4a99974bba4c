"""A job on a real cluster of two nodes: as on this machine, whoever dies."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import made_model
import pytest
import torch
from job_builders import (
    HOSTILE,
    NEW,
    OLD,
    SETTINGS,
    add,
    assert_made_by,
    assert_same_faces,
    draw,
    edition_holds,
    faces_in,
    listed,
    made,
)
from ray_cluster import (
    Cluster,
    another_model,
    deadly,
    embedded,
    loading,
    no_model,
    nodes,
    noted,
    workers,
)
from typer.testing import CliRunner
from waiting import PATIENCE, alive, wait_until

from matcher.cli.commands import app
from matcher.errors import InputError, JobError, JobStalledError, WeightsMissingError
from matcher.gallery import Gallery
from matcher.gallery.editions import directory_of, shadow_of
from matcher.gallery.shard_folders import shard_folders
from matcher.jobs import JobReport, RayExecutor, outcomes, reindex
from matcher.synthetic import CohortSpec, write_cohort

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

PHOTOS, SHARD = 160, 8


@pytest.fixture(scope="module")
def one_cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(one_cluster: Cluster) -> Cluster:
    one_cluster.start_other()
    return one_cluster


def executor(cluster: Cluster, journal: Path, on_nodes: int = 0) -> RayExecutor:
    load = loading(journal, 0.02, on_nodes)
    return RayExecutor(cluster.address, load, actors=2, shard=SHARD, stall=90)


def assert_as_undisturbed(gallery: Path, report: JobReport) -> None:
    """Compare with a job on this machine on the same photos."""
    assert shard_folders(directory_of(gallery, report.edition)) == []
    assert (report.counts, report.lost) == ({"done": PHOTOS}, 0)
    quiet = gallery.with_name("quiet")
    shutil.copytree(gallery, quiet, ignore=shutil.ignore_patterns("editions", "*.lock"))
    here = reindex(quiet, NEW, settings=SETTINGS)
    assert_same_faces(faces_in(gallery, report.edition), faces_in(quiet, here.edition))


def test_a_cluster_gives_what_this_machine_gives(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gallery, photos = made(tmp_path, 40), Path("photos")
    for number, name in enumerate(("hang", "crash", "die"), start=100):
        add(gallery, listed(photos, [number], name + ".png"))  # by a relative path
    (photos / "1.png").unlink()
    (photos / "2.png").write_text("not a picture")
    draw(photos / "3.png", 77)
    draw(photos / "5.png", 4, side=72)  # a photo that its subject has already
    shutil.copytree(gallery, "here")
    on_cluster = executor(cluster, tmp_path / "journal", on_nodes=2)
    taking = replace(HOSTILE, take_changed=True)
    there = reindex(gallery, NEW, settings=taking, executor=on_cluster)
    (photos / "die.died").unlink()
    here = reindex("here", NEW, settings=taking)
    assert there.counts == here.counts
    assert there.counts == {"done": 37, "changed": 1, "failed": 3, "missing": 1, "duplicate": 1}
    assert there.worked == here.worked == 43
    assert list(outcomes(gallery)) == list(outcomes("here"))
    assert_same_faces(faces_in(gallery, there.edition), faces_in(Path("here"), here.edition))
    assert len(nodes(tmp_path / "journal")) == 2
    again = reindex(gallery, NEW, settings=replace(SETTINGS, retry=True), executor=on_cluster)
    assert again.worked == 5


def test_the_command_works_on_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    write_cohort(CohortSpec(4, ages=(9,), seed=3, size=128), tmp_path)
    made_model.write(tmp_path)
    model = str(tmp_path / "new-model.toml")
    gallery, here = tmp_path / "gallery", tmp_path / "here"
    assert command("enrol", gallery, tmp_path / "manifest.csv") == 0
    shutil.copytree(gallery, here)
    place = ("--executor", "ray", "--address", cluster.address, "--actors", 2)
    assert command("reindex", gallery, "--model", model, *place, "--switch") == 0
    with threads(1):
        assert command("reindex", here, "--model", model, "--switch", "--workers", 1) == 0
    assert_same_faces(faces_in(gallery), faces_in(here))


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Let networks here have as many threads as a worker's, see `RayExecutor.threads`."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    yield
    torch.set_num_threads(before)


def command(*words: object) -> int:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert "Traceback" not in result.output
    return result.exit_code


def test_a_killed_worker_costs_one_shard(cluster: Cluster, tmp_path: Path) -> None:
    gallery, journal = made(tmp_path, PHOTOS), tmp_path / "journal"
    killed: list[int] = []

    def kill(step: str, done: int, total: int | None) -> None:
        if len(killed) < 2 and done >= SHARD * (1 + 5 * len(killed)):
            killed.append(workers(journal).pop())
            os.kill(killed[-1], signal.SIGKILL)

    on_cluster = executor(cluster, journal)
    report = reindex(gallery, NEW, settings=SETTINGS, executor=on_cluster, on_progress=kill)
    assert len(killed) == 2
    assert_as_undisturbed(gallery, report)
    assert embedded(journal).total() <= PHOTOS + 2 * SHARD


def test_a_killed_node_costs_what_its_workers_had(cluster: Cluster, tmp_path: Path) -> None:
    gallery, journal = made(tmp_path, PHOTOS), tmp_path / "journal"
    seen: set[int] = set()

    def kill(step: str, done: int, total: int | None) -> None:
        if not seen and cluster.other in nodes(journal):
            seen.update(nodes(journal))
            cluster.kill_other()

    on_cluster = executor(cluster, journal, on_nodes=2)
    report = reindex(gallery, NEW, settings=SETTINGS, executor=on_cluster, on_progress=kill)
    assert cluster.other in seen
    assert not alive(cluster.other)
    assert_as_undisturbed(gallery, report)
    assert embedded(journal).total() <= PHOTOS + 2 * SHARD


def test_a_killed_job_goes_on_from_the_files_that_are_there(
    cluster: Cluster, tmp_path: Path
) -> None:
    gallery, journal = made(tmp_path, PHOTOS), tmp_path / "journal"
    journal.touch()
    driver = Path(__file__).parents[1] / "helpers" / "ray_driver.py"
    running = subprocess.Popen(
        [sys.executable, str(driver), str(gallery), cluster.address, str(journal)],
        env=os.environ | {"PYTHONPATH": f"{driver.parent}:{Path.cwd()}"},
    )
    # One file may be committed already; another waits.
    wait_until(
        lambda: (
            running.poll() is not None
            or (len(files_of_results(gallery)) >= 2 and embedded(journal).total() >= PHOTOS // 2)
        )
    )
    assert running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()
    stored = len(faces_in(gallery, shadow_of(gallery)))
    assert 0 < stored < PHOTOS
    assert stored % SHARD == 0, "a shard by halves"
    on_cluster = executor(cluster, journal)
    report = reindex(gallery, NEW, settings=SETTINGS, executor=on_cluster)
    assert report.worked < PHOTOS - stored, "what waited in files was not used"
    assert_as_undisturbed(gallery, report)
    assert embedded(journal).total() <= PHOTOS + 2 * SHARD


def files_of_results(gallery: Path) -> list[Path]:
    return list(gallery.glob("editions/*/shards-*/*.shard"))


def test_workers_that_do_nothing_end_the_job_with_what_to_do(
    cluster: Cluster, tmp_path: Path
) -> None:
    gallery, journal = made(tmp_path, PHOTOS), tmp_path / "journal"
    stopped: set[int] = set()

    def stop(step: str, done: int, total: int | None) -> None:
        stopped.update(workers(journal))
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    on_cluster = replace(executor(cluster, journal), stall=5)
    started = time.monotonic()
    with pytest.raises(JobStalledError) as caught:
        reindex(gallery, NEW, settings=SETTINGS, executor=on_cluster, on_progress=stop)
    assert time.monotonic() - started < PATIENCE / 2, "as by the limit of 600 seconds"
    assert "within 5 seconds" in caught.value.rule
    assert "of 2 workers have a shard" in str(caught.value.got)
    assert "start the same command again" in caught.value.next_step
    for pid in stopped:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    stored = len(faces_in(gallery, shadow_of(gallery)))
    assert stored < PHOTOS
    assert stored % SHARD == 0, "a shard by halves"
    report = reindex(gallery, NEW, settings=SETTINGS, executor=executor(cluster, journal))
    assert_as_undisturbed(gallery, report)


def test_workers_that_find_no_room_end_the_job_with_what_to_do(
    cluster: Cluster, tmp_path: Path
) -> None:
    gallery = made(tmp_path, 8)
    too_large = replace(executor(cluster, tmp_path / "journal"), cpus=100, stall=3)
    with pytest.raises(JobStalledError, match="2 are not ready"):
        reindex(gallery, NEW, settings=SETTINGS, executor=too_large)


def test_a_subject_removed_while_the_cluster_works_is_in_no_file(
    cluster: Cluster, tmp_path: Path
) -> None:
    gallery, journal = made(tmp_path, PHOTOS), tmp_path / "journal"
    held = faces_in(gallery)
    gone = [held[face_id] for face_id in (1, 2, 3, 4, *range(45, 53), *range(157, 161))]
    new = [NEW.extract(face.photo.reference)[0].vector.tobytes() for face in gone]
    removed: list[int] = []

    def remove(step: str, done: int, total: int | None) -> None:
        if done >= 40 and not removed:
            removed.append(done)
            with Gallery.open(gallery) as opened:
                opened.remove_subjects({face.subject.subject_id for face in gone})
            assert not any(edition_holds(gallery, vector) for vector in new)

    on_cluster = executor(cluster, journal)
    report = reindex(gallery, NEW, settings=SETTINGS, executor=on_cluster, on_progress=remove)
    assert removed
    assert (report.counts, report.lost) == ({"done": PHOTOS - 16}, 0)
    faces = faces_in(gallery, report.edition)
    assert list(faces) == list(faces_in(gallery))
    assert_made_by(NEW, faces)
    assert not any(edition_holds(gallery, vector) for vector in new)


@pytest.mark.parametrize(
    ("load", "error", "says"),
    [
        (no_model, WeightsMissingError, "must be here"),
        (another_model, JobError, "the job's model, fake 2"),
        (deadly, JobError, "5 workers that were lost"),
    ],
)
def test_workers_that_cannot_work_end_the_job_with_the_reason(
    cluster: Cluster, tmp_path: Path, load, error, says
) -> None:
    gallery = made(tmp_path, 8)
    unable = replace(executor(cluster, tmp_path / "journal"), load=load, actors=1)
    with pytest.raises(error, match=says) as caught:
        reindex(gallery, NEW, settings=SETTINGS, executor=unable)
    assert type(caught.value) is error


def test_a_node_without_the_disk_of_the_photos_does_not_declare_them_missing(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = made(tmp_path, 8)
    script = (
        "import job_builders, matcher.decoding.worker as d; from pathlib import Path; "
        "d.main(lambda path, *how: d.load(Path('/nowhere') / path.name, *how))"
    )
    blind = replace(SETTINGS, decoding=replace(SETTINGS.decoding, program=script))
    with pytest.raises(JobError, match="readable on all nodes by the same path"):
        reindex(gallery, NEW, settings=blind, executor=executor(cluster, tmp_path / "journal"))


def test_where_there_is_no_cluster_the_job_says_so(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    nowhere = RayExecutor("127.0.0.4:9", partial(noted, tmp_path / "journal"))
    with pytest.raises(JobError, match=r"must be reachable at 127\.0\.0\.4:9"):
        reindex(gallery, NEW, settings=SETTINGS, executor=nowhere)


@pytest.mark.parametrize(
    "wrong", [{"actors": 0}, {"shard": 0}, {"cpus": -1}, {"threads": 0}, {"stall": 0}]
)
def test_numbers_out_of_range_are_refused(wrong) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        RayExecutor("127.0.0.2:6399", lambda: OLD, **wrong)
