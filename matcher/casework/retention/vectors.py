"""Compare erased vectors with every vector that is left in a gallery: in stores and indexes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.errors import GalleryDamagedError, GalleryFormatError, MatcherError
from matcher.gallery.editions import directory_of, names
from matcher.gallery.index import Rows, is_served, read_index
from matcher.gallery.store import Store, vector_rows

TOLERANCE: Final = 1e-6
"""Largest difference, in each number, of vectors that count as the same."""

_NEAR: Final = 1e-5  # of a cosine from 1, beyond the rounding of a product in float32
_PAGE: Final = 10_000
_BUSY_TIMEOUT: Final = 10.0


@dataclass(frozen=True)
class VectorsLeft:
    """What is left of erased vectors in the editions of a gallery.

    Parameters
    ----------
    editions
        Names of the editions that were looked at.
    compared
        Number of vectors that were compared with the erased ones.
    rows
        Number of rows of erased faces and subjects.
    same
        Number of vectors within `TOLERANCE` of an erased one.
    same_photo
        Number of those that are of an erased subject's photo which another subject has too. They
        are that subject's, and stay.
    not_read
        Names of what could not be looked at, with the reason.
    served
        Names of the editions whose index is on a server, where it is not looked at.
    """

    editions: tuple[str, ...]
    compared: int
    rows: int
    same: int
    same_photo: int
    not_read: tuple[str, ...]
    served: tuple[str, ...] = ()


def vectors_left(
    gallery: Path,
    vectors: Collection[NDArray[np.float32]],
    *,
    faces: Collection[int],
    subjects: Collection[str],
    photos: Collection[str],
) -> VectorsLeft:
    """Look for erased faces, subjects and vectors in all editions and indexes of a gallery."""
    counts: Counter[str] = Counter()
    editions, not_read, served = [], [], []
    for name in names(gallery):
        try:
            with closing(Store(directory_of(gallery, name), _BUSY_TIMEOUT)) as store:
                erased = [rows for rows in vectors if rows.shape[1] == store.model.dimension]
                counts += _in_store(store, erased, set(faces), set(subjects), set(photos))
                counts += _in_index(store, erased, set(faces), set(photos))
                if is_served(store.meta("index")):
                    served.append(name)
            editions.append(name)
        except MatcherError as error:
            not_read.append(f"edition {name}: {error.code}")
    return VectorsLeft(
        tuple(editions),
        counts["compared"],
        counts["rows"],
        counts["same"],
        counts["same_photo"],
        tuple(not_read),
        tuple(served),
    )


def _in_store(
    store: Store,
    erased: list[NDArray[np.float32]],
    faces: set[int],
    subjects: set[str],
    photos: set[str],
) -> Counter[str]:
    counts: Counter[str] = Counter()
    with store.reading():
        for subject in subjects:
            sql = "SELECT count(*) FROM subjects WHERE subject_id = ?"
            counts["rows"] += int(store.value(sql, (subject,)))
        for table in ("faces", "vectors"):
            for face in faces:
                sql = f"SELECT count(*) FROM {table} WHERE face_id = ?"  # noqa: S608 - constant
                counts["rows"] += int(store.value(sql, (face,)))
        for name in store.model.vector_names:
            for ids, rows in vector_rows.vector_pages(store, name=name):
                _count(store, ids, rows, erased, photos, faces, counts)
        for rows in _set_aside(store):
            counts["compared"] += len(rows)
            counts["same"] += int(same_as(rows, erased).sum())
    return counts


def _set_aside(store: Store) -> Iterator[NDArray[np.float32]]:
    """Yield vectors of faces that corrections took out."""
    if not store.has_table("set_aside"):
        return
    for (blob,) in store.query("SELECT vector FROM set_aside WHERE vector IS NOT NULL"):
        yield np.frombuffer(blob, dtype="<f4").reshape(-1, store.model.dimension)


def _in_index(
    store: Store, erased: list[NDArray[np.float32]], faces: set[int], photos: set[str]
) -> Counter[str]:
    """Count what the index files hold, also in rows that hold no face any more."""
    counts: Counter[str] = Counter()
    for name in store.model.vector_names:
        rows = _rows_of(store, name)
        if rows is None:
            continue
        counts["rows"] += int(np.isin(rows.faces(), list(faces)).sum())
        for start in range(0, len(rows.ids), _PAGE):
            page = slice(start, start + _PAGE)
            _count(store, rows.ids[page], rows.vectors[page], erased, photos, faces, counts)
    return counts


def _rows_of(store: Store, name: str) -> Rows | None:
    """Return the rows of an index file; None without one that can be read, or on a server."""
    try:
        return read_index(store.path.parent, store.model, store.keys, name=name)[0].written
    except (GalleryDamagedError, GalleryFormatError):
        return None


def _count(
    store: Store,
    ids: NDArray[np.int64],
    rows: NDArray[np.float32],
    erased: list[NDArray[np.float32]],
    photos: set[str],
    faces: set[int],
    counts: Counter[str],
) -> None:
    counts["compared"] += len(rows)
    for face_id in ids[same_as(rows, erased)].tolist():
        photo = store.value("SELECT sha256 FROM faces WHERE face_id = ?", (face_id,))
        is_another_s = photo in photos and face_id not in faces
        counts["same_photo" if is_another_s else "same"] += 1


def same_as(rows: NDArray[np.float32], erased: list[NDArray[np.float32]]) -> NDArray[np.bool_]:
    """Return for each row whether it is within `TOLERANCE` of one of the erased vectors.

    Parameters
    ----------
    rows
        float32 array of shape (n, d), unit rows.
    erased
        Arrays of shape (m, d), unit rows.
    """
    same = np.zeros(len(rows), dtype=bool)
    for table in erased:
        near = np.argwhere(rows @ table.T >= 1 - _NEAR)
        for row, other in near.tolist():
            same[row] |= bool(np.abs(rows[row] - table[other]).max() <= TOLERANCE)
    return same
