"""Follow faces from frame to frame: which face continues which track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

REACH: Final = 12.0
"""Sides of its box by which a face moves in a second at most: somebody who walks past at 2 metres a
second, with a face of 0.16 metres."""

_MEMORY: Final = 0.3  # share of the latest vector in the running mean of a track


@dataclass(frozen=True)
class FollowRule:
    """When a face continues a track. See docs/evidence/video.md for the measurement.

    Parameters
    ----------
    least_score
        Least score of the face's vector with the mean vector of the track, or with that of its last
        face, in [-1, 1].
    gap
        Longest time without the face, in seconds.
    """

    least_score: float
    gap: float = 1.0


@dataclass(eq=False)
class Following:
    """A track that still goes on.

    Parameters
    ----------
    number
        1 for the first track of the video.
    first, last
        Times of its first and its latest face, in seconds.
    scene
        The scene that all its faces are in.
    box
        float32 (4,): that of the latest face.
    vector, mean
        The vector of the latest face, and the running mean, both of unit length.
    faces
        Number of its faces.
    """

    number: int
    first: float
    last: float
    scene: int
    box: NDArray[np.float32]
    vector: Vector
    mean: Vector = field(init=False)
    faces: int = 1

    def __post_init__(self) -> None:
        self.mean = self.vector

    def take(self, time: float, box: NDArray[np.float32], vector: Vector) -> None:
        """Continue with a face."""
        self.last, self.box, self.vector = time, box, vector
        self.faces += 1
        mixed = (1 - _MEMORY) * self.mean + _MEMORY * vector
        self.mean = (mixed / np.linalg.norm(mixed)).astype(np.float32)

    def score(self, vector: Vector) -> float:
        """Return how alike a face is to the track, in [-1, 1]."""
        return float(max(self.mean @ vector, self.vector @ vector))


class Follower:
    """Puts faces into tracks.

    A face continues the track that it is most alike to, if the rule allows it, if it is near enough
    to have moved there, and if no cut lies between. Each face continues one track, and each track
    has at most one face of a frame.

    Parameters
    ----------
    rule
        When a face continues a track.

    Attributes
    ----------
    open
        The tracks that a later face may continue.
    """

    def __init__(self, rule: FollowRule) -> None:
        self._rule = rule
        self.open: list[Following] = []
        self._count = 0

    def ended(self, time: float, scene: int) -> Iterator[Following]:
        """Yield, and then forget, the tracks that no face of this time or later can continue.

        A track is open until the next one is asked for, so that whoever stops there knows of it.
        """
        for track in list(self.open):
            if track.scene != scene or time - track.last > self._rule.gap:
                yield track
                self.open.remove(track)

    def rest(self) -> Iterator[Following]:
        """Yield, and then forget, all tracks: the video is over."""
        while self.open:
            yield self.open[0]
            del self.open[0]

    def follow(
        self,
        time: float,
        scene: int,
        boxes: Sequence[NDArray[np.float32]],
        vectors: Sequence[Vector],
    ) -> list[Following]:
        """Return the track of each face of a frame, a new one for a face that continues none.

        Parameters
        ----------
        time, scene
            Those of the frame.
        boxes, vectors
            Of each face: float32 (4,), left, top, right, bottom; and float32 (d,), unit length.
        """
        pairs = sorted(
            (
                (track.score(vector), place, face)
                for place, track in enumerate(self.open)
                for face, (box, vector) in enumerate(zip(boxes, vectors, strict=True))
                if is_near(track.box, box, time - track.last)
            ),
            reverse=True,
        )
        taken: dict[int, Following] = {}
        busy: set[int] = set()
        for score, place, face in pairs:
            if score >= self._rule.least_score and place not in busy and face not in taken:
                busy.add(place)
                taken[face] = self.open[place]
                taken[face].take(time, boxes[face], vectors[face])
        return [
            taken.get(face) or self._begin(time, scene, boxes[face], vectors[face])
            for face in range(len(boxes))
        ]

    def _begin(
        self, time: float, scene: int, box: NDArray[np.float32], vector: Vector
    ) -> Following:
        self._count += 1
        track = Following(self._count, time, time, scene, box, vector)
        self.open.append(track)
        return track


def is_near(before: NDArray[np.float32], now: NDArray[np.float32], seconds: float) -> bool:
    """Say whether a face can have moved so far: its box, grown by its reach, overlaps the other.

    Parameters
    ----------
    before, now
        float32 (4,): left, top, right, bottom of both boxes.
    seconds
        Time between them.
    """
    side = float(np.sqrt(np.prod(np.maximum(before[2:] - before[:2], 1.0))))
    reach = REACH * side * seconds
    low, high = np.maximum(before[:2] - reach, now[:2]), np.minimum(before[2:] + reach, now[2:])
    return bool((high > low).all())
