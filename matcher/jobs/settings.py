"""Settings of a job."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from matcher.decoding import Decoding
from matcher.jobs.tasks import Status


@dataclass(frozen=True)
class JobSettings:
    """Settings of a job.

    Parameters
    ----------
    batch
        Photos in one transaction. An interruption costs at most these.
    decoding
        Worker processes, time limit of a photo, memory for waiting photos.
    moved
        (old, new) pairs of folders: a photo whose path begins with `old` is now in `new`.
    retry
        Whether photos that failed in an earlier run are tried again. Missing and changed photos
        always are.
    take_changed
        Whether a photo whose bytes changed since it was enrolled is embedded as it is now. It may
        show somebody else, so the default is not to. A person should look at each one first.
    """

    batch: int = 32
    decoding: Decoding = field(default_factory=Decoding)
    moved: tuple[tuple[Path, Path], ...] = ()
    retry: bool = False
    take_changed: bool = False

    @property
    def again(self) -> tuple[Status, ...]:
        """Outcomes that are tried again."""
        always: tuple[Status, ...] = ("missing", "changed")
        return (*always, "failed", "duplicate") if self.retry else always
