"""Decode photos ahead in worker processes; replace a worker that a photo hangs or crashes."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, cast

import numpy as np

from matcher.decoding.worker import error_of, receive, send
from matcher.errors import JobError, MatcherError, PhotoDamagedError
from matcher.photos import CaptureDate, DecodeLimits, Photo
from matcher.words import counted

DECODER: Final = "from matcher.decoding.worker import main; main()"

GRACE: Final = 5.0
"""Seconds after its time limit until a worker that did not end itself is killed."""

PIPE_BYTES: Final = 1024 * 1024
"""Size of the pipe for a worker's answers: the largest that Linux gives to any user. Through the
usual 64 KiB, a photo of 600 kB passes in ten parts, and each part interrupts the network
on a core that both share."""

ATTEMPTS: Final = 2
"""Number of attempts for a photo whose worker dies. One death may be the worker's own fault."""

NO_ANSWER: Final = (OSError, ValueError, LookupError, TypeError, OverflowError, MemoryError)
"""What is raised if a worker died before it took the request or during its answer, or if its answer
makes no sense."""


@dataclass(frozen=True)
class Decoding:
    """Settings for decoding photos.

    Parameters
    ----------
    workers
        Number of processes, >= 1.
    seconds
        Longest time for one photo in seconds, > 0; if None, `limits.max_seconds`.
    waiting_bytes
        Largest number of bytes of decoded photos that may wait for the network.
    limits, salvage
        As in `load_photo`.
    program
        Python code that a worker runs.
    """

    workers: int = 2
    seconds: float | None = None
    waiting_bytes: int = 256 * 1024 * 1024
    limits: DecodeLimits = field(default_factory=DecodeLimits)
    salvage: bool = False
    program: str = DECODER

    @property
    def longest(self) -> float:
        """Longest time for one photo in seconds."""
        return self.limits.max_seconds if self.seconds is None else float(self.seconds)


class Decoders:
    """Worker processes that decode photos before they are needed. Use it in a `with`."""

    def __init__(self, decoding: Decoding) -> None:
        self._decoding = decoding
        self._threads = ThreadPoolExecutor(decoding.workers, "decoding")
        self._workers = [_Worker(decoding) for _ in range(decoding.workers)]
        self._idle = list(self._workers)
        self._room = _Room(decoding.waiting_bytes)
        self._turns = count()
        self._one_caller = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._room.close()
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.discard()

    def read_many(self, paths: Sequence[Path]) -> list[Photo | MatcherError]:
        """Return each photo, or the error that prevented it. Several threads may call it."""
        with self._one_caller:
            return list(self.read_all(paths, ahead=len(paths)))

    def read_all(self, paths: Iterable[Path], ahead: int) -> Iterator[Photo | MatcherError]:
        """Yield each photo, or the error that prevented it, in the order of the paths.

        Take all of them before you read others.

        Parameters
        ----------
        paths
            Files of the photos.
        ahead
            Largest number of photos that are started before the one in use. Fewer are started if
            they are large.
        """
        pending: deque[Future[Photo | MatcherError]] = deque()
        for path in paths:
            pending.append(self._threads.submit(self._read, next(self._turns), path))
            if len(pending) > ahead:
                yield self._next(pending)
        while pending:
            yield self._next(pending)

    def _next(self, pending: deque[Future[Photo | MatcherError]]) -> Photo | MatcherError:
        self._room.admit_next()
        read = pending.popleft().result()
        self._room.give(_size(read))
        return read

    def _read(self, turn: int, path: Path) -> Photo | MatcherError:
        worker = self._idle.pop()  # there are as many workers as threads
        try:
            read = worker.read(path)
        finally:
            self._idle.append(worker)
        self._room.take(turn, _size(read))
        return read


def _size(read: Photo | MatcherError) -> int:
    return read.pixels.nbytes if isinstance(read, Photo) else 0


