"""Videos for tests: drawn or rendered frames, encoded by PyAV, and damaged in stated ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.video.decoder import VideoDecoder, Wish
from matcher.video.facts import VideoCounts, VideoFacts, VideoFrame
from matcher.video.limits import VideoLimits

Pixels = NDArray[np.uint8]


def write(
    path: Path,
    frames: Iterable[Pixels],
    *,
    rate: int = 10,
    codec: str = "libx264",
    form: str | None = None,
    turned: int = 0,
    stamps: Sequence[int] | None = None,
    created: str = "",
    sound: bool = False,
    pixel_shape: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write frames of even sides, each uint8 (height, width, 3).

    Parameters
    ----------
    path, frames, rate
        The file, the frames, and how many of them are shown in a second.
    codec, form, options
        Encoder, container (by the file's name if None), and options of the container.
    turned
        Degrees that the display matrix asks for, anticlockwise.
    stamps
        For each frame its number in time, where `rate` numbers are a second.
    created
        Creation time of the container.
    sound
        Whether there is a track of sound too.
    pixel_shape
        Width over height of a pixel.
    """
    with av.open(str(path), "w", format=form, options=options or {}) as container:
        container.metadata.update({"creation_time": created} if created else {})
        stream: Any = None
        tone = container.add_stream("aac", rate=44100, layout="mono") if sound else None
        for number, pixels in enumerate(frames):
            if stream is None:
                stream = container.add_stream(codec, rate=rate)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
                stream.codec_context.time_base = Fraction(1, rate)
                if turned:
                    stream.set_display_rotation(turned)
                if pixel_shape:
                    stream.sample_aspect_ratio = pixel_shape
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels))
            frame.time_base = Fraction(1, rate)
            frame.pts = number if stamps is None else stamps[number]
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
        if tone is not None:
            _write_tone(container, tone)
    return path


def write_sound(path: Path) -> Path:
    """Write a file with sound only."""
    with av.open(str(path), "w") as container:
        _write_tone(container, container.add_stream("aac", rate=44100, layout="mono"))
    return path


def _write_tone(container: Any, tone: Any) -> None:
    silence = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), "fltp", "mono")
    silence.sample_rate, silence.pts = 44100, 0
    container.mux(tone.encode(silence))
    container.mux(tone.encode())


def read(
    path: Path, wish: Wish | None = None, limits: VideoLimits | None = None
) -> tuple[VideoFacts, list[VideoFrame], VideoCounts]:
    """Read a whole video."""
    with VideoDecoder(path, wish or Wish(100.0), limits or VideoLimits()) as decoder:
        frames = list(decoder.frames())
        return decoder.facts, frames, decoder.counts


def grey(count: int, size: tuple[int, int] = (96, 64)) -> Iterator[Pixels]:
    """Yield frames of (width, height); each is a little brighter than the one before it."""
    width, height = size
    for number in range(count):
        yield np.full((height, width, 3), 40 + 4 * number % 160, np.uint8)


def noise(count: int, size: tuple[int, int] = (96, 64)) -> Iterator[Pixels]:
    """Yield frames that do not compress, so that the file has bytes to damage."""
    draw = np.random.default_rng(1)
    for _ in range(count):
        yield draw.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)


def face_of(path: Path, side: int) -> Pixels:
    """Return a rendered photo as a square picture."""
    return np.asarray(Image.open(path).convert("RGB").resize((side, side)))


def scene(
    people: Iterable[tuple[Pixels, tuple[int, int]]], size: tuple[int, int], seed: int = 0
) -> Pixels:
    """Return a frame with pictures of people at places; the last of them is in front.

    Parameters
    ----------
    people
        Pictures, and (x, y) of their middles. What lies beyond the frame is cut off.
    size
        (width, height) of the frame.
    seed
        Seed of the room behind them.
    """
    width, height = size
    small = np.random.default_rng(seed).integers(30, 220, (4, 6, 3), dtype=np.uint8)
    frame = np.array(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
    for picture, (x, y) in people:
        side = picture.shape[0]
        left, top = x - side // 2, y - side // 2
        first_row, first_column = max(0, -top), max(0, -left)
        part = picture[first_row : height - top, first_column : width - left]
        if part.size:
            row, column = max(0, top), max(0, left)
            frame[row : row + part.shape[0], column : column + part.shape[1]] = part
    return frame
