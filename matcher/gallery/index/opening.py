"""Open the index of a gallery: in a file beside the store, or on a server."""

from __future__ import annotations

from pathlib import Path

from matcher.errors import InputError
from matcher.gallery.index.kinds import check_kind
from matcher.gallery.index.local_index import LocalIndex
from matcher.gallery.index.mapped import AUTO, FORMER_KINDS
from matcher.gallery.index.remote_index import RemoteIndex
from matcher.gallery.index.servers import is_served
from matcher.gallery.store import Store
from matcher.gallery.store.sqlite_errors import damaged


def open_index(
    directory: Path, store: Store, busy_timeout: float, asked: str | None = None
) -> LocalIndex | RemoteIndex:
    """Return the index of an open store: the one that is recorded, or the one that is asked for.

    The address of a server that the caller asks for is confirmed; one that is only recorded in the
    gallery is not, see `ServedIndex`.

    Raises
    ------
    GalleryDamagedError
        When what is recorded is neither a kind of index nor the address of a server.
    InputError
        For an index on a server if the gallery is encrypted: the server would hold plain vectors.
    """
    index = asked or store.meta("index")
    if asked is None and index in FORMER_KINDS:
        index = AUTO
    try:
        check_kind(index)
    except InputError as error:
        if asked:
            raise
        raise damaged(store.path, rule="must name a kind of index", got=ascii(index)) from error
    if store.keys is not None:
        check_sealable(index, directory)
    if is_served(index):
        return RemoteIndex(directory, store, index, busy_timeout, confirmed=asked is not None)
    return LocalIndex(directory, store, index)


def check_sealable(index: str, gallery: Path) -> None:
    """Refuse an index on a server for an encrypted gallery.

    Raises
    ------
    InputError
        The server would hold plain vectors.
    """
    if is_served(index):
        raise InputError(
            "index",
            rule="must be in a file if the gallery is encrypted",
            got="one on a server, which would hold plain vectors",
            next_step="Choose a kind of index, such as auto.",
            path=gallery,
        )