class _Room:
    """Room for a number of bytes. The photo whose turn it is always gets room."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._held = 0
        self._turn = -1
        self._changed = threading.Condition()

    def take(self, turn: int, size: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._held + size <= self._limit or turn <= self._turn)
            self._held += size

    def give(self, size: int) -> None:
        with self._changed:
            self._held -= size
            self._changed.notify_all()

    def admit_next(self) -> None:
        with self._changed:
            self._turn += 1
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._limit = math.inf
            self._changed.notify_all()


class _Worker:
    """One process. It is started when needed, and started again after it died."""

    def __init__(self, decoding: Decoding) -> None:
        self._decoding = decoding
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True
        if self._process is not None:
            self._process.kill()

    def discard(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end_process(process)

    def read(self, path: Path) -> Photo | MatcherError:
        for _ in range(ATTEMPTS):
            process = self._running()
            started = time.monotonic()
            read = self._ask(process, path)
            if read is not None:
                return read
            self.discard()
            if time.monotonic() - started >= self._decoding.longest:
                return _gave_up(
                    path, f"no picture within {counted(self._decoding.longest, 'second')}"
                )
        return _gave_up(path, "a decoder that died of it")

    def _ask(self, process: subprocess.Popen[bytes], path: Path) -> Photo | MatcherError | None:
        """Return the answer; None if the process ended, or was ended, without an answer."""
        requests, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        killer = threading.Timer(self._decoding.longest + GRACE, process.kill)
        killer.start()
        try:
            send(requests, self._request(path))
            facts = receive(answers)
            return None if facts is None else self._received(facts, answers, path)
        except NO_ANSWER:
            return None
        finally:
            killer.cancel()

    def _request(self, path: Path) -> dict[str, Any]:
        decoding = self._decoding
        return {
            "path": str(path),
            "seconds": decoding.longest,
            "limits": asdict(decoding.limits),
            "salvage": decoding.salvage,
        }

    def _received(
        self, facts: dict[str, Any], answers: IO[bytes], path: Path
    ) -> Photo | MatcherError | None:
        if "error" in facts:
            return error_of(facts, path, PhotoDamagedError)
        height, width, _ = facts.pop("shape")
        if height * width > self._decoding.limits.max_pixels:
            return None
        data = answers.read(height * width * 3)
        if len(data) < height * width * 3:
            return None
        pixels = np.frombuffer(data, np.uint8).reshape(height, width, 3)
        facts["original_size"], facts["notes"] = (
            tuple(facts["original_size"]),
            tuple(facts["notes"]),
        )
        if (dated := facts["capture_date"]) is not None:
            facts["capture_date"] = CaptureDate.of_facts(dated)
        return Photo(pixels, path=path, **facts)

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the process; start one if there is none.

        Raises
        ------
        JobError
            When the process does not start.
        """
        for _ in range(0 if self._stopped else ATTEMPTS):
            if self._process is None:
                self._process = start_process(self._decoding.program)
                if self._stopped:
                    self._process.kill()
                if receive(cast(IO[bytes], self._process.stdout)) is None:
                    self.discard()
                    continue
            return self._process
        raise JobError(
            "worker process that decodes photos",
            rule="must start",
            got="one that ended at once",
            next_step="Check that this Python can start processes, and the memory of the machine.",
        )


def start_process(program: str) -> subprocess.Popen[bytes]:
    """Start this Python with a program; its input and output are pipes, and nobody reads its log.

    Parameters
    ----------
    program
        Python code. It finds the modules that this process finds.
    """
    path = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    process = subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", path + program, json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches only the job, which then ends its workers
    )
    _widen(cast(IO[bytes], process.stdout))
    return process


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Kill a process of `start_process`, whatever it does, and close its pipes."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            cast(IO[bytes], pipe).close()
    with suppress(subprocess.TimeoutExpired):  # a process stuck in the kernel cannot be killed
        process.wait(GRACE)


def _widen(pipe: IO[bytes]) -> None:
    """Give a pipe more room, on the one system where that can be asked for."""
    if sys.platform == "linux":
        import fcntl  # no module of Windows

        with suppress(OSError):  # the user's pipes are at their limit; it works, but slower
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _gave_up(path: Path, got: str) -> PhotoDamagedError:
    return PhotoDamagedError(
        "the photo",
        rule="must be decoded in its time by a process that survives it",
        got=got,
        next_step="Look at the file with care, and try it again if the machine was busy.",
        path=path,
    )
