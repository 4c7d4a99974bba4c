"""The process that decodes a video. It may hang or crash without harm.

It reads one request and answers with messages as `matcher.decoding.worker` does: the facts of the
container, then frames with their pixels and signs of life between them, at last what became of all
frames.
"""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.decoding.worker import (
    answer_of,
    bound_memory,
    data_bytes,
    own_answers,
    receive,
    send,
)
from matcher.errors import MatcherError, VideoError
from matcher.video.container import (
    aspect_of,
    facts_of,
    nothing_decoded,
    opened,
    require_pixels,
    start_of,
    stream_of,
)
from matcher.video.limits import VideoLimits
from matcher.video.sampling import Clock, Sampler
from matcher.video.scenes import TINY, Cuts
from matcher.video.upright import as_stored, turn_of

_SIGN_OF_LIFE: Final = 100  # frames
_FAILURES: Final = 64  # at once, after which the rest of the file is given up
_EARLY: Final = 1.0  # second that the first frame may come after the start that was asked for

Answer = Callable[[Mapping[str, Any], memoryview | bytes], None]


def main() -> None:
    """Answer one request on standard input."""
    answers = own_answers()
    send(answers, {"ready": True})
    request = receive(sys.stdin.buffer)
    if request is None:
        return
    limits = VideoLimits(**request["limits"])
    bound_memory(data_bytes(), limits.memory)

    def answer(facts: Mapping[str, Any], pixels: memoryview | bytes = b"") -> None:
        """Send a message; the time until it is taken is not the decoder's."""
        faulthandler.cancel_dump_traceback_later()
        send(answers, facts, pixels)
        faulthandler.dump_traceback_later(limits.max_seconds, exit=True)

    faulthandler.dump_traceback_later(limits.max_seconds, exit=True)
    try:
        with Path(request["path"]).open("rb") as file:
            read(file, _Wish(limits=limits, **request["wish"]), answer)
    except MatcherError as error:
        answer(answer_of(error))
    except (OSError, MemoryError) as error:
        got = getattr(error, "strerror", None) or type(error).__name__
        step = "Check the rights on the file, the drive, and the memory of the machine."
        answer(answer_of(VideoError("the video", rule="must be readable", got=got, next_step=step)))
    faulthandler.cancel_dump_traceback_later()


@dataclass(frozen=True)
class _Wish:
    """The part of a video that is asked for: see `matcher.video.decoder.VideoDecoder`."""

    per_second: float
    start: float
    until: float | None
    stream: int
    limits: VideoLimits


def read(file: IO[bytes], wish: _Wish, answer: Callable[..., None]) -> None:
    """Send the facts of a video, the frames that are asked for, and the counts."""
    for seek in (True, False) if wish.start > 0 else (False,):
        with ExitStack() as held:
            file.seek(0)
            container = held.enter_context(opened(file))
            reading = _Reading(container, stream_of(container, wish.stream, wish.limits), wish)
            if reading.start(answer, seek=seek):
                answer({"end": reading.counts()})
                return


