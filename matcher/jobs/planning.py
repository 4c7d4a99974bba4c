"""What a job would do, how long it would take, and what room it needs; nothing is changed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from matcher.embedding import Extractor, ModelIdentity
from matcher.gallery import Gallery, GalleryInfo
from matcher.gallery.creation import create_gallery
from matcher.gallery.editions import directory_of, shadow_of
from matcher.jobs.batches import embed_batch
from matcher.jobs.decoding import Decoders
from matcher.jobs.photo_reads import batches, moved_path
from matcher.jobs.reindexing import require_model
from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import BUSY_TIMEOUT, Shadow
from matcher.jobs.tasks import ReindexTask
from matcher.progress import ProgressHook, silent

SLACK: Final = 1.2
"""Room to ask for, as a multiple of what the files will hold: the write-ahead log, free pages."""


@dataclass(frozen=True)
class Plan:
    """What a job would do.

    Parameters
    ----------
    model
        The new model.
    faces
        In the gallery.
    done
        Of those, done by an earlier run.
    copied
        Of those, taken over because the model stays; their photos are hashed, and embedded if
        they changed.
    to_do
        Of those, to be embedded.
    missing
        Of those to do, without a file.
    sampled, seconds_per_photo
        How many were timed, and the time of one, all stages together; nan without any.
    seconds
        Estimate for all that are to do and there.
    bytes_needed, bytes_free
        Estimated size of what the job adds, and room on the disk.
    """

    model: ModelIdentity
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
    """Return what `reindex` would do with the same arguments; `sample` photos are timed.

    Raises
    ------
    GalleryNotFoundError, GalleryDamagedError
        There is no gallery, or none that can be read.
    JobError
        The shadow there is of another model.
    """
    path = Path(gallery)
    with (
        Gallery.open(path, busy_timeout=BUSY_TIMEOUT) as source,
        _looked_at(source, extractor.model) as shadow,
    ):
        copies = source.model == extractor.model and shadow_of(path) is None
        to_do = 0 if copies else shadow.count(settings.again)
        missing, chosen = _surveyed(shadow, settings, to_do, sample, on_progress)
        each = _seconds_per_photo(extractor, chosen, settings)
        info = source.info()
        there = to_do - missing
        return Plan(
            model=extractor.model,
            faces=info.faces,
            done=0 if copies else info.faces - to_do,
            copied=info.faces if copies else 0,
            to_do=to_do,
            missing=missing,
            sampled=len(chosen),
            seconds_per_photo=each,
            seconds=each * there if there else 0.0,
            bytes_needed=_bytes_needed(info, extractor.model, info.faces if copies else there),
            bytes_free=shutil.disk_usage(path).free,
        )


@contextmanager
def _looked_at(source: Gallery, model: ModelIdentity) -> Iterator[Shadow]:
    """Open the shadow, or an empty one that is thrown away."""
    edition = shadow_of(source.path)
    if edition is not None:
        require_model(source.path, edition, model)
        with closing(Shadow(source, directory_of(source.path, edition))) as shadow:
            yield shadow
        return
    with TemporaryDirectory() as folder:
        directory = Path(folder) / "empty"
        create_gallery(directory, model, "auto")
        with closing(Shadow(source, directory)) as shadow:
            yield shadow


def _surveyed(
    shadow: Shadow, settings: JobSettings, to_do: int, sample: int, on_progress: ProgressHook
) -> tuple[int, list[ReindexTask]]:
    """Return how many files are missing, and tasks spread over all that are there."""
    missing = 0
    chosen: list[ReindexTask] = []
    step = max(1, to_do // sample)
    for number, task in enumerate(shadow.tasks(settings.again) if to_do else ()):
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
            embed_batch(extractor, batch)  # loads what is loaded once
        started = time.perf_counter()
        for batch in batches(tasks, decoders, settings):
            embed_batch(extractor, batch)
    return (time.perf_counter() - started) / len(tasks)


def _bytes_needed(info: GalleryInfo, model: ModelIdentity, faces: int) -> int:
    """Return records of today's size with vectors of the new length, in store and index."""
    if not info.faces:
        return 0
    records = max(0.0, info.store_bytes / info.faces - _stored(info.model))
    return round(SLACK * faces * (records + _stored(model) + 4 * model.dimension + 8))


def _stored(model: ModelIdentity) -> int:
    """Return the bytes that the store keeps of a face's vectors."""
    return 4 * model.dimension * len(model.vector_names)
