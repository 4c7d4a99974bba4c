"""Jobs: many probes that are searched one after the other, also when the browser is closed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from matcher.databases import SmallDatabase
from matcher.serve.state.files import StateFolder
from matcher.serve.state.uploads import Upload

ItemState = Literal["waiting", "done", "failed"]


@dataclass(frozen=True)
class JobItem:
    """One probe of a job.

    Parameters
    ----------
    number
        Its place among the photos that were uploaded together, from 1.
    upload
        Key of the upload.
    state
        waiting, done or failed.
    search
        Key of the search; empty if there is none.
    said
        Why it failed, in a sentence.
    """

    number: int
    upload: str
    state: ItemState
    search: str
    said: str


@dataclass(frozen=True)
class Job:
    """Several probes of one case.

    Parameters
    ----------
    key
        Its name in addresses.
    gallery, case, name
        Id of the gallery, token of the case, and who began it.
    at
        When it was begun, in seconds since 1970.
    items
        The probes.
    """

    key: str
    gallery: str
    case: str
    name: str
    at: float
    items: tuple[JobItem, ...]

    @property
    def left(self) -> tuple[JobItem, ...]:
        """The probes that were not searched for yet."""
        return tuple(item for item in self.items if item.state == "waiting")

    @property
    def failed(self) -> int:
        """Number of probes that failed."""
        return sum(item.state == "failed" for item in self.items)

    @property
    def state(self) -> str:
        """In words: waiting, running or done."""
        if not self.left:
            return "done"
        return "waiting" if len(self.left) == len(self.items) else "running"


_COLUMNS: Final = "key, gallery, case_token, name, at"


class Jobs:
    """The jobs of a server. What is done is written at once, so that a new server goes on.

    Parameters
    ----------
    folder
        The state of the server.
    clock
        Returns the time in seconds since 1970.
    """

    def __init__(self, folder: StateFolder, *, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock

    def new_key(self) -> str:
        """Return the key of a job to come."""
        return secrets.token_hex(16)

    def begin(self, key: str, uploads: Sequence[Upload]) -> None:
        """Write down a job for photos of one case; none of them is searched for yet."""
        first = uploads[0]
        with self._folder.work() as work, work.writing():
            row = (key, first.gallery, first.case, first.name, self._clock())
            work.run("INSERT INTO jobs VALUES (?, ?, ?, ?, ?)", row)
            work.run_each(
                "INSERT INTO items VALUES (?, ?, ?, 'waiting', '', '')",
                ((key, number, upload.key) for number, upload in enumerate(uploads, start=1)),
            )

    def finish(self, key: str, number: int, *, search: str = "", said: str = "") -> None:
        """Write what became of one probe: a search, or why there is none."""
        state = "failed" if not search else "done"
        with self._folder.work() as work:
            sql = "UPDATE items SET state = ?, search = ?, said = ? WHERE job = ? AND number = ?"
            work.run(sql, (state, search, said, key, number))

    def get(self, key: str) -> Job | None:
        """Return a job; None if there is none."""
        with self._folder.work() as work:
            row = work.row(f"SELECT {_COLUMNS} FROM jobs WHERE key = ?", (key,))  # noqa: S608
            return None if row is None else _job(work, row)

    def of_case(self, gallery: str, case: str) -> list[Job]:
        """Return the jobs of a case, the latest first."""
        return [job for job in self.all() if (job.gallery, job.case) == (gallery, case)]

    def all(self) -> list[Job]:
        """Return all jobs, the latest first."""
        with self._folder.work() as work:
            rows = list(work.rows(f"SELECT {_COLUMNS} FROM jobs ORDER BY at DESC"))  # noqa: S608
            return [_job(work, row) for row in rows]

    def forget(self, key: str) -> None:
        """Delete a job; the searches that it made stay in the log."""
        with self._folder.work() as work:
            work.run("DELETE FROM jobs WHERE key = ?", (key,))


def _job(work: SmallDatabase, row: Sequence[Any]) -> Job:
    items = work.rows(
        "SELECT number, upload, state, search, said FROM items WHERE job = ? ORDER BY number",
        (row[0],),
    )
    key, gallery, case, name, at = row
    return Job(key, gallery, case, name, at, tuple(JobItem(*item) for item in items))
