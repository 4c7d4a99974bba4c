"""Work on one share of a job, by the files of a folder alone."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import filelock

from matcher._version import __version__
from matcher.arguments import expect, path_of
from matcher.decoding import Decoders
from matcher.embedding import Extractor
from matcher.errors import GalleryWriteError, JobError, JobRunningError
from matcher.jobs.executors.shards import is_gone, write_shard
from matcher.jobs.photo_reads import results_of
from matcher.jobs.settings import JobSettings
from matcher.jobs.sharing.finished import is_done, result_file
from matcher.jobs.sharing.plan_files import (
    RESULTS,
    Share,
    SharedPlan,
    dropped_error,
    facts_of,
    find_folder,
    read_plan,
    read_tasks,
)
from matcher.jobs.tasks import ReindexTask
from matcher.private_files import FILE_MODE
from matcher.progress import ProgressHook, silent

log = logging.getLogger(__name__)

_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""What a file system without locks answers."""


@dataclass(frozen=True)
class ShareReport:
    """The result of a process that worked on a share.

    Parameters
    ----------
    share
        The share. All its results are in files now, or stored already.
    photos
        Number of its photos.
    worked
        Number of those that this process did.
    """

    share: Share
    photos: int
    worked: int


def run_share(
    folder: Path | str,
    share: Share,
    extractor: Extractor,
    *,
    settings: JobSettings = JobSettings(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
) -> ShareReport:
    """Embed the photos of one share, and leave the results in files for `merge_shares`.

    Needs the folder and the photos, under the paths that the gallery has, and not the gallery.
    Called again after any interruption, it goes on after the last file. If two processes work on
    one share, the second is refused. Where the file system has no locks that machines share, both
    work, and write the same files.

    Parameters
    ----------
    folder
        The place that was given to `share_out`, under the path that it has on this machine.
    share
        Which share, and of how many.
    extractor
        The detector and the model of the job.
    settings
        The settings that were given to `share_out`. Only the number of decoding processes and
        their program may be others, and `JobSettings.retry` has no effect.
    on_progress
        Called after each batch: "re-index" with the photos done in this run and its total.

    Raises
    ------
    InputError
        It is no share.
    JobError
        No photos were dealt; they were dealt otherwise: into another number of shares, for another
        model, detector, precision, version of the library, or with other settings; or the deal was
        dropped meanwhile, for example because a face was removed from the gallery.
    JobRunningError
        Another process works on the share.
    GalleryWriteError
        The disk is full, for example. Earlier batches are kept.
    GalleryKeyError, MissingExtraError
        The gallery is encrypted and the key is not known here.
    """
    place = path_of("folder", folder)
    step = 'Give Share(3, 16), or Share.of_text("3/16").'
    expect("share", share, Share, rule="must be a Share", next_step=step)
    dealt = find_folder(place)
    plan = read_plan(dealt)
    _require_same(plan, share, extractor, settings, place)
    with _alone(dealt, share):
        tasks = list(enumerate(read_tasks(dealt, share.number, plan)))
        left = [
            (number, batch)
            for number, batch in tasks
            if not is_done(result_file(dealt, share.number, number), batch)
        ]
        worked = _work(dealt, share, left, extractor, settings, on_progress)
    return ShareReport(share, plan.photos[share.number - 1], worked)


def _work(
    dealt: Path,
    share: Share,
    left: list[tuple[int, list[ReindexTask]]],
    extractor: Extractor,
    settings: JobSettings,
    on_progress: ProgressHook,
) -> int:
    """Write a file for each batch that is left; return the number of photos."""
    total, worked = sum(len(batch) for _, batch in left), 0
    if not left:
        return 0
    in_order = (task for _, batch in left for task in batch)
    with Decoders(settings.decoding) as decoders:
        results = results_of(extractor, in_order, decoders, settings)
        for number, batch in left:
            file = result_file(dealt, share.number, number)
            some = list(islice(results, len(batch)))
            try:
                write_shard(file, some)
            except FileNotFoundError as error:
                raise dropped_error(dealt) from error
            worked += len(batch)
            on_progress("re-index", worked, total)
    return worked


def _require_same(
    plan: SharedPlan, share: Share, extractor: Extractor, settings: JobSettings, place: Path
) -> None:
    given = facts_of(settings)
    differing = [name for name, dealt in plan.settings.items() if given.get(name) != dealt]
    facts = (
        ("number of shares", len(plan.photos), share.of),
        ("model", str(plan.model), str(extractor.model)),
        ("model", plan.model, extractor.model),
        ("detector", plan.detector, extractor.detector),
        ("precision", plan.precision, extractor.precision),
        ("version of matcher", plan.version, __version__),
        *((f"setting `{name}`", plan.settings[name], given.get(name)) for name in differing),
    )
    for name, dealt, here in facts:
        if dealt != here:
            raise JobError(
                f"share {share}",
                rule=f"must have the {name} with which the photos were dealt, {dealt}",
                got=here,
                next_step="Start it with the same options as `matcher reindex share`.",
                path=place,
            )


@contextmanager
def _alone(dealt: Path, share: Share) -> Iterator[None]:
    """Hold the lock of a share, where the file system has locks."""
    file = dealt / RESULTS / f"{share.number:04d}.lock"
    lock = filelock.FileLock(file, timeout=0, mode=FILE_MODE)
    try:
        lock.acquire()
    except filelock.Timeout:  # an OSError as well
        raise JobRunningError(
            f"share {share}",
            rule="is worked on by one process at a time",
            got="another process that works on it",
            next_step="Wait for it to end, or give this process another share.",
            path=file,
        ) from None
    except NotImplementedError:
        _say_without_locks()
    except OSError as error:
        if is_gone(error):
            raise dropped_error(dealt) from error
        if error.errno not in _NO_LOCKS:
            raise GalleryWriteError(
                "lock of a share",
                rule="must be writable, with room on the disk",
                got=error,
                next_step="Free space or correct the rights, then start the same command again.",
                path=file,
            ) from error
        _say_without_locks()
    try:
        yield
    finally:
        lock.release()


def _say_without_locks() -> None:
    log.warning("this disk has no locks: a second process on the share would only double its work")
