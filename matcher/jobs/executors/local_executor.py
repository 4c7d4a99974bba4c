"""Embed the photos of a job on this machine."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from matcher.decoding import Decoders
from matcher.embedding import Extractor
from matcher.jobs.batches import embed_batch
from matcher.jobs.photo_reads import batches
from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import Shadow
from matcher.jobs.tasks import ReindexResult, Status


@dataclass(frozen=True)
class LocalExecutor:
    """Decodes photos in other processes, and embeds them in this process.

    Parameters
    ----------
    extractor
        The detector and the new model.
    """

    extractor: Extractor

    def embedded(
        self, shadow: Shadow, settings: JobSettings, again: Sequence[Status]
    ) -> Generator[list[ReindexResult]]:
        """Yield the results of one batch after another."""
        with Decoders(settings.decoding) as decoders:
            for batch in batches(shadow.tasks(again), decoders, settings):
                yield embed_batch(self.extractor, batch, take_changed=settings.take_changed)


def default_workers() -> int:
    """Return a suitable number of decoding processes for this machine."""
    return max(1, min(8, os.cpu_count() or 1))
