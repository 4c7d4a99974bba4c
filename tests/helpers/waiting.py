"""Wait for an event, however busy the machine is; and what other processes are alive."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 600.0
"""Seconds after which an event is taken not to come. No test should wait for so long."""


def wait_until(has_come: Callable[[], object]) -> None:
    """Return as soon as the event has come; fail after `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while not has_come():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and not yet waited for."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text("ascii").split())
        except OSError:  # the thread has ended
            continue
    return found


def alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be taken note of does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
