"""How much of a video is read at most."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

from matcher.arguments import expect_number
from matcher.errors import InputError

_MEMORY_OF_A_PIXEL: Final = 64
"""Bytes: a decoder keeps up to 17 frames of up to 3 bytes a pixel, and the converted one."""


@dataclass(frozen=True)
class VideoLimits:
    """Limits on a video. What is larger is refused, or read up to the limit, and it is said.

    Parameters
    ----------
    max_pixels
        Largest product of width and height of a frame, at least 1. The default is a frame of 8192
        by 4320 pixels and somewhat more.
    max_hours
        Longest part of a video that is read, in hours of the video, above 0.
    max_frames
        Most frames that are decoded, at least 1. The default is 24 hours at 115 frames a second.
    max_seconds
        Longest time without a sign of the decoder, > 0. It gives one after each hundred frames.

    Raises
    ------
    InputError
        If a limit is out of its range, or no number.
    """

    max_pixels: int = 36_000_000
    max_hours: float = 24.0
    max_frames: int = 10_000_000
    max_seconds: float = 60.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, whole = getattr(self, field.name), field.type == "int"
            expect_number(f"VideoLimits.{field.name}", value, whole=whole)
            if not (value >= 1 if whole else 0 < value < math.inf):
                raise InputError(
                    f"VideoLimits.{field.name}",
                    rule="must be at least 1" if whole else "must be above 0 and finite",
                    got=value,
                    next_step="Choose a limit in that range.",
                )

    @property
    def memory(self) -> int:
        """Most bytes of memory that the decoder takes for a video within these limits."""
        return _MEMORY_OF_A_PIXEL * self.max_pixels
