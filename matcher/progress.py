"""Progress as a hook: the library reports progress, and the caller displays it."""

from __future__ import annotations

from collections.abc import Callable

ProgressHook = Callable[[str, int, int | None], None]
"""Called as `hook(step, done, total)`; `total` is None while it is unknown."""


def silent(step: str, done: int, total: int | None) -> None:
    """Ignore all progress; the default hook."""
    del step, done, total
