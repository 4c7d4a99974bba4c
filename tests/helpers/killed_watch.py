"""Enrolments and runs of a watch list that are ended at one line after another.

python killed_watch.py GALLERY STEP

Each lap enrols a new photo of another standing probe, and the process that runs the list is killed
when it comes to a line of the rooms. The lines are those from the commit of the enrolment to the
end of the run, one of every STEP. A last run ends well.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import made_watch

from matcher import run_watch_list
from matcher.crossing import pair_file
from matcher.gallery import Gallery
from matcher.watching import running

ROOMS = tuple(str(Path(module.__file__ or "").parent) for module in (running, pair_file))


@contextmanager
def ending_at(
    line: int, end: Callable[[], None], rooms: tuple[str, ...] = ROOMS
) -> Iterator[list[int]]:
    """Call `end` when so many lines of the rooms were come to for the first time; count them."""
    count = [0]
    seen: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(rooms):
            return None
        place = frame.f_code.co_filename, frame.f_lineno
        if event == "line" and place not in seen:
            seen.add(place)
            count[0] += 1
            if count[0] == line:
                end()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield count
    finally:
        sys.settrace(before)


def kill() -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def lap(gallery: Path, number: int, line: int, end: Callable[[], None]) -> int:
    """Enrol a photo of one of the probes, run the list until a line; return the lines passed."""
    with Gallery.open(gallery) as opened:
        made_watch.enrol(opened, f"late{number:03d}", number % 30, seed=number)
        with ending_at(line, end) as count:
            run_watch_list(opened)
        return count[0]


def main() -> None:
    """Kill laps one after the other, each in a process of its own; say at which lines."""
    gallery, step = Path(sys.argv[1]), int(sys.argv[2])
    number, line = 0, 1
    while True:
        child = os.fork()
        if child == 0:
            lap(gallery, number, line, kill)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        number += 1
        if os.WIFEXITED(status):
            break
        line += step
    print(number)  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
