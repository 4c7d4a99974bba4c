"""How a peer's process speaks with the benchmark: JSON, a line each way for each photo.

A script of this folder is run by the interpreter of its own environment, with one argument: a JSON
object of options. It calls `serve` with a function that loads the peer. The first line it writes is
{"ready": ..., "load_seconds", "versions", "measure"} or {"refused": why}. Then it reads lines of

    {"photo": path, "purpose": "gallery" or "search"}

and answers each with {"boxes", "largest", "vector", "seconds", "cpu", "peak_mib"}, where the vector
is of the largest face, in base64 of little-endian float32, or with {"error": {"type", "text"}}. A
box is [left, top, right, bottom] in pixels. Only `matcher` heeds the purpose.

Nothing but numpy and the standard library is imported here: every environment has them.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.metadata
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

MEMORY = "PEER_MEMORY_GIB"
"""Environment variable: a process that asks for more address space gets a `MemoryError`."""

BOUND = "PEER_BOUND"
"""Environment variable: the process takes one processor."""

Box = Sequence[float]
Vector = Sequence[float] | np.ndarray


@dataclass
class Seen:
    """The faces of a photo: a box and a vector of each, and the seconds of each stage."""

    boxes: list[Box] = field(default_factory=list)
    vectors: list[Vector] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started


Look = Callable[[str, str], Seen]
"""Takes the path of a photo and the purpose."""


def read_by_opencv(photo: str, seen: Seen) -> Any:
    """Return a picture as OpenCV reads it; raise ValueError where it gives none."""
    import cv2

    with seen.timed("decode"):
        image = cv2.imread(photo)
    if image is None:
        raise ValueError("cv2.imread returned None")
    return image


def serve(
    load: Callable[[dict[str, Any]], Look], packages: Sequence[str], measure: str = "cosine"
) -> None:
    """Load the peer, say so, and answer until the input ends.

    Parameters
    ----------
    load
        Gets the options, returns what takes a photo.
    packages
        Their versions are told.
    measure
        By what the peer's documentation compares two vectors: "cosine" or "euclidean".
    """
    answers = _answers()
    _without_network()
    _limit_memory()
    _take_one_processor()
    started = time.perf_counter()
    try:
        look = load(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {})
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the reason
        answers(refused=f"{type(error).__name__}: {_first_line(error)}")
        return
    versions = {name: importlib.metadata.version(name) for name in packages}
    answers(
        ready=True,
        load_seconds=time.perf_counter() - started,
        versions=versions,
        measure=measure,
        peak_mib=peak_mib(),
    )
    for line in sys.stdin:
        request = json.loads(line)
        begun = time.process_time()
        try:
            seen = look(request["photo"], request["purpose"])
        except Exception as error:  # noqa: BLE001 - the outcome of this photo
            facts = {"type": type(error).__name__, "text": _first_line(error)}
            answers(error=facts, peak_mib=peak_mib())
            continue
        answers(**_facts(seen), cpu=time.process_time() - begun, peak_mib=peak_mib())


def _facts(seen: Seen) -> dict[str, Any]:
    """Return an outcome as JSON's types."""
    boxes = [[float(side) for side in box] for box in seen.boxes]
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in boxes]
    largest = int(np.argmax(areas)) if areas else None
    vector = None
    if largest is not None:
        rows = np.asarray(seen.vectors[largest], dtype="<f4").reshape(-1)
        vector = base64.b64encode(rows.tobytes()).decode("ascii")
    return {"boxes": boxes, "largest": largest, "vector": vector, "seconds": seen.seconds}


def _answers() -> Callable[..., None]:
    """Return what writes an answer; whatever else prints goes to the error stream."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(**facts: Any) -> None:
        out.write(json.dumps(facts) + "\n")
        out.flush()

    return answer


def _without_network() -> None:
    """Have every attempt to reach another machine fail at once: no peer fetches weights."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError("this benchmark lets no peer use the network; see --weights")

    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.socket.connect_ex = refuse  # type: ignore[method-assign]
    socket.getaddrinfo = refuse


def _limit_memory() -> None:
    if limit := os.environ.get(MEMORY):
        size = int(float(limit) * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _take_one_processor() -> None:
    """Bind the process to one processor: some runtimes heed no variable for threads."""
    if os.environ.get(BOUND) and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]


def peak_mib() -> float:
    """Return the highest resident memory so far; NaN where there is no /proc.

    Not by getrusage: what it says of a child begins with the memory of its parent.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if "VmHWM" in line), float("nan"))
