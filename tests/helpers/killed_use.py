"""A governed gallery whose users are killed while they search, enrol and remove.

python killed_use.py FOLDER KILLS

Each lap is a process of its own that is killed at a line of the code that writes the log or the
gallery, the lines spread over all that a use passes. In every fifth lap it is killed after a part
of a record was written. After each lap the gallery is opened and checked. What a lap got back
stands in a journal that is on the disk before the lap goes on.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from gallery_builders import MODEL, enrolment
from governed import CONTEXT
from killed_watch import ending_at, kill

from matcher.embedding import Extractor
from matcher.gallery import Gallery, gallery, governing, writer
from matcher.governance import ANCHORS_VARIABLE, log, read_anchors
from matcher.search import Searcher, recording
from matcher.testing import FakeDetector, FakeEmbedder

EXTRACTOR = Extractor(FakeDetector(), FakeEmbedder(16))
ROOMS = (
    str(Path(log.__file__).parent),
    *(str(module.__file__) for module in (gallery, governing, writer, recording)),
)
NEVER = 10**9


class Uses:
    """What is done with the gallery, and the journal of what came back."""

    def __init__(self, folder: Path) -> None:
        self.path, self.journal = folder / "gallery", folder / "journal"

    def note(self, word: str, what: object) -> None:
        """Write a line that outlives the process."""
        with self.journal.open("a", encoding="ascii") as file:
            file.write(f"{word} {json.dumps(what)}\n")
            file.flush()
            os.fsync(file.fileno())

    def search(self, number: int) -> None:
        """Search with a vector."""
        vector = np.zeros(16, dtype=np.float32)
        vector[number % 16] = 1
        with Gallery.open(self.path, context=CONTEXT) as opened:
            found = Searcher(opened, EXTRACTOR).search(vector, top=3)
            self.note("found", [one.score for one in found])

    def enrol(self, number: int) -> None:
        """Enrol a photo of a new subject."""
        with Gallery.open(self.path, context=CONTEXT) as opened:
            self.note("wanted", number)
            opened.add([enrolment(1000 + number, f"new-{number}")])
            self.note("enrolled", number)

    def remove(self, number: int) -> None:
        """Remove a subject of those that were there first."""
        with Gallery.open(self.path, context=CONTEXT) as opened:
            self.note("unwanted", number)
            opened.remove_subject(f"first-{number}")
            self.note("removed", number)


def after_a_part(number: int) -> Callable[[int, bytes, int], None]:
    """Return a function that writes a part of a record and kills the process."""

    def write(descriptor: int, content: bytes, _end: int) -> None:
        os.write(descriptor, content[: 1 + number * 37 % (len(content) - 1)])
        kill()

    return write


def lap(use: Callable[[int], None], number: int, line: int) -> None:
    """Do one use, until it is killed."""
    if number % 5 == 0:
        log.write_whole = after_a_part(number)  # type: ignore[attr-defined]
        line = NEVER
    with ending_at(line, kill, ROOMS):
        use(number)


def in_a_process(work: Callable[[], None]) -> bool:
    """Do something in a forked process; return whether it was killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or status == 0, "the use failed"
    return os.WIFSIGNALED(status)


def lines_of(use: Callable[[int], None], number: int) -> int:
    """Return how many lines a use passes."""
    with ending_at(NEVER, kill, ROOMS) as count:
        use(number)
    return count[0]


def check(uses: Uses, anchors: Path) -> None:
    """Open the gallery, and find no fault in it."""
    with Gallery.open(uses.path, context=CONTEXT) as opened:
        assert opened.verify().faults == ()
        (file,) = anchors.iterdir()
        found = opened.verify_log(anchors=read_anchors(file))
        assert found.ok, found.faults


def main() -> None:
    """Kill laps, and print how many were killed in which use."""
    folder, kills = Path(sys.argv[1]), int(sys.argv[2])
    uses, anchors = Uses(folder), folder / "anchors"
    anchors.mkdir()
    os.environ[ANCHORS_VARIABLE] = str(anchors)
    with Gallery.create(uses.path, model=MODEL, governed=True, context=CONTEXT) as made:
        count = range(3 * kills + 10)
        made.add([enrolment(number, f"first-{number}") for number in count])
    each = (uses.search, uses.enrol, uses.remove)
    lines = [lines_of(use, 3 * kills + 5 + place) for place, use in enumerate(each)]
    killed: Counter[str] = Counter()
    number = 0
    while killed.total() < kills:
        place = number % 3
        line = 1 + number // 3 * max(1, lines[place] * 3 // kills) % lines[place]
        died = in_a_process(lambda: lap(each[place], number, line))  # noqa: B023 - at once
        killed[each[place].__name__] += died
        check(uses, anchors)
        number += 1
        assert number < 3 * kills
    print(json.dumps(killed))  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
