"""Build the index of a gallery anew, and move it to another kind or place."""

from __future__ import annotations

import logging

from matcher.errors import (
    GalleryDamagedError,
    GalleryWriteError,
    IndexServerError,
    MissingExtraError,
)
from matcher.gallery.corrections import CorrectableGallery
from matcher.gallery.index import LocalIndex, RemoteIndex, check_kind, open_index

log = logging.getLogger(__name__)


class RebuildableGallery(CorrectableGallery):
    """What of `Gallery` makes its index anew."""

    def rebuild(self, index: str | None = None) -> None:
        """Build the index from the store and save it; change its kind if `index` is given.

        Parameters
        ----------
        index
            As in `create`. The old index is deleted when the new one exists.

        Raises
        ------
        InputError, MissingExtraError
            As in `create`. Nothing is changed.
        GalleryBusyError, GalleryWriteError, IndexServerError
            When it cannot be saved. The gallery then keeps the old index.
        """
        if index is not None and index != self._store.meta("index"):
            self._move_index(index)
            return
        if index is not None and index != self._given_index:
            self._given_index, self._opened_index = index, None
        self._index.rebuild()
        self._index.save()

    def _move_index(self, index: str) -> None:
        check_kind(index)
        old = self._index_to_leave()
        new = open_index(self._directory, self._store, self._busy_timeout, index)
        new.rebuild()
        new.save()
        self._store.set_index(index)
        self._given_index = index
        if old is not None and (isinstance(old, RemoteIndex) or isinstance(new, RemoteIndex)):
            self._discard(old)

    def _index_to_leave(self) -> LocalIndex | RemoteIndex | None:
        """Return the index that is recorded; None if it is none, or its client is not installed."""
        try:
            return self._index
        except (GalleryDamagedError, MissingExtraError) as error:
            log.warning("the index that is recorded cannot be used (%s)", error.code)
            return None

    def _discard(self, old: LocalIndex | RemoteIndex) -> None:
        try:
            old.discard()
        except (IndexServerError, GalleryWriteError) as error:
            log.warning("the index that was left is still there: %s", error)
