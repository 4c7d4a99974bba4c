"""Store the results of shares: one process, the only one that opens the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from matcher.errors import JobError
from matcher.gallery.editions import directory_of, shadow_of
from matcher.gallery.shard_folders import away_folder, drop_shard_folders
from matcher.governance import CaseContext
from matcher.jobs.lock import job_on
from matcher.jobs.reindexing import JobReport, report_of, without_needless
from matcher.jobs.shadow import Shadow
from matcher.jobs.sharing.finished import RefusedFile, Unfinished, commit_finished, unfinished
from matcher.jobs.sharing.plan_files import read_plan
from matcher.jobs.tasks import ReindexResult
from matcher.progress import ProgressHook, silent
from matcher.words import counted


@dataclass(frozen=True)
class MergeReport:
    """The result of a merge.

    Parameters
    ----------
    job
        As of `reindex`; `JobReport.worked` is the number of photos that this merge stored.
    unfinished
        Shares of which something is missing. If there are none, the folder of the shares was
        cleared, and the next step is `switch`.
    refused
        Files of results that were not stored. Their shares have to be run again.
    """

    job: JobReport
    unfinished: tuple[Unfinished, ...]
    refused: tuple[RefusedFile, ...]

    @property
    def complete(self) -> bool:
        """Whether all photos that were dealt are stored."""
        return not self.unfinished


def merge_shares(
    gallery: Path | str,
    *,
    on_progress: ProgressHook = silent,
    context: CaseContext | None = None,
) -> MergeReport:
    """Store what shares have finished, delete its files, and say what is missing.

    Shares may still be running. After the last photo the folder is cleared. Called again after any
    interruption, it goes on. Until it has stored everything, `switch` is refused.

    Parameters
    ----------
    gallery
        The gallery's directory. The gallery can be searched and written to in the meantime.
    on_progress
        Called after each batch: "merge" with the photos stored in this run.
    context
        Who merges. A governed gallery needs it, and records the merge.

    Raises
    ------
    JobError
        No photos were dealt, or the deal was dropped because a face was removed from the gallery;
        or its folder cannot be read.
    JobRunningError, GalleryWriteError, NotAuthorisedError
        As for `reindex`.
    GalleryKeyError, MissingExtraError
        The gallery is encrypted and the key is not known here.
    """
    with (
        job_on(gallery, context=context) as source,
        source.recorded("model_switch", action="merge"),
    ):
        edition = shadow_of(source.path)
        if edition is None:
            raise _nothing(source.path, "no shadow")
        directory = directory_of(source.path, edition)
        folder = away_folder(directory)
        if folder is None:
            with closing(Shadow(source, directory)) as looked_at:
                left = looked_at.count()
            raise _nothing(source.path, f"none that are out; {counted(left, 'photo')} left to do")
        plan = read_plan(folder)
        stored = 0

        def told(results: Sequence[ReindexResult]) -> None:
            nonlocal stored
            stored += len(results)
            on_progress("merge", stored, None)

        with closing(Shadow(source, directory, plan.detector)) as shadow:
            shadow.migrate()
            refused = commit_finished(shadow, folder, plan, told)
            left_over = unfinished(folder, plan)
            if not left_over:
                with shadow.locked():
                    drop_shard_folders(directory)
            job, needless = report_of(source, shadow, stored)
        job = without_needless(source, job, needless and not left_over)
        return MergeReport(job, left_over, refused)


def _nothing(path: Path, got: str) -> JobError:
    return JobError(
        "shares of a job",
        rule="must have been dealt, and not be merged or dropped yet",
        got=got,
        next_step="If photos are left: matcher reindex share GALLERY FOLDER. Otherwise: "
        "matcher reindex switch GALLERY.",
        path=path,
    )
