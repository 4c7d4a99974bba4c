"""Check a gallery: every row, every vector, and the index against the store."""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from matcher.errors import (
    GalleryDamagedError,
    GalleryError,
    GalleryFormatError,
    IndexServerError,
    MatcherError,
)
from matcher.gallery.index import (
    IndexHeader,
    RemoteIndex,
    ServedIndex,
    TableIndex,
    index_name,
    open_index,
    read_index,
)
from matcher.gallery.info import read_meta
from matcher.gallery.store import Store, history, rows, vector_rows
from matcher.gallery.store.schema import SCHEMA, schema_of
from matcher.gallery.store.vector_rows import UNIT_TOLERANCE
from matcher.names import controls, one_form
from matcher.words import counted

T = TypeVar("T")


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
    """Check the store, then the index file against the commit of the store that it names.

    A part of the gallery that cannot be read is a fault; the other parts are checked all the same.
    """
    with store.reading():
        checks = (
            _sqlite_faults,
            _schema_faults,
            _reference_faults,
            _record_faults,
            _names_alike,
            _vector_faults,
        )
        faults = [fault for check in checks for fault in _found(check(store))]
        index_faults, notes = _index_findings(directory, store)
        return VerifyReport(_faces(store), (*faults, *index_faults), notes)


def _found(faults: Iterator[str]) -> Iterator[str]:
    """Yield faults; an error that ends the check is the last of them."""
    try:
        yield from faults
    except MatcherError as error:
        yield f"{error.what}: {error.rule}; got {error.got}."


def _faces(store: Store) -> int:
    try:
        return store.faces
    except GalleryError:
        return 0


def _sqlite_faults(store: Store) -> Iterator[str]:
    for (finding,) in store.query("PRAGMA integrity_check"):
        if finding != "ok":
            yield f"The store is damaged: {finding}."


def _schema_faults(store: Store) -> Iterator[str]:
    """Compare the tables and views with those of a new store; a job adds a table to its shadow."""
    held = dict(store.query(SCHEMA))
    for name, sql in schema_of(store.model, store.format_version).items():
        if held.get(name) != sql:
            yield f"The definition of {name!r} in the store is not the one that was written."


def _reference_faults(store: Store) -> Iterator[str]:
    dangling = len(store.query("PRAGMA foreign_key_check"))
    if dangling:
        yield f"{counted(dangling, 'row refers', 'rows refer')} to rows that are not there."
    bare = store.value(
        "SELECT count(*) FROM faces WHERE face_id NOT IN (SELECT face_id FROM vectors)"
    )
    if bare:
        yield f"{counted(bare, 'face has', 'faces have')} no vector."
    revenant = store.value(
        "SELECT count(*) FROM faces JOIN removed USING (face_id) "
        "WHERE removed.generation >= faces.generation"
    )
    if revenant:
        yield f"{counted(revenant, 'face is', 'faces are')} both there and removed."


def _record_faults(store: Store) -> Iterator[str]:
    """Read all records as every other method does, and name each that cannot be read."""
    names = [name for (name,) in store.query("SELECT subject_id FROM subjects")]
    yield from _unreadable("subject", names, lambda name: rows.subject(store, name))
    last = 0
    sql = "SELECT face_id FROM faces WHERE face_id > ? ORDER BY face_id LIMIT ?"
    while page := store.query(sql, (last, rows.PAGE)):
        last = store.onward(last, page[-1][0])
        face_ids = [face_id for (face_id,) in page]
        try:
            rows.faces(store, face_ids)
        except GalleryDamagedError:
            yield from _unreadable("face", face_ids, lambda face_id: rows.faces(store, [face_id]))
    changes = [change.change_id for change in history.changes(store)]
    yield from _unreadable("correction", changes, lambda change: history.aside(store, change))
    read_meta(store)


def _unreadable(what: str, keys: Iterable[T], read: Callable[[T], object]) -> Iterator[str]:
    for key in keys:
        try:
            read(key)
        except GalleryDamagedError as error:
            yield f"The {what} {key!r} cannot be read: the store {error.rule}; got {error.got}."


def _names_alike(store: Store) -> Iterator[str]:
    """Name subjects that a reader cannot tell apart; an older version made them."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for (subject_id,) in store.query("SELECT subject_id FROM subjects"):
        if strange := controls(subject_id):
            yield (
                f"The identifier {subject_id!r} has the control character {strange}. Give the "
                "subject another with Gallery.rename_subject."
            )
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
        last = store.onward(last, page[-1][0])
        blobs = [(blob if isinstance(blob, bytes) else b"", crc32) for _, blob, crc32 in page]
        altered += sum(zlib.crc32(blob) != crc32 for blob, crc32 in blobs)
        whole = [blob for blob, _ in blobs if len(blob) == length]
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
    try:
        served = open_index(directory, store, 0)
        if isinstance(served, RemoteIndex):
            return _served_findings(served, store)
        return _file_findings(directory, store)
    except MatcherError as error:
        return (f"The index could not be checked: {error.rule}; got {error.got}.",), ()


def _file_findings(directory: Path, store: Store) -> tuple[tuple[str, ...], tuple[str, ...]]:
    faults: list[str] = []
    notes: list[str] = []
    for name in store.model.vector_names:
        more = _file_findings_of(directory, store, name)
        faults += more[0]
        notes += more[1]
    return tuple(faults), tuple(notes)


def _file_findings_of(
    directory: Path, store: Store, name: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    file = index_name(store.model, name)
    if not os.path.lexists(directory / file):
        return (), (f"There is no index file {file}; the next search builds it.",)
    try:
        index, header = read_index(directory, store.model, store.keys, name=name)
    except GalleryDamagedError as error:
        return (f"The index file {error.rule}; the next search rebuilds it.",), ()
    except GalleryFormatError:
        note = "The index file is of another version of matcher; the next search builds it anew."
        return (), (note,)
    same_history = store.stamp(header.generation) == header.stamp
    if header.model != store.model or header.name != name or not same_history:
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


def _served_faults(index: ServedIndex, since: int, store: Store) -> Iterator[str]:
    """Compare with the faces that the store had at the index's commit and still has."""
    on_server, missing, different = len(index), 0, 0
    for ids, true in vector_rows.vector_pages(store, until=since):
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


def _index_faults(index: TableIndex, header: IndexHeader, store: Store) -> Iterator[str]:
    """Compare with the store at the index's commit, without the faces removed since then."""
    index.remove(rows.removed_since(store, header.generation))
    missing, different, there = 0, 0, 0
    for ids, true in vector_rows.vector_pages(store, until=header.generation, name=header.name):
        here = np.isin(ids, index.ids_among(ids))
        missing += int((~here).sum())
        there += int(here.sum())
        different += int((index.vectors(ids[here]) != true[here]).any(axis=1).sum())
    if missing or there != len(index):
        yield "The index does not hold the faces that the store held at its commit."
    elif different:
        yield f"{counted(different, 'vector')} of the index: other than in the store."
