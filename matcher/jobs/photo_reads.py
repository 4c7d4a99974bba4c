"""Find the photos of a job at their present paths, and decode them ahead of the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from pathlib import Path

from matcher.decoding import Decoders
from matcher.embedding import Extractor
from matcher.jobs.batches import Read, batched, embed_batch
from matcher.jobs.settings import JobSettings
from matcher.jobs.tasks import ReindexResult, ReindexTask
from matcher.paths import from_reference


def batches(
    tasks: Iterable[ReindexTask], decoders: Decoders, settings: JobSettings
) -> Iterator[list[Read]]:
    """Yield batches of decoded photos; the next are decoded while one batch is embedded."""
    reads = _reads(tasks, decoders, settings)
    return batched(reads, settings.batch, settings.decoding.waiting_bytes)


def results_of(
    extractor: Extractor,
    tasks: Iterable[ReindexTask],
    decoders: Decoders,
    settings: JobSettings,
) -> Iterator[ReindexResult]:
    """Yield the result of each task, in order; the next photos are decoded meanwhile."""
    for batch in batches(tasks, decoders, settings):
        yield from embed_batch(extractor, batch, take_changed=settings.take_changed)


def _reads(
    tasks: Iterable[ReindexTask], decoders: Decoders, settings: JobSettings
) -> Iterator[Read]:
    located = ((task, moved_path(task.reference, settings.moved)) for task in tasks)
    with_facts = ((task, path, *size_and_time(path)) for task, path in located)
    ahead, facts = tee(with_facts)
    photos = decoders.read_all((path for _, path, *_ in ahead), 2 * settings.batch)
    for (task, path, size, mtime), photo in zip(facts, photos, strict=True):
        yield Read(task, path, size, mtime, photo)


def moved_path(reference: str, moved: Sequence[tuple[Path, Path]]) -> Path:
    """Return the present path of a photo."""
    path = from_reference(reference)
    for old, new in moved:
        if path.is_relative_to(old):
            return new / path.relative_to(old)
    return path


def size_and_time(path: Path) -> tuple[int | None, int | None]:
    """Return size and modification time of a file; None for both if there is no file."""
    try:
        stat = path.stat()
    except (OSError, ValueError):  # ValueError: a null character in the path
        return None, None
    return stat.st_size, stat.st_mtime_ns