@dataclass
class _Reading:
    """One pass over a video."""

    container: Any
    stream: Any
    wish: _Wish
    decoded: int = 0
    damaged: int = 0
    ended: str = ""
    read_until: float = 0.0
    remarks: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = facts_of(self.container, self.stream)
        rate = self.facts.frames_per_second
        self.clock = Clock(None if rate is None else 1 / rate)
        self.small, self.whole = _Converter(), _Converter()

    def start(self, answer: Answer, *, seek: bool) -> bool:
        """Send what is asked for; False if a jump to its start went too far, before any frame."""
        if seek and not self._sought():
            return False
        sampler = Sampler(self.wish.per_second, self.wish.start)
        cuts, begun = Cuts(), False
        for time, frame in self._timed():
            if not begun:
                if seek and time > self.wish.start + _EARLY:
                    return False
                begun = True
                answer({"facts": asdict(self.facts)}, b"")
            if self._is_past(time):
                break
            self._see(cuts, frame)
            if time >= self.wish.start and sampler.takes(time):
                self._send(answer, time, cuts.scene, frame)
            elif self.decoded % _SIGN_OF_LIFE == 0:
                answer({"passed": time}, b"")
        if not begun:
            if seek:
                return False
            damaged = f", {self.damaged} damaged parts" if self.damaged else ""
            raise nothing_decoded(f"no frame{damaged}")
        return True

    def counts(self) -> dict[str, Any]:
        """Return what became of the frames."""
        return {
            "decoded": self.decoded,
            "damaged": self.damaged,
            "untimed": self.clock.untimed,
            "jumps": self.clock.jumps,
            "read_until": self.read_until,
            "ended": self.ended,
            "remarks": list(self.remarks),
        }

    def _sought(self) -> bool:
        import av

        place = int((self.wish.start + start_of(self.container)) * 1_000_000)
        try:
            self.container.seek(place)
        except (av.FFmpegError, OverflowError):
            return False
        return True

    def _is_past(self, time: float) -> bool:
        limits, until = self.wish.limits, self.wish.until
        if until is not None and time >= until:
            return True
        if time - self.wish.start >= limits.max_hours * 3600:
            self.ended = f"no more than {limits.max_hours:g} hours are read"
        elif self.decoded > limits.max_frames:
            self.ended = f"no more than {limits.max_frames} frames are decoded"
        self.read_until = time
        return bool(self.ended)

    def _timed(self) -> Iterator[tuple[float, Any]]:
        """Yield the whole frames with their times."""
        first = start_of(self.container)
        for frame in self._frames():
            self.decoded += 1
            if frame.is_corrupt:
                self.damaged += 1
                continue
            base = frame.time_base or self.stream.time_base
            stamp = None if frame.pts is None or not base else float(frame.pts * base) - first
            yield self.clock.time_of(stamp), frame

    def _frames(self) -> Iterator[Any]:
        """Yield all frames. What cannot be decoded is counted and passed over."""
        import av

        failures = 0
        packets = self.container.demux(self.stream)
        while failures < _FAILURES:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self.damaged += 1
                failures += 1
                packets = self.container.demux(self.stream)
                continue
            self.damaged += bool(packet.is_corrupt)
            try:
                yield from packet.decode()
                failures = 0
            except av.FFmpegError:
                self.damaged += 1
        self.ended = "the rest of the file cannot be read"

    def _see(self, cuts: Cuts, frame: Any) -> None:
        """Look for a cut; a frame that cannot be reduced tells nothing."""
        width, height = TINY
        tiny = self.small.convert(frame, width, height, "gray")
        if tiny is not None:
            cuts.see(tiny)

    def _send(self, answer: Answer, time: float, scene: int, frame: Any) -> None:
        require_pixels(frame.width, frame.height, self.wish.limits)
        width = max(1, round(frame.width * aspect_of(self.stream)))
        require_pixels(width, frame.height, self.wish.limits)
        stored = self.whole.convert(frame, width, frame.height, "rgb24")
        if stored is None:
            self.damaged += 1
            return
        matrix = frame.side_data.get("DISPLAYMATRIX")
        turn = turn_of(None if matrix is None else bytes(matrix))
        if turn is None:
            self._remark("The file asks for a turn by an odd angle; frames are shown as stored.")
        upright = np.ascontiguousarray((turn or as_stored)(stored))
        if width != frame.width:
            self._remark("Pixels that are not square were made square.")
        if frame.interlaced_frame:
            self._remark("Frames are interlaced: what moves shows combs.")
        if frame.color_trc in _HIGH_RANGE:
            self._remark("High dynamic range: frames are shown without tone mapping, so look flat.")
        answer({"time": time, "scene": scene, "shape": upright.shape}, upright.data.cast("B"))

    def _remark(self, text: str) -> None:
        self.remarks[text] = None


_HIGH_RANGE: Final = (16, 18)  # SMPTE 2084 (PQ) and ARIB STD-B67 (HLG), as in ITU-T H.273


class _Converter:
    """Converts frames with one context of FFmpeg's.

    `VideoFrame.reformat` makes a context for each frame, and threads for each context, which stay
    until Python looks for garbage: so many that the memory of the process would run out.
    """

    def __init__(self) -> None:
        from av.video.reformatter import VideoReformatter

        self._context = VideoReformatter()

    def convert(self, frame: Any, width: int, height: int, form: str) -> NDArray[np.uint8] | None:
        """Return a frame in another size and form; None if FFmpeg cannot convert it."""
        import av

        try:
            made = self._context.reformat(frame, width, height, form, threads=1).to_ndarray()
        except (av.FFmpegError, ValueError):
            return None
        return np.asarray(made, dtype=np.uint8)
