"""A track: the frames in which one face was followed, and the best of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.faces import Face
from matcher.video.times import time_text

COLUMNS: Final = (
    *("track", "first", "last", "seconds", "faces", "best", "best_at"),
    *("inter_eye_px", "goodness", "folder"),
)
"""Columns of the list of tracks."""


@dataclass(frozen=True, eq=False)
class BestFrame:
    """One of the best frames of a track.

    Parameters
    ----------
    time
        Seconds from the start of the video.
    face
        The face in a picture that was cut out of the frame; `quality` is that of the frame. A
        search takes it as it is: `Probe(face)`.
    box
        left, top, right, bottom of the face in the upright frame, in pixels.
    frame_size
        (width, height) of that frame in pixels.
    goodness
        In (0, 1], see `matcher.video.best_frames.goodness`. It compares frames of one track.
    overview
        uint8 array of shape (height, width, 3): the whole frame, at most 320 pixels long.
    """

    time: float
    face: Face
    box: tuple[float, float, float, float]
    frame_size: tuple[int, int]
    goodness: float
    overview: NDArray[np.uint8]

    @property
    def file_name(self) -> str:
        """Name of the picture's file: the time, in a form that every system takes."""
        return f"{time_text(self.time).replace(':', '-')}.png"

    def facts(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "time": round(self.time, 6),
            "file": self.file_name,
            "box": [round(side, 1) for side in self.box],
            "frame_size": list(self.frame_size),
            "goodness": round(self.goodness, 4),
            "quality": {name: round(value, 4) for name, value in asdict(self.face.quality).items()},
        }


@dataclass(frozen=True, eq=False)
class Track:
    """One face that was followed through a scene: most likely one person, to be looked at.

    Parameters
    ----------
    number
        1 for the track whose first face came first.
    first, last
        Times of its first and its last face, in seconds from the start of the video.
    faces
        Number of frames in which the face was found, of those that were looked at.
    best
        The best of these frames, in the order of time; at least one.
    """

    number: int
    first: float
    last: float
    faces: int
    best: tuple[BestFrame, ...]

    @property
    def probe(self) -> tuple[Face, ...]:
        """The faces of the best frames: the probe of several photos for `search_person`."""
        return tuple(one.face for one in self.best)

    @property
    def folder(self) -> str:
        """Name of the folder of its pictures."""
        return f"track-{self.number:04d}"

    def row(self) -> dict[str, Any]:
        """Return the track as a row of `COLUMNS`."""
        return {
            "track": self.number,
            "first": time_text(self.first),
            "last": time_text(self.last),
            "seconds": round(self.last - self.first, 3),
            "faces": self.faces,
            "best": len(self.best),
            "best_at": [time_text(one.time) for one in self.best],
            "inter_eye_px": max(round(one.face.quality.inter_eye_distance, 1) for one in self.best),
            "goodness": max(round(one.goodness, 4) for one in self.best),
            "folder": self.folder,
        }

    def facts(self) -> dict[str, Any]:
        """Return what JSON can hold of it."""
        return {
            "track": self.number,
            "first": round(self.first, 6),
            "last": round(self.last, 6),
            "faces": self.faces,
            "folder": self.folder,
            "best": [one.facts() for one in self.best],
        }
