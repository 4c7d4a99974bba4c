"""Plan a job: what it would do, its time, and the room it needs. Nothing is changed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.decoding import Decoders
from matcher.embedding import Extractor, ModelIdentity
from matcher.gallery import Gallery, GalleryInfo
from matcher.gallery.editions import directory_of, shadow_of
from matcher.jobs.batches import embed_batch
from matcher.jobs.photo_reads import batches, moved_path
from matcher.jobs.reindexing import require_model
from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import BUSY_TIMEOUT, Shadow, all_tasks
from matcher.jobs.tasks import ReindexTask
from matcher.progress import ProgressHook, silent

SLACK: Final = 1.2
"""Room to ask for, as a multiple of the files' content: the write-ahead log, free pages."""


@dataclass(frozen=True)
class Plan:
    """The plan of a job.

    Parameters
    ----------
    model
        The new model.
    precision
        The precision in which it computes on this machine.
    faces
        Number of faces in the gallery.
    done
        Number of these faces that an earlier run did.
    copied
        Number of these faces that are taken over because the model stays the same. Their photos are
        hashed, and embedded if they changed.
    to_do
        Number of these faces that must be embedded.
    missing
        Number of the faces to do that have no file.
    sampled, seconds_per_photo
        Number of photos that were timed, and the seconds for one, all stages together; nan if none
        was timed.
    seconds
        Estimate in seconds for all faces to do that have a file.
    bytes_needed, bytes_free
        Estimated size of what the job adds, and free room on the disk.
    """

    model: ModelIdentity
    precision: str
    faces: int
    done: int
    copied: int
    to_do: int
    missing: int
    sampled: int
    seconds_per_photo: float
    seconds: float
    bytes_needed: int
    bytes_free: int


def plan(
    gallery: Path | str,
    extractor: Extractor,
    *,
    settings: JobSettings = JobSettings(),  # noqa: B008 - frozen, so one instance serves all calls
    sample: int = 64,
    on_progress: ProgressHook = silent,
) -> Plan:
    """Return what `reindex` would do with the same arguments. `sample` photos are timed.

    Raises
    ------
    GalleryNotFoundError, GalleryDamagedError
        There is no gallery, or it cannot be read.
    JobError
        The existing shadow belongs to another model.
    """
    path = Path(gallery)
    with (
        Gallery.open(path, busy_timeout=BUSY_TIMEOUT) as source,
        _looked_at(source, extractor.model) as shadow,
    ):
        copies = source.model == extractor.model and shadow is None
        tasks = all_tasks(source) if shadow is None else shadow.tasks(settings.again)
        to_do = 0 if copies else len(source) if shadow is None else shadow.count(settings.again)
        missing, chosen = _surveyed(tasks, settings, to_do, sample, on_progress)
        per_photo = _seconds_per_photo(extractor, chosen, settings)
        info = source.info()
        present = to_do - missing
        return Plan(
            model=extractor.model,
            precision=extractor.precision,
            faces=info.faces,
            done=0 if copies else info.faces - to_do,
            copied=info.faces if copies else 0,
            to_do=to_do,
            missing=missing,
            sampled=len(chosen),
            seconds_per_photo=per_photo,
            seconds=per_photo * present if present else 0.0,
            bytes_needed=_bytes_needed(info, extractor.model, info.faces if copies else present),
            bytes_free=shutil.disk_usage(path).free,
        )


@contextmanager
def _looked_at(source: Gallery, model: ModelIdentity) -> Iterator[Shadow | None]:
    """Open the shadow; None if there is none."""
    edition = shadow_of(source.path)
    if edition is None:
        yield None
        return
    require_model(source.path, edition, model)
    with closing(Shadow(source, directory_of(source.path, edition))) as shadow:
        yield shadow


def _surveyed(
    tasks: Iterator[ReindexTask],
    settings: JobSettings,
    to_do: int,
    sample: int,
    on_progress: ProgressHook,
) -> tuple[int, list[ReindexTask]]:
    """Return the number of missing files, and tasks spread over all existing files."""
    missing = 0
    chosen: list[ReindexTask] = []
    step = max(1, to_do // sample)
    for number, task in enumerate(tasks if to_do else ()):
        if not moved_path(task.reference, settings.moved).is_file():
            missing += 1
        elif (number - missing) % step == 0 and len(chosen) < sample:
            chosen.append(task)
        if number % 1000 == 0:
            on_progress("look for photos", number, to_do)
    return missing, chosen


def _seconds_per_photo(
    extractor: Extractor, tasks: Sequence[ReindexTask], settings: JobSettings
) -> float:
    if not tasks:
        return float("nan")
    with Decoders(settings.decoding) as decoders:
        for batch in batches(tasks[:1], decoders, settings):
            embed_batch(extractor, batch)  # loads what is loaded only once
        started = time.perf_counter()
        for batch in batches(tasks, decoders, settings):
            embed_batch(extractor, batch)
    return (time.perf_counter() - started) / len(tasks)


def _bytes_needed(info: GalleryInfo, model: ModelIdentity, faces: int) -> int:
    """Return the bytes of records of today's size and new vectors, in store and index."""
    if not info.faces:
        return 0
    records = max(0.0, info.store_bytes / info.faces - _stored(info.model))
    return round(SLACK * faces * (records + _stored(model) + 4 * model.dimension + 8))


def _stored(model: ModelIdentity) -> int:
    """Return the bytes of a face's vectors in the store."""
    return 4 * model.dimension * len(model.vector_names)
