"""Search: latency, recall and memory of each kind of index, against bare FAISS on the same data.

    python benchmarks/search.py [--record NAME]    10,000 and 100,000 vectors of 128 numbers
    python benchmarks/search.py --full             also 1,000,000, and 512 numbers (hours)

The vectors lie as those of faces do, four photos for each subject; a query is a fifth photo of a
subject in the gallery. The truth is a scan by FAISS's own `IndexFlatIP`, timed in turn with each
index, query by query, so that both see the same state of the machine. Timings are those of this
machine; ratios travel better.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import faiss
import numpy as np
import psutil  # type: ignore[import-untyped]
from numpy.typing import NDArray
from recording import Record

from matcher.embedding import FACE, LOW_RESOLUTION, LowResolutionView
from matcher.gallery import Enrolment, Gallery, PhotoRecord, Subject
from matcher.gallery.index import (
    INDEX_NAME,
    KINDS,
    TableIndex,
    new_index,
    read_index,
    write_index,
)
from matcher.testing import FakeEmbedder, clustered_unit_vectors

Vectors = NDArray[np.float32]
Search = Callable[[Vectors], NDArray[np.int64]]

TOP = 20
BATCH = 64
PHOTOS = 4
ADDED_AT_ONCE = 50_000
NAMES = tuple(kind.name for kind in KINDS)
GALLERY_UP_TO = 200_000
GALLERY_ROWS = ("Gallery", "second")


@dataclass(frozen=True)
class Figures:
    """One row of the table; times in milliseconds, sizes in bytes."""

    vectors: int
    dimension: int
    searched: str
    single_p50: float
    single_p95: float
    batch_p50: float
    batch_p95: float
    bare_single_p50: float
    bare_batch_p50: float
    recall_at_20: float
    build_seconds: float
    memory: int
    bytes_per_vector: float

    @property
    def bare_share(self) -> str:
        """The time of one query, as a share of that of bare FAISS."""
        return f"{self.single_p50 / self.bare_single_p50:.3f}"

    @property
    def named(self) -> tuple[str, str, str]:
        """What was searched, as text."""
        return f"{self.vectors:,}", str(self.dimension), self.searched


def main() -> None:
    """Measure, and record the tables."""
    record = Record.begin(__file__, _parser())
    options = record.options
    if options.full:
        options.sizes, options.dimensions = [10_000, 100_000, 1_000_000], [128, 512]
    if options.threads:
        faiss.omp_set_num_threads(options.threads)
    rows: list[Figures] = []
    for dimension in options.dimensions:
        for size in options.sizes:
            for row in measure(size, dimension, options.kinds, options.queries):
                print(*row.named, f"{row.single_p50:.3f} ms", file=sys.stderr, flush=True)
                rows.append(row)
    show(record, rows)
    record.write()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Search latency, recall and memory.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[128])
    parser.add_argument("--kinds", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--queries", type=int, default=320)
    parser.add_argument("--threads", type=int, help="of FAISS; its own choice without")
    parser.add_argument("--full", action="store_true", help="all sizes and dimensions")
    return parser


NAMED = ("vectors", "numbers of each", "searched")


def show(record: Record, rows: Sequence[Figures]) -> None:
    """Add the times, what an index takes, and how the second vectors compare."""
    times = [
        (
            *row.named,
            f"{row.single_p50:.3f} ms",
            f"{row.single_p95:.3f} ms",
            row.bare_share,
            f"{row.batch_p50:.2f} ms",
            f"{row.batch_p95:.2f} ms",
            f"{row.batch_p50 / row.bare_batch_p50:.3f}",
            f"{row.recall_at_20:.4f}",
        )
        for row in rows
    ]
    one, many = "one query", f"{BATCH} queries"
    columns = [
        f"{asked}, {what}"
        for asked in (one, many)
        for what in ("median", "95 % within", "times bare FAISS")
    ]
    record.table("times", (*NAMED, *columns, "recall at 20"), times)
    sizes = [
        (
            *row.named,
            f"{row.build_seconds:.1f} s",
            f"{row.memory / 1e6:,.0f} MB",
            f"{row.bytes_per_vector:,.0f}",
        )
        for row in rows
    ]
    record.table("sizes", (*NAMED, "build", "memory grew by", "bytes on disk a vector"), sizes)
    whole = [row for row in rows if row.searched in GALLERY_ROWS]
    ratios = [
        (*first.named[:2], f"{second.single_p50 / first.single_p50:.2f}")
        for first, second in zip(whole[::2], whole[1::2], strict=True)
    ]
    columns = ["time with the second vectors / with the first"]
    record.table("second vectors", (*NAMED[:2], *columns), ratios)
    threads = [("threads of FAISS", faiss.omp_get_max_threads())]
    record.table("machine", ("what", "count"), threads)


def measure(size: int, dimension: int, kinds: list[str], queries: int) -> Iterator[Figures]:
    """Give one row for each kind of index, and one for the whole gallery if it is small enough."""
    gallery, probes = _vectors(size, dimension, queries)
    bare = faiss.IndexFlatIP(dimension)
    bare.add(gallery)
    truth = bare.search(probes, TOP)[1] + 1
    bare_search: Search = lambda vectors: bare.search(vectors, TOP)[1]  # noqa: E731
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            index, seconds, memory = _built(kind, gallery, Path(folder))
            search = partial(_found, index)
            facts = ((Path(folder) / INDEX_NAME).stat().st_size / size, memory, seconds)
            yield _figures(kind, search, bare_search, probes, truth, gallery, facts)
            del index, search
    if size <= GALLERY_UP_TO:
        yield from _measure_gallery(gallery, probes, truth, bare_search)


def _vectors(size: int, dimension: int, queries: int) -> tuple[Vectors, Vectors]:
    """Return the gallery, and the photo of some subjects that is not in it."""
    vectors = clustered_unit_vectors(size // PHOTOS, PHOTOS + 1, dimension, seed=1)
    photos = vectors.reshape(-1, PHOTOS + 1, dimension)
    some = np.random.default_rng(2).choice(len(photos), size=queries)
    return photos[:, :PHOTOS].reshape(-1, dimension).copy(), photos[some, PHOTOS].copy()


def _built(kind: str, gallery: Vectors, folder: Path) -> tuple[TableIndex, float, int]:
    """Return an index of all vectors from its file, the seconds that took, and its memory."""
    start = time.perf_counter()
    made = new_index(kind, gallery.shape[1])
    for first in range(0, len(gallery), ADDED_AT_ONCE):
        page = gallery[first : first + ADDED_AT_ONCE]
        made.add(np.arange(first, first + len(page)) + 1, page)
    model = FakeEmbedder(gallery.shape[1]).identity
    write_index(folder, made, model, 0, "")
    del made
    seconds = time.perf_counter() - start
    before = psutil.Process().memory_info().rss
    index = read_index(folder, model)[0]
    index.search(gallery[:1], TOP)
    return index, seconds, psutil.Process().memory_info().rss - before


def _figures(
    name: str,
    search: Search,
    bare: Search,
    probes: Vectors,
    truth: NDArray[np.int64],
    gallery: Vectors,
    facts: tuple[float, int, float],
) -> Figures:
    singles = [probes[one : one + 1] for one in range(len(probes))]
    batches = [probes[one : one + BATCH] for one in range(0, len(probes) - BATCH + 1, BATCH)]
    single, bare_single = _times(singles, search, bare)
    batch, bare_batch = _times(batches, search, bare)
    bytes_per_vector, memory, seconds = facts
    return Figures(
        vectors=len(gallery),
        dimension=gallery.shape[1],
        searched=name,
        single_p50=float(np.percentile(single, 50)),
        single_p95=float(np.percentile(single, 95)),
        batch_p50=float(np.percentile(batch, 50)),
        batch_p95=float(np.percentile(batch, 95)),
        bare_single_p50=float(np.median(bare_single)),
        bare_batch_p50=float(np.median(bare_batch)),
        recall_at_20=_recall(search(probes), truth),
        build_seconds=seconds,
        memory=memory,
        bytes_per_vector=bytes_per_vector,
    )


def _times(
    questions: list[Vectors], search: Search, bare: Search
) -> tuple[list[float], list[float]]:
    """Return milliseconds of each question, by the one and by the other, asked in turn."""
    search(questions[0])
    bare(questions[0])
    pairs = [(_timed(search, vectors), _timed(bare, vectors)) for vectors in questions]
    ours, theirs = zip(*pairs, strict=True)
    return list(ours), list(theirs)


def _timed(search: Search, vectors: Vectors) -> float:
    start = time.perf_counter()
    search(vectors)
    return 1e3 * (time.perf_counter() - start)


def _recall(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    hits = [len(np.intersect1d(one, other)) for one, other in zip(found, truth, strict=True)]
    return float(np.mean(hits) / truth.shape[1])


def _measure_gallery(
    vectors: Vectors, probes: Vectors, truth: NDArray[np.int64], bare: Search
) -> Iterator[Figures]:
    """Measure `Gallery.nearest` with the store beside it; the build is the enrolment.

    Each face has two vectors, here the same, as in a gallery of `youth-resnet-low-resolution`. The
    second row compares with the second ones, as a search for a degraded probe does there.
    """
    views = (LowResolutionView(16),)
    model = FakeEmbedder(vectors.shape[1], low_resolution_views=views).identity
    with tempfile.TemporaryDirectory() as directory:
        before, start = psutil.Process().memory_info().rss, time.perf_counter()
        with Gallery.create(Path(directory) / "gallery", model=model) as gallery:
            gallery.add([_enrolment(row, vector) for row, vector in enumerate(vectors)])
            seconds = time.perf_counter() - start
            gallery.rebuild()
            for label, name in zip(GALLERY_ROWS, (FACE, LOW_RESOLUTION), strict=True):
                search = partial(_nearest, gallery, name=name)
                search(probes[:1])
                memory = psutil.Process().memory_info().rss - before
                size = sum(file.stat().st_size for file in gallery.path.iterdir()) / len(vectors)
                facts = (size, memory, seconds)
                yield _figures(label, search, bare, probes, truth, vectors, facts)


def _found(index: TableIndex, probes: Vectors) -> NDArray[np.int64]:
    return index.search(probes, TOP)[1]


def _nearest(gallery: Gallery, probes: Vectors, name: str) -> NDArray[np.int64]:
    return gallery.nearest(probes, TOP, name=name)[1]


def _enrolment(row: int, vector: Vectors) -> Enrolment:
    subject = Subject(f"subject-{row // PHOTOS:07d}")
    photo = PhotoRecord(sha256=f"{row:064x}", reference=f"photo-{row:07d}")
    both = {FACE: vector, LOW_RESOLUTION: vector}
    return Enrolment(subject, photo, both, box=(0, 0, 64, 64), probability=0.99)


if __name__ == "__main__":
    main()
