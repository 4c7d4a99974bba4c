"""Keep Pillow's warnings about damaged metadata from escaping, one thread at a time.

`warnings.catch_warnings` swaps the filters of the whole process, so two threads that use it at
once can leave the wrong ones behind. Here a single filter is added that matches nothing except in
a thread which is inside `quiet_pillow`; the filters of other threads are never swapped. What
remains: where other code swaps them in the middle of a load, a warning may still get through.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_thread = threading.local()


class _PillowInAQuietThread:
    """Stands where a filter has the pattern for the name of the module that warns."""

    def match(self, module: str, *_: object) -> bool:
        return getattr(_thread, "depth", 0) > 0 and module.startswith("PIL.")


_FILTER: Any = ("ignore", None, Warning, _PillowInAQuietThread(), 0)


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Silence warnings raised by Pillow in this thread, even where warnings are errors."""
    filters: Any = warnings.filters
    if not filters or filters[0] is not _FILTER:
        filters.insert(0, _FILTER)
    _thread.depth = getattr(_thread, "depth", 0) + 1
    try:
        yield
    finally:
        _thread.depth -= 1
