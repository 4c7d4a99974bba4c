"""One job at a time on a gallery."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from matcher.errors import JobRunningError
from matcher.gallery import Gallery
from matcher.gallery.files import unwritable_reported
from matcher.gallery.store import now
from matcher.jobs.shadow import BUSY_TIMEOUT

log = logging.getLogger(__name__)

LOCK_NAME: Final = "reindex.lock"
_WHAT: Final = "lock of the gallery's jobs"


@contextmanager
def job_on(gallery: Path | str) -> Iterator[Gallery]:
    """Open a gallery for a job, the only one that works on it.

    Raises
    ------
    GalleryNotFoundError, GalleryDamagedError, GalleryFormatError
        As `Gallery.open`.
    JobRunningError, GalleryWriteError
        As `job_lock`.
    """
    path = Path(gallery)
    Gallery.open(
        path, busy_timeout=BUSY_TIMEOUT
    ).close()  # before there is a lock file where none is
    with job_lock(path), Gallery.open(path, busy_timeout=BUSY_TIMEOUT) as opened:
        yield opened


@contextmanager
def job_lock(gallery: Path) -> Iterator[None]:
    """Hold the gallery's job lock.

    The operating system lets go of the lock when its process ends, however it ends. The file says
    who holds it: a name that is left in a free lock is that of a job that died.

    Raises
    ------
    JobRunningError
        When another job holds it, here or on another host that shares the disk.
    GalleryWriteError
        When there can be no lock file.
    """
    path = gallery / LOCK_NAME
    with unwritable_reported(_WHAT, path):
        file = path.open("a+b", buffering=0)
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _running(_holder(file), path, "Wait for it to end, or end it.") from None
        _take_over(_holder(file), path)
        with unwritable_reported(_WHAT, path):
            _write(file, {"host": socket.gethostname(), "pid": os.getpid(), "started": now()})
        try:
            yield
        finally:
            _write(file, {})


def _take_over(left: dict[str, object], path: Path) -> None:
    if not left:
        return
    if left.get("host") != socket.gethostname():
        advice = "If it is no longer running there, delete the lock file and start again."
        raise _running(left, path, advice)
    log.warning(
        "the job of process %s, started %s, died; going on in its place",
        left.get("pid"),
        left.get("started"),
    )


def _running(holder: dict[str, object], path: Path, advice: str) -> JobRunningError:
    who = "host {host}, process {pid}, started {started}".format_map(
        {"host": "unknown", "pid": "unknown", "started": "just now"} | holder
    )
    return JobRunningError(
        "gallery",
        rule="has one re-indexing job at a time",
        got=f"a job on {who}",
        next_step=advice,
        path=path,
    )


def _holder(file: IO[bytes]) -> dict[str, object]:
    file.seek(0)
    try:
        facts = json.loads(file.read() or "{}")
    except ValueError:  # half written: its writer was killed, or is writing
        return {"host": socket.gethostname()}
    return dict(facts)


def _write(file: IO[bytes], facts: dict[str, object]) -> None:
    file.seek(0)
    file.truncate()
    if facts:
        file.write(json.dumps(facts).encode("ascii"))
