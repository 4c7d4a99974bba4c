"""Which frames are taken: time stamps that are missing or jump, and a number of frames a second."""

from __future__ import annotations

import math
from typing import Final

LONGEST_STEP: Final = 3600.0
"""Seconds. Time stamps that go further ahead at once are taken for an error of the file."""

_USUAL_STEP: Final = 1 / 25


class Clock:
    """Gives each frame its time, which never goes back.

    Parameters
    ----------
    step
        Seconds from a frame to the next where the file says nothing; None for 1/25.
    """

    def __init__(self, step: float | None) -> None:
        self._step = _USUAL_STEP if step is None else step
        self._ahead = 0.0
        self._last: float | None = None
        self.untimed = 0
        self.jumps = 0

    def time_of(self, stamp: float | None) -> float:
        """Return the time of the next frame, in seconds.

        Parameters
        ----------
        stamp
            What the file says; None if it says nothing, or nothing that is a number.
        """
        if stamp is None or not math.isfinite(stamp):
            self.untimed += 1
            time = 0.0 if self._last is None else self._last + self._step
        else:
            time = max(0.0, stamp + self._ahead)  # what a player skips comes at the start
            if self._last is not None and not 0 <= time - self._last <= LONGEST_STEP:
                self.jumps += 1
                time = self._last + self._step
                self._ahead = time - stamp
        self._last = time
        return time


class Sampler:
    """Takes the first frame at or after each instant: so many instants a second from a start.

    Parameters
    ----------
    per_second
        Instants in a second, > 0. A video with fewer frames gives each of them once.
    start
        The first instant, in seconds.
    """

    def __init__(self, per_second: float, start: float) -> None:
        self._per_second = per_second
        self._start = start
        self._instant = 0

    def takes(self, time: float) -> bool:
        """Say whether the frame of a time is taken. Times never go back."""
        passed = math.floor((time - self._start) * self._per_second + 1e-6)
        if passed < self._instant:
            return False
        self._instant = passed + 1
        return True
