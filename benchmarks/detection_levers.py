"""What ways of detecting faces faster would save, and what they would change.

    OMP_NUM_THREADS=1 python benchmarks/detection_levers.py --photos FGNET LFW [--most 250]

Each way is a constant of the detector set to another value. For each, a table tells its time over
that of the shipped detector (the least of three turns, processor time of this process), the faces
that are lost and new, in how many photos the choice "one" ends otherwise, and how far the landmarks
of the largest face move: the largest of the five distances, as a share of the inter-eye distance.
Photos with rendered groups of people are added. The last table gives the processor time of the
shipped detector by size of photo. The photos need no labels.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from PIL import Image
from recording import Cell, Record
from torch import Tensor, nn

from matcher.errors import MatcherError
from matcher.faces import Face, choose_faces
from matcher.faces.detection import cascade, mtcnn
from matcher.faces.detection.mtcnn import MtcnnDetector
from matcher.faces.detection.retries import attempts_from
from matcher.heap import use_one_heap
from matcher.photos import Photo, find_photos, load_photo
from matcher.synthetic import sample_photos

TURNS, BATCH, TIMED, GROUPS = 3, 16, 32, 24
COLUMNS = (
    "way",
    "time",
    "lost",
    "new",
    'choice "one" ends otherwise',
    "landmarks move by more than 1 %",
    "median",
    "largest",
)
SIZES = ((250, 250), (400, 500), (900, 1200), (3000, 4000))


@dataclass(frozen=True)
class Lever:
    """One way: a detector, and constants of modules that are set while it works."""

    name: str
    make: Callable[[], MtcnnDetector] = MtcnnDetector
    module: ModuleType = cascade
    values: dict[str, object] = field(default_factory=dict)

    @contextmanager
    def set(self) -> Iterator[None]:
        """Set the constants for the block."""
        before = {name: getattr(self.module, name) for name in self.values}
        for name, value in self.values.items():
            setattr(self.module, name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                setattr(self.module, name, value)


class InBfloat16(nn.Module):
    """The first network in bfloat16."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, sheet: Tensor) -> tuple[Tensor, ...]:
        """Return its outputs as float32."""
        with torch.autocast("cpu", torch.bfloat16):
            return tuple(output.float() for output in self.network(sheet))


def bfloat16() -> MtcnnDetector:
    """Return a detector whose first network computes in bfloat16."""
    detector = MtcnnDetector()
    inner = detector._cascade
    inner._propose = InBfloat16(inner._propose)  # type: ignore[assignment]
    return detector


LEVERS = (
    Lever("as shipped"),
    Lever("pyramid step 0.6 in place of 0.71", values={"PYRAMID_STEP": 0.6}),
    Lever("pyramid step 0.5", values={"PYRAMID_STEP": 0.5}),
    Lever("smallest face 51 px in place of 36", lambda: MtcnnDetector(smallest_face=51)),
    Lever("smallest face 72 px", lambda: MtcnnDetector(smallest_face=72)),
    Lever("first network in bfloat16", bfloat16),
    Lever(
        "first threshold 0.7 in place of 0.6",
        MtcnnDetector,
        mtcnn,
        {"FIRST_THRESHOLDS": (0.7, 0.7)},
    ),
    Lever(
        "second threshold 0.8 in place of 0.7",
        MtcnnDetector,
        mtcnn,
        {"FIRST_THRESHOLDS": (0.6, 0.8)},
    ),
    Lever(
        "longer side 800 px in place of 1,200",
        module=mtcnn,
        values={"ATTEMPTS": attempts_from(800)},
    ),
    Lever("no look at the turned photo", module=mtcnn, values={"SURE": 0.8}),
    Lever("16 crops together in place of 64", values={"CROPS_TOGETHER": 16}),
    Lever("128 crops together", values={"CROPS_TOGETHER": 128}),
)


def groups(count: int) -> list[Photo]:
    """Return rendered photos, each of 2 to 12 people whose faces may hide each other."""
    rng = np.random.default_rng(1)
    people = [photo.pixels for photo in sample_photos(12, (6.0, 40.0))]
    made = []
    for _ in range(count):
        height, width = rng.integers(500, 1100, 2)
        canvas = np.full((height, width, 3), rng.integers(60, 200), np.uint8)
        for _ in range(rng.integers(2, 13)):
            side = int(rng.integers(40, 257))
            left, top = rng.integers(0, width - side + 1), rng.integers(0, height - side + 1)
            person = Image.fromarray(people[rng.integers(12)]).resize((side, side))
            canvas[top : top + side, left : left + side] = np.asarray(person)
        made.append(load_photo(canvas))
    return made


