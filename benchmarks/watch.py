"""How long a watch list takes after an enrolment.

    python benchmarks/watch.py [--faces 100000] [--probes 1000] [--new 1000] [--repeats 5]
        [--record NAME]

A gallery of made vectors, which lie as those of faces do, gets a watch list of as many standing
probes. The list is run once. Then faces are enrolled, and the list is run after them: after one
face, and after many. No face is close to a probe, and the photos are not decoded: what is measured
is what the list adds to an enrolment.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from cross import DIMENSION, enrol, seconds
from numpy.typing import NDArray
from recording import Record

from matcher import Gallery, open_watch_list, run_watch_list, set_watch_list
from matcher.testing import FakeEmbedder, clustered_unit_vectors
from matcher.watching import ToFile

LOWEST = 0.998


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the gallery and the list, run the list, record the times."""
    record = Record.begin(__file__, _parser(), arguments)
    options = record.options
    more = options.repeats * (options.new + 1)
    vectors = clustered_unit_vectors(options.faces + more, 1, DIMENSION, seed=1)
    sought = clustered_unit_vectors(options.probes, 1, DIMENSION, seed=2)
    model = FakeEmbedder(DIMENSION).identity
    with (
        tempfile.TemporaryDirectory() as folder,
        Gallery.create(Path(folder) / "gallery", model=model) as gallery,
    ):
        enrol(gallery, "a", vectors[: options.faces], 0)
        file = Path(folder) / "leads.jsonl"
        set_watch_list(gallery, threshold=LOWEST, receiver=ToFile(file))
        with open_watch_list(gallery) as probes:
            enrol(probes, "b", sought, 0)
        first = seconds(lambda: run_watch_list(gallery))
        rows = [(f"first run, {options.faces:,} faces", "", f"{first:.2f} s", 1)]
        start = options.faces
        for faces in (1, options.new):
            some = vectors[start : start + faces * options.repeats]
            rows.append((f"after {faces:,} new", *_after(gallery, some, start, faces)))
            start += len(some)
        leads = len(file.read_text().splitlines()) if file.exists() else 0
    columns = ("run of the list", "faces stored in", "list ran in", "turns")
    record.table("times", columns, rows)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    record.table(
        "sizes",
        ("what", "figure"),
        [
            ("faces", options.faces),
            ("standing probes", options.probes),
            ("leads", leads),
            ("largest memory", f"{memory:.2f} GB"),
        ],
    )
    record.write()


def _after(
    gallery: Gallery, vectors: NDArray[np.float32], start: int, faces: int
) -> tuple[str, str, int]:
    """Enrol so many faces again and again, run the list after each; return both times."""
    adding, running = [], []
    for top in range(0, len(vectors), faces):
        some = vectors[top : top + faces]
        adding.append(seconds(lambda some=some, top=top: enrol(gallery, "a", some, start + top)))  # type: ignore[misc]
        running.append(seconds(lambda: run_watch_list(gallery)))
    return _range(adding), _range(running), len(running)


def _range(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--probes", type=int, default=1_000)
    parser.add_argument("--new", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=5)
    return parser


if __name__ == "__main__":
    main()
