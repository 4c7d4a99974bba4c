"""Read a video in a process that may die: its facts, its frames in order, and the counts."""

from __future__ import annotations

import math
import stat
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, cast

import numpy as np

from matcher.decoding import pool
from matcher.decoding.pool import GRACE, end_process, start_process
from matcher.decoding.worker import error_of, receive, send
from matcher.errors import JobError, VideoDamagedError, VideoNotFoundError, VideoTooLargeError
from matcher.strict_reading import list_of, number_of, object_of, text_of, whole_of
from matcher.video.facts import VideoCounts, VideoFacts, VideoFrame
from matcher.video.limits import VideoLimits
from matcher.video.times import time_text
from matcher.words import counted

NO_ANSWER: Final = (*pool.NO_ANSWER, EOFError)

PROGRAM: Final = "from matcher.video.worker import main; main()"


@dataclass(frozen=True)
class Wish:
    """The part of a video that is asked for.

    Parameters
    ----------
    per_second
        Frames to take from each second of the video, > 0.
    start, until
        Seconds from the start of the video. The frame at `until` is not taken; None reads to the
        end.
    stream
        Number of the track of pictures, from 1.
    """

    per_second: float
    start: float = 0.0
    until: float | None = None
    stream: int = 1


class VideoDecoder:
    """A video that is decoded in a process of its own. Use it in a `with`.

    Opening it reads no more than the start of the file, or of the part that is asked for.

    Parameters
    ----------
    path
        The file.
    wish
        The part of it.
    limits
        Limits on what is decoded.
    program
        Python code that the process runs.

    Attributes
    ----------
    facts
        What the container states.
    counts
        What became of the frames; complete at the end of `frames`.

    Raises
    ------
    VideoNotFoundError, VideoFormatError, VideoDamagedError, VideoTooLargeError, VideoError
        The video cannot be read.
    MissingExtraError
        PyAV is not installed.
    JobError
        The process does not start.
    """

    def __init__(
        self, path: Path, wish: Wish, limits: VideoLimits, *, program: str = PROGRAM
    ) -> None:
        _require_file(path)
        self._path, self._limits = path, limits
        self.counts = VideoCounts()
        self._over = False
        self._process = _started(program)
        try:
            self.facts = self._first(wish)
            _require_hours(self.facts, wish, limits, path)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        end_process(self._process)

    def frames(self) -> Iterator[VideoFrame]:
        """Yield the frames in order. What the decoder's death leaves out is said in the counts."""
        while not self._over:
            frame = self._next_frame()
            if frame is not None:
                yield frame

    def _next_frame(self) -> VideoFrame | None:
        """Take the next message; return its frame, if it has one."""
        try:
            answer = self._answer()
            if "error" in answer:
                error = error_of(answer, self._path, VideoDamagedError)
                self._end(f"{error.what} {error.rule}; got {error.got}")
            elif "end" in answer:
                self._take_counts(object_of(answer["end"]))
            elif "shape" in answer:
                frame = self._frame(answer)
                self.counts.taken += 1
                self.counts.read_until = frame.time
                return frame
            else:
                self.counts.read_until = number_of(answer["passed"], 0)
        except NO_ANSWER:
            self._end("the decoder hung or died there; what follows was not read")
        return None

    def _first(self, wish: Wish) -> VideoFacts:
        request = {"path": str(self._path), "wish": asdict(wish), "limits": asdict(self._limits)}
        try:
            send(cast(IO[bytes], self._process.stdin), request)
            answer = self._answer()
            if "error" not in answer:
                return _facts_of(object_of(answer["facts"]))
            error = error_of(answer, self._path, VideoDamagedError)
        except NO_ANSWER:
            error = self._died()
        raise error

    def _answer(self) -> dict[str, Any]:
        """Return the next message.

        Raises
        ------
        EOFError
            The process ended, or was ended, without one.
        """
        with self._watched():
            answer = receive(cast(IO[bytes], self._process.stdout))
        if answer is None:
            raise EOFError
        return answer

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Kill the process if the block takes longer than a sign of life may."""
        killer = threading.Timer(self._limits.max_seconds + GRACE, self._process.kill)
        killer.start()
        try:
            yield
        finally:
            killer.cancel()

    def _frame(self, answer: Mapping[str, Any]) -> VideoFrame:
        height, width = (whole_of(side, 1) for side in list_of(answer["shape"])[:2])
        if height * width > self._limits.max_pixels:
            raise ValueError("more pixels than the limits allow")
        size = height * width * 3
        with self._watched():
            data = cast(IO[bytes], self._process.stdout).read(size)
        if len(data) < size:
            raise ValueError("not all pixels")
        pixels = np.frombuffer(data, np.uint8).reshape(height, width, 3)
        return VideoFrame(number_of(answer["time"], 0), whole_of(answer["scene"]), pixels)

    def _take_counts(self, given: dict[str, Any]) -> None:
        counts = self.counts
        for name in ("decoded", "damaged", "untimed", "jumps"):
            setattr(counts, name, whole_of(given[name]))
        counts.read_until = number_of(given["read_until"], 0)
        self._end(text_of(given["ended"]))
        counts.remarks = tuple(text_of(one) for one in list_of(given["remarks"]))

    def _end(self, why: str = "") -> None:
        self._over = True
        self.counts.ended = why

    def _died(self) -> VideoDamagedError:
        return VideoDamagedError(
            "the video",
            rule=f"must give a frame within {counted(self._limits.max_seconds, 'second')} to a "
            "decoder that survives it",
            got="a decoder that hung or died",
            next_step="Look at the file with care, and try it again if the machine was busy.",
            path=self._path,
        )


def _started(program: str) -> subprocess.Popen[bytes]:
    process = start_process(program)
    try:
        ready = receive(cast(IO[bytes], process.stdout))
    except NO_ANSWER:
        ready = None
    if ready is None:
        end_process(process)
        raise JobError(
            "process that decodes a video",
            rule="must start",
            got="one that ended at once",
            next_step="Check that this Python can start processes, and the memory of the machine.",
        )
    return process


def _require_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # ValueError: a null character in the path
        mode = 0
    if not stat.S_ISREG(mode):
        got = "a folder" if stat.S_ISDIR(mode) else "no file" if mode else "nothing at this path"
        raise VideoNotFoundError(
            "the video",
            rule="must be an existing file of this machine",
            got=got,
            next_step="Check the spelling. What lies on a server has to be fetched first.",
            path=path,
        )


def _require_hours(facts: VideoFacts, wish: Wish, limits: VideoLimits, path: Path) -> None:
    """Refuse, before any work, what is longer than the limits allow by the file's own account."""
    end = facts.seconds if wish.until is None else min(wish.until, facts.seconds or math.inf)
    if end is not None and end - wish.start > limits.max_hours * 3600:
        raise VideoTooLargeError(
            "the video",
            rule=f"may be read for at most {limits.max_hours:g} hours",
            got=f"a part from {time_text(wish.start)} to {time_text(end)}",
            next_step="Read it in parts, by start and until (--from and --until).",
            path=path,
        )


def _facts_of(given: dict[str, Any]) -> VideoFacts:
    rate, seconds, created = (given[name] for name in ("frames_per_second", "seconds", "created"))
    return VideoFacts(
        container=text_of(given["container"]),
        codec=text_of(given["codec"]),
        width=whole_of(given["width"]),
        height=whole_of(given["height"]),
        frames_per_second=None if rate is None else number_of(rate, 0),
        seconds=None if seconds is None else number_of(seconds, 0),
        created=None if created is None else text_of(created),
        streams=whole_of(given["streams"]),
    )
