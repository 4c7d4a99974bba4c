"""The worker process: it reads paths and answers with pixels. It may hang or crash without harm.

Both directions use the same form: a length of eight bytes, little-endian, and a JSON object. The
pixels follow an answer as raw bytes. Neither side unpickles anything, because the worker is where
hostile bytes are read.
"""

from __future__ import annotations

import faulthandler
import json
import os
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from matcher.errors import MatcherError
from matcher.photos import DecodeLimits, Photo, load_photo

Load = Callable[[Path, DecodeLimits, bool], Photo]


def load(path: Path, limits: DecodeLimits, salvage: bool) -> Photo:
    """Decode one photo."""
    return load_photo(path, limits=limits, salvage=salvage)


def main(load: Load = load) -> None:
    """Answer requests on standard input until it is closed.

    If a photo takes longer than the request allows, a thread ends this process. That thread needs
    no lock of Python, so that the process never outlives the job, whatever a decoder does.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    send(answers, {"ready": True})
    while request := receive(sys.stdin.buffer):
        faulthandler.dump_traceback_later(request["seconds"], exit=True)
        facts, pixels = _answer(request, load)
        faulthandler.cancel_dump_traceback_later()
        send(answers, facts, pixels)


def _answer(request: Mapping[str, Any], load: Load) -> tuple[dict[str, Any], memoryview]:
    try:
        photo = load(Path(request["path"]), DecodeLimits(**request["limits"]), request["salvage"])
    except MatcherError as error:
        facts = {name: str(getattr(error, name)) for name in ("what", "rule", "got", "next_step")}
        return {"error": type(error).__name__, **facts}, memoryview(b"")
    answer = {
        "shape": photo.pixels.shape,
        "sha256": photo.sha256,
        "original_size": photo.original_size,
        "format": photo.format,
        "jpeg_quality": photo.jpeg_quality,
        "notes": photo.notes,
    }
    return answer, photo.pixels.data.cast("B")


def send(stream: IO[bytes], facts: Mapping[str, Any], payload: memoryview | bytes = b"") -> None:
    """Write one message."""
    text = json.dumps(facts).encode()
    stream.write(struct.pack("<Q", len(text)) + text)
    stream.write(payload)
    stream.flush()


def receive(stream: IO[bytes]) -> dict[str, Any] | None:
    """Read one message without its payload; None at the end of the stream."""
    start = stream.read(8)
    if len(start) < 8:
        return None
    (length,) = struct.unpack("<Q", start)
    text = stream.read(length)
    return None if len(text) < length else dict(json.loads(text))
