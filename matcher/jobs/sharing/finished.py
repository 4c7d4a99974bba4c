"""Commit the results that shares have finished, and say what is missing."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.errors import GalleryWriteError, InputError, JobError
from matcher.gallery.shard_folders import away_folder
from matcher.gallery.validation import checked_face_vectors
from matcher.jobs.executors.shards import SUFFIX, is_gone, read_shard
from matcher.jobs.photo_reads import moved_path
from matcher.jobs.shadow import Shadow
from matcher.jobs.sharing.plan_files import (
    RESULTS,
    SharedPlan,
    dropped_error,
    read_plan,
    read_tasks,
)
from matcher.jobs.tasks import ReindexResult, ReindexTask, Status
from matcher.paths import from_reference
from matcher.private_files import claim_private

log = logging.getLogger(__name__)

Committed = Callable[[Sequence[ReindexResult]], None]
"""Called with the results of each batch that was committed."""

_DONE: Final = ".done"
"""End of the name of an empty file: the batch is in the store."""

_NAME: Final = re.compile(r"(\d{4})-(\d{8})\.(shard|done)")


@dataclass(frozen=True)
class RefusedFile:
    """A file of results that was not committed. It was deleted, and its photos are done again.

    Parameters
    ----------
    name
        Its name.
    share
        Number of the share that has to be run again.
    reason
        What was wrong.
    """

    name: str
    share: int
    reason: str


@dataclass(frozen=True)
class Unfinished:
    """A share of which batches are not in the store.

    Parameters
    ----------
    share
        Its number.
    photos
        Number of its photos.
    left
        Number of those that are not in the store.
    """

    share: int
    photos: int
    left: int


def result_file(folder: Path, number: int, batch: int) -> Path:
    """Return the file for the results of a batch of a share, counted from 0."""
    return folder / RESULTS / f"{number:04d}-{batch:08d}{SUFFIX}"


def is_done(file: Path, tasks: Sequence[ReindexTask]) -> bool:
    """Return whether a file holds results of the tasks, or did until they were committed."""
    # In this order: the mark is made before the file is deleted.
    return _fits(read_shard(file), tasks) or file.with_suffix(_DONE).exists()


def _fits(results: list[ReindexResult] | None, tasks: Sequence[ReindexTask]) -> bool:
    ids = [task.face_id for task in tasks]
    return results is not None and [result.face_id for result in results] == ids


def commit_waiting(
    shadow: Shadow, results: Sequence[ReindexResult], again: Sequence[Status]
) -> None:
    """Commit those results whose faces are still tasks."""
    waiting = shadow.waiting([result.face_id for result in results], again)
    shadow.commit([result for result in results if result.face_id in waiting])


def commit_finished(
    shadow: Shadow, folder: Path, plan: SharedPlan, on_commit: Committed
) -> tuple[RefusedFile, ...]:
    """Commit all files of results that are finished, and delete them; return those refused.

    Raises
    ------
    JobError
        The folder was dropped meanwhile, or the tasks of a share are damaged; the results of all
        other shares are committed before that is said.
    """
    refused: list[RefusedFile] = []
    unreadable: JobError | None = None
    for number, found in _by_share(folder, SUFFIX).items():
        known = 1 <= number <= len(plan.photos)
        try:
            tasks = read_tasks(folder, number, plan) if known else []
        except JobError as error:
            unreadable = error
            continue
        for batch in sorted(found):
            file = result_file(folder, number, batch)
            done = file.with_suffix(_DONE)
            results = None if done.exists() else read_shard(file)
            if not done.exists():
                _require(folder)
                reason = _fault(results, tasks[batch : batch + 1], shadow, plan)
                if reason:
                    refused.append(RefusedFile(file.name, number, reason))
                else:
                    commit_waiting(shadow, results or [], plan.again)
                    _mark(done)
                    on_commit(results or [])
            file.unlink(missing_ok=True)
    if unreadable is not None:
        raise unreadable
    return tuple(refused)


def _fault(
    results: list[ReindexResult] | None,
    batch: list[list[ReindexTask]],
    shadow: Shadow,
    plan: SharedPlan,
) -> str:
    """Return why results must not be committed; nothing if they may be."""
    if results is None:
        return "damaged"
    if not batch or not _fits(results, batch[0]):
        return "results of other photos than the plan's"
    moved = [(from_reference(old), from_reference(new)) for old, new in plan.settings["moved"]]
    for task, result in zip(batch[0], results, strict=True):
        if result.status == "missing" and moved_path(task.reference, moved).is_file():
            return "a photo was not found that is there: mount its disk on all machines"
        try:
            if result.vectors:
                checked_face_vectors(result.vectors, shadow.model)
        except InputError:
            return "vectors that are not of the job's model"
    return ""


def _require(folder: Path) -> None:
    if not folder.is_dir():
        raise dropped_error(folder)


def _mark(done: Path) -> None:
    try:
        claim_private(done)
    except OSError as error:
        if is_gone(error):
            raise dropped_error(done.parent.parent) from error
        raise GalleryWriteError(
            "mark of results that are stored",
            rule="must be writable, with room on the disk",
            got=error,
            next_step="Free space or correct the rights, then start the same command again.",
            path=done,
        ) from error


def _by_share(folder: Path, suffix: str) -> dict[int, set[int]]:
    """Return the batches of each share that have a file with that ending."""
    found: dict[int, set[int]] = {}
    for file in sorted((folder / RESULTS).glob(f"*{suffix}")):
        if name := _NAME.fullmatch(file.name):
            found.setdefault(int(name[1]), set()).add(int(name[2]))
    return found


def unfinished(folder: Path, plan: SharedPlan) -> tuple[Unfinished, ...]:
    """Return the shares of which something is not in the store yet."""
    done = _by_share(folder, _DONE)
    _require(folder)
    found = []
    for number, photos in enumerate(plan.photos, start=1):
        missing = set(range(plan.batches(number))) - done.get(number, set())
        left = sum(min(plan.batch, photos - batch * plan.batch) for batch in missing)
        if left:
            found.append(Unfinished(number, photos, left))
    return tuple(found)


def commit_away(shadow: Shadow) -> None:
    """Commit what shares have finished, before their folder is dropped."""
    folder = away_folder(shadow.directory)
    if folder is None or not folder.is_dir():
        return
    try:
        plan = read_plan(folder)
        refused = commit_finished(shadow, folder, plan, lambda _: None)
    except JobError as error:
        log.warning("what shares have finished cannot be used (%s: %s)", error.what, error.got)
        return
    log.warning("the shares of the job are taken back; %d files were refused", len(refused))
