"""Control how a process that embeds many photos takes memory from the system."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

# Parameters of mallopt(3), by their numbers in <malloc.h>.
_TRIM_THRESHOLD: Final = -1
_MMAP_MAX: Final = -4
_ARENA_MAX: Final = -8

_NEVER: Final = 2**31 - 1


def use_one_heap() -> bool:
    """Tell the C library to take all blocks from one heap and to keep freed memory.

    By default, glibc asks the system for each large block anew and gives it back at once. A network
    then waits for fresh pages at every layer. glibc takes smaller blocks from heaps, and each
    thread has its own heap. With one heap that keeps its memory, the default model embeds faster;
    docs/evidence/index-and-sizing.md has the figures.

    The setting holds for the whole process. The `matcher` command makes this setting. A program
    that uses the library can make it at its start.

    Returns
    -------
    bool
        True if the C library accepted the settings. False if the system is not Linux, or if the C
        library has no `mallopt` or refused a setting.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _NEVER), (_ARENA_MAX, 1))
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)
