"""Where the memory of a process comes from that embeds many photos."""

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
    """Have the C library take all blocks of this process from one heap, and keep what was freed.

    As it is set, glibc asks the system for each large block anew and gives it back at once: a
    network then waits for fresh pages at every layer. Smaller ones it takes from heaps of which
    every thread has its own. With one heap that is kept, the default model embeds faster; figures
    are in docs/sizing.md.

    It holds for the whole process: the `matcher` command does it; a program that uses the library
    may, at its start.

    Returns
    -------
    bool
        Whether it was done; False where the C library is another one.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    asked = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _NEVER), (_ARENA_MAX, 1))
    return all(mallopt(parameter, value) == 1 for parameter, value in asked)
