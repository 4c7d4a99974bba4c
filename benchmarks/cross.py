"""How long a cross-match takes beside the bare matrix product of the same vectors.

    python benchmarks/cross.py [--faces 100000] [--second 100000] [--new 1000] [--repeats 3]

Two galleries of made vectors, which lie as those of faces do, are compared: everything, and then
only what is new after some faces were added to the first. The reference multiplies the same vectors
in the same blocks, looks at no score, and reads no store. Both run in turns in one process. The
rates of the promise (`max_fpir`) are not measured here, see tests/crossing.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from recording import Record

from matcher import Gallery, Subject, cross_match
from matcher.crossing import scores
from matcher.embedding import FACE
from matcher.gallery import Enrolment, PhotoRecord
from matcher.testing import FakeEmbedder, clustered_unit_vectors

DIMENSION = 128
LOWEST = 0.99
_BATCH = 5000


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the galleries, compare them, print the times."""
    record = Record.begin(__file__, _parser(), arguments)
    options = record.options
    first = clustered_unit_vectors(options.faces + options.new, 1, DIMENSION, seed=1)
    second = clustered_unit_vectors(options.second, 1, DIMENSION, seed=2)
    model = FakeEmbedder(DIMENSION).identity
    with tempfile.TemporaryDirectory() as folder:
        sides = [Gallery.create(Path(folder) / name, model=model) for name in ("first", "second")]
        enrol(sides[0], "a", first[: options.faces], 0)
        enrol(sides[1], "b", second, 0)
        turns = []
        for turn in range(options.repeats):
            file = Path(folder) / f"{turn}.pairs"
            bare = seconds(lambda: _product(first[: options.faces], second))
            ours = seconds(lambda file=file: cross_match(*sides, threshold=LOWEST, pairs=file))  # type: ignore[misc]
            turns.append((bare, ours, ours / bare))
        enrol(sides[0], "a", first[options.faces :], options.faces)
        again = seconds(lambda: cross_match(*sides, threshold=LOWEST, pairs=file))
        for side in sides:
            side.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    ratios = [ratio for _, _, ratio in turns]
    record.table(
        "turns",
        ("turn", "bare product", "cross-match", "ratio"),
        [
            (turn, f"{bare:.1f} s", f"{ours:.1f} s", f"{ratio:.2f}")
            for turn, (bare, ours, ratio) in enumerate(turns, 1)
        ],
    )
    record.table(
        "cross-match",
        ("what", "figure"),
        [
            ("faces of the first gallery", options.faces),
            ("faces of the second gallery", options.second),
            ("times the bare product, median of the turns", f"{statistics.median(ratios):.2f}"),
            ("least and most of the turns", f"{min(ratios):.2f} to {max(ratios):.2f}"),
            (f"a run with {options.new:,} new faces", f"{again:.1f} s"),
            ("largest memory", f"{memory:.2f} GB"),
        ],
    )
    record.write()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--second", type=int, default=100_000)
    parser.add_argument("--new", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=3)
    return parser


def _product(first: NDArray[np.float32], second: NDArray[np.float32]) -> None:
    rows, columns = scores.ROWS, scores.COLUMNS
    room = np.empty((rows, columns), dtype=np.float32)
    for top in range(0, len(first), rows):
        some = first[top : top + rows]
        for start in range(0, len(second), columns):
            others = second[start : start + columns]
            np.matmul(some, others.T, out=room[: len(some), : len(others)])


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def enrol(gallery: Gallery, side: str, vectors: NDArray[np.float32], start: int) -> None:
    """Add a subject for each vector, numbered from `start` on."""
    for top in range(0, len(vectors), _BATCH):
        gallery.add(
            [
                _face(f"{side}{start + top + number:07d}", vector)
                for number, vector in enumerate(vectors[top : top + _BATCH])
            ]
        )


def _face(name: str, vector: NDArray[np.float32]) -> Enrolment:
    photo = PhotoRecord(hashlib.sha256(name.encode()).hexdigest(), f"{name}.jpg")
    return Enrolment(Subject(name), photo, {FACE: vector}, (1.0, 2.0, 30.0, 40.0), 0.98)


if __name__ == "__main__":
    main()
