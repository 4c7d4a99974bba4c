"""How often the rule for a dominant face takes another person than the one who is meant.

    python benchmarks/dominant_face.py LFW --cache faces.jsonl [--model NAME]

LFW holds one folder for each person, with photos of 250 x 250 pixels that are centred on that
person. Of several faces in a photo, the person's own is the one whose vector agrees best with the
other photos of the name that show one face; if there is none, it is the face nearest to the centre.
A table tells for each limit how many photos of several faces the rule accepts, and in how many of
them the accepted face is another person's, with a 95 % Clopper-Pearson interval over photos. The
people are in two halves by a hash of the name: choose the limits on the first, confirm them on the
second. The cache keeps the faces of photos that were read before; it is a text file with vectors.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from recording import Cell, Record, estimate

from fairness import clopper_pearson
from matcher.embedding import DEFAULT_MODEL, Extractor, load_extractor
from matcher.faces import is_dominant
from matcher.photos import find_photos

RATIOS = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0)
INSIDES = (0.0, 0.9, 1.0)
CENTRE = 124.5  # of 250 pixels
HALVES = ("first half", "second half")
COLUMNS = (
    "least ratio of sides",
    "least share inside",
    *(f"{half}: {what}" for half in HALVES for what in ("accepted", "another's")),
)


@dataclass(frozen=True)
class Seen:
    """The faces of one photo, the largest first: boxes (n, 4), vectors (n, d), shares inside."""

    person: str
    boxes: NDArray[np.float32]
    vectors: NDArray[np.float32]
    inside: tuple[float, ...]


def read(folder: Path, cache: Path, extractor: Extractor) -> Iterator[Seen]:
    """Yield the faces of each photo; photos that the cache lacks are read and added to it."""
    known = dict(map(_named, cache.read_text().splitlines())) if cache.exists() else {}
    paths = [path for path in find_photos(folder) if str(path.relative_to(folder)) not in known]
    yield from known.values()
    extractions = extractor.extract_many(paths, choose="all", purpose="pairs")
    with cache.open("a") as file:
        for path, extraction in zip(paths, extractions, strict=True):
            faces = [
                {
                    "box": one.face.box.tolist(),
                    "inside": one.face.quality.inside,
                    "vector": [round(float(value), 4) for value in one.vector],
                }
                for one in extraction.faces
            ]
            line = json.dumps({"photo": str(path.relative_to(folder)), "faces": faces})
            file.write(line + "\n")
            yield _named(line)[1]


def _named(line: str) -> tuple[str, Seen]:
    row = json.loads(line)
    faces = row["faces"]
    return row["photo"], Seen(
        person=Path(row["photo"]).parts[0],
        boxes=np.array([face["box"] for face in faces], np.float32).reshape(-1, 4),
        vectors=np.array([face["vector"] for face in faces], np.float32),
        inside=tuple(face["inside"] for face in faces),
    )


def own_face(photo: Seen, alone: Sequence[NDArray[np.float32]]) -> int:
    """Return the number of the named person's face, given vectors of the person alone."""
    if alone:
        return int((photo.vectors @ np.stack(alone).T).mean(axis=1).argmax())
    centres = (photo.boxes[:, :2] + photo.boxes[:, 2:]) / 2
    return int(np.linalg.norm(centres - CENTRE, axis=1).argmin())


def half(person: str) -> int:
    """Return 0 or 1, the same for all photos of a person."""
    return hashlib.sha256(person.encode()).digest()[0] % 2


def table(several: Sequence[tuple[Seen, int]]) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each limit, in the order of `COLUMNS`."""
    for inside, ratio in product(INSIDES, RATIOS):
        row: list[Cell] = [f"{ratio:g}", f"{100 * inside:.0f} %" if inside else "any"]
        for number in range(len(HALVES)):
            mine = [(photo, own) for photo, own in several if half(photo.person) == number]
            owners = [
                own
                for photo, own in mine
                if is_dominant(photo.boxes, photo.inside[0], ratio=ratio, least_inside=inside)
            ]
            wrong = sum(own != 0 for own in owners)
            row += [f"{len(owners)} of {len(mine)}", share(wrong, len(owners))]
        yield tuple(row)


def share(wrong: int, taken: int) -> str:
    """Return how many of the accepted faces are another person's, with the interval."""
    if taken == 0:
        return "none accepted"
    low, high = clopper_pearson(wrong, taken)
    return f"{wrong}: {estimate(100 * wrong / taken, (100 * low, 100 * high), '%', 1)}"


def main() -> None:
    """Read the photos, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="one folder for each person")
    parser.add_argument("--cache", type=Path, required=True, help="faces of an earlier run")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    record = Record.begin(__file__, parser)
    options = record.options
    photos = list(read(options.folder, options.cache, load_extractor(options.model)))
    alone: defaultdict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for photo in photos:
        if len(photo.boxes) == 1:
            alone[photo.person].append(photo.vectors[0])
    several = [
        (photo, own_face(photo, alone[photo.person])) for photo in photos if len(photo.boxes) > 1
    ]
    judged = sum(bool(alone[photo.person]) for photo, _ in several)
    people = len({photo.person for photo, _ in several})
    taken = [is_dominant(photo.boxes, photo.inside[0]) for photo, _ in several]
    lost = {photo.person for photo, _ in several if not alone[photo.person]}
    found = {photo.person for (photo, _), dominant in zip(several, taken, strict=True) if dominant}
    record.table(
        "photos",
        ("what", "number"),
        [
            ("photos", len(photos)),
            ("people", len({photo.person for photo in photos})),
            ("photos with several faces", len(several)),
            ("people of these", people),
            ("own face by the person's other photos", judged),
            ("own face by the centre", len(several) - judged),
            ("people without a photo of one face", len(lost)),
            ("photos that fail with the rule", taken.count(False)),
            ("people without a photo with the rule", len(lost - found)),
        ],
    )
    record.table("limits", COLUMNS, list(table(several)))
    record.write()


if __name__ == "__main__":
    main()
