"""Memory that a job no longer uses goes back to the system, so that a long one needs no more."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final


def give_back() -> None:
    """Return freed memory to the operating system, where the C library can do that.

    Photos and the detector's pyramids have ever other sizes. glibc keeps the gaps between them:
    what a process holds then grows for hours, though it uses no more. `malloc_trim(3)` returns
    the gaps. Other C libraries do not have it; there this does nothing.
    """
    _trim(0)


def _found() -> Callable[[int], object]:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # TypeError: Windows has no library of that name
        return lambda _: None
    trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
    return trim


_trim: Final = _found()
