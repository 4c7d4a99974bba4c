"""The protocol of an executor, which embeds the photos of a job here or elsewhere."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import Shadow
from matcher.jobs.tasks import ReindexResult, Status


class Executor(Protocol):
    """Embeds the photos of a job. The result is the same wherever that happens."""

    def embedded(
        self, shadow: Shadow, settings: JobSettings, again: Sequence[Status]
    ) -> Generator[list[ReindexResult]]:
        """Yield results, a list at a time; the caller commits each list before it takes the next.

        Parameters
        ----------
        shadow
            The shadow, which yields the tasks. The executor writes nothing into it.
        settings
            Settings of the job.
        again
            Outcomes whose tasks are tried again, see `Shadow.tasks`.
        """
        ...
