"""What another detector changes: faces found, landmarks, time, and who is found first.

    python benchmarks/detectors.py FGNET [--model youth-resnet] [--photos FOLDER ...]
        [--cameras 48px-q40 32px-q30 24px-x4-q75] [--draws 1000] [--seed 1]

FG-NET's folder holds photos named subject, "A", age (001A02.JPG). Each detector searches all of its
photos, a few rendered faces, and the photos of the other folders: in how many it finds a face, by
which attempt, how many seconds of one processor a photo takes, and how many of the largest faces
the policies refuse for the detector's probability. Where both find a face, the landmarks of the
largest are compared, in shares of the distance between the eyes.

Then the gallery is made with one detector, or with both by turns, and so are the probes: rank-1 of
the photos as they are and of photos that poor cameras took, and the true match rate at the
threshold that gives an FMR of 1e-3. Both detectors search the same pictures of a camera: the face
has so many pixels in the box of the usual detector. A face that is not found counts as missed. The
differences are of the same photos and the same draws of subjects; their intervals hold 95 % of the
draws. If the module cv2 is installed, YuNet's faces are also compared with those of OpenCV's own
class FaceDetectorYN.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import torch
from accuracy import cell
from accuracy_photos import crops_of, photographed
from accuracy_rows import CLEAN, PERCENT, Mask, Row, weights_of
from detectors_opencv import agreement
from numpy.typing import NDArray
from precision import BY_TURNS, by_turns, moved, rows_of_mix
from recording import Cell, Record

from fairness import AuditError, Cohort
from fairness.cohort import read_fgnet
from matcher.embedding import (
    DEFAULT_MODEL,
    DETECTORS,
    Embedder,
    FaceVectors,
    load_model,
    load_named_detector,
)
from matcher.errors import MatcherError, PhotoError
from matcher.faces import MTCNN, POLICIES, YUNET, Detector, Face
from matcher.heap import use_one_heap
from matcher.photos import Photo, find_photos, load_photo
from matcher.synthetic import sample_photos

MIXES: Final = (
    (MTCNN, MTCNN),
    (YUNET, YUNET),
    (MTCNN, YUNET),
    (YUNET, MTCNN),
    (BY_TURNS, MTCNN),
    (BY_TURNS, YUNET),
)
"""Detector of the gallery, and of the probes. The others are compared with the first."""

CAMERAS: Final = ("48px-q40", "32px-q30", "24px-x4-q75")
TOGETHER: Final = 16
RENDERED: Final = (8, (2.0, 5.0, 9.0, 14.0, 30.0))
"""Number of rendered people, and their ages in years."""

JUDGING: Final = ("standard", "strict")
FOUND: Final = (
    "photos of",
    "detector",
    "photos",
    "without a face",
    "with several",
    "found by attempt",
    *(f"below the probability of {policy}" for policy in JUDGING),
    "processor time of a photo",
)
APART: Final = (
    "photos of",
    "faces of both",
    "landmarks apart, median, in distances between the eyes",
    "95 % below",
    "another face",
)

Detectors = Mapping[str, Detector]


@dataclass(frozen=True, eq=False)
class Searched:
    """What a detector found in many photos.

    Parameters
    ----------
    faces
        The largest face of each photo, or None, without its pixels.
    several
        In how many photos it found more than one face.
    seconds
        Of a processor, for all photos.
    """

    faces: list[Face | None]
    several: int
    seconds: float


def in_batches(photos: Sequence[Photo | Path]) -> Iterator[list[Photo]]:
    """Yield photos that can be read, a few at a time."""
    for start in range(0, len(photos), TOGETHER):
        batch = []
        for one in photos[start : start + TOGETHER]:
            try:
                batch.append(load_photo(one) if isinstance(one, Path) else one)
            except PhotoError:
                continue  # counted for no detector
        yield batch
        sys.stderr.write(f"\r{min(start + TOGETHER, len(photos))}/{len(photos)} photos")
    sys.stderr.write("\n")


def search(detectors: Detectors, photos: Sequence[Photo | Path]) -> dict[str, Searched]:
    """Search all photos with each detector; they take turns, so that both have the same machine."""
    faces: dict[str, list[Face | None]] = {name: [] for name in detectors}
    several, seconds = Counter[str](), Counter[str]()
    for batch in in_batches(photos):
        for name, detector in detectors.items():
            began = time.process_time()
            found = detector.detect(batch)
            seconds[name] += time.process_time() - began  # type: ignore[assignment]
            faces[name] += [each[0] if each else None for each in found]
            several[name] += sum(len(each) > 1 for each in found)
    return {name: Searched(faces[name], several[name], float(seconds[name])) for name in detectors}


def row_of(where: str, name: str, found: Searched) -> tuple[Cell, ...]:
    """Return the figures of one detector, in the order of `FOUND`."""
    seen = [face for face in found.faces if face is not None]
    by = Counter(face.found_by for face in seen).most_common()
    return (
        where,
        name,
        len(found.faces),
        len(found.faces) - len(seen),
        found.several,
        ", ".join(f"{attempt} {count:,}" for attempt, count in by),
        *(
            sum(face.probability < POLICIES[policy].probability for face in seen)
            for policy in JUDGING
        ),
        f"{1000 * found.seconds / max(1, len(found.faces)):.1f} ms",
    )


def landmarks_apart(where: str, one: Searched, other: Searched) -> tuple[Cell, ...]:
    """Return how far the landmarks of the same faces are apart, in the order of `APART`."""
    apart, elsewhere = [], 0
    for mine, theirs in zip(one.faces, other.faces, strict=True):
        if mine is None or theirs is None:
            continue
        distance = np.linalg.norm(mine.landmarks - theirs.landmarks, axis=1).mean()
        share = float(distance / theirs.quality.inter_eye_distance)
        if share < 1:
            apart.append(share)
        else:
            elsewhere += 1
    middle, most = np.quantile(apart, [0.5, 0.95]) if apart else (np.nan, np.nan)
    return where, len(apart), f"{middle:.3f}", f"{most:.3f}", elsewhere


@dataclass(frozen=True, eq=False)
class Seen:
    """Vectors of the photos by one detector, and of what cameras made of them."""

    gallery: FaceVectors
    photographed: dict[str, tuple[Mask, FaceVectors]]


def embed(
    cohort: Cohort, detectors: Detectors, model: Embedder, cameras: Sequence[str]
) -> dict[str, Seen]:
    """Embed photos in which every detector finds a face, as they are and through cameras."""
    folder = cohort.folder or Path()
    crops: dict[tuple[str, str], list[NDArray[np.uint8]]] = {}
    found: dict[tuple[str, str], list[bool]] = {}
    for batch in in_batches([folder / sample.photo for sample in cohort.samples]):
        faces = {name: [each[0] for each in one.detect(batch)] for name, one in detectors.items()}
        pictures = {camera: photographed(faces[MTCNN], camera) for camera in cameras}
        for name, detector in detectors.items():
            _keep(crops, found, (name, CLEAN), faces[name], model)
            for camera, photos in pictures.items():
                again = [each[0] if each else None for each in detector.detect(photos)]
                _keep(crops, found, (name, camera), again, model)
    return {
        name: _seen(
            model,
            {camera: np.concatenate(crops[name, camera]) for camera in (CLEAN, *cameras)},
            {camera: np.array(found[name, camera], np.bool_) for camera in cameras},
        )
        for name in detectors
    }


def _keep(
    crops: dict[tuple[str, str], list[NDArray[np.uint8]]],
    found: dict[tuple[str, str], list[bool]],
    key: tuple[str, str],
    faces: Sequence[Face | None],
    model: Embedder,
) -> None:
    """Add the crops of faces to those under a key; keep which were found."""
    there = [face for face in faces if face is not None]
    crops.setdefault(key, []).append(crops_of(there, model.record.crop))
    found.setdefault(key, []).extend(face is not None for face in faces)


def _seen(
    model: Embedder, crops: Mapping[str, NDArray[np.uint8]], found: Mapping[str, Mask]
) -> Seen:
    probes = {name: model.embed_all(each, purpose="search") for name, each in crops.items()}
    everybody = np.ones(len(crops[CLEAN]), np.bool_)
    return Seen(
        model.embed_all(crops[CLEAN]),
        {name: (found.get(name, everybody), made) for name, made in probes.items()},
    )


def rows_of_mixes(
    cohort: Cohort, seen: Mapping[str, Seen], draws: int, seed: int
) -> dict[tuple[str, str], list[Row]]:
    """Return the rows of each mix of detectors."""
    galleries = {name: one.gallery for name, one in seen.items()}
    galleries[BY_TURNS] = by_turns(galleries[MTCNN], galleries[YUNET])
    weights = weights_of(len(cohort.subjects), draws, seed)
    rows: dict[tuple[str, str], list[Row]] = {}
    calibrated = None
    for gallery, probes in MIXES:
        photographed_by = seen[probes].photographed
        rows[gallery, probes], own = rows_of_mix(
            cohort, galleries[gallery], photographed_by, weights, calibrated
        )
        calibrated = own if calibrated is None else calibrated
    return rows


def rows_of_search(
    where: str, found: Mapping[str, Searched]
) -> tuple[list[tuple[Cell, ...]], tuple[Cell, ...]]:
    """Return what each detector found somewhere, and how far their landmarks are apart."""
    rows = [row_of(where, name, one) for name, one in found.items()]
    return rows, landmarks_apart(where, found[YUNET], found[MTCNN])


def mixes_tables(rows: Mapping[tuple[str, str], Sequence[Row]], record: Record) -> None:
    """Write the measures of each mix, and their differences to those of the first."""
    values: list[tuple[Cell, ...]] = []
    differences: list[tuple[Cell, ...]] = []
    for place, first in enumerate(rows[MIXES[0]]):
        name = first.name.replace("float32", MTCNN)
        unit = ", %" if first.factor == PERCENT else ""
        measure = (f"{name}{unit}", f"{first.count:,} {first.of}")
        of_mixes = [rows[mix][place] for mix in MIXES]
        values.append((*measure, *map(cell, of_mixes)))
        apart = (cell(one.less(first), sign="+") for one in of_mixes[1:])
        differences.append((*measure, *apart))
    names = [f"gallery {gallery}, probes {probes}" for gallery, probes in MIXES]
    record.table("mixes", ("measure", "on", *names), values)
    record.table(f"differences to {names[0]}", ("measure", "on", *names[1:]), differences)


def search_all(
    detectors: Detectors, paths: Sequence[Path], options: argparse.Namespace, record: Record
) -> dict[str, Searched]:
    """Search FG-NET, rendered faces and other photos, keep the tables; return those of FG-NET."""
    found = search(detectors, paths)
    people, ages = RENDERED
    drawn = [load_photo(one.pixels) for one in sample_photos(people, ages)]
    everywhere = {"FG-NET": found, "rendered faces": search(detectors, drawn)}
    for photos in options.photos:
        listed = find_photos(photos)[:: options.every]
        everywhere[photos.name] = search(detectors, listed)
    told = [rows_of_search(where, each) for where, each in everywhere.items()]
    record.table("faces found", FOUND, [row for rows, _ in told for row in rows])
    record.table("landmarks apart", APART, [apart for _, apart in told])
    return found


def measure(options: argparse.Namespace, record: Record) -> None:
    """Search and embed, print and keep the tables."""
    detectors: Detectors = {name: load_named_detector(name) for name in DETECTORS}
    cohort = read_fgnet(options.fgnet)
    folder = cohort.folder or Path()
    paths = [folder / sample.photo for sample in cohort.samples]
    found = search_all(detectors, paths, options, record)
    if find_spec("cv2") is not None:
        facts = agreement(paths)
        record.table("OpenCV's FaceDetectorYN", tuple(facts), [tuple(facts.values())])
    missing = {
        sample.photo
        for place, sample in enumerate(cohort.samples)
        if any(one.faces[place] is None for one in found.values())
    }
    seen = cohort.without(missing, "no face for a detector") if missing else cohort
    made = embed(seen, detectors, load_model(options.model), options.cameras)
    vectors = moved(made[MTCNN].gallery, made[YUNET].gallery)
    record.table(
        "vectors of both detectors",
        ("photos", "people", *vectors),
        [(len(seen), len(seen.subjects), *(f"{value:.3f}" for value in vectors.values()))],
    )
    rows = rows_of_mixes(seen, made, options.draws, options.seed)
    mixes_tables(rows, record)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, search, embed, print, save."""
    use_one_heap()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fgnet", type=Path, metavar="FGNET")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--photos", type=Path, nargs="+", default=[], help="folders, searched deep")
    parser.add_argument("--every", type=int, default=1, help="only every n-th photo of those")
    parser.add_argument("--cameras", nargs="*", default=list(CAMERAS))
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    record = Record.begin(__file__, parser, arguments)
    torch.set_num_threads(1)
    try:
        measure(record.options, record)
    except (AuditError, MatcherError) as error:
        parser.error(str(error))
    record.write()


if __name__ == "__main__":
    main()
