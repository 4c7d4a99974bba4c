"""What encryption of a gallery costs: the same work on a plain and on an encrypted one, in turns.

    python benchmarks/encryption.py [--faces 100000] [--batch 1000] [--repeats 5]

Made vectors, which lie as those of faces do, are enrolled in batches into both galleries, one batch
into each in turns. Then both are opened again, with the index that lies in its file and without
one. A search is one of the whole gallery, and one among a thousand faces that a filter left. Each
line names the median of both, and the ratio of the medians.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from cross import DIMENSION, enrol, seconds
from recording import Record

from matcher import Filters, Gallery
from matcher.encryption import GalleryKey
from matcher.gallery.index import INDEX_NAME
from matcher.testing import FakeEmbedder, clustered_unit_vectors

NAMES = ("plain", "encrypted")
MODEL = FakeEmbedder(DIMENSION).identity


@dataclass
class Times:
    """Seconds of one kind of work on each gallery."""

    what: str
    of: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})

    def measure(self, name: str, work: Callable[[], object]) -> None:
        """Do the work once and keep how long it took."""
        self.of[name].append(seconds(work))

    def row(self) -> tuple[str, ...]:
        """Return both medians, the ratio, how far single turns lie apart, and their number."""
        plain, encrypted = (statistics.median(self.of[name]) for name in NAMES)
        ratios = [two / one for one, two in zip(*self.of.values(), strict=True)]
        return (
            self.what,
            f"{1000 * plain:.1f} ms",
            f"{1000 * encrypted:.1f} ms",
            f"{encrypted / plain:.2f}",
            f"{min(ratios):.2f} to {max(ratios):.2f}",
            str(len(ratios)),
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill both galleries, open and search them in turns, print the times."""
    record = Record.begin(__file__, _parser(), arguments)
    options = record.options
    vectors = clustered_unit_vectors(options.faces, 1, DIMENSION, seed=1)
    queries = clustered_unit_vectors(options.repeats * 20, 1, DIMENSION, seed=2)
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / name for name in NAMES}
        for name, path in paths.items():
            key = GalleryKey.new() if name == "encrypted" else None
            Gallery.create(path, model=MODEL, index="exact", key=key).close()
        times = [
            _enrolling(paths, vectors, options.batch),
            *_reopening(paths, queries, options.repeats),
        ]
        sizes = [sum(file.stat().st_size for file in path.iterdir()) for path in paths.values()]
    plain, encrypted = sizes
    size = ("size", *(f"{one / 1e6:.1f} MB" for one in sizes), f"{encrypted / plain:.2f}", "", "")
    record.table("galleries", ("faces", "faces of a batch"), [(options.faces, options.batch)])
    record.table(
        "cost",
        ("work", *NAMES, "ratio", "ratios of single turns", "turns"),
        [*(one.row() for one in times), size],
    )
    record.write()


def _enrolling(paths: dict[str, Path], vectors: np.ndarray, batch: int) -> Times:
    times = Times(f"enrol a batch of {batch:,}")
    galleries = {name: Gallery.open(path) for name, path in paths.items()}
    for top in range(0, len(vectors), batch):
        some = vectors[top : top + batch]
        for name, gallery in galleries.items():
            times.measure(name, lambda g=gallery, v=some, t=top: enrol(g, "a", v, t))  # type: ignore[misc]
    for gallery in galleries.values():
        gallery.nearest(vectors[:1], 1)
        gallery.close()
    return times


def _reopening(paths: dict[str, Path], queries: np.ndarray, repeats: int) -> list[Times]:
    cold = Times("open, and search once with the index in its file")
    bare = Times("open, and search once without an index file")
    warm = Times("search once more")
    few = Times("search among 1,000 faces that a filter left")
    records = Times("read the records of 1,000 faces")
    for turn in range(repeats):
        some = queries[20 * turn :]
        for name, path in paths.items():
            cold.measure(name, lambda p=path, q=some: _first_search(p, q))  # type: ignore[misc]
        for name, path in paths.items():
            with Gallery.open(path) as gallery:
                gallery.nearest(some[:1], 20)
                warm.measure(name, lambda g=gallery, q=some: g.nearest(q[1:2], 20))  # type: ignore[misc]
                subjects = tuple(one.subject_id for _, one in zip(range(1000), gallery.subjects()))  # noqa: B905
                left = gallery.select(Filters(subject_ids=subjects)).allowed
                few.measure(name, lambda g=gallery, q=some, f=left: g.nearest(q[2:3], 20, f))  # type: ignore[misc]
                records.measure(name, lambda g=gallery, f=left: g.faces(f if f is not None else ()))  # type: ignore[misc]
            (path / INDEX_NAME).unlink()
        for name, path in paths.items():
            bare.measure(name, lambda p=path, q=some: _first_search(p, q))  # type: ignore[misc]
    return [cold, bare, warm, few, records]


def _first_search(path: Path, queries: np.ndarray) -> None:
    with Gallery.open(path) as gallery:
        gallery.nearest(queries[:1], 20)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=5)
    return parser


if __name__ == "__main__":
    main()