def found(detector: MtcnnDetector, photos: Sequence[Photo]) -> list[list[Face]]:
    """Return the faces of each photo."""
    starts = range(0, len(photos), BATCH)
    return [faces for start in starts for faces in detector.detect(photos[start : start + BATCH])]


def seconds(detector: MtcnnDetector, photos: Sequence[Photo]) -> float:
    """Return the processor time of a search."""
    started = time.process_time()
    found(detector, photos)
    return time.process_time() - started


def ending(faces: Sequence[Face], photo: Photo) -> str:
    """Return how the choice "one" ends."""
    try:
        return str(len(choose_faces(faces, "one", photo=photo)))
    except MatcherError as error:
        return type(error).__name__


def shift(face: Face, other: Face) -> float:
    """Return the largest distance of two landmarks over the inter-eye distance of the first."""
    eyes = np.linalg.norm(face.landmarks[1] - face.landmarks[0])
    return float(np.linalg.norm(face.landmarks - other.landmarks, axis=1).max() / eyes)


def changes(
    photos: Sequence[Photo], before: Sequence[Sequence[Face]], after: Sequence[Sequence[Face]]
) -> tuple[Cell, ...]:
    """Return the changes, in the order of `COLUMNS`."""
    lost = new = otherwise = 0
    shifts = []
    for photo, old, now in zip(photos, before, after, strict=True):
        matched = {i for face in old for i, other in enumerate(now) if shift(face, other) < 0.5}
        missing = sum(all(shift(face, other) >= 0.5 for other in now) for face in old)
        lost, new = lost + missing, new + len(now) - len(matched)
        otherwise += ending(old, photo) != ending(now, photo)
        if old and now:
            shifts.append(min(shift(old[0], other) for other in now))
    above = sum(moved > 0.01 for moved in shifts)
    return (
        lost,
        new,
        otherwise,
        f"{above} of {len(shifts)}",
        f"{100 * np.median(shifts):.2f} %",
        f"{100 * max(shifts):.1f} %",
    )


def compare(photos: Sequence[Photo], record: Record) -> None:
    """Print and keep the table of levers."""
    timed = photos[:: max(1, len(photos) // TIMED)]
    detectors = {}
    for lever in LEVERS:
        with lever.set():
            detectors[lever.name] = lever.make()
    spent: dict[str, list[float]] = {lever.name: [] for lever in LEVERS}
    for _ in range(TURNS):
        for lever in LEVERS:
            with lever.set():
                spent[lever.name].append(seconds(detectors[lever.name], timed))
    shipped = found(detectors[LEVERS[0].name], photos)
    record.table(
        "photos",
        ("photos", "of these rendered groups of people", "faces"),
        [(len(photos), GROUPS, sum(map(len, shipped)))],
    )
    rows = []
    for lever in LEVERS:
        with lever.set():
            after = found(detectors[lever.name], photos)
        ratio = min(spent[lever.name]) / min(spent[LEVERS[0].name])
        rows.append((lever.name, f"{ratio:.2f}", *changes(photos, shipped, after)))
    record.table("levers", COLUMNS, rows)


def by_size(photos: Sequence[Photo], record: Record) -> None:
    """Print and keep the time of the shipped detector for photos brought to some sizes."""
    detector, rows = MtcnnDetector(), []
    for width, height in SIZES:
        images = [Image.fromarray(photo.pixels).resize((width, height)) for photo in photos]
        scaled = [load_photo(np.asarray(image)) for image in images]
        each = min(seconds(detector, scaled) for _ in range(TURNS)) / len(scaled)
        rows.append((f"{width:,} x {height:,} pixels", len(scaled), f"{1000 * each:.0f} ms"))
    record.table("time by size", ("photo", "photos", "processor time of a photo"), rows)


def main() -> None:
    """Read the arguments, measure, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--most", type=int, default=250, help="of each folder, evenly spread")
    record = Record.begin(__file__, parser)
    arguments = record.options
    use_one_heap()
    photos = []
    for folder in arguments.photos:
        paths = find_photos(folder)
        places = np.unique(np.linspace(0, len(paths) - 1, arguments.most).astype(int))
        photos += [load_photo(paths[i]) for i in places]
    compare([*photos, *groups(GROUPS)], record)
    by_size(photos[:8], record)
    record.write()


if __name__ == "__main__":
    main()
