"""What the parts of a server share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from matcher.serve.pages import Pages
from matcher.serve.settings import ServeSettings
from matcher.serve.state import Accounts, Attempts, Jobs, Sessions, Uploads
from matcher.serve.work import Galleries, Groupings, JobRunner, Pictures, SearchWork


@dataclass(frozen=True, eq=False)
class Services:
    """Everything that a route may need.

    Parameters
    ----------
    settings
        The settings of the server.
    accounts, sessions, attempts, uploads, jobs
        Its state.
    galleries, groupings, pictures, searching, runner, report
        Its work.
    pages
        Its pages.
    hidden_paths
        Paths of this machine that no answer may have.
    clock
        Returns the time in seconds since 1970.
    """

    settings: ServeSettings
    accounts: Accounts
    sessions: Sessions
    attempts: Attempts
    uploads: Uploads
    jobs: Jobs
    galleries: Galleries
    groupings: Groupings
    pictures: Pictures
    searching: SearchWork
    runner: JobRunner
    report: Mapping[str, Path]
    pages: Pages
    hidden_paths: tuple[str, ...]
    clock: Callable[[], float]
