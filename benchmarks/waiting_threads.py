"""How much two processes that embed photos slow each other down, by how idle threads wait.

    python benchmarks/waiting_threads.py [--photos 24] [--rounds 3] [--record NAME]

Each way of waiting is a set of environment variables for a new process. A process renders photos,
loads the default model, says that it is ready, and embeds the photos when all are ready. First one
process works alone, then two at once. The ways take turns, and the shortest time of each counts, so
that other work on the machine disturbs the ratios little. A ratio is to one process alone that
waits as the library of threads does by itself.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from recording import NOTHING, Record

WAYS: dict[str, dict[str, str]] = {
    "as it comes": {},
    "OMP_WAIT_POLICY=passive": {"OMP_WAIT_POLICY": "passive"},
    "GOMP_SPINCOUNT=0": {"GOMP_SPINCOUNT": "0"},
    "KMP_BLOCKTIME=0": {"KMP_BLOCKTIME": "0"},
    "OMP_NUM_THREADS=1": {"OMP_NUM_THREADS": "1"},
}
_SET = {name for way in WAYS.values() for name in way}


def main() -> None:
    """Record one row for each way of waiting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    record = Record.begin(__file__, parser)
    options = record.options
    if options.work:
        work(options.photos)
        return
    seconds: dict[tuple[str, int], list[float]] = {}
    for _ in range(options.rounds):
        for name, settings in WAYS.items():
            for processes in (1, 2):
                taken = together(processes, settings, options.photos)
                seconds.setdefault((name, processes), []).append(taken)
    base = min(seconds["as it comes", 1])
    rows = []
    for name in WAYS:
        ratios = (f"{min(seconds[name, processes]) / base:.2f}" for processes in (1, 2))
        rows.append((name, *ratios))
    record.table("times", ("setting", "one process alone", "two at once"), rows)
    rate = f"{options.photos / base:.1f} photos a second"
    size = [("photos", options.photos), ("rounds", options.rounds)]
    record.table("measured", ("what", "figure"), [("alone, as it comes", rate), *size])
    record.write()


def together(processes: int, settings: dict[str, str], photos: int) -> float:
    """Return the seconds from the start of all processes to the end of the last one."""
    environment = {name: value for name, value in os.environ.items() if name not in _SET}
    command = [sys.executable, __file__, "--work", "--photos", str(photos)]
    command += ["--record", NOTHING]
    running = [
        subprocess.Popen(
            command,
            env=environment | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in running:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        if process.stdout.readline() != "ready\n":
            sys.exit("A process ended before it was ready.")
    started = time.perf_counter()
    for process in running:
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        process.wait()
    return time.perf_counter() - started


def work(photos: int) -> None:
    """Embed rendered photos when standard input says so."""
    from matcher.embedding import load_extractor
    from matcher.heap import use_one_heap
    from matcher.synthetic import CohortSpec, render_photo

    use_one_heap()
    spec = CohortSpec(photos, ages=(9,), seed=1)
    pixels = [render_photo(spec, subject, 9, 0).pixels for subject in range(photos)]
    extractor = load_extractor()
    list(extractor.extract_many(pixels[:2]))  # loads what is loaded only once
    print("ready", flush=True)
    sys.stdin.readline()
    list(extractor.extract_many(pixels))


if __name__ == "__main__":
    main()
