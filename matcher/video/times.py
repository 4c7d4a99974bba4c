"""Times in a video: seconds from its start, and how they are written and read."""

from __future__ import annotations

import math
import re

from matcher.errors import InputError

_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,7}(?:\.\d{1,6})?)", re.ASCII)


def time_text(seconds: float) -> str:
    """Return a time as `HH:MM:SS.mmm`, rounded down to a thousandth of a second."""
    thousandths = math.floor(seconds * 1000 + 1e-6)
    rest, thousandth = divmod(thousandths, 1000)
    hours, rest = divmod(rest, 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}.{thousandth:03d}"


def seconds_of(text: str) -> float:
    """Return the seconds of a time such as `95`, `1:35`, `00:01:35.250`.

    Raises
    ------
    InputError
        If the text is no such time.
    """
    found = _CLOCK.fullmatch(text.strip())
    hours, minutes, seconds = found.groups() if found else (None, None, "nan")
    total = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)
    under_sixty = not minutes or float(seconds) < 60
    if not math.isfinite(total) or not under_sixty or (hours and int(minutes or 0) >= 60):
        raise InputError(
            "time in a video",
            rule="must be seconds, MM:SS or HH:MM:SS, each with or without a fraction",
            got=repr(text[:40]),
            next_step="Write 95, 1:35 or 00:01:35.250.",
        )
    return total
