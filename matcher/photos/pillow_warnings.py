"""Silence Pillow's warnings about damaged metadata, one thread at a time.

`warnings.catch_warnings` swaps the warning filters of the whole process. Two threads that use it at
once can leave the wrong filters behind. This module adds a single filter instead. The filter
matches only in a thread that is inside `quiet_pillow`, and the filters of other threads are never
swapped. One gap remains: if other code swaps the filters in the middle of a load, a warning may
still get through.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_thread = threading.local()


class _PillowInAQuietThread:
    """Replaces the pattern that a warning filter holds for the name of the warning module."""

    def match(self, module: str, *_: object) -> bool:
        return getattr(_thread, "depth", 0) > 0 and module.startswith("PIL.")


_FILTER: Any = ("ignore", None, Warning, _PillowInAQuietThread(), 0)


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Silence the warnings of Pillow in this thread, even if warnings are turned into errors."""
    filters: Any = warnings.filters
    if not filters or filters[0] is not _FILTER:
        filters.insert(0, _FILTER)
    _thread.depth = getattr(_thread, "depth", 0) + 1
    try:
        yield
    finally:
        _thread.depth -= 1
