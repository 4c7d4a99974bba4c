"""A gallery of a million or ten million faces: what each use of it takes.

    python benchmarks/ten_million.py PEOPLE SAME FOLDER --faces 10000000 [--keep FILE]
        [--record NAME]

The vectors lie as those of the default model do (`face_like.py`, which also says what PEOPLE and
SAME are), four photos for each subject, with records. Each use goes through `Gallery`, as that of
any program does, and each row has its seconds, those of the processor, what was written, and the
memory afterwards. A gallery that is in FOLDER is used again. A probe is a fifth photo of a subject;
what a search should find is a scan of all vectors by NumPy and FAISS. Caches of the system are not
emptied.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import psutil  # type: ignore[import-untyped]
from face_like import FaceLike, Vectors, read
from recording import Cell, Record, text

from matcher import (
    Filters,
    Gallery,
    Subject,
    cross_match,
    open_watch_list,
    run_watch_list,
    set_watch_list,
)
from matcher.embedding import FACE, load_extractor
from matcher.gallery import Enrolment, PhotoRecord

PHOTOS = 4
ADDED_AT_ONCE = 20_000
TOP = 20
PROBES = 400
REGIONS = 50
NEW = 100_000
CROSSED = 10_000
STEPS = ("index", "open", "search", "work", "remove", "verify")


@dataclass
class Rows:
    """The rows of the tables so far, each printed when it is measured."""

    rows: list[Sequence[Cell]] = field(default_factory=list)
    facts: list[Sequence[Cell]] = field(default_factory=list)

    @contextmanager
    def row(self, what: str, **facts: Any) -> Iterator[dict[str, Any]]:
        """Measure one use; facts that are added to what is yielded are kept with it."""
        process = psutil.Process()
        wrote, cpu, start = _written(process), _cpu(), time.perf_counter()
        yield facts
        used = _Used(
            time.perf_counter() - start,
            _cpu() - cpu,
            (_written(process) - wrote) / 1e6,
            process.memory_info().rss / 1e6,
            _own(process) / 1e6,
        )
        row = [what, *map(_short, astuple(used))]
        self.rows.append(row)
        self.facts += [[what, FACTS[name], _fact(name, value)] for name, value in facts.items()]
        print(*row, facts, sep="  ", file=sys.stderr, flush=True)

    def show(self, record: Record) -> None:
        """Add the tables."""
        columns = ("seconds", "processor, seconds", "MB written", "memory, MB")
        record.table("uses", ("use", *columns, "memory without mapped files, MB"), self.rows)
        record.table("figures", ("use", "what", "figure"), self.facts)


FACTS = {
    "faces": "faces",
    "kind": "index",
    "store_mb": "store on disk, MB",
    "index_mb": "index on disk, MB",
    "probes": "probes",
    "recall_at_20": "recall at 20",
    "same_first_subject": "same first subject as the scan",
    "p50_ms": "one search, median",
    "p95_ms": "one search, 95 % within",
    "times_faster_than_scan": "times faster than the scan",
    "scan_p50_ms": "a scan of all vectors with bare FAISS, median",
    "among": "faces left by the filter",
    "faults": "faults",
    "gain_mb": "gain, MB",
}
"""What the facts of a row are called in the table."""


def _fact(name: str, value: Any) -> Cell:
    if name in ("recall_at_20", "same_first_subject"):
        return f"{value:.4f}"
    return f"{value:,.1f} ms" if name.endswith("_ms") else _short(value)


@dataclass(frozen=True)
class _Used:
    seconds: float
    processor: float
    mb_written: float
    mb_resident: float
    mb_own: float


def _short(value: Any) -> str:
    """Return a measured value with as many digits as count."""
    if isinstance(value, float) and abs(value) < 0.1:
        return f"{value:.3f}"
    return text(value)


def _written(process: Any) -> int:
    return int(process.io_counters().write_bytes)


def _own(process: Any) -> int:
    """Memory without the pages of mapped files, which the system takes back when it needs them."""
    facts = process.memory_info()
    return int(facts.rss - facts.shared)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Make the gallery if there is none, use it, and record what that takes."""
    record = Record.begin(__file__, _parser())
    options = record.options
    faiss.omp_set_num_threads(options.threads)
    mixture = FaceLike.fitted(*read(options.people, options.same, options.keep))
    options.folder.mkdir(parents=True, exist_ok=True)
    rows, path = Rows(), options.folder / "gallery"
    if not path.exists():
        create(rows, path, mixture, options.faces)
    probes = probes_of(mixture, options.faces)
    steps: dict[str, Callable[[], None]] = {
        "index": lambda: build_index(rows, path, options.index),
        "open": lambda: measure_opening(rows, path, probes),
        "search": lambda: measure_searches(rows, path, probes),
        "work": lambda: measure_work(rows, path, mixture, options),
        "remove": lambda: measure_removals(rows, path, options.person),
        "verify": lambda: measure_verify(rows, path),
    }
    for name, step in steps.items():
        if name in options.steps:
            step()
    rows.show(record)
    record.write()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="What uses of a large gallery take.")
    parser.add_argument("people", type=Path)
    parser.add_argument("same", type=Path)
    parser.add_argument("folder", type=Path, help="where the gallery is made, or is")
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--index", default="auto")
    parser.add_argument("--threads", type=int, default=2, help="of FAISS")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--person", type=int, default=10, help="first subject to remove")
    parser.add_argument("--keep", type=Path, help="file that keeps the vectors of the photos")
    return parser


