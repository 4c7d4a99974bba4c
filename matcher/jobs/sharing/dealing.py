"""Deal the photos of a job into shares, as files in a folder that other machines may reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from matcher.arguments import path_of
from matcher.embedding import Extractor
from matcher.encryption import GalleryKeys, keys_of
from matcher.errors import InputError, JobError
from matcher.gallery.editions import directory_of
from matcher.gallery.files import unwritable_reported
from matcher.gallery.shard_folders import PREFIX, away_folder, make_away_folder
from matcher.governance import CaseContext
from matcher.jobs.lock import job_on
from matcher.jobs.reindexing import prepare, require_model
from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import Shadow, make_shadow
from matcher.jobs.sharing.plan_files import (
    RESULTS,
    TASKS,
    Share,
    SharedPlan,
    dropped_error,
    plan_for,
    text_of_batch,
    write_plan,
    write_tasks,
)
from matcher.jobs.tasks import ReindexTask
from matcher.private_files import FOLDER_MODE
from matcher.progress import ProgressHook, silent


@dataclass(frozen=True)
class SharedOut:
    """The photos of a job, dealt into shares.

    Parameters
    ----------
    folder
        The place that was given, for `run_share`.
    photos
        Number of photos of each share. A share may have none.
    """

    folder: Path
    photos: tuple[int, ...]


def share_out(
    gallery: Path | str,
    folder: Path | str,
    extractor: Extractor,
    *,
    of: int,
    settings: JobSettings = JobSettings(),  # noqa: B008 - frozen, so one instance serves all calls
    on_progress: ProgressHook = silent,
    context: CaseContext | None = None,
) -> SharedOut:
    """Deal the photos that a job has left to do into shares, one batch after another.

    Each share is then done by `run_share` in a process of its own, on any machine that reaches the
    folder and the photos; `merge_shares` stores the results. Called again, it stores what is
    finished and deals the rest anew; processes that still work by the earlier deal end with a
    `JobError`.

    Parameters
    ----------
    gallery
        The gallery's directory. Only this machine opens it.
    folder
        A place outside the gallery, for one job. It is made if it is missing.
    extractor
        The detector and the new model.
    of
        Number of shares, in [1, 9999].
    settings
        Settings of the job. `JobSettings.batch` is the number of photos in one file of results.
    on_progress, context
        As in `reindex`.

    Raises
    ------
    InputError
        The number is out of its range, or the folder lies in the gallery.
    JobError
        The shadow belongs to another model, the folder is in use for another job, or a face was
        removed from the gallery meanwhile.
    JobRunningError, GalleryWriteError, NotAuthorisedError
        As for `reindex`.
    """
    place = path_of("folder", folder).absolute()
    Share(1, of)
    _require_outside(Path(gallery), place)
    facts = {"new_model": extractor.model.weights_sha256, "shares": of}
    with (
        job_on(gallery, context=context) as source,
        source.recorded("model_switch", action="share", **facts),
    ):
        edition = make_shadow(source, extractor.model)
        require_model(source.path, edition, extractor.model)
        directory = directory_of(source.path, edition)
        with closing(Shadow(source, directory, extractor.detector)) as shadow:
            _require_unused(place, directory)
            prepare(shadow, settings, on_progress)
            with shadow.locked():
                made = make_away_folder(shadow.directory, place)
            texts, photos = _dealt(shadow.tasks(settings.again), of, settings.batch)
            _write(made, texts, plan_for(extractor, settings, photos), keys_of(source.path))
        return SharedOut(place, photos)


def _dealt(
    tasks: Iterator[ReindexTask], of: int, size: int
) -> tuple[list[list[str]], tuple[int, ...]]:
    """Deal batches, the same that one process would do, one after another to the shares."""
    texts: list[list[str]] = [[] for _ in range(of)]
    photos = [0] * of
    turns = cycle(range(of))
    while batch := list(islice(tasks, size)):
        turn = next(turns)
        texts[turn].append(text_of_batch(batch))
        photos[turn] += len(batch)
    return texts, tuple(photos)


def _write(
    made: Path, texts: Sequence[Sequence[str]], plan: SharedPlan, keys: GalleryKeys | None
) -> None:
    with unwritable_reported("folder for shares of a job", made):
        try:
            if keys is not None:
                keys.write_to(made)
            for name in (TASKS, RESULTS):
                (made / name).mkdir(FOLDER_MODE)
            for number, batches in enumerate(texts, start=1):
                write_tasks(made, number, batches)
            write_plan(made, plan)
        except FileNotFoundError as error:
            raise dropped_error(made) from error


def _require_outside(gallery: Path, place: Path) -> None:
    if place.resolve().is_relative_to(gallery.resolve()):
        raise InputError(
            "folder for shares of a job",
            rule="must lie outside of the gallery",
            got=str(place),
            next_step="Name a folder that the other machines reach; they need not see the gallery.",
        )


def _require_unused(place: Path, edition: Path) -> None:
    """Refuse a folder that another job uses. An empty folder of a killed command is cleared."""
    own = away_folder(edition)
    for other in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if other != own:
                other.rmdir()
    if used := _names(place, own):
        raise JobError(
            "folder for shares of a job",
            rule="must be used for one job only",
            got=f"another job's {used[0]}",
            next_step="Name another folder; or delete that one, if its gallery is gone.",
            path=place,
        )


def _names(place: Path, own: Path | None) -> Sequence[str]:
    return [other.name for other in place.glob(f"{PREFIX}*") if other != own]
