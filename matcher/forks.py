"""Refuse work that would hang, or harm a file, in a process that was made by `os.fork`.

A forked process has the memory of its parent, but only one of its threads. A library that shares
its work among threads waits for ever for the others, and SQLite documents that a connection must
not be carried across a fork (https://www.sqlite.org/howtocorrupt.html, section 2.6). Processes that
are started by "spawn" or "forkserver" have none of these faults.
"""

from __future__ import annotations

import os

from matcher.errors import ForkError

_began: int | None = None
"""The process in which PyTorch or FAISS began to share work among threads; None before that."""


def claim_threads(count: int) -> None:
    """Say that this process is about to share work among so many threads.

    One thread alone is safe in every process.

    Raises
    ------
    ForkError
        If the process was forked from one that had begun to share work.
    """
    global _began
    here = os.getpid()
    if _began not in (None, here):
        raise ForkError(
            "model or index",
            rule="runs in a process whose threads are its own",
            got=f"a process that was forked from process {_began}, which had used one",
            next_step='Start processes by multiprocessing.get_context("spawn"), or fork earlier.',
        )
    if count > 1:
        _began = here


def require_own(what: str, opened_by: int) -> None:
    """Refuse something that another process opened.

    Raises
    ------
    ForkError
        If this is not the process with that number.
    """
    if os.getpid() != opened_by:
        raise ForkError(
            what,
            rule="is used by the process that opened it",
            got=f"a process that was forked from process {opened_by}",
            next_step="Open it again in this process, or start processes by "
            'multiprocessing.get_context("spawn").',
        )
