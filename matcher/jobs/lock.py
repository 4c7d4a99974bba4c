"""Allow one job at a time on a gallery."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import filelock

from matcher.errors import GalleryWriteError, JobRunningError
from matcher.gallery import Gallery
from matcher.gallery.files import unwritable_reported
from matcher.gallery.store import now
from matcher.governance import CaseContext
from matcher.jobs.shadow import BUSY_TIMEOUT
from matcher.private_files import FILE_MODE, write_private
from matcher.strict_reading import object_of, read_json

log = logging.getLogger(__name__)

LOCK_NAME: Final = "reindex.lock"
HOLDER_NAME: Final = "reindex.json"
_WHAT: Final = "lock of the gallery's jobs"


@contextmanager
def job_on(
    gallery: Path | str, *, looking: bool = False, context: CaseContext | None = None
) -> Iterator[Gallery]:
    """Open a gallery for a job, as the only job that works on it.

    Parameters
    ----------
    gallery
        The gallery's directory.
    looking
        Whether the job only reads. Where nothing can be written, it needs no lock: no other job
        works there.
    context
        Who runs the job, for a governed gallery.

    Raises
    ------
    GalleryNotFoundError, GalleryDamagedError, GalleryFormatError
        As for `Gallery.open`.
    JobRunningError, GalleryWriteError
        As for `job_lock`.
    """
    path = Path(gallery)
    Gallery.open(
        path, busy_timeout=BUSY_TIMEOUT, context=context
    ).close()  # fails if there is no gallery, before a lock file is created
    with (
        job_lock(path, looking=looking),
        Gallery.open(path, busy_timeout=BUSY_TIMEOUT, context=context) as opened,
    ):
        yield opened


@contextmanager
def job_lock(gallery: Path, *, looking: bool = False) -> Iterator[None]:
    """Hold the gallery's job lock.

    The operating system releases the lock when its process ends, however it ends. A file beside the
    lock names the process that holds it. If the lock is free but the file still names a
    process, the job of that process died.

    Raises
    ------
    JobRunningError
        When another job holds it, here or on another host that shares the disk.
    GalleryWriteError
        When the lock file cannot be created.
    """
    path, holder = gallery / LOCK_NAME, gallery / HOLDER_NAME
    left = _read(path)  # the first version wrote the holder into the lock file
    lock = filelock.FileLock(path, timeout=0, mode=FILE_MODE)
    try:
        with unwritable_reported(_WHAT, path):
            try:
                lock.acquire()
            except filelock.Timeout:  # an OSError as well
                advice = "Wait for it to end, or end it."
                raise _running(_read(holder) or left, path, advice) from None
    except GalleryWriteError:
        if not looking:
            raise
        yield
        return
    try:
        _take_over(left, path)
        _take_over(_read(holder), holder)
        with nullcontext() if looking else _named(path, holder):
            yield
    finally:
        lock.release()


@contextmanager
def _named(path: Path, holder: Path) -> Iterator[None]:
    """Write down who holds the lock, for as long as it is held."""
    facts = {"host": socket.gethostname(), "pid": os.getpid(), "started": now()}
    try:
        with unwritable_reported(_WHAT, holder):
            path.write_bytes(b"")
            write_private(holder, json.dumps(facts))
        yield
    finally:
        holder.unlink(missing_ok=True)


def _take_over(left: dict[str, object], file: Path) -> None:
    if not left:
        return
    if left.get("host") != socket.gethostname():
        advice = f"If it is no longer running there, delete {file.name} and start again."
        raise _running(left, file, advice)
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


def _read(file: Path) -> dict[str, object]:
    try:
        return object_of(read_json(file.read_bytes() or b"{}"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):  # half written: its writer was killed, or is writing
        return {"host": socket.gethostname()}
