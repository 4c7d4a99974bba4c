"""Search with hidden subjects: the time of a search that leaves some out, against one without any.

    python benchmarks/hidden.py                    1,000 of 100,000 subjects, one photo each

Both search the same gallery for the same vectors, in turns, so that both see the same state of the
machine. Also the first search after something was hidden, which counts anew. A ratio travels better
than a time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import FACE, Extractor
from matcher.gallery import Enrolment, Filters, Gallery, PhotoRecord, Subject
from matcher.search import Searcher
from matcher.testing import FakeDetector, FakeEmbedder, clustered_unit_vectors

DIMENSION = 128
ADDED_AT_ONCE = 20_000


def main() -> None:
    """Measure and print."""
    options = _options()
    photos = clustered_unit_vectors(options.subjects, 2, DIMENSION, seed=1)
    photos = photos.reshape(-1, 2, DIMENSION)
    generator = np.random.default_rng(2)
    some = generator.choice(options.subjects, size=options.queries)
    hidden = generator.choice(options.subjects, size=options.hidden, replace=False)
    with tempfile.TemporaryDirectory() as folder:
        path = _made(Path(folder) / "gallery", photos[:, 0])
        with Gallery.open(path) as gallery:
            start = time.perf_counter()
            gallery.hide([_name(row) for row in hidden], because="a benchmark")
            print(f"hiding {options.hidden:,} subjects: {time.perf_counter() - start:.2f} s")
        _measure(path, photos[some, 1])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time of a search with hidden subjects.")
    parser.add_argument("--subjects", type=int, default=100_000)
    parser.add_argument("--hidden", type=int, default=1_000)
    parser.add_argument("--queries", type=int, default=200)
    return parser.parse_args()


def _made(path: Path, vectors: NDArray[np.float32]) -> Path:
    with Gallery.create(path, model=FakeEmbedder(DIMENSION).identity) as gallery:
        for first in range(0, len(vectors), ADDED_AT_ONCE):
            rows = range(first, min(first + ADDED_AT_ONCE, len(vectors)))
            gallery.add([_enrolment(row, vectors[row]) for row in rows])
    return path


def _enrolment(row: int, vector: NDArray[np.float32]) -> Enrolment:
    photo = PhotoRecord(sha256=f"{row:064x}", reference=f"photo-{row:07d}")
    return Enrolment(Subject(_name(row)), photo, {FACE: vector}, (0, 0, 64, 64), 0.99)


def _name(row: Any) -> str:
    return f"subject-{int(row):07d}"


def _measure(path: Path, probes: NDArray[np.float32]) -> None:
    extractor = Extractor(FakeDetector(), FakeEmbedder(DIMENSION))
    wanted = {"none left out": Filters(include_hidden=True), "hidden left out": Filters()}
    times: dict[str, list[float]] = {name: [] for name in wanted}
    left_out = 0
    with Gallery.open(path) as one, Gallery.open(path) as other:
        searchers = dict(
            zip(wanted, (Searcher(one, extractor), Searcher(other, extractor)), strict=True)
        )
        for number, probe in enumerate(probes):
            for name in list(wanted)[:: 1 if number % 2 else -1]:
                start = time.perf_counter()
                found = searchers[name].search(probe, filters=wanted[name])
                times[name].append(1e3 * (time.perf_counter() - start))
                left_out += found.hidden
    whole, part = (np.array(times[name]) for name in wanted)
    for name, found_in in zip(wanted, (whole, part), strict=True):
        first, rest = found_in[0], found_in[1:]
        print(f"{name:>15}: first {first:.0f} ms, then p50 {np.median(rest):.2f} ms")
    ratios = part[1:] / whole[1:]
    print(f"ratio of medians {np.median(part[1:]) / np.median(whole[1:]):.3f}")
    print(f"median of the ratios of each pair {np.median(ratios):.3f}")
    print(f"hidden subjects left out of {len(probes)} lists: {left_out}")


if __name__ == "__main__":
    main()
