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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from recording import Record

from matcher.embedding import FACE, Extractor
from matcher.gallery import Enrolment, Filters, Gallery, PhotoRecord, Subject
from matcher.search import Searcher
from matcher.testing import FakeDetector, FakeEmbedder, clustered_unit_vectors

DIMENSION = 128
ADDED_AT_ONCE = 20_000
NONE, LEFT_OUT = "none left out", "hidden left out"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, save."""
    record = _begun(arguments)
    options = record.options
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
            hiding = time.perf_counter() - start
        times, left_out = _measure(path, photos[some, 1])
    whole, part = times.values()
    record.table(
        "gallery",
        ("what", "figure"),
        [
            ("subjects", options.subjects),
            ("subjects hidden", options.hidden),
            ("time to hide them", f"{hiding:.2f} s"),
            ("searches of each kind", options.queries),
            ("hidden subjects left out of all lists", left_out),
        ],
    )
    record.table(
        "time of a search",
        ("search", "first", "later, median", "ratio of the medians", "median of the ratios"),
        [
            (NONE, *_first_and_rest(whole), "", ""),
            (
                LEFT_OUT,
                *_first_and_rest(part),
                f"{np.median(part[1:]) / np.median(whole[1:]):.3f}",
                f"{np.median(part[1:] / whole[1:]):.3f}",
            ),
        ],
    )
    record.write()


def _first_and_rest(times: NDArray[np.float64]) -> tuple[str, str]:
    return f"{times[0]:.0f} ms", f"{np.median(times[1:]):.2f} ms"


def _begun(arguments: Sequence[str] | None) -> Record:
    parser = argparse.ArgumentParser(description="Time of a search with hidden subjects.")
    parser.add_argument("--subjects", type=int, default=100_000)
    parser.add_argument("--hidden", type=int, default=1_000)
    parser.add_argument("--queries", type=int, default=200)
    return Record.begin(__file__, parser, arguments)


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


def _measure(path: Path, probes: NDArray[np.float32]) -> tuple[dict[str, NDArray[np.float64]], int]:
    """Return the milliseconds of each kind of search, and how often somebody was left out."""
    extractor = Extractor(FakeDetector(), FakeEmbedder(DIMENSION))
    wanted = {NONE: Filters(include_hidden=True), LEFT_OUT: Filters()}
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
    return {name: np.array(taken) for name, taken in times.items()}, left_out


if __name__ == "__main__":
    main()
