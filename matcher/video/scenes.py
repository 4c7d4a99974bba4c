"""Find the cuts between scenes, on tiny copies of the frames."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

TINY: Final = (32, 18)
"""Width and height of the copy on which cuts are looked for, in pixels."""

LEAST_CHANGE: Final = 30.0
"""Least mean change of a pixel's luma at a cut, of 255 levels. See docs/evidence/video.md."""

TIMES_USUAL: Final = 4.0
"""How many times more a cut changes than the frames before it did on average."""

_SLOWLY: Final = 0.2  # share of the latest change in the running average


class Cuts:
    """Counts the scenes. Give it every frame, in order."""

    def __init__(self) -> None:
        self._before: NDArray[np.int16] | None = None
        self._usual = 0.0
        self.scene = 0

    def see(self, tiny: NDArray[np.uint8]) -> None:
        """Look at the next frame, uint8 of shape (18, 32); `scene` grows if it begins a scene."""
        now = tiny.astype(np.int16)
        change = 0.0 if self._before is None else float(np.abs(now - self._before).mean())
        self._before = now
        if change >= LEAST_CHANGE and change >= TIMES_USUAL * self._usual:
            self.scene += 1
        else:
            self._usual += _SLOWLY * (change - self._usual)
