"""Time of a search of a governed gallery, against the same search of one that is not governed.

    python benchmarks/log_cost.py [--faces 100000] [--queries 200] [--top 20] [--record NAME]

Both galleries hold the same faces, one of each subject, and are searched for the same vectors, in
turns, so that both see the same state of the machine. The difference is the check of the context,
the tokens of the leads, and a record that is on the disk before the list is returned; it depends on
the disk more than on the gallery, and the time to write as many bytes is given beside it. A photo
takes far longer to embed than to search for, so a vector is the worst case. Also with many probes
at once, whose records are written in one go.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from recording import Cell, Record

from matcher.embedding import FACE, Extractor
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.governance import CaseContext
from matcher.search import Searcher
from matcher.testing import FakeDetector, FakeEmbedder, random_unit_vectors

DIMENSION = 128
AT_ONCE = 20_000
CONTEXT = CaseContext("op", "missing_child", "case", "law", "order", date(2099, 1, 1))


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description="Cost of the record of a search.")
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--top", type=int, default=20)
    record = Record.begin(__file__, parser)
    options = record.options
    vectors = random_unit_vectors(options.faces, DIMENSION, seed=1)
    probes = list(random_unit_vectors(options.queries, DIMENSION, seed=2))
    with tempfile.TemporaryDirectory() as folder:
        plain, governed = (_made(Path(folder) / name, vectors) for name in ("plain", "governed"))
        with Gallery.open(governed) as gallery:
            gallery.govern(CONTEXT)
        with Gallery.open(plain) as one, Gallery.open(governed, context=CONTEXT) as other:
            rows = _measure([one, other], probes, options.top)
            before = (governed / "casework" / "log.jsonl").stat().st_size
            rows.append(_measure_many([one, other], probes, options.top))
            after = (governed / "casework" / "log.jsonl").stat().st_size
            begun = time.perf_counter()
            verdict = other.verify_log()
            seconds = time.perf_counter() - begun
    record.table("searches", ("what", "not governed", "governed", "ratio"), rows)
    log: list[list[Cell]] = [
        ["bytes of the log for a search", (after - before) // len(probes)],
        ["records that verify reads in a second", round(verdict.records / seconds)],
        ["records in the log", verdict.records],
        ["verify found a fault", "no" if verdict.ok else "yes"],
    ]
    record.table("log", ("what", "figure"), log)
    record.write()


def _searcher(gallery: Gallery) -> Searcher:
    return Searcher(gallery, Extractor(FakeDetector(), FakeEmbedder(DIMENSION)))


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _measure(
    galleries: list[Gallery], probes: list[NDArray[np.float32]], top: int
) -> list[list[Cell]]:
    """Return rows of one search at a time, and of a write to the disk beside it."""
    beside = galleries[0].path.parent / "beside"
    times = np.array(
        [
            [
                *(_timed(lambda: _searcher(one).search(probe, top=top)) for one in galleries),  # noqa: B023
                _timed(lambda: _write_and_wait(beside)),
            ]
            for probe in probes
        ]
    )
    warm = 1000 * times[5:]
    rows: list[list[Cell]] = []
    for name, figure in (("median", 50.0), ("99 % within", 99.0)):
        plain, governed, disk = np.percentile(warm, figure, axis=0)
        rows.append(_row(f"one search, {name}", plain, governed))
        rows.append([f"3 kB written to the disk, {name}", "", f"{disk:.2f} ms", ""])
    times_of_processor = [_processor_time(one, probes, top) for one in galleries]
    return [*rows, _row("one search, time of the processor", *times_of_processor)]


def _row(what: str, plain: float, governed: float) -> list[Cell]:
    return [what, f"{plain:.2f} ms", f"{governed:.2f} ms", f"{governed / plain:.2f}"]


def _processor_time(gallery: Gallery, probes: list[NDArray[np.float32]], top: int) -> float:
    """Return the milliseconds of the processor for one search, without waits."""
    begun = time.process_time()
    for probe in probes:
        _searcher(gallery).search(probe, top=top)
    return 1000 * (time.process_time() - begun) / len(probes)


def _write_and_wait(path: Path) -> None:
    """Append as many bytes as a record has, and wait for the disk."""
    with path.open("ab", buffering=0) as file:
        file.write(bytes(3000))
        os.fsync(file.fileno())


def _measure_many(
    galleries: list[Gallery], probes: list[NDArray[np.float32]], top: int
) -> list[Cell]:
    plain, governed = (
        1000 * _timed(lambda: _searcher(one).search_many(probes, top=top)) / len(probes)  # noqa: B023
        for one in galleries
    )
    return _row(f"one of {len(probes)} searches at once", plain, governed)


def _made(path: Path, vectors: NDArray[np.float32]) -> Path:
    with Gallery.create(path, model=FakeEmbedder(DIMENSION).identity) as gallery:
        for first in range(0, len(vectors), AT_ONCE):
            rows = range(first, min(first + AT_ONCE, len(vectors)))
            gallery.add([_enrolment(row, vectors[row]) for row in rows])
    return path


def _enrolment(row: int, vector: NDArray[np.float32]) -> Enrolment:
    return Enrolment(
        subject=Subject(f"subject-{row:06d}"),
        photo=PhotoRecord(f"{row:064x}", f"photos/{row}.jpg"),
        vectors={FACE: vector},
        box=(1.0, 2.0, 30.0, 40.0),
        probability=0.98,
        quality={"sharpness": 0.5},
        weight=0.75,
    )


if __name__ == "__main__":
    main()
