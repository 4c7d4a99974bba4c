"""One job at a time, and no dead one in the way."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from job_builders import NEW, SETTINGS, made

from matcher.errors import GalleryNotFoundError, GalleryWriteError, JobRunningError
from matcher.jobs.lock import HOLDER_NAME, LOCK_NAME, job_lock
from matcher.jobs.reindexing import reindex
from matcher.jobs.switching import discard, prune, rollback, switch

HOLDER = """
import sys, time
from pathlib import Path
from matcher.jobs.lock import job_lock
with job_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def holding(gallery: Path) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(gallery)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    return holder


def test_a_second_job_is_refused_with_host_process_and_start_of_the_first(tmp_path: Path) -> None:
    gallery = made(tmp_path, 4)
    holder = holding(gallery)
    facts = json.loads((gallery / HOLDER_NAME).read_text())
    assert (facts["host"], facts["pid"]) == (socket.gethostname(), holder.pid)
    says = f"host {facts['host']}, process {facts['pid']}, started {facts['started']}"
    try:
        for refused in (
            lambda: reindex(gallery, NEW, settings=SETTINGS),
            lambda: switch(gallery),
            lambda: rollback(gallery),
            lambda: discard(gallery),
            lambda: prune(gallery),
        ):
            with pytest.raises(JobRunningError) as caught:
                refused()
            assert says in str(caught.value)
    finally:
        holder.kill()
        holder.communicate()


def test_the_lock_of_a_killed_job_is_taken_over_with_a_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gallery = made(tmp_path, 4)
    holder = holding(gallery)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert reindex(gallery, NEW, settings=SETTINGS).worked == 4
    assert f"process {holder.pid}" in caplog.text
    assert "going on in its place" in caplog.text
    assert not (gallery / HOLDER_NAME).exists()


PLACES = pytest.mark.parametrize("name", [HOLDER_NAME, LOCK_NAME], ids=["now", "first version"])
"""Who holds the lock stood in the lock file itself in the first version."""


@PLACES
def test_a_lock_left_on_another_host_is_not_taken_over(tmp_path: Path, name: str) -> None:
    left = {"host": "elsewhere.invalid", "pid": 7, "started": "2026-01-01"}
    (tmp_path / name).write_text(json.dumps(left))
    with pytest.raises(JobRunningError, match=f"elsewhere.*delete {name}"), job_lock(tmp_path):
        raise AssertionError
    assert json.loads((tmp_path / name).read_text()) == left
    (tmp_path / name).unlink()
    with job_lock(tmp_path):
        assert json.loads((tmp_path / HOLDER_NAME).read_text())["pid"] == os.getpid()


@PLACES
@pytest.mark.parametrize("text", ['{"host": "her', "[1]", "7"])
def test_a_lock_that_is_half_written_is_taken_over(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with job_lock(tmp_path):
        pass
    assert not (tmp_path / HOLDER_NAME).exists()
    assert (tmp_path / LOCK_NAME).read_text() == ""


def test_a_job_that_fails_lets_go_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), job_lock(tmp_path):
        raise ZeroDivisionError
    assert not (tmp_path / HOLDER_NAME).exists()
    with job_lock(tmp_path):
        pass


def test_the_lock_is_not_given_twice_in_one_process(tmp_path: Path) -> None:
    with job_lock(tmp_path):
        with pytest.raises(JobRunningError, match=f"process {os.getpid()}"), job_lock(tmp_path):
            raise AssertionError
        assert (tmp_path / HOLDER_NAME).exists()


def test_a_disk_without_room_for_the_lock_is_an_error_of_the_library(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(GalleryWriteError, match="room on the disk"), job_lock(tmp_path):
            raise AssertionError
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with job_lock(tmp_path):
        pass


def test_where_there_is_no_gallery_no_lock_is_left(tmp_path: Path) -> None:
    with pytest.raises(GalleryNotFoundError):
        reindex(tmp_path, NEW)
    assert not any(tmp_path.iterdir())
