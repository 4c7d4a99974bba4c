"""Keep a gallery in order: checks, figures, format, hashes of earlier photos, and its index."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Final

from matcher.arguments import listed
from matcher.errors import (
    GalleryDamagedError,
    GalleryError,
    GalleryWriteError,
    IndexServerError,
    MissingExtraError,
)
from matcher.gallery.corrections import CorrectableGallery
from matcher.gallery.editions import directory_of, names
from matcher.gallery.index import LocalIndex, RemoteIndex, check_kind, open_index
from matcher.gallery.info import index_size, read_info
from matcher.gallery.records import Compaction, GalleryInfo
from matcher.gallery.store import Store, photo_rows
from matcher.gallery.verify import VerifyReport, verify
from matcher.hashes import FileHashes

log = logging.getLogger(__name__)

_COPIES: Final = 2
"""The new store is written to the write-ahead log, and from there over the old one."""


class MaintainedGallery(CorrectableGallery):
    """What of `Gallery` checks it and keeps its files in order."""

    def verify(self) -> VerifyReport:
        """Check every row, every vector and the index file against each other.

        The other editions of the gallery are checked too. A fault of one of them is a note that
        names it, because it changes no answer of this edition. Of the log of a governed gallery it
        is checked that there is one; `verify_log` checks all of it.
        """
        found = verify(self._directory, self._store)
        others = [name for name in names(self._path) if name != self._edition]
        notes = [note for name in others for note in self._faults_of(name)]
        faults = (*found.faults, *self._log_faults())
        return replace(found, faults=faults, notes=(*found.notes, *notes))

    def _faults_of(self, edition: str) -> list[str]:
        directory = directory_of(self._path, edition)
        try:
            with closing(Store(directory, self._busy_timeout)) as store:
                faults = verify(directory, store).faults
        except GalleryError as error:
            faults = () if edition not in names(self._path) else (str(error),)
        return [f"Edition {edition}: {fault}" for fault in faults]

    def info(self) -> GalleryInfo:
        """Return the figures of the gallery."""
        return replace(read_info(self._directory, self._store), path=self._path)

    def migrate(self) -> None:
        """Bring the store to the format that this version of the library writes.

        The first write does this anyway. Versions of the library that know only the earlier format
        cannot open the gallery afterwards.

        Raises
        ------
        GalleryBusyError, GalleryWriteError
            When the store cannot be written. It is then unchanged.
        """
        self._store.migrate()

    def compaction(self) -> Compaction:
        """Return what `compact` would free. Nothing is changed."""
        index = self._index
        return Compaction(
            store_bytes=self._store.free_bytes,
            index_bytes=index.empty_bytes() if isinstance(index, LocalIndex) else 0,
            needed_bytes=_COPIES * self._store.path.stat().st_size + index_size(self._directory),
        )

    def compact(self) -> Compaction:
        """Write the files anew without what holds nothing; return what that freed.

        A removal overwrites bytes where they are, so that the files keep their size. Use this after
        many removals. First the store is written anew, then the index files. Each step is done
        whole or not at all, and one with nothing to gain is left out; so after an interruption the
        next call goes on with the step that was not done.

        Raises
        ------
        GalleryWriteError
            When the disk has too little room. Nothing is changed.
        GalleryBusyError
            When another process writes. The steps before are done.
        """
        gain = self.compaction()
        free = shutil.disk_usage(self._directory).free
        if gain.bytes and free < gain.needed_bytes:
            raise GalleryWriteError(
                "gallery",
                rule=f"needs {gain.needed_bytes / 1e6:,.0f} MB of free room to be compacted",
                got=f"{free / 1e6:,.0f} MB",
                next_step="Free space, and try again.",
                path=self._path,
            )
        if gain.store_bytes:
            self._store.compact()
        if gain.index_bytes:
            self._index.save()
        return gain

    def fill_hashes(self, found: Sequence[FileHashes]) -> None:
        """Keep MD5 and SHA-1 of photos that were enrolled before galleries kept them.

        Only the records of a photo with the same SHA-256 are filled, in every edition. What is
        there stays. It is no correction: nothing is said anew of a person, and nothing to undo.

        Parameters
        ----------
        found
            Hashes of files, see `matcher.photos.file_hashes`.

        Raises
        ------
        GalleryBusyError, GalleryWriteError
            Nothing is written.
        """
        found = listed(
            "found",
            found,
            FileHashes,
            rule="must be a sequence of FileHashes",
            next_step="For the files of a gallery use `matcher.exchange.fill_hashes`.",
        )
        with self._writing("correction", action="hashes_filled", photos=len(found)):
            photo_rows.fill_hashes(self._store, found)
            self._change_elsewhere(lambda store, _: photo_rows.fill_hashes(store, found))

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
