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
from typing import IO, Any, cast

from matcher import errors
from matcher.errors import MatcherError
from matcher.photos import DecodeLimits, Photo, load_photo

_FOR_THREADS = 1 << 30
"""Bytes that a worker may take besides the photo: libraries, and the stacks of their threads."""

Load = Callable[[Path, DecodeLimits, bool], Photo]


def load(path: Path, limits: DecodeLimits, salvage: bool) -> Photo:
    """Decode one photo."""
    return load_photo(path, limits=limits, salvage=salvage)


def main(load: Load = load) -> None:
    """Answer requests on standard input until it is closed.

    If a photo takes longer than the request allows, a thread ends this process. That thread needs
    no lock of Python, so that the process never outlives the job, whatever a decoder does.
    """
    answers = own_answers()
    send(answers, {"ready": True})
    held = data_bytes()
    while request := receive(sys.stdin.buffer):
        bound_memory(held, DecodeLimits(**request["limits"]).memory)
        faulthandler.dump_traceback_later(request["seconds"], exit=True)
        facts, pixels = _answer(request, load)
        faulthandler.cancel_dump_traceback_later()
        send(answers, facts, pixels)


def own_answers() -> IO[bytes]:
    """Return the pipe for answers; what a library prints goes to standard error from now on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def data_bytes() -> int:
    """Return the bytes of data of this process; 0 where they are not known."""
    if sys.platform != "linux":
        return 0
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmData")).split()[1])


def bound_memory(held: int, more: int) -> None:
    """Have the system refuse this process more memory than that, where it can."""
    if sys.platform == "linux":
        import resource  # no module of Windows

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = held + more + _FOR_THREADS
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _answer(request: Mapping[str, Any], load: Load) -> tuple[dict[str, Any], memoryview]:
    try:
        photo = load(Path(request["path"]), DecodeLimits(**request["limits"]), request["salvage"])
    except MatcherError as error:
        return answer_of(error), memoryview(b"")
    answer = {
        "shape": photo.pixels.shape,
        "sha256": photo.sha256,
        "original_size": photo.original_size,
        "format": photo.format,
        "jpeg_quality": photo.jpeg_quality,
        "notes": photo.notes,
        "capture_date": None if photo.capture_date is None else photo.capture_date.facts(),
        "md5": photo.md5,
        "sha1": photo.sha1,
    }
    return answer, photo.pixels.data.cast("B")


def answer_of(error: MatcherError) -> dict[str, str]:
    """Return an error as the answer that `error_of` reads; without its path."""
    facts = {name: str(getattr(error, name)) for name in ("what", "rule", "got", "next_step")}
    return {"error": type(error).__name__, **facts}


def error_of(answer: dict[str, Any], path: Path, otherwise: type[MatcherError]) -> MatcherError:
    """Return the error of an answer that `answer_of` made.

    Parameters
    ----------
    answer
        It may be nonsense, as the process that sent it may be.
    path
        The file concerned.
    otherwise
        The error, if the answer names none of this library.
    """
    kind = getattr(errors, str(answer["error"]), None)
    known = isinstance(kind, type) and issubclass(kind, MatcherError)
    made = cast(type[MatcherError], kind if known else otherwise)
    facts = {name: answer[name] for name in ("what", "rule", "got", "next_step")}
    return made(**facts, path=path)


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
