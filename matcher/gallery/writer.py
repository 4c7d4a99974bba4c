"""Write to a gallery: one transaction for each change, and the clearing of what was removed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from matcher.errors import GalleryReplacedError, MatcherError
from matcher.gallery.editions import read_pointer
from matcher.gallery.leftovers import clear_leftovers
from matcher.gallery.reader import GalleryReader
from matcher.gallery.removal import change_elsewhere, clear_elsewhere, forget_elsewhere
from matcher.gallery.store import Store

log = logging.getLogger(__name__)


class GalleryWriter(GalleryReader):
    """What every writing method of `Gallery` needs."""

    def _forget_elsewhere(self, face_ids: list[int], **what: Any) -> None:
        timeout = self._busy_timeout
        forget_elsewhere(self._path, self._edition, face_ids, **what, busy_timeout=timeout)

    def _change_elsewhere(self, change: Callable[[Store, int], object]) -> None:
        change_elsewhere(self._path, self._edition, change, busy_timeout=self._busy_timeout)

    @contextmanager
    def _writing(self) -> Iterator[int]:
        """Commit all or nothing, and only to the current edition."""
        with self._store.writing() as generation:
            current = read_pointer(self._path).current
            if current != self._edition:
                raise GalleryReplacedError(
                    "gallery",
                    rule="is written to in its current edition only",
                    got=f"edition {self._edition!r}, while {current!r} is current",
                    next_step="Open the gallery again, with the model that it now has.",
                    path=self._path,
                )
            yield generation

    def _finish_removals(self) -> None:
        """Clear bytes of removed faces from the files; if that fails, the next open tries again.

        The removal itself is committed, and is not undone by what goes wrong here.
        """
        clear_leftovers(self._path)
        clear_elsewhere(self._path, self._edition, self._busy_timeout)
        try:
            if self._store.holds_removed_bytes:
                self._index.scrub()
        except MatcherError as error:
            log.warning(
                "the removal is done; removed data not cleared from every file yet (%s); "
                "the next open tries again",
                error.code,
            )

    def _save_index(self) -> None:
        """Save the index; if that fails, a later search makes it anew from the store."""
        try:
            self._index.save_if_possible()
        except MatcherError as error:
            log.warning("the index is not saved (%s); what was written is stored", error.code)
