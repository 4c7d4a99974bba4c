"""Choose the few best frames of a track: good ones, spread over its time, within a bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from matcher.faces import FaceQuality, weight

FIRST_SLOT: Final = 0.25
"""Seconds: the shortest time of which only the best frame is kept."""

SHORTEST: Final = 0.001
"""Seconds: no two frames of a track closer together are chosen; their files have times as names."""

_LARGE, _SHARP = 48.0, 0.25
_ASIDE, _RAISED = 60.0, 45.0


class Timed(Protocol):
    """Something with a time in seconds, and with a goodness of which more is better."""

    @property
    def time(self) -> float:
        """Seconds."""
        ...

    @property
    def goodness(self) -> float:
        """More is better."""
        ...


One = TypeVar("One", bound=Timed)


def goodness(quality: FaceQuality) -> float:
    """Return how good a face is among others of its track, in (0, 1]; it decides nothing else.

    The weight of `matcher.faces.weight` reaches 1 for every face that passes the strict policy.
    Most faces of a track may do so. It is therefore multiplied by shares that go on: of an
    inter-eye distance of 48 pixels, of a sharpness of 0.25, of a head that looks into the camera.
    """
    shares = (
        min(1.0, quality.inter_eye_distance / _LARGE) ** 0.5,
        min(1.0, max(quality.sharpness, 0.0) / _SHARP) ** 0.5,
        max(0.05, 1 - abs(quality.yaw) / _ASIDE),
        max(0.05, 1 - abs(quality.pitch) / _RAISED),
        max(0.05, quality.inside),
    )
    product = weight(quality)
    for share in shares:
        product *= share
    return product


class BestFrames(Generic[One]):
    """Keeps the best frames of a track that still goes on, at most twice as many as are wanted.

    Time is cut into slots, and of each slot only the best frame is kept. When there are too many,
    the slots are made twice as long.

    Parameters
    ----------
    wanted
        Number of frames to choose at the end, >= 1.
    """

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._slot = FIRST_SLOT
        self._kept: dict[int, One] = {}
        self._first = 0.0

    def offer(self, time: float, good: float, make: Callable[[], One]) -> None:
        """Keep a frame if it is the best of its slot; only then it is made.

        Parameters
        ----------
        time, good
            Those of the frame. Times never go back.
        make
            Makes what is kept.
        """
        if not self._kept:
            self._first = time
        slot = self._slot_of(time)
        if slot in self._kept and self._kept[slot].goodness >= good:
            return
        self._kept[slot] = make()
        while len(self._kept) > 2 * self._wanted:
            self._double()

    def chosen(self) -> tuple[One, ...]:
        """Return the best of them, in the order of time.

        No two lie closer together than a part of the track's time, so that they are not neighbours
        of one instant. There may therefore be fewer than are wanted.
        """
        by_goodness = sorted(self._kept.values(), key=lambda one: one.goodness, reverse=True)
        times = [one.time for one in by_goodness]
        apart = max(SHORTEST, (max(times) - min(times)) / (2 * self._wanted)) if times else 0.0
        taken: list[One] = []
        for one in by_goodness:
            if len(taken) < self._wanted and _is_apart(one, taken, apart):
                taken.append(one)
        return tuple(sorted(taken, key=lambda one: one.time))

    def _slot_of(self, time: float) -> int:
        return int((time - self._first) / self._slot)

    def _double(self) -> None:
        self._slot *= 2
        kept: dict[int, One] = {}
        for one in self._kept.values():
            slot = self._slot_of(one.time)
            if slot not in kept or one.goodness > kept[slot].goodness:
                kept[slot] = one
        self._kept = kept


def _is_apart(one: Timed, taken: Sequence[Timed], apart: float) -> bool:
    return all(abs(one.time - other.time) >= apart for other in taken)
