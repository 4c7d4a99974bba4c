"""A video of three rendered people: two walk past each other, and after a cut there is a third."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import made_video
from made_video import Pixels
from rendered_cohort import Cohort

SIZE = (480, 270)
RATE, SECONDS = 10, 6
SIDE = 130


@dataclass(frozen=True)
class Film:
    """Two people walk past each other for three seconds; a cut; a third one stands there.

    Parameters
    ----------
    path
        The file.
    subjects
        Identifiers of the three, in the order in which they begin.
    """

    path: Path
    subjects: tuple[str, str, str]


def frames(people: list[Pixels]) -> Iterator[Pixels]:
    """Draw the film."""
    first, second, third = people
    steps = RATE * SECONDS // 2
    for step in range(steps):
        share = step / (steps - 1)
        places = (round(80 + 320 * share), 125), (round(400 - 320 * share), 140)
        yield made_video.scene([(second, places[1]), (first, places[0])], SIZE)
    for step in range(steps):
        yield made_video.scene([(third, (240 + step, 130))], SIZE, seed=1)


def write(folder: Path, cohort: Cohort) -> Film:
    """Write the film as H.264 in MP4."""
    people = [made_video.face_of(path, SIDE) for path in cohort.probes[:3]]
    first, second, third = cohort.subjects[:3]
    path = made_video.write(folder / "film.mp4", frames(people), rate=RATE)
    return Film(path, (first, second, third))
