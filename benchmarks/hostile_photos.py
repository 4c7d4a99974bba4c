"""Read very many spoilt photos, and count what should never happen.

    python benchmarks/hostile_photos.py [--count 100000] [--seed 0] [--seconds 3600] [--out FILE]

Each photo is one of about twenty small ones in eight encodings, spoilt one to three times: flipped
bits, cut ends, parts that are repeated, exchanged or left out, extreme lengths, counts and sizes,
and splices of two photos. Child processes read them with `load_photo`, every second one with
`salvage`. Counted are errors that are no `PhotoError`, `PhotoFailureError` (typed, but of another
library's making), photos that take longer than `--limit` seconds, photos that take more memory than
`DecodeLimits.memory` states (Linux only), and processes that die. With `--out` a run goes on where
an earlier one with the same seed stopped.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from photo_mutations import mutated, seeds
from recording import NOTHING, Record

from matcher.errors import MatcherError, PhotoError, PhotoFailureError
from matcher.photos import DecodeLimits, load_photo

MAX_PIXELS = 4_000_000
SLACK = 16 * 1024 * 1024
"""Bytes that a process may grow by otherwise: libraries are loaded when they are first needed."""

BLOCK = 500
"""Photos for one child process."""

BAD = {
    "untyped": "untyped error",
    "over time": "more time than the limit",
    "over memory": "more memory than stated",
    "died": "process died",
}
"""What should never happen, and how the table says it."""


def main() -> None:
    """Read photos until the count or the time is reached, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3600.0, help="longest time of the run")
    parser.add_argument("--limit", type=float, default=5.0, help="longest time of a photo")
    parser.add_argument("--out", type=Path, help="JSON file of what was done so far")
    parser.add_argument("--block", type=int, nargs=2, help=argparse.SUPPRESS)
    record = Record.begin(__file__, parser)
    options = record.options
    if options.block:
        first, number = options.block
        read_block(options.seed, first, number, options.limit)
        return
    state = run(options.count, options.seed, options.seconds, options.limit, options.out)
    tables(record, state, options.limit)
    record.write()
    print(json.dumps(state["examples"], indent=1), file=sys.stderr)
    raise SystemExit(any(state["counts"].get(name) for name in BAD))


def tables(record: Record, state: dict[str, Any], limit: float) -> None:
    """Print and keep what became of the photos, and how often what should never happen did."""
    counts = dict(state["counts"])
    never = [(said, counts.pop(name, 0)) for name, said in BAD.items()]
    read = counts.pop("photo", 0)
    record.table(
        "photos",
        ("photos", "seed", "limit of a photo"),
        [(state["done"], state["seed"], f"{limit:g} s")],
    )
    record.table("outcomes", ("outcome", "photos"), [("read", read), *sorted(counts.items())])
    record.table("what should never happen", ("what", "photos"), never)


def run(count: int, seed: int, seconds: float, limit: float, out: Path | None) -> dict[str, Any]:
    """Read the photos in child processes; return how many were read, and the counts."""
    state: dict[str, Any] = {"seed": seed, "done": 0, "counts": {}, "examples": []}
    if out is not None and out.exists():
        state = json.loads(out.read_text())
        if state["seed"] != seed:
            raise SystemExit(f"{out} is of seed {state['seed']}; name another file.")
    ends = time.monotonic() + seconds
    while state["done"] < count and time.monotonic() < ends:
        number = min(BLOCK, count - state["done"])
        counts, read = Counter(state["counts"]), 0
        for line in child(seed, state["done"], number, limit):
            read += 1
            counts.update([line["outcome"], *line["bad"]])
            if line["bad"] or line["outcome"] == PhotoFailureError.__name__:
                state["examples"] = [*state["examples"], line][-100:]
        if read < number:  # the process died, or was ended, of the next photo
            counts["died"] += 1
            state["examples"].append({"photo": state["done"] + read, "bad": ["died"]})
            read += 1
        state |= {"done": state["done"] + read, "counts": dict(counts)}
        if out is not None:
            out.write_text(json.dumps(state, indent=1))
    return state


def child(seed: int, first: int, number: int, limit: float) -> Iterator[dict[str, Any]]:
    """Yield the answers of a process for some photos, until it ends or takes too long."""
    block = ["--seed", str(seed), "--limit", str(limit), "--block", str(first), str(number)]
    block += ["--record", NOTHING]
    most = 60 + number * limit
    ran = [sys.executable, __file__, *block]
    with subprocess.Popen(ran, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        answers = process.stdout or io.BytesIO()
        if not answers.readline():
            raise SystemExit("A process that reads photos does not start.")
        started = time.monotonic()
        for line in answers:
            yield json.loads(line)
            if time.monotonic() - started > most:
                process.kill()


def read_block(seed: int, first: int, number: int, limit: float) -> None:
    """Read photos, and print what became of each."""
    photos = seeds()
    for data in photos.values():  # loads every library
        load_photo(data)
    print("ready", flush=True)
    for at in range(first, first + number):
        name, data = mutated(photos, seed, at)
        faulthandler.dump_traceback_later(10 * limit, exit=True)
        print(json.dumps(read_one(name, data, limit, salvage=at % 2 == 1)), flush=True)
        faulthandler.cancel_dump_traceback_later()


def read_one(name: str, data: bytes, limit: float, *, salvage: bool) -> dict[str, Any]:
    """Read one photo; return the outcome, and what should not have happened."""
    stated = DecodeLimits(max_pixels=MAX_PIXELS, max_bytes=max(1, len(data)))
    before, started, bad = reset_peak(), time.perf_counter(), []
    try:
        load_photo(data, limits=DecodeLimits(max_pixels=MAX_PIXELS), salvage=salvage)
        outcome = "photo"
    except MatcherError as error:
        outcome = type(error).__name__
        if not isinstance(error, PhotoError):
            bad.append("untyped")
        if isinstance(error, PhotoFailureError):
            name += f" ({error.got})"
    except Exception as error:  # noqa: BLE001 - it is what is looked for
        outcome = type(error).__name__
        bad.append("untyped")
    took, grown = time.perf_counter() - started, peak() - before
    bad += ["over time"] * (took > limit) + ["over memory"] * (grown > stated.memory + SLACK)
    return {"photo": name, "outcome": outcome, "bad": bad, "s": took, "mb": grown / 1e6}


def reset_peak() -> int:
    """Forget the largest memory so far, where the system can; return the present one in bytes."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> int:
    """Return the largest memory of this process since `reset_peak`, in bytes; 0 if unknown."""
    if sys.platform != "linux":
        return 0
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


if __name__ == "__main__":
    main()
