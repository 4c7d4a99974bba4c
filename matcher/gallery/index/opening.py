"""Open the index of a gallery: in a file beside the store, or on a server."""

from __future__ import annotations

from pathlib import Path

from matcher.gallery.index.local_index import LocalIndex
from matcher.gallery.index.protocol import SERVED
from matcher.gallery.index.remote_index import RemoteIndex
from matcher.gallery.store import Store


def open_index(
    directory: Path, store: Store, busy_timeout: float, asked: str | None = None
) -> LocalIndex | RemoteIndex:
    """Return the index of an open store, of the recorded kind or of the kind that is asked for."""
    asked = asked or store.meta("index")
    if asked.startswith(SERVED):
        return RemoteIndex(directory, store, asked.removeprefix(SERVED), busy_timeout)
    return LocalIndex(directory, store, asked)
