"""Search on a running server: sending, index, latency, recall, memory for some sizes.

    python benchmarks/served_search.py milvus:http://127.0.0.1:19530 --sizes 100000 --server-pid PID
    python benchmarks/served_search.py postgres:postgresql://127.0.0.1:5432/faces
    python benchmarks/served_search.py [--sizes 100000] [--record NAME]

The server is named as a gallery names it; credentials are those of the environment. Without a name
it is the PostgreSQL of the extra `dev`, which is started for the run and ended after it, with the
settings of the tests (`tests/helpers/postgres_server.py`).
The vectors and the queries are those of `benchmarks/search.py`. Recall is that of the server alone
(`proposed`: the true first twenty among the candidates that a gallery asks for); the gallery then
ranks by the vectors of its store. `hasty` is the same before the graph is searched. Processor time
is that of server and client, until the graph is searched. Run it with nothing else on the machine.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import psutil  # type: ignore[import-untyped]
from numpy.typing import NDArray
from recording import ROOT, Cell, Record

from matcher.gallery.index import ServedIndex
from matcher.gallery.index.remote_index import PROPOSED
from matcher.gallery.index.servers import server_of
from matcher.testing import clustered_unit_vectors

TOP = 20
PHOTOS = 4
SENT_AT_ONCE = 10_000
LOGS = "pg_wal"
"""The folder in which PostgreSQL has its logs."""


def main() -> None:
    """Measure each size and record the tables."""
    parser = argparse.ArgumentParser(description="Search on a running server.")
    parser.add_argument("address", nargs="?", help="as for --index of matcher")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000])
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--queries", type=int, default=320)
    parser.add_argument("--server-pid", type=int, help="to read its memory")
    parser.add_argument("--server-directory", type=Path, help="to read its disk use")
    record = Record.begin(__file__, parser)
    with running(record.options) as options:
        found = [measure(size, options) for size in options.sizes]
    columns = [_cells(one) for one in found]
    rows = [(what, *(column[what] for column in columns)) for what in columns[0]]
    kind = options.address.partition(":")[0]
    sizes = (f"{kind}, {one['faces']:,} faces" for one in found)
    record.table("server", ("what", *sizes), rows)
    record.write()


@contextmanager
def running(options: argparse.Namespace) -> Iterator[argparse.Namespace]:
    """Yield the options with a server; start PostgreSQL if none is named, and end it."""
    if options.address:
        yield options
        return
    sys.path.append(str(ROOT / "tests" / "helpers"))
    started = importlib.import_module("postgres_server").PostgresOnLoopback()
    try:
        started.start()
        os.environ.update(started.environment)
        known = {"address": started.index, "server_pid": started.pid}
        known |= {"server_directory": started.directory}
        yield argparse.Namespace(**vars(options) | known)
    finally:
        started.remove()


def _cells(one: dict[str, Any]) -> dict[str, Cell]:
    """Return the figures of one size by what they are called in the table."""
    idle, used = one["server_memory_mb"]
    faces = one["faces"]
    return {
        "numbers of a vector": one["dimension"],
        "queries": one["queries"],
        "sending": f"{one['sending_s']:.1f} s",
        "building the graph": f"{one['index_s']:.1f} s",
        "processor, server and client": f"{one['processor_s']:.0f} s",
        "recall at 20 before the graph": f"{one['hasty']:.4f}",
        "recall at 20": f"{one['proposed']:.4f}",
        "one query, median": f"{one['p50_ms']:.1f} ms",
        "one query, 95 % within": f"{one['p95_ms']:.1f} ms",
        "one query of a batch": f"{one['batch_ms_a_query']:.2f} ms",
        "memory of the server, idle": None if idle is None else f"{idle:,} MB",
        "memory of the server grew by": None if idle is None else f"{used - idle:,} MB",
        "on disk, a face, logs included": _a_face(one["server_disk_mb"], faces),
        "logs of PostgreSQL, a face": _a_face(one["server_logs_mb"], faces),
    }


def _a_face(megabytes: Sequence[int | None], faces: int) -> str | None:
    """Return how many bytes a face takes, by the size of a folder before and after."""
    before, after = megabytes
    return None if before is None or after is None else f"{1e6 * (after - before) / faces:,.0f} B"


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
    before, work = _memory(options), _work(options)
    disk, logs = _disk(options), _disk(options, LOGS)
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
            "queries": options.queries,
            "sending_s": round(sending, 1),
            "index_s": round(building, 1),
            "processor_s": round(_work(options) - work, 1),
            "hasty": hasty,
            **_search(index, probes, truth),
            "server_memory_mb": [before, _memory(options)],
            "server_disk_mb": [disk, _disk(options)],
            "server_logs_mb": [logs, _disk(options, LOGS)],
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


def _disk(options: argparse.Namespace, under: str = "") -> int | None:
    """Return what the files of the server take in MB, or those under folders of a name."""
    if options.server_directory is None:
        return None
    files = (
        file
        for file in options.server_directory.rglob("*")
        if file.is_file() and (not under or under in file.parts)
    )
    return int(sum(file.stat().st_size for file in files) / 1e6)


if __name__ == "__main__":
    main()
