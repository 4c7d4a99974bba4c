"""Search on a running server: sending, index, latency, recall, memory for some sizes.

    python benchmarks/served_search.py milvus:http://127.0.0.1:19530 --sizes 100000 --server-pid PID
    python benchmarks/served_search.py postgres:postgresql://127.0.0.1:5432/faces

The server is named as a gallery names it; credentials are those of the environment.
The vectors and the queries are those of `benchmarks/search.py`. Recall is that of the server alone
(`proposed`: the true first twenty among the candidates that a gallery asks for); the gallery then
ranks by the vectors of its store. `hasty` is the same before the graph is searched. Processor time
is that of server and client, until the graph is searched. Run it with nothing else on the machine.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import psutil  # type: ignore[import-untyped]
from numpy.typing import NDArray

from matcher.gallery.index import ServedIndex
from matcher.gallery.index.remote_index import PROPOSED
from matcher.gallery.index.servers import server_of
from matcher.testing import clustered_unit_vectors

TOP = 20
PHOTOS = 4
SENT_AT_ONCE = 10_000


def main() -> None:
    """Measure each size and print one JSON object for each."""
    parser = argparse.ArgumentParser(description="Search on a running server.")
    parser.add_argument("address", help="as for --index of matcher")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000])
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--queries", type=int, default=320)
    parser.add_argument("--server-pid", type=int, help="to read its memory")
    parser.add_argument("--server-directory", type=Path, help="to read its disk use")
    options = parser.parse_args()
    for size in options.sizes:
        print(json.dumps(measure(size, options)), flush=True)


def measure(size: int, options: argparse.Namespace) -> dict[str, Any]:
    """Fill a collection, measure, and drop it."""
    vectors = clustered_unit_vectors(size // PHOTOS, PHOTOS + 1, options.dimension, seed=1)
    photos = vectors.reshape(-1, PHOTOS + 1, options.dimension)
    some = np.random.default_rng(2).choice(len(photos), size=options.queries)
    gallery = photos[:, :PHOTOS].reshape(-1, options.dimension).copy()
    probes = photos[some, PHOTOS].copy()
    del vectors, photos
    bare = faiss.IndexFlatIP(options.dimension)
    bare.add(gallery)
    truth = bare.search(probes, TOP)[1] + 1
    before, work, disk = _memory(options), _work(options), _disk(options)
    server, url = server_of(options.address)
    index = server.of(url, f"benchmark_{size}", options.dimension)
    index.create({})
    try:
        sending = _seconds(lambda: _send(index, gallery))
        hasty = _proposed(index.candidates(probes, PROPOSED * TOP), truth)
        building = _seconds(lambda: _build(index, size))
        return {
            "faces": len(index),
            "dimension": options.dimension,
            "sending_s": round(sending, 1),
            "index_s": round(building, 1),
            "processor_s": round(_work(options) - work, 1),
            "hasty": hasty,
            **_search(index, probes, truth),
            "server_memory_mb": [before, _memory(options)],
            "server_disk_mb": [disk, _disk(options)],
        }
    finally:
        index.drop()


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _send(index: ServedIndex, gallery: NDArray[np.float32]) -> None:
    for first in range(0, len(gallery), SENT_AT_ONCE):
        page = gallery[first : first + SENT_AT_ONCE]
        index.put(np.arange(first, first + len(page), dtype=np.int64) + 1, page)
    len(index)


def _build(index: ServedIndex, size: int) -> None:
    index.settle(size)
    index.finish()


def _search(
    index: ServedIndex, probes: NDArray[np.float32], truth: NDArray[np.int64]
) -> dict[str, float]:
    candidates = PROPOSED * TOP
    index.candidates(probes[:1], candidates)
    times = [
        1e3 * _seconds(lambda row=row: index.candidates(probes[row : row + 1], candidates))
        for row in range(len(probes))
    ]
    whole = _seconds(lambda: index.candidates(probes, candidates))
    found = index.candidates(probes, candidates)
    return {
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p95_ms": round(float(np.percentile(times, 95)), 2),
        "batch_ms_a_query": round(1e3 * whole / len(probes), 2),
        "proposed": _proposed(found, truth),
    }


def _proposed(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Return which share of the true first twenty is among the candidates."""
    hits = [len(np.intersect1d(one, other)) for one, other in zip(found, truth, strict=True)]
    return round(float(np.mean(hits)) / TOP, 4)


def _processes(options: argparse.Namespace) -> list[psutil.Process]:
    """Return those of the server, if it is known."""
    if options.server_pid is None:
        return []
    first = psutil.Process(options.server_pid)
    return [first, *first.children(recursive=True)]


def _work(options: argparse.Namespace) -> float:
    """Return the processor seconds so far, of this process and of the server if it is known."""
    times = [one.cpu_times() for one in (psutil.Process(), *_processes(options))]
    # A process that has ended is counted with its parent.
    return float(sum(sum(one[:4]) for one in times))


def _memory(options: argparse.Namespace) -> int | None:
    """Return the server's memory in MB; what its processes share is counted once."""
    if options.server_pid is None:
        return None
    return int(sum(one.memory_full_info().pss for one in _processes(options)) / 1e6)


def _disk(options: argparse.Namespace) -> int | None:
    if options.server_directory is None:
        return None
    files = (file for file in options.server_directory.rglob("*") if file.is_file())
    return int(sum(file.stat().st_size for file in files) / 1e6)


if __name__ == "__main__":
    main()
