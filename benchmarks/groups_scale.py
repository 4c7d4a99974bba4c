"""How long the groups of very many faces take, how much memory, and how many are wrong.

    python benchmarks/groups_scale.py [--people 20000] [--photos 5] [--threshold 0.58 ...]

The vectors are made. Two photos of one person score 0.64 in the median. Strangers score as
different children of FG-NET do with `youth-resnet`: about 5e-4 of their pairs at or above 0.48, and
2e-5 at or above 0.58. The bare product multiplies the same vectors in the same blocks, and looks at
no score.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import numpy as np
from groups_measures import Codes, Errors, bcubed
from groups_methods import Vectors
from recording import Cell, Record

from matcher.grouping.clusters import group_vectors

T = TypeVar("T")

DIMENSION: Final = 128
FALL: Final = 40.0  # directions after which the spread of the vectors is a third
NOISE: Final = 0.75  # of a photo, in parts of the differences between people
ROWS, OTHERS = 1024, 4096
COLUMNS: Final = (
    "threshold",
    "time by the clock",
    "time of all processors",
    "largest memory so far",
    "BCubed precision, %",
    "BCubed recall, %",
    "merged groups",
)


def made_people(people: int, photos: int, seed: int = 1) -> tuple[Vectors, Codes]:
    """Return vectors, float32 of shape (people * photos, 128), and the person of each."""
    random = np.random.default_rng(seed)
    spread = np.exp(-np.arange(DIMENSION) / FALL).astype(np.float32)
    vectors = random.standard_normal((people, photos, DIMENSION), dtype=np.float32)
    vectors *= np.float32(NOISE)
    vectors += random.standard_normal((people, 1, DIMENSION), dtype=np.float32)
    vectors *= spread
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return vectors.reshape(-1, DIMENSION), np.repeat(np.arange(people), photos)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the vectors, group them at each threshold, print a row of each."""
    record = Record.begin(__file__, _parser(), arguments)
    options = record.options
    vectors, owners = made_people(options.people, options.photos)
    record.table("faces", ("faces", "people"), [(len(vectors), options.people)])
    _, *bare = _timed(lambda: _product(vectors))
    rows: list[tuple[Cell, ...]] = [("bare product", *bare, "", "", "", "")]
    for threshold in options.threshold:
        groups, *taken = _timed(lambda threshold=threshold: group_vectors(vectors, threshold))  # type: ignore[misc]
        precision, recall = bcubed(owners, groups)
        errors = Errors.of(owners, groups)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        rows.append(
            (
                f"{threshold:.2f}",
                *taken,
                f"{memory:.2f} GB",
                f"{100 * precision.mean():.1f}",
                f"{100 * recall.mean():.1f}",
                f"{errors.merged:,} of {errors.groups:,}",
            )
        )
        print(*rows[-1], sep="; ", file=sys.stderr, flush=True)
    record.table("groups", COLUMNS, rows)
    record.write()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--photos", type=int, default=5)
    parser.add_argument("--threshold", type=float, nargs="+", default=[0.58])
    return parser


def _product(vectors: Vectors) -> None:
    room = np.empty((ROWS, OTHERS), np.float32)
    for top in range(0, len(vectors), ROWS):
        some = vectors[top : top + ROWS]
        for start in range(0, len(vectors), OTHERS):
            others = vectors[start : start + OTHERS]
            np.matmul(some, others.T, out=room[: len(some), : len(others)])


def _timed(work: Callable[[], T]) -> tuple[T, str, str]:
    clock, used = time.perf_counter(), time.process_time()
    made = work()
    taken = time.perf_counter() - clock, time.process_time() - used
    return made, f"{taken[0]:.1f} s", f"{taken[1]:.1f} s"


if __name__ == "__main__":
    main()
