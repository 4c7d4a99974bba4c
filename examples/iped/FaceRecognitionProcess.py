"""Give IPED the faces and vectors of `matcher`, in place of its own file of this name.

IPED 4 starts this file as a process of its own (`scripts/tasks/FaceRecognitionProcess.py`), with
three arguments: the largest side of a photo, the detector, and how often a photo is enlarged. None
of them is used here. Requests are lines on standard input: "ping"; "terminate_process"; or the path
of a photo, and on the next line its EXIF orientation or "video". The answer is "image_error", or
the number of faces; then for each face a line "(top, right, bottom, left)" in pixels of the upright
photo; then for each face 128 lines with one number.

IPED shows faces whose distance is below a limit, by default 0.5. That limit was chosen for the
vectors of dlib. `matcher` makes vectors of unit length: a score s (cosine similarity) is a distance
of sqrt(2 - 2 s), so that 0.5 would ask for a score of 0.875. Set MATCHER_IPED_SCORE to the score
that shall become the distance 0.5, after a calibration of your own.

MATCHER_IPED_MODEL names another model with 128 numbers. See docs/how-to/use-in-iped.md.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from io import TextIOWrapper

    from matcher import Extractor
    from matcher.embedding import EmbeddedFace

terminate = "terminate_process"
imgError = "image_error"  # noqa: N816 - the task of IPED reads these four names
ping = "ping"
video = "video"

NUMBERS = 128
MOST_PHOTOS = 2000
"""Photos after which the process ends; IPED then starts the next one."""

ARGUMENTS = 3
IPED_LIMIT = 0.5


def main() -> None:
    """Answer requests until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    if len(sys.argv) != 1 + ARGUMENTS:
        sys.exit("This file speaks with the face task of IPED 4, which passes three arguments.")
    cast("TextIOWrapper", sys.stdin).reconfigure(errors="surrogateescape")  # names may be bytes
    stretch = _stretch(os.environ.get("MATCHER_IPED_SCORE"))
    with _extractor(os.environ.get("MATCHER_IPED_MODEL")).decoding_apart(workers=1) as extractor:
        for path in _photos(answers):
            for line in _answer(extractor, path, stretch):
                print(line, file=answers)
            answers.flush()


def _photos(answers: TextIO) -> Iterator[str]:
    """Yield the paths of photos; answer the pings between them."""
    photos = 0
    for request in map(_line, sys.stdin):
        if request == terminate or photos == MOST_PHOTOS:
            return
        if request == ping:
            print(ping, file=answers, flush=True)
            continue
        sys.stdin.readline()  # orientation or "video": matcher reads the orientation itself
        photos += 1
        yield request


def _line(text: str) -> str:
    return text.rstrip("\r\n")


def _extractor(model: str | None) -> Extractor:
    import matcher  # not above: IPED reads the names of this file without it

    extractor = matcher.load_extractor(model) if model else matcher.load_extractor()
    if extractor.model.dimension != NUMBERS:
        sys.exit(f"IPED keeps {NUMBERS} numbers of a face; {extractor.model} makes others.")
    return extractor


def _stretch(score: str | None) -> float:
    """Return the length of the vectors: 1, or that at which a score becomes IPED's limit."""
    if not score:
        return 1.0
    if not -1 <= float(score) < 1:
        sys.exit("MATCHER_IPED_SCORE must be a score from -1 to below 1.")
    return IPED_LIMIT / math.sqrt(2 - 2 * float(score))


def _answer(extractor: Extractor, path: str, stretch: float) -> Iterator[str]:
    from matcher.errors import NoFaceError

    (found,) = extractor.extract_many([path], choose="all")
    if isinstance(found.error, NoFaceError):
        yield "0"
        return
    if found.error is not None or found.photo is None:
        print(found.error, file=sys.stderr, flush=True)
        yield imgError
        return
    yield str(len(found.faces))
    scale = max(found.photo.original_size) / max(found.photo.size)  # of a very large JPEG
    yield from (_box(one, scale) for one in found.faces)
    for one in found.faces:
        yield from map(str, (one.vector.astype(float) * stretch).tolist())


def _box(found: EmbeddedFace, scale: float) -> str:
    left, top, right, bottom = (round(float(side) * scale) for side in found.face.box)
    return str((top, right, bottom, left))


if __name__ == "__main__":
    main()
