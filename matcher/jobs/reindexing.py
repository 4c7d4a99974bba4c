"""Re-index a gallery: fill a shadow batch by batch, so that an interruption does no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from matcher.embedding import Extractor, ModelIdentity
from matcher.errors import JobError, MatcherError, PhotoTooLargeError
from matcher.gallery import Gallery
from matcher.gallery.editions import directory_of, drop, shadow_of
from matcher.gallery.shard_folders import drop_shard_folders, shard_folders
from matcher.governance import CaseContext
from matcher.jobs.executors.local_executor import LocalExecutor
from matcher.jobs.executors.protocol import Executor
from matcher.jobs.executors.shards import SUFFIX, read_shard
from matcher.jobs.lock import job_on
from matcher.jobs.photo_reads import moved_path, size_and_time
from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import BUSY_TIMEOUT, Shadow, make_shadow, model_of
from matcher.jobs.sharing.finished import commit_away, commit_waiting
from matcher.jobs.tasks import ReindexOutcome, ReindexResult, Status
from matcher.photos import DecodeLimits, sha256_of
from matcher.progress import ProgressHook, silent

_CONFIRMED: Final = 1000  # files whose size and time are stored in one transaction


@dataclass(frozen=True)
class JobReport:
    """The result of a job.

    Parameters
    ----------
    edition, model
        The edition that the job filled. It is the current one if that belongs to this model and
        nothing changed.
    counts
        Number of faces for each outcome, with those of earlier runs.
    worked
        Number of faces that this run did.
    lost
        Number of faces of the current edition that the new one lacks.
    """

    edition: str
    model: ModelIdentity
    counts: Mapping[Status, int]
    worked: int
    lost: int


def reindex(
    gallery: Path | str,
    extractor: Extractor,
    *,
    settings: JobSettings = JobSettings(),  # noqa: B008 - frozen, so one instance serves all calls
    executor: Executor | None = None,
    on_progress: ProgressHook = silent,
    context: CaseContext | None = None,
) -> JobReport:
    """Embed all photos of a gallery with another model, into a shadow that is not searched yet.

    Started again after any interruption, the job continues after the last batch. Started again
    after it ended, it does the faces that are new, were missing before, or changed. The next step
    is `switch`.

    Parameters
    ----------
    gallery
        The gallery's directory. The gallery can be searched and written to in the meantime.
    extractor
        The detector and the new model.
    settings
        Settings of the job.
    executor
        Where to work: a `RayExecutor` on a cluster, None for this machine. The result is the same.
    on_progress
        Called after each batch: "re-index" with the faces done in this run and its total, and
        "without a vector" with the number of faces that failed or are missing.
    context
        Who runs the job. A governed gallery needs it, and records the job.

    Raises
    ------
    GalleryNotFoundError, GalleryDamagedError
        There is no gallery, or it cannot be read.
    JobRunningError
        Another job works on the gallery.
    JobError
        The existing shadow belongs to another model, or the cluster cannot do the job, see
        `RayExecutor`.
    JobStalledError
        The cluster finishes no more work. Finished work is stored.
    GalleryWriteError
        The disk is full, for example. Earlier batches are stored.
    NotAuthorisedError
        The gallery is governed, and there is no context.
    """
    with (
        job_on(gallery, context=context) as source,
        source.recorded("model_switch", action="reindex", new_model=extractor.model.weights_sha256),
    ):
        edition = make_shadow(source, extractor.model)
        require_model(source.path, edition, extractor.model)
        place = directory_of(source.path, edition)
        with closing(Shadow(source, place, extractor.detector)) as shadow:
            working = executor or LocalExecutor(extractor)
            worked = fill(shadow, working, settings, on_progress)
            report, needless = report_of(source, shadow, worked)
        return without_needless(source, report, needless)


def report_of(source: Gallery, shadow: Shadow, worked: int) -> tuple[JobReport, bool]:
    """Return the report of a job, and whether its edition would only repeat the current one."""
    counts, lost = shadow.counts(), shadow.lost()
    same = source.model == shadow.model and not shadow.differs()
    needless = same and not counts.get("changed")  # the outcomes name what changed
    return JobReport(shadow.directory.name, shadow.model, counts, worked, lost), needless


def without_needless(source: Gallery, report: JobReport, needless: bool) -> JobReport:
    """Drop an edition that is needless, see `report_of`; return the report with the one left."""
    if not needless:
        return report
    drop(source.path, report.edition)
    return replace(report, edition=source.edition)


def require_model(path: Path, edition: str, model: ModelIdentity) -> None:
    """Raise JobError unless an edition belongs to the model."""
    found = model_of(path, edition)
    if found != model:
        raise JobError(
            "re-indexing job",
            rule=f"goes on with the model it was begun with, {found}",
            got=model,
            next_step="Name that model, or discard what was done with it.",
            path=path,
        )


def fill(
    shadow: Shadow, executor: Executor, settings: JobSettings, on_progress: ProgressHook
) -> int:
    """Do all tasks of a shadow, and the tasks that arrive meanwhile; return their number."""
    prepare(shadow, settings, on_progress)
    worked = 0
    again = settings.again
    while left := shadow.count(again):
        before, worked = worked, worked + left
        hook = _counting(on_progress, before, worked)
        with closing(executor.embedded(shadow, settings, again)) as embedded:
            for results in embedded:
                shadow.commit(results)
                hook(results)
        again = ()  # what failed in this run is not tried again in this run
    return worked


def prepare(shadow: Shadow, settings: JobSettings, on_progress: ProgressHook) -> None:
    """Store what an earlier run left, and find what there is to do."""
    shadow.migrate()
    commit_left(shadow, settings.again)
    shadow.copy_unchanged()
    look_for_changes(shadow, settings, on_progress)


def commit_left(shadow: Shadow, again: Sequence[Status]) -> None:
    """Commit the files of results that a dead job left, or shares so far, then delete them."""
    for folder in shard_folders(shadow.directory):
        for file in sorted(folder.glob(f"*{SUFFIX}")):
            commit_waiting(shadow, read_shard(file) or [], again)
    commit_away(shadow)
    with shadow.locked():
        drop_shard_folders(shadow.directory)


def _counting(
    on_progress: ProgressHook, done: int, total: int
) -> Callable[[Sequence[ReindexResult]], None]:
    without = 0

    def hook(results: Sequence[ReindexResult]) -> None:
        nonlocal done, without
        done += len(results)
        without += sum(not result.vectors for result in results)
        on_progress("re-index", done, total)
        if without:
            on_progress("without a vector", without, None)

    return hook


def look_for_changes(shadow: Shadow, settings: JobSettings, on_progress: ProgressHook) -> int:
    """Find faces whose photo has other bytes than those that were embedded; return their number.

    They keep their vectors, and their outcome says that the file changed. With `take_changed` they
    become tasks again. A file that has the size and time of its last reading is not hashed again.
    If the file is gone, the face keeps its vector.
    """
    confirmed: list[tuple[int, int, int]] = []
    changed: list[int] = []
    found = 0
    for number, (face_id, reference, sha256, *before) in enumerate(shadow.seen(), start=1):
        path = moved_path(reference, settings.moved)
        size, mtime = size_and_time(path)
        if size is not None and mtime is not None and [size, mtime] != before:
            if _hash(path, settings.decoding.limits) in (sha256, None):
                confirmed.append((face_id, size, mtime))
            else:
                changed.append(face_id)
        if number % _CONFIRMED == 0:
            on_progress("look for changes", number, None)
            found += _settle(shadow, confirmed, changed, settings.take_changed)
    return found + _settle(shadow, confirmed, changed, settings.take_changed)


def _settle(
    shadow: Shadow, confirmed: list[tuple[int, int, int]], changed: list[int], again: bool
) -> int:
    count = len(changed)
    if confirmed or changed:
        shadow.settle(confirmed)
        (shadow.reopen if again else shadow.mark_changed)(changed)
    confirmed.clear()
    changed.clear()
    return count


def _hash(path: Path, limits: DecodeLimits) -> str | None:
    try:
        return sha256_of(path, limits=limits)
    except PhotoTooLargeError:
        return ""  # the photo that was embedded was within the limits
    except MatcherError:
        return None  # the file is gone or not readable: the face keeps its vector


@contextmanager
def opened_shadow(source: Gallery) -> Iterator[Shadow]:
    """Open the shadow of a gallery to inspect it.

    Raises
    ------
    JobError
        When there is no shadow.
    """
    edition = shadow_of(source.path)
    if edition is None:
        raise JobError(
            "gallery",
            rule="must have been re-indexed",
            got="no shadow",
            next_step="Run the job first.",
            path=source.path,
        )
    with closing(Shadow(source, directory_of(source.path, edition))) as shadow:
        yield shadow


def outcomes(gallery: Path | str) -> Iterator[ReindexOutcome]:
    """Yield the outcome of every photo so far.

    Raises
    ------
    JobError
        When no job was started, or its edition is already the current one.
    """
    with (
        Gallery.open(gallery, busy_timeout=BUSY_TIMEOUT) as source,
        opened_shadow(source) as shadow,
    ):
        yield from shadow.outcomes()
