"""Progress where no bar can be drawn: lines with the time, few enough for a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

SHARE: Final = 0.1
"""A line on a step is due when this share of it more is done …"""

SECONDS: Final = 60.0
"""… or when this many seconds have gone by since the last line on it."""


@dataclass
class _Step:
    done: int
    total: int | None
    said: int
    at: float

    def is_due(self, now: float) -> bool:
        if self.done == self.said:
            return now - self.at >= SECONDS
        most = self.total is not None and self.done - self.said >= SHARE * self.total
        return most or self.done == self.total or now - self.at >= SECONDS


class StepLines:
    """Says in lines how far each step is; call it as a `ProgressHook`.

    Parameters
    ----------
    say
        Called with each line.
    clock
        Returns seconds that never fall.
    """

    def __init__(
        self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock = clock
        self._steps: dict[str, _Step] = {}
        self._line("started")

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Take note of how far a step is; say it if a line is due."""
        now = self._clock()
        if step not in self._steps:
            self._say_rest()
            self._steps[step] = _Step(done, total, done, now)
            self._state(step)
            return
        state = self._steps[step]
        state.done, state.total = done, total
        if state.is_due(now):
            self._state(step)

    def end(self, outcome: str) -> None:
        """Say where each step ended, and how the whole did."""
        self._say_rest()
        self._line(outcome)

    def _say_rest(self) -> None:
        for step, state in self._steps.items():
            if state.done != state.said:
                self._state(step)

    def _state(self, step: str) -> None:
        state = self._steps[step]
        of = "" if state.total is None else f" of {state.total}"
        self._line(f"{step}: {state.done}{of}")
        state.said, state.at = state.done, self._clock()

    def _line(self, text: str) -> None:
        now = datetime.now().astimezone()
        self._say(f"{now.isoformat(' ', 'seconds')} {text}")
