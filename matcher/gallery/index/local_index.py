"""The index of an open gallery in a file: loaded when needed, kept in step, and saved."""

from __future__ import annotations

import logging
import math
import os
import threading
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from matcher.errors import (
    GalleryDamagedError,
    GalleryError,
    GalleryFormatError,
    InputError,
)
from matcher.gallery.index.index_file import (
    INDEX_NAME,
    IndexHeader,
    read_header,
    read_index,
    remove_index,
    write_index,
)
from matcher.gallery.index.kinds import choose_kind, new_index, outgrown
from matcher.gallery.index.paged_scan import scan
from matcher.gallery.index.protocol import FileIndex
from matcher.gallery.index.ranking import rerank
from matcher.gallery.store import Store, rows, vector_rows
from matcher.gallery.store.sqlite_errors import damaged

log = logging.getLogger(__name__)

Found = tuple[NDArray[np.float32], NDArray[np.int64]]

MOST_TRAINING: Final = 320_000
"""Largest number of vectors to learn from: 39 for each of 8192 lists."""

OVERFETCH: Final = 4
"""Candidates from a compressed index for each place in the list, before exact ranking."""


class LocalIndex:
    """Searches an index that is first brought up to the store's last commit.

    One thread at a time uses it; FAISS shares the work of one search among threads of its own.

    Parameters
    ----------
    directory
        Directory of the gallery.
    store
        Open store of the gallery.
    asked
        The kind that was asked for when the gallery was created.
    """

    def __init__(self, directory: Path, store: Store, asked: str) -> None:
        self._directory = directory
        self._store = store
        self._asked = asked
        self._index: FileIndex | None = None
        self._generation = -1
        self._unsaved = False
        self._use = threading.RLock()

    def search(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None
    ) -> Found:
        """Return the k nearest faces by their true cosines, as `FileIndex.search` does."""
        with self._use:
            index = self.current()
            if index.lossless:
                return index.search(queries, k, allowed)
            if allowed is None:
                candidates = index.search(queries, OVERFETCH * k, None)[1]
        if allowed is not None:
            with self._store.reading():
                return scan(vector_rows.vectors_of(self._store, allowed), queries, k)
        return rerank(queries, candidates, self._vectors, k)

    def _vectors(self, face_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        return vector_rows.vectors(self._store, face_ids)

    def current(self) -> FileIndex:
        """Return the index in step with the store; load, update or rebuild it as needed."""
        with self._use:
            if self._index is None:
                self._load()
            if self._index is None:
                self.rebuild()
                self.save_if_possible()
            elif self._generation != self._store.generation:
                self._catch_up(self._index)
            return cast(FileIndex, self._index)

    def _load(self) -> None:
        """Load the index from its file, if the file is intact and belongs to this store."""
        if not os.path.lexists(self._directory / INDEX_NAME):
            log.info("no index file; building the index from the store")
            return
        try:
            self._check(read_header(self._directory, self._store.keys))
            index, header = read_index(self._directory, self._store.keys)
            self._check(header)
        except (GalleryDamagedError, GalleryFormatError) as error:
            log.warning("index file %s; rebuilding the index from the store", error.rule)
            return
        self._index, self._generation, self._unsaved = index, header.generation, False

    def _check(self, header: IndexHeader) -> None:
        """Refuse an index of another model, or of a commit that this store never had."""
        same_history = self._store.stamp(header.generation) == header.stamp
        if header.model != self._store.model or not same_history:
            raise GalleryDamagedError(
                "index file",
                rule="must belong to this store and its model",
                got=f"{header.model}, generation {header.generation}",
                next_step="Rebuild the index from the store.",
                path=self._directory / INDEX_NAME,
            )

    def _catch_up(self, index: FileIndex) -> None:
        """Apply the commits made since; an interrupted attempt discards the index in memory."""
        since, self._index = self._generation, None
        with self._store.reading():
            generation = self._store.generation
            changed = index.remove(rows.removed_since(self._store, since))
            try:
                changed += self._fill(index, since)
            except InputError:  # the index holds one of these faces already
                log.warning("the index file is not what its header says; rebuilding")
                self.rebuild()
                return
            expected = self._store.faces
        if len(index) != expected:
            log.warning("index holds %d faces, the store %d; rebuilding", len(index), expected)
            self.rebuild()
            return
        self._index, self._generation = index, generation
        self._unsaved = self._unsaved or changed > 0

    def _fill(self, index: FileIndex, since: int = -1) -> int:
        """Add the faces that the store got after a generation; return their number."""
        added = 0
        for ids, vectors in vector_rows.vector_pages(self._store, since):
            index.add(ids, vectors)
            added += len(ids)
        return added

    def rebuild(self) -> None:
        """Build the index from the store, of the kind that now suits it."""
        with self._use, self._store.reading():
            generation = self._store.generation
            ids = rows.face_ids(self._store)
            index = new_index(choose_kind(self._asked, len(ids)), self._store.model.dimension)
            if index.learns and len(ids):
                sample = ids[:: math.ceil(len(ids) / MOST_TRAINING)]
                index.train(self._vectors(sample), len(ids))
            try:
                added = self._fill(index)
            except InputError as error:
                raise self._contradiction(error) from error
            if added != len(ids):
                raise self._contradiction(f"{len(ids)} in one reading, {added} in another")
            self._index, self._generation, self._unsaved = index, generation, True
        log.info("built the %s index of %d faces", index.kind, len(index))

    def _contradiction(self, got: object) -> GalleryDamagedError:
        return damaged(self._store.path, rule="must hold each face once", got=got)

    def save(self) -> None:
        """Write the index file for the store's last commit, while no other process writes."""
        with self._use:
            index = self.current()
            if index.needs_rebuild or outgrown(self._asked, index.kind, len(index)):
                self.rebuild()
            with self._store.locked():
                index = self.current()
                stamp = cast(str, self._store.stamp(self._generation))
                model, keys = self._store.model, self._store.keys
                write_index(self._directory, index, model, self._generation, stamp, keys)
            self._unsaved = False

    def save_if_possible(self) -> None:
        """Save what is not saved yet; a failure is only logged, as the store holds everything."""
        try:
            self.current()
            if self._unsaved:
                self.save()
        except GalleryError as error:
            log.warning("index file not saved (%s); it will be rebuilt when needed", error.code)

    def scrub(self) -> None:
        """Remove the bytes of removed faces from every file of the gallery."""
        with self._use:
            try:
                self.current()
            except GalleryDamagedError as error:  # no reason to keep what was removed
                log.warning("no index can be made of a damaged store (%s)", error.code)
            with self._store.locked():
                generation = self._store.generation
                remove_index(self._directory)
            self._unsaved = True
            self._store.clear_removed(generation)
            self.save_if_possible()

    def discard(self) -> None:
        """Delete the index file."""
        remove_index(self._directory)