def create(rows: Rows, path: Path, mixture: FaceLike, faces: int) -> None:
    """Enrol all faces, a page at a time, and close the gallery."""
    model = load_extractor().model
    with Gallery.create(path, model=model) as gallery:
        with rows.row("enrol all", faces=faces):
            for page in range(faces // ADDED_AT_ONCE):
                gallery.add(_entries(mixture, page))
                if page % 50 == 49:
                    print(f"  {(page + 1) * ADDED_AT_ONCE:,} faces", file=sys.stderr, flush=True)
        with rows.row("close the gallery"):
            gallery.close()


def _entries(mixture: FaceLike, page: int) -> list[Enrolment]:
    people = ADDED_AT_ONCE // PHOTOS
    drawn = mixture.draw(people, PHOTOS + 1, seed=page)
    return [
        _entry(page * people + person, photo, drawn[person, photo])
        for person in range(people)
        for photo in range(PHOTOS)
    ]


def _entry(person: int, photo: int, vector: Vectors) -> Enrolment:
    number = PHOTOS * person + photo
    taken = date(2010, 1, 1) + timedelta(days=number % 5000)
    subject = Subject(
        f"subject-{person:08d}",
        recorded_sex="female" if person % 2 else "male",
        region=f"region {person % REGIONS}",
    )
    record = PhotoRecord(f"{number:064x}", f"photos/{number:09d}.jpg", taken, float(number % 17))
    return Enrolment(subject, record, {FACE: vector}, box=(0, 0, 96, 112), probability=0.99)


def probes_of(mixture: FaceLike, faces: int) -> Vectors:
    """Return the fifth photo of some subjects of some pages."""
    pages = np.linspace(0, faces // ADDED_AT_ONCE - 1, 20, dtype=int)
    drawn = [mixture.draw(ADDED_AT_ONCE // PHOTOS, PHOTOS + 1, seed=int(page)) for page in pages]
    each = PROBES // len(pages)
    return np.concatenate([one[:: len(one) // each][:each, PHOTOS] for one in drawn])


def build_index(rows: Rows, path: Path, index: str) -> None:
    """Build the index from the store and write its file."""
    with Gallery.open(path) as gallery, rows.row("rebuild the index", kind=index):
        gallery.rebuild(index)


def measure_opening(rows: Rows, path: Path, probes: Vectors) -> None:
    """Open the gallery, search once, and ask for its figures."""
    with rows.row("open"):
        gallery = Gallery.open(path)
    with rows.row("first search"):
        gallery.nearest(probes[:1], TOP)
    with rows.row("second search"):
        gallery.nearest(probes[1:2], TOP)
    with rows.row("figures of the gallery") as facts:
        info = gallery.info()
        facts |= {"kind": info.index_kind, "faces": info.faces}
        facts |= {"store_mb": info.store_bytes / 1e6, "index_mb": info.index_bytes / 1e6}
    gallery.close()


def measure_searches(rows: Rows, path: Path, probes: Vectors) -> None:
    """Search one probe after the other, with and without filters, and compare with a scan."""
    with Gallery.open(path) as gallery:
        gallery.nearest(probes[:1], TOP)
        truth, exact = _truth(gallery, probes)
        with rows.row("search", probes=len(probes)) as facts:
            found, times = _each(gallery, probes, None)
            facts |= _agreement(gallery, found, truth) | times
            facts["times_faster_than_scan"] = exact / times["p50_ms"]
            facts["scan_p50_ms"] = exact
        for name, filters in (
            ("filter: 1 region of 50", Filters(regions=("region 7",))),
            ("filter: recorded sex", Filters(recorded_sex=("female",))),
        ):
            with rows.row(f"{name}, selected once"):
                selection = gallery.select(filters)
            with rows.row(name, among=selection.faces) as facts:
                facts |= _each(gallery, probes[:20], selection.allowed)[1]


def _truth(gallery: Gallery, probes: Vectors) -> tuple[Any, float]:
    """Return the nearest faces by a scan, and the milliseconds of one query, median."""
    pages = list(gallery.pages_added(-1, gallery.generation))
    ids = np.concatenate([page[0] for page in pages])
    vectors = np.concatenate([page[1] for page in pages])
    del pages
    times = []
    for probe in probes[:20]:
        start = time.perf_counter()
        faiss.knn(probe[None], vectors, TOP, metric=faiss.METRIC_INNER_PRODUCT)
        times.append(time.perf_counter() - start)
    near = faiss.knn(probes, vectors, TOP, metric=faiss.METRIC_INNER_PRODUCT)[1]
    return ids[near], 1e3 * float(np.median(times))


def _each(gallery: Gallery, probes: Vectors, allowed: Any) -> tuple[Any, dict[str, float]]:
    found, times = [], []
    for probe in probes:
        start = time.perf_counter()
        found.append(gallery.nearest(probe[None], TOP, allowed)[1][0])
        times.append(1e3 * (time.perf_counter() - start))
    p50, p95 = np.percentile(times, [50, 95])
    return np.array(found), {"p50_ms": float(p50), "p95_ms": float(p95)}


def _agreement(gallery: Gallery, found: Any, truth: Any) -> dict[str, float]:
    shared = [len(np.intersect1d(one, other)) for one, other in zip(found, truth, strict=True)]
    ours, true = gallery.owners(found[:, :1]), gallery.owners(truth[:, :1])
    first = np.mean([one == other for one, other in zip(ours, true, strict=True)])
    return {"recall_at_20": float(np.mean(shared) / TOP), "same_first_subject": float(first)}


def measure_work(rows: Rows, path: Path, mixture: FaceLike, options: argparse.Namespace) -> None:
    """Enrol more, run a watch list, compare with another gallery, and verify."""
    with Gallery.open(path) as gallery:
        first = len(gallery) // ADDED_AT_ONCE
        with rows.row("enrol 100,000 more"):
            for page in range(NEW // ADDED_AT_ONCE):
                gallery.add(_entries(mixture, first + page))
        with rows.row("first search afterwards"):
            gallery.nearest(mixture.draw(1, 1, seed=10**6)[0], TOP)
        with rows.row("close"):
            gallery.close()
    with Gallery.open(path) as gallery:
        if not (path / "watch").exists():
            set_watch_list(gallery, threshold=0.9)
            with open_watch_list(gallery) as watched:
                watched.add(_entries(mixture, 2 * 10**6)[:1000])
        with rows.row("watch list of 1,000, first run"):
            run_watch_list(gallery)
        gallery.add(_entries(mixture, 3 * 10**6)[:1000])
        with rows.row("watch list of 1,000, after 1,000 new faces"):
            run_watch_list(gallery)
        other = options.folder / "other"
        shutil.rmtree(other, ignore_errors=True)
        with Gallery.create(other, model=gallery.model) as small:
            small.add(_entries(mixture, 4 * 10**6)[:CROSSED])
            with rows.row(f"cross-match of {CROSSED} faces"):
                cross_match(small, gallery, threshold=0.9)


def measure_verify(rows: Rows, path: Path) -> None:
    """Check every row, every vector and the index."""
    with Gallery.open(path) as gallery, rows.row("verify") as facts:
        facts["faults"] = len(gallery.verify().faults)


def measure_removals(rows: Rows, path: Path, first: int) -> None:
    """Remove one subject at a time, then many at once, and compact the gallery."""
    with Gallery.open(path) as gallery:
        gallery.nearest(np.eye(1, gallery.model.dimension, dtype=np.float32), TOP)
        for turn, person in enumerate(range(first, first + 3), start=1):
            with rows.row(f"remove a subject, turn {turn}"):
                gallery.remove_subject(f"subject-{person:08d}")
        with rows.row("remove 1,000 subjects at once"):
            many = range(first + 3, first + 1003)
            gallery.remove_subjects([f"subject-{person:08d}" for person in many])
    with Gallery.open(path) as gallery, rows.row("compact") as facts:
        facts["gain_mb"] = gallery.compaction().bytes / 1e6
        gallery.compact()


if __name__ == "__main__":
    main()
