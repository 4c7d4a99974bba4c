"""Open a video with FFmpeg's libraries, so that nothing but the bytes of this one file is read.

Only the process that may die imports this module: PyAV is imported here and nowhere else.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import IO, Any, Final

from matcher.errors import (
    MissingExtraError,
    VideoDamagedError,
    VideoFormatError,
    VideoTooLargeError,
)
from matcher.video.facts import VideoFacts
from matcher.video.limits import VideoLimits
from matcher.words import counted, visible

CONTAINERS: Final = ("mov", "matroska", "avi", "mpegts", "mpeg", "asf", "flv", "ogg", "gif")
"""Demuxers that may be used: none of them opens another file or a connection. Play lists (HLS,
DASH, concat), session descriptions, devices and patterns of file names are refused by this."""

CODECS: Final = (
    *("h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video", "h263", "flv1", "mjpeg", "gif"),
    *("vp8", "vp9", "av1", "theora", "prores", "dvvideo", "ffv1", "rawvideo"),
    *("msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "wmv1", "wmv2", "wmv3", "vc1"),
)
"""Codecs that are decoded. Hundreds of others are code that only a hostile file would reach."""

_WHOLE_BLOCKS: Final = 64 * 64
"""Pixels: codecs count whole blocks of a frame. What is a little too large is decoded, and refused
by its true size."""

_LONGEST_TEXT: Final = 40
_SLOWEST, _FASTEST = 0.01, 1000.0  # frames a second that a file may state


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Any]:
    """Open the container of a file. FFmpeg gets the file's bytes, and never a name.

    Raises
    ------
    MissingExtraError
        PyAV is not installed.
    VideoFormatError
        The bytes are no video of a supported format.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(
            "reading a video",
            rule="needs PyAV",
            got="no such package",
            next_step='Run: pip install "av>=18.1,<19".',
        ) from error
    logging.getLogger("libav").setLevel(logging.CRITICAL + 1)
    av.logging.set_level(None)
    only = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "none"}
    try:
        container = av.open(file, container_options=only, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VideoFormatError(
            "the video",
            rule=f"must be one of {', '.join(CONTAINERS)}",
            got=f"a file that cannot be opened as such ({type(error).__name__})",
            next_step="Look whether a player opens it, and save it as MP4.",
        ) from error
    with container:
        yield container


def stream_of(container: Any, number: int, limits: VideoLimits) -> Any:
    """Return a track of pictures, from 1; covers of music are none.

    Raises
    ------
    VideoFormatError
        There is no such track, or its codec is not supported.
    VideoTooLargeError
        Its frames have more pixels than the limits allow.
    """
    streams = _streams_of(container)
    if len(streams) < number:
        raise VideoFormatError(
            "the video",
            rule="must have a track of pictures" + (f" number {number}" if number > 1 else ""),
            got=f"{counted(len(streams), 'track')} of pictures and {len(container.streams)} in all",
            next_step="Fetch the file again, or name another one.",
        )
    stream = streams[number - 1]
    context = stream.codec_context
    name = "none" if context is None else context.codec.canonical_name
    if name not in CODECS:
        raise VideoFormatError(
            "the video",
            rule=f"must be coded as one of {', '.join(CODECS)}",
            got=visible(name[:_LONGEST_TEXT]),
            next_step="Save it as H.264 in MP4 with a program that reads it.",
        )
    require_pixels(context.width, context.height, limits)
    context.options = {"max_pixels": str(2 * limits.max_pixels + _WHOLE_BLOCKS)}
    context.thread_count = 1
    return stream


def require_pixels(width: int, height: int, limits: VideoLimits) -> None:
    """Refuse frames of more pixels than the limits allow."""
    if width * height > limits.max_pixels:
        raise VideoTooLargeError(
            "the video",
            rule=f"may have frames of at most {counted(limits.max_pixels, 'pixel')}",
            got=f"{width} x {height}",
            next_step="If the file is trusted, pass a larger VideoLimits(max_pixels=...).",
        )


def facts_of(container: Any, stream: Any) -> VideoFacts:
    """Return what the container states."""
    context = stream.codec_context
    created = str(container.metadata.get("creation_time", ""))[:_LONGEST_TEXT]
    return VideoFacts(
        container=str(container.format.name)[:_LONGEST_TEXT],
        codec=str(context.codec.canonical_name),
        width=int(context.width),
        height=int(context.height),
        frames_per_second=_rate(stream),
        seconds=None if not container.duration else max(0.0, container.duration / 1_000_000),
        created=visible(created) or None,
        streams=len(_streams_of(container)),
    )


def _streams_of(container: Any) -> list[Any]:
    """Return the tracks of pictures, without covers."""
    import av

    cover = av.stream.Disposition.attached_pic
    return [one for one in container.streams.video if not one.disposition & cover]


def start_of(container: Any) -> float:
    """Return the time stamp at which the container starts, in seconds."""
    start = container.start_time
    return 0.0 if start is None else start / 1_000_000


def aspect_of(stream: Any) -> Fraction:
    """Return width over height of a pixel, 1 where the file states none or nonsense."""
    stated = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    return Fraction(stated) if stated and Fraction(1, 4) <= stated <= 4 else Fraction(1)


def _rate(stream: Any) -> float | None:
    stated = stream.average_rate or stream.guessed_rate
    rate = float(stated) if stated else math.nan
    return rate if _SLOWEST <= rate <= _FASTEST else None


def nothing_decoded(got: str) -> VideoDamagedError:
    """Return the error of a video of which no frame could be decoded."""
    return VideoDamagedError(
        "the video",
        rule="must have a frame that can be decoded in the part that is asked for",
        got=got,
        next_step="Look whether a player shows it there, and fetch the file again.",
    )
