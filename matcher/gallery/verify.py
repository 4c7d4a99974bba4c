"""Check a gallery: every row, every vector, and the index against the store."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from matcher.errors import GalleryDamagedError, GalleryFormatError, IndexServerError
from matcher.gallery.index import (
    INDEX_NAME,
    UNIT_TOLERANCE,
    FileIndex,
    IndexHeader,
    RemoteIndex,
    open_index,
    read_index,
)
from matcher.gallery.index.milvus_index import MilvusIndex
from matcher.gallery.store import Store, rows
from matcher.names import one_form
from matcher.words import counted

LOSSY_COSINE: Final = 0.97
"""Smallest accepted cosine of a vector with what a compressed index kept of it."""


@dataclass(frozen=True)
class VerifyReport:
    """The result of a check.

    Parameters
    ----------
    faces
        Faces whose vectors were checked.
    faults
        Contradictions, in sentences; empty if there are none.
    notes
        Harmless facts that are worth knowing, such as an index file that is behind the store.
    """

    faces: int
    faults: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether there are no contradictions."""
        return not self.faults


def verify(directory: Path, store: Store) -> VerifyReport:
    """Check the store, then the index file against the commit of the store that it names."""
    with store.reading():
        faults = [*_store_faults(store), *_names_alike(store), *_vector_faults(store)]
        index_faults, notes = _index_findings(directory, store)
        return VerifyReport(store.faces, (*faults, *index_faults), notes)


def _store_faults(store: Store) -> Iterator[str]:
    for (finding,) in store.query("PRAGMA integrity_check"):
        if finding != "ok":
            yield f"The store is damaged: {finding}."
    dangling = len(store.query("PRAGMA foreign_key_check"))
    if dangling:
        yield f"{counted(dangling, 'row refers', 'rows refer')} to rows that are not there."
    bare = store.value(
        "SELECT count(*) FROM faces WHERE face_id NOT IN (SELECT face_id FROM vectors)"
    )
    if bare:
        yield f"{counted(bare, 'face has', 'faces have')} no vector."
    revenant = store.value("SELECT count(*) FROM faces JOIN removed USING (face_id)")
    if revenant:
        yield f"{counted(revenant, 'face is', 'faces are')} both there and removed."


def _names_alike(store: Store) -> Iterator[str]:
    """Name subjects that a reader cannot tell apart; an older version made them."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for (subject_id,) in store.query("SELECT subject_id FROM subjects"):
        if not subject_id.isascii():
            alike[one_form(subject_id)].append(subject_id)
    for name, several in alike.items():
        if len(several) > 1:
            yield (
                f"{len(several)} subjects differ only in how the accents of {name!r} are written: "
                f"{', '.join(map(ascii, several))}. Merge them if they are one person."
            )


def _vector_faults(store: Store) -> Iterator[str]:
    model = store.model
    length = 4 * model.dimension * len(model.vector_names)
    wrong_length, altered, wrong_norm = 0, 0, 0
    last = 0
    while page := store.query(
        "SELECT face_id, vector, crc32 FROM vectors WHERE face_id > ? ORDER BY face_id LIMIT ?",
        (last, rows.PAGE),
    ):
        last = page[-1][0]
        altered += sum(zlib.crc32(blob) != crc32 for _, blob, crc32 in page)
        whole = [blob for _, blob, _ in page if len(blob) == length]
        wrong_length += len(page) - len(whole)
        vectors = np.frombuffer(b"".join(whole), dtype="<f4").reshape(-1, model.dimension)
        off = np.abs(np.linalg.norm(vectors.astype(np.float64), axis=1) - 1)
        wrong_norm += int((~(off <= UNIT_TOLERANCE)).sum())
    if wrong_length:
        yield f"{counted(wrong_length, 'vector is', 'vectors are')} of another dimension."
    if altered:
        yield f"{counted(altered, 'vector does', 'vectors do')} not have the stored checksum."
    if wrong_norm:
        yield f"{counted(wrong_norm, 'vector is', 'vectors are')} not of unit length."


def _index_findings(directory: Path, store: Store) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return faults and notes."""
    served = open_index(directory, store, 0)
    if isinstance(served, RemoteIndex):
        return _served_findings(served, store)
    if not (directory / INDEX_NAME).exists():
        return (), ("There is no index file; the next search builds it.",)
    try:
        index, header = read_index(directory)
    except (GalleryDamagedError, GalleryFormatError) as error:
        return (f"The index file {error.rule}; the next search rebuilds it.",), ()
    if header.model != store.model or store.stamp(header.generation) != header.stamp:
        return ("The index file belongs to another gallery or another history.",), ()
    behind = store.generation - header.generation
    notes = (
        (f"The index file is {counted(behind, 'commit')} behind; searches catch up.",)
        if behind
        else ()
    )
    return tuple(_index_faults(index, header, store)), notes


def _served_findings(served: RemoteIndex, store: Store) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        since = served.generation()
        if since is None:
            return (), ("The server has no index of this store; the next search builds it.",)
        behind = store.generation - since
        faults = tuple(_served_faults(served.index, since, store))
    except (IndexServerError, GalleryFormatError) as error:
        return (f"The index could not be checked: {error}",), ()
    return faults, ((f"The index server is {counted(behind, 'commit')} behind.",) if behind else ())


def _served_faults(index: MilvusIndex, since: int, store: Store) -> Iterator[str]:
    """Compare with the faces that the store had at the index's commit and still has."""
    on_server, missing, different = len(index), 0, 0
    for ids, true in rows.vector_pages(store, until=since):
        existing = index.there(ids)
        missing += len(ids) - len(existing)
        kept = index.vectors(existing)
        different += int((kept != true[np.isin(ids, existing)]).any(axis=1).sum())
    if missing:
        yield f"{counted(missing, 'face is', 'faces are')} not on the index server."
    if different:
        yield f"{counted(different, 'vector')} on the index server: other than in the store."
    if since == store.generation and not missing and on_server != store.faces:
        more = counted(on_server - store.faces, "face")
        yield f"The index server holds {more} that the store has not."


def _index_faults(index: FileIndex, header: IndexHeader, store: Store) -> Iterator[str]:
    """Compare with the store at the index's commit, without the faces removed since then."""
    index.remove(rows.removed_since(store, header.generation))
    sql = "SELECT face_id FROM faces WHERE generation <= ? ORDER BY face_id"
    expected = np.array([row[0] for row in store.query(sql, (header.generation,))], dtype=np.int64)
    if not np.array_equal(index.ids(), expected):
        yield "The index does not hold the faces that the store held at its commit."
        return
    different = 0
    for start in range(0, len(expected), rows.PAGE):
        ids = expected[start : start + rows.PAGE]
        kept, true = index.vectors(ids), rows.vectors(store, ids)
        if index.lossless:
            different += int((kept != true).any(axis=1).sum())
        else:
            lengths = np.linalg.norm(kept, axis=1)
            cosine = np.einsum("nd,nd->n", kept, true) / np.maximum(lengths, 1e-9)
            different += int((~(cosine >= LOSSY_COSINE)).sum())
    if different:
        yield f"{counted(different, 'vector')} of the index: other than in the store."
