"""What an executor must do: embed the photos of a job, here or elsewhere."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from matcher.jobs.settings import JobSettings
from matcher.jobs.shadow import Shadow
from matcher.jobs.tasks import ReindexResult, Status


class Executor(Protocol):
    """Embeds the photos of a job. The outcome is the same wherever that happens."""

    def embedded(
        self, shadow: Shadow, settings: JobSettings, again: Sequence[Status]
    ) -> Generator[list[ReindexResult]]:
        """Give results, a list at a time; each list is to be committed before the next is asked.

        Parameters
        ----------
        shadow
            Gives the tasks; the executor writes nothing into it.
        settings
            How the job works.
        again
            Outcomes that are tried again, see `Shadow.tasks`.
        """
        ...
