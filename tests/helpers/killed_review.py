"""Reviews that are ended at one line after another.

python killed_review.py GALLERY PROMISED STEP LEAD...

Each lap is of another lead. A process writes an opinion on it, withdraws it, and writes another
one. It is killed when it comes to a line of the rooms, one of every STEP, from the start and then
from the first opinion on. What a call has returned stands in the file PROMISED. A last lap ends
well.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import made_casework
from killed_watch import ending_at, kill

from matcher.casework import Opinion, reviewing
from matcher.governance import log

ROOMS = tuple(str(Path(module.__file__ or "").parent) for module in (reviewing, log))


def lap(gallery: Path, promised: Path, lead_id: str, line: int, *, late: bool) -> None:
    """Review a lead until a line, counted from the start or, if `late`, from the first opinion."""
    with ExitStack() as stack:
        if not late:
            stack.enter_context(ending_at(line, kill, ROOMS))
        casework = stack.enter_context(made_casework.casework_of(gallery, f"r{lead_id}"))
        first = casework.review(lead_id, Opinion("candidate", "first", {"nose/tip": "similar"}))
        _promise(promised, f"{lead_id} {first.review_id}")
        if late:
            stack.enter_context(ending_at(line, kill, ROOMS))
        back = casework.withdraw(first.review_id, "a slip")
        _promise(promised, f"{lead_id} {back.review_id}")
        last = casework.review(lead_id, Opinion("inconclusive", "second"))
        _promise(promised, f"{lead_id} {last.review_id}")


def _promise(file: Path, line: str) -> None:
    with file.open("a") as opened:
        opened.write(f"{line}\n")


def main() -> None:
    """Kill laps one after the other, each in a process of its own; say how many there were."""
    gallery, promised, step = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    leads = iter(sys.argv[4:])
    kills = 0
    for late in (False, True):
        line = 1
        while _is_killed(gallery, promised, next(leads), line, late=late):
            line += step
            kills += 1
    print(kills)  # noqa: T201 - read by the test


def _is_killed(gallery: Path, promised: Path, lead_id: str, line: int, *, late: bool) -> bool:
    child = os.fork()
    if child == 0:
        lap(gallery, promised, lead_id, line, late=late)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return not os.WIFEXITED(status)


if __name__ == "__main__":
    main()
