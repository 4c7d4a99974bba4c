"""What the file says of a video, and what became of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matcher.video.times import time_text
from matcher.words import counted, figure


@dataclass(frozen=True)
class VideoFacts:
    """What the container states. Nothing of it is checked against the pictures.

    Parameters
    ----------
    container, codec
        Names of both, as FFmpeg spells them.
    width, height
        Of a frame as it is stored, in pixels, before it is turned upright.
    frames_per_second
        The usual rate; None if the file states none.
    seconds
        How long the video is; None if the file does not say.
    created
        When the file was created, as its own text; None if it does not say. A camera or a program
        wrote it, from a clock that nobody checked, and a copy may carry the time of the copy. It
        is never added to a time in the video.
    streams
        Number of tracks of pictures in the file.
    """

    container: str
    codec: str
    width: int
    height: int
    frames_per_second: float | None
    seconds: float | None
    created: str | None
    streams: int


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """One frame that was taken from the video.

    Parameters
    ----------
    time
        Seconds from the start of the video: the frame's own time stamp (pts x time base), less the
        start of the container, as players count.
    scene
        Number of the scene, from 0. It grows at each cut.
    pixels
        uint8 array of shape (height, width, 3): RGB, upright, with square pixels; read-only.
    """

    time: float
    scene: int
    pixels: NDArray[np.uint8]


@dataclass
class VideoCounts:
    """What became of the frames and faces of a video. Complete when the video was read.

    Parameters
    ----------
    decoded
        Frames that the decoder gave.
    taken
        Frames that were taken for the search of faces.
    damaged
        Parts of the file that could not be decoded, and frames that the decoder calls corrupt.
    untimed
        Frames without a time stamp; their time follows from the frame before.
    jumps
        Times at which the time stamps jump back, or more than an hour ahead. Time is counted on
        from the frame before.
    read_until
        Time of the last frame that was decoded, in seconds.
    ended
        Why reading ended before the end that was asked for; empty if it did not.
    undetected
        Frames on which the detector failed.
    faces
        Faces that were found.
    unembedded
        Faces of which the model made no vector. They are in no track.
    refused
        Number of faces that the quality policy refuses, by reason. They are in no track. A face
        with two reasons counts in both.
    refused_faces
        Number of these faces.
    remarks
        What was converted or not done, in plain words.
    """

    decoded: int = 0
    taken: int = 0
    damaged: int = 0
    untimed: int = 0
    jumps: int = 0
    read_until: float = 0.0
    ended: str = ""
    undetected: int = 0
    faces: int = 0
    unembedded: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    refused_faces: int = 0
    remarks: tuple[str, ...] = ()

    def notes(self) -> Iterator[str]:
        """Yield a sentence for everything that was left out, converted or estimated."""
        if self.ended:
            yield f"Reading ended at {time_text(self.read_until)}: {self.ended}."
        if self.damaged:
            yield f"{counted(self.damaged, 'damaged part')} of the file passed over."
        if self.untimed:
            yield f"{counted(self.untimed, 'frame')} without a time stamp; the time is estimated."
        if self.jumps:
            yield (
                f"The time stamps jump {counted(self.jumps, 'time')}; later times are counted on "
                "from the frame before, and differ from those of a player."
            )
        if self.undetected:
            yield f"{counted(self.undetected, 'frame')} on which the search for faces failed."
        if self.unembedded:
            yield f"{counted(self.unembedded, 'face')} of which the model made no vector."
        if self.refused_faces:
            why = ", ".join(f"{code} {number}" for code, number in sorted(self.refused.items()))
            yield f"{counted(self.refused_faces, 'face')} refused by the quality policy ({why})."
        yield from self.remarks


def described_video(facts: VideoFacts) -> str:
    """Return the facts of the container as one line."""
    rate = facts.frames_per_second
    parts = [
        f"{facts.width} x {facts.height} pixels",
        f"{facts.codec} in {facts.container.partition(',')[0]}",
        "length unknown" if facts.seconds is None else f"length {time_text(facts.seconds)}",
        "no usual rate" if rate is None else f"{figure(rate, 4)} frames a second",
    ]
    return ", ".join(parts)
