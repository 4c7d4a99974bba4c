"""The index of an open gallery in files: loaded when needed, kept in step, and saved."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import FACE
from matcher.errors import (
    GalleryDamagedError,
    GalleryError,
    GalleryFormatError,
    InputError,
)
from matcher.gallery.index.mapped import (
    AlteredRowsError,
    IndexHeader,
    TableIndex,
    choose_kind,
    empty_rows,
    index_name,
    new_index,
    outgrown,
    read_index,
    remove_index,
    write_index,
)
from matcher.gallery.index.ranking import Found
from matcher.gallery.store import Store, rows, vector_rows
from matcher.gallery.store.sqlite_errors import damaged

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _State:
    """An index, the commit of the store that it reflects, and whether their faces were counted."""

    index: TableIndex
    generation: int
    counted: bool = True


class LocalIndex:
    """Searches an index that is first brought up to the store's last commit.

    There is one for each name of the model's vectors, each in a file of its own. One thread at a
    time uses them; FAISS shares the work of one search among threads of its own.

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
        self._states: dict[str, _State] = {}
        self._use = threading.RLock()

    def search(
        self,
        queries: NDArray[np.float32],
        k: int,
        allowed: NDArray[np.int64] | None,
        name: str = FACE,
    ) -> Found:
        """Return the k nearest faces by the cosines of vectors of a name, as `FaceIndex.search`."""
        with self._use:
            try:
                return self.current(name).search(queries, k, allowed)
            except AlteredRowsError:
                log.warning("the index file holds other vectors than were written; rebuilding")
                self.rebuild(name)
                self.save_if_possible()
                return self.current(name).search(queries, k, allowed)

    def current(self, name: str = FACE) -> TableIndex:
        """Return an index in step with the store; load, update or rebuild it as needed."""
        with self._use:
            if name not in self._states:
                self._load(name)
            if name not in self._states:
                self.rebuild(name)
                self._save_if_possible(name)
            self._catch_up(name)
            return self._states[name].index

    def _load(self, name: str) -> None:
        """Load an index from its file, if the file is intact and belongs to this store."""
        model = self._store.model
        if not os.path.lexists(self._directory / index_name(model, name)):
            log.info("no index file; building the index from the store")
            return
        try:
            index, header = read_index(self._directory, model, self._store.keys, name=name)
            self._check(header, name)
        except GalleryDamagedError as error:
            log.warning("index file %s; rebuilding the index from the store", error.rule)
            return
        except GalleryFormatError:
            log.info("index file of another version; building the index from the store")
            return
        self._states[name] = _State(index, header.generation, counted=False)

    def _check(self, header: IndexHeader, name: str) -> None:
        """Refuse an index of another model, or of a commit that this store never had."""
        same_history = self._store.stamp(header.generation) == header.stamp
        if header.model != self._store.model or header.name != name or not same_history:
            raise GalleryDamagedError(
                "index file",
                rule="must belong to this store and its model",
                got=f"{header.model}, generation {header.generation}",
                next_step="Rebuild the index from the store.",
                path=self._directory / index_name(self._store.model, name),
            )

    def _catch_up(self, name: str) -> None:
        """Apply the commits made since; an interrupted attempt discards the index in memory."""
        if self._states[name].counted and self._states[name].generation == self._store.generation:
            return
        state = self._states.pop(name)
        index = state.index
        with self._store.reading():
            generation, expected = self._store.generation, self._store.faces
            if state.generation != generation:
                index.remove(rows.removed_since(self._store, state.generation))
                try:
                    self._fill(index, name, state.generation)
                except InputError:  # the index holds one of these faces already
                    log.warning("the index file is not what its header says; rebuilding")
                    self.rebuild(name)
                    return
        if len(index) != expected:
            log.warning("index holds %d faces, the store %d; rebuilding", len(index), expected)
            self.rebuild(name)
            return
        self._states[name] = _State(index, generation)

    def _fill(self, index: TableIndex, name: str, since: int = -1) -> int:
        """Add the faces that the store got after a generation; return their number."""
        added = 0
        for ids, vectors in vector_rows.vector_pages(self._store, since, name=name):
            index.add(ids, vectors)
            added += len(ids)
        return added

    def rebuild(self, name: str | None = None) -> None:
        """Build an index, or all, from the store, of the kind that now suits it."""
        with self._use:
            for one in self._store.model.vector_names if name is None else [name]:
                self._rebuild(one)

    def _rebuild(self, name: str) -> None:
        with self._store.reading():
            generation, faces = self._store.generation, self._store.faces
            index = new_index(choose_kind(self._asked, faces), self._store.model.dimension)
            index.reserve(faces)
            try:
                added = self._fill(index, name)
            except InputError as error:
                raise self._contradiction(error) from error
            if added != faces:
                raise self._contradiction(f"{faces} in one reading, {added} in another")
            self._states[name] = _State(index, generation)
        log.info("built the %s index of %d faces", index.kind, len(index))

    def _contradiction(self, got: object) -> GalleryDamagedError:
        return damaged(self._store.path, rule="must hold each face once", got=got)

    def save(self) -> None:
        """Write the index files for the store's last commit, while no other process writes."""
        with self._use:
            for name in self._store.model.vector_names:
                self._save(name)

    def _save(self, name: str) -> None:
        try:
            self._write(name)
        except AlteredRowsError:  # a copy of them must not pass for what was written
            log.warning("the index file holds other vectors than were written; rebuilding")
            self.rebuild(name)
            self._write(name)

    def _write(self, name: str) -> None:
        index = self.current(name)
        if outgrown(self._asked, index.kind, len(index)):
            self.rebuild(name)
        with self._store.locked():
            index, generation = self.current(name), self._states[name].generation
            stamp = cast(str, self._store.stamp(generation))
            model, keys = self._store.model, self._store.keys
            write_index(self._directory, index, model, generation, stamp, keys, name=name)
        state = self._states.pop(name)
        del index
        self._load(name)  # from now on the file is used, and no memory
        self._states.setdefault(name, state)

    def save_if_possible(self) -> None:
        """Save what is far from its file; a failure is only logged: the store holds everything."""
        with self._use:
            for name in self._store.model.vector_names:
                self._save_if_possible(name)

    def _save_if_possible(self, name: str) -> None:
        try:
            index = self.current(name)
            file = self._directory / index_name(self._store.model, name)
            missing = not os.path.lexists(file)
            if missing or index.is_behind or outgrown(self._asked, index.kind, len(index)):
                self._save(name)
        except GalleryError as error:
            log.warning("index file not saved (%s); it will be rebuilt when needed", error.code)

    def empty_bytes(self) -> int:
        """Return the size of the rows of removed faces in the files."""
        with self._use:
            written = [self.current(name).written for name in self._store.model.vector_names]
        return sum(rows.emptied * rows.bytes_each for rows in written if rows is not None)

    def scrub(self) -> None:
        """Remove the bytes of removed faces from every file of the gallery."""
        with self._use:
            with self._store.locked():
                generation = self._store.generation
                self._empty_rows()
            self._store.clear_removed(generation)
            self.save_if_possible()

    def _empty_rows(self) -> None:
        """Write zeros over the rows of removed faces; where that cannot be done, drop the files."""
        model = self._store.model
        try:
            if self._store.keys is not None:
                remove_index(self._directory)  # a sealed file cannot be changed in parts
                return
            for name in model.vector_names:
                if os.path.lexists(self._directory / index_name(model, name)):
                    empty_rows(self._directory, model, self._removed_since, name=name)
        except (GalleryDamagedError, GalleryFormatError):
            remove_index(self._directory)

    def _removed_since(self, header: IndexHeader) -> NDArray[np.int64]:
        self._check(header, header.name)
        return rows.removed_since(self._store, header.generation)

    def discard(self) -> None:
        """Delete the index files."""
        remove_index(self._directory)
