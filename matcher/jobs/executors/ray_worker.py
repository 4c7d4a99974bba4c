"""The worker that runs on the nodes of a Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from matcher._version import __version__
from matcher.decoding import Decoders
from matcher.embedding import Extractor, ModelIdentity
from matcher.errors import JobError, MatcherError
from matcher.heap import use_one_heap
from matcher.jobs.executors.shards import write_shard
from matcher.jobs.photo_reads import results_of
from matcher.jobs.settings import JobSettings
from matcher.jobs.tasks import ReindexTask


class Worker:
    """A process of the cluster that holds the model; its decoders have their own processes."""

    def __init__(
        self, load: Callable[[], Extractor], threads: int, settings: JobSettings, home: Path
    ) -> None:
        self._load = load
        self._threads = threads
        self._settings = settings
        self._home = home

    def get_ready(self, model: ModelIdentity, version: str) -> bool:
        """Load the model, and change to the job's folder so that relative paths work.

        Raises
        ------
        JobError
            When the model, the library or the folder is not the same as the job's.
        """
        try:
            os.chdir(self._home)
        except OSError as error:
            raise _differs(f"the folder {self._home}, where the job was started", error) from error
        if __version__ != version:
            raise _differs(f"matcher {version}", __version__)
        use_one_heap()
        torch.set_num_threads(self._threads)
        self._extractor = self._load()
        if self._extractor.model != model:
            raise _differs(f"the job's model, {model}", self._extractor.model)
        self._decoders = Decoders(self._settings.decoding)
        return True

    def embed(self, tasks: Sequence[ReindexTask], file: Path) -> bool:
        """Write the results of a shard to a file; return False if its folder is gone."""
        results = list(results_of(self._extractor, tasks, self._decoders, self._settings))
        try:
            write_shard(file, results)
        except FileNotFoundError:
            return False
        return True


def _differs(rule: str, got: object) -> MatcherError:
    return JobError(
        "node of the Ray cluster",
        rule=f"must have {rule}",
        got=got,
        next_step="Make it the same on all nodes, then start the command again.",
    )
