"""How detection stands up to turned, mirrored, cropped and shrunk photos.

    python benchmarks/detection.py --photos FOLDER [--most 300] [--model NAME]

Every photo in which exactly one face is found is altered in known ways; a table tells, for each
alteration, in what share of the photos a face is found again, by which look, in what share the
landmarks lie where they must (mean error below a quarter of the inter-eye distance), the median
cosine of the new vector to the old one, and in what share the photo's own unaltered vector ranks
first among those of all photos. The photos need no labels.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from recording import Record

from matcher.embedding import DEFAULT_MODEL, Embedder, load_model
from matcher.faces import Detector, Face, align, load_detector
from matcher.photos import find_photos, load_photo

Pixels = NDArray[np.uint8]
Points = NDArray[np.float32]
Alteration = Callable[[Face], tuple[Pixels, Points]]
"""Makes altered pixels of a face's photo and tells where its landmarks are in them."""

COLUMNS = ("alteration", "found", "in place", "cosine", "first", "found by")
CLOSE_ENOUGH = 0.25
GROUP = 64


@dataclass(frozen=True)
class Outcome:
    """What became of one altered photo."""

    found_by: str | None
    in_place: bool = False
    vector: NDArray[np.float32] | None = None


def as_it_is(face: Face) -> tuple[Pixels, Points]:
    """Alter nothing."""
    return face.photo.pixels, face.landmarks


def turned(turns: int) -> Alteration:
    """Turn by quarter turns anticlockwise."""

    def alter(face: Face) -> tuple[Pixels, Points]:
        points = face.landmarks
        width, height = face.photo.size
        for _ in range(turns):
            points = np.column_stack([points[:, 1], width - 1 - points[:, 0]])
            width, height = height, width
        return np.rot90(face.photo.pixels, turns), points

    return alter


def mirrored(face: Face) -> tuple[Pixels, Points]:
    """Swap left and right; the landmark that lies left in the picture stays the first."""
    width = face.photo.size[0]
    points = face.landmarks[[1, 0, 2, 4, 3]] * (-1, 1) + (width - 1, 0)
    return face.photo.pixels[:, ::-1], points


def cropped(bottom: float) -> Alteration:
    """Cut out the face's box, down to the given share of its height."""

    def alter(face: Face) -> tuple[Pixels, Points]:
        left, top, right, low = face.box
        width, height = face.photo.size
        x0, y0 = max(0, round(float(left))), max(0, round(float(top)))
        x1 = min(width, round(float(right)))
        y1 = min(height, round(float(top + bottom * (low - top))))
        return face.photo.pixels[y0:y1, x0:x1], face.landmarks - (x0, y0)

    return alter


def shrunk(side: int) -> Alteration:
    """Reduce so that the longer side has so many pixels."""

    def alter(face: Face) -> tuple[Pixels, Points]:
        width, height = face.photo.size
        scale = side / max(width, height)
        small = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = Image.fromarray(face.photo.pixels).resize(small, Image.Resampling.LANCZOS)
        return np.asarray(pixels), (face.landmarks + 0.5) * scale - 0.5

    return alter


ALTERATIONS: dict[str, Alteration] = {
    "as it is": as_it_is,
    "turned 90": turned(1),
    "turned 180": turned(2),
    "turned 270": turned(3),
    "mirrored": mirrored,
    "cropped to the box": cropped(1.0),
    "cropped at the chin": cropped(0.9),
    "longer side 96 px": shrunk(96),
    "longer side 64 px": shrunk(64),
    "longer side 48 px": shrunk(48),
}


def faces_of(paths: list[Path], detector: Detector) -> tuple[list[Face], Counter[str]]:
    """Return the faces of photos that show exactly one, and how many photos show how many."""
    single, counts = [], Counter[str]()
    for start in range(0, len(paths), GROUP):
        photos = [load_photo(path) for path in paths[start : start + GROUP]]
        for faces in detector.detect(photos):
            counts["none" if not faces else "one" if len(faces) == 1 else "several"] += 1
            counts.update({face.found_by for face in faces})
            single += faces if len(faces) == 1 else []
    return single, counts


def outcomes(
    faces: list[Face], alter: Alteration, detector: Detector, embedder: Embedder
) -> Iterator[Outcome]:
    """Alter, detect and embed again; the largest face counts."""
    for start in range(0, len(faces), GROUP):
        altered = [alter(face) for face in faces[start : start + GROUP]]
        photos = [load_photo(np.ascontiguousarray(pixels)) for pixels, _ in altered]
        for (_, wanted), found in zip(altered, detector.detect(photos), strict=True):
            yield outcome(found[0], wanted, embedder) if found else Outcome(None)


def outcome(face: Face, wanted: Points, embedder: Embedder) -> Outcome:
    """Compare one face with where it must be."""
    error = np.linalg.norm(face.landmarks - wanted, axis=1).mean()
    in_place = bool(error < CLOSE_ENOUGH * np.linalg.norm(wanted[1] - wanted[0]))
    return Outcome(face.found_by, in_place, vectors([face], embedder)[0])


def vectors(faces: list[Face], embedder: Embedder) -> NDArray[np.float32]:
    """Return one vector per face."""
    template = embedder.record.crop
    return embedder.embed(np.stack([align(f.photo, f.landmarks, template) for f in faces]))


def row(results: list[Outcome], originals: NDArray[np.float32]) -> tuple[str | None, ...]:
    """Return the figures of one alteration, in the order of `COLUMNS`."""
    kept = [(i, o.vector) for i, o in enumerate(results) if o.vector is not None]
    own = np.array([float(vector @ originals[i]) for i, vector in kept])
    looks = Counter(o.found_by for o in results if o.found_by)
    place = sum(o.in_place for o in results)
    first = sum(int((originals @ vector).argmax()) == i for i, vector in kept)
    return (
        *(f"{100 * part / len(results):.1f} %" for part in (len(kept), place)),
        f"{np.median(own):.3f}" if len(own) else None,
        f"{100 * first / len(results):.1f} %",
        ", ".join(f"{name} {count}" for name, count in looks.most_common()),
    )


def main() -> None:
    """Read the arguments, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder, searched deep")
    parser.add_argument("--most", type=int, default=300, help="at most so many, evenly spread")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--device", default="cpu")
    record = Record.begin(__file__, parser)
    arguments = record.options
    paths = find_photos(arguments.photos)
    places = np.unique(np.linspace(0, len(paths) - 1, arguments.most).astype(int))
    detector = load_detector(arguments.device)
    embedder = load_model(arguments.model, device=arguments.device)
    began = time.perf_counter()
    faces, counts = faces_of([paths[i] for i in places], detector)
    each = (time.perf_counter() - began) / len(places)
    record.table(
        "photos",
        ("photos", "one face", "several faces", "no face", "time of a photo, reading included"),
        [
            (
                len(places),
                *(counts[many] for many in ("one", "several", "none")),
                f"{each * 1000:.0f} ms",
            )
        ],
    )
    originals = vectors(faces, embedder)
    rows = [
        (name, *row(list(outcomes(faces, alter, detector, embedder)), originals))
        for name, alter in ALTERATIONS.items()
    ]
    record.table("altered", COLUMNS, rows)
    record.write()


if __name__ == "__main__":
    main()
