"""Run jobs: one probe after the other, whoever looks; a new server goes on where the last ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from matcher.errors import MatcherError
from matcher.serve.refusals import Refusal, sentences
from matcher.serve.state import Job, JobItem, Jobs, Upload, Uploads

log = logging.getLogger(__name__)

Search = Callable[[Job, Upload], str]
"""Searches for the face of one photo of a job, and returns the key of the search."""


class JobRunner:
    """One thread that does the jobs of a server in the order in which they were begun.

    Parameters
    ----------
    jobs, uploads
        The state of the server.
    hidden
        Paths of this machine that no sentence may have.
    """

    search: Search
    """Does one probe; it is set before `start`."""

    def __init__(self, jobs: Jobs, uploads: Uploads, hidden: Sequence[str] = ()) -> None:
        self._jobs, self._uploads, self._hidden = jobs, uploads, hidden
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin, with the jobs that an earlier server left."""
        for job in reversed(self._jobs.all()):
            if job.left:
                self._queue.put(job.key)
        self._thread.start()

    def add(self, key: str) -> None:
        """Do a job after those that wait."""
        self._queue.put(key)

    def stop(self) -> None:
        """End after the probe that is under way. What is left waits for the next server."""
        self._ending.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (key := self._queue.get()) is not None:
            try:
                self._do(key)
            except MatcherError as error:
                log.error("a job was left where it is (%s)", error.code)

    def _do(self, key: str) -> None:
        job = self._jobs.get(key)
        for item in () if job is None else job.left:
            if self._ending.is_set():
                return
            assert job is not None  # noqa: S101 - it has items
            self._do_one(job, item)

    def _do_one(self, job: Job, item: JobItem) -> None:
        upload = self._uploads.get(item.upload)
        if upload is None:
            self._jobs.finish(job.key, item.number, said="The photo is not there any more.")
            return
        try:
            search, said = self.search(job, upload), ""
        except (MatcherError, Refusal) as error:
            search, said = "", _said(error, self._hidden)
        except Exception as error:  # noqa: BLE001 - one probe must not end the others
            log.error("a probe of a job failed (%s)", type(error).__name__)
            search, said = "", "The server could not do this photo."
        self._jobs.finish(job.key, item.number, search=search, said=said)
        self._uploads.discard([upload])


def _said(error: MatcherError | Refusal, hidden: Sequence[str]) -> str:
    if isinstance(error, Refusal):
        return error.said
    return " ".join(sentences(error, hidden))
