"""Open the index of a gallery: in a file beside the store, or on a server."""

from __future__ import annotations

from pathlib import Path

from matcher.errors import InputError
from matcher.gallery.index.kinds import check_kind
from matcher.gallery.index.local_index import LocalIndex
from matcher.gallery.index.protocol import SERVED
from matcher.gallery.index.remote_index import RemoteIndex
from matcher.gallery.store import Store
from matcher.gallery.store.sqlite_errors import damaged


def open_index(
    directory: Path, store: Store, busy_timeout: float, asked: str | None = None
) -> LocalIndex | RemoteIndex:
    """Return the index of an open store: the one that is recorded, or the one that is asked for.

    The address of a server that the caller asks for is confirmed; one that is only recorded in the
    gallery is not, see `MilvusIndex`.

    Raises
    ------
    GalleryDamagedError
        When what is recorded is neither a kind of index nor the address of a server.
    """
    index = asked or store.meta("index")
    try:
        check_kind(index)
    except InputError as error:
        if asked:
            raise
        raise damaged(store.path, rule="must name a kind of index", got=ascii(index)) from error
    if index.startswith(SERVED):
        url = index.removeprefix(SERVED)
        return RemoteIndex(directory, store, url, busy_timeout, confirmed=asked is not None)
    return LocalIndex(directory, store, index)
