"""Read the vectors of faces, each against the checksum that was written with it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import FACE
from matcher.gallery.store.sqlite_errors import damaged
from matcher.gallery.store.store import Store

PAGE: Final = 10_000

UNIT_TOLERANCE: Final = 1e-3
"""Largest difference between the length of a vector and 1."""

_SHOWN: Final = 5


def packed(vectors: NDArray[np.float32]) -> tuple[bytes, int]:
    """Return the vectors of one face as a row holds them, and their checksum."""
    blob = vectors.astype("<f4").tobytes()
    return blob, zlib.crc32(blob)


def unpacked(store: Store, rows: Sequence[tuple[Any, Any, Any]]) -> NDArray[np.float32]:
    """Return the vectors of faces, float32 of shape (n, names, d).

    A row has the face id, the bytes of its vectors, and their checksum.

    Raises
    ------
    GalleryDamagedError
        For faces whose vectors are missing, or not those that were written. The message names them.
    """
    names, dimension = len(store.model.vector_names), store.model.dimension
    altered = [
        face for face, blob, crc32 in rows if not _is_whole(blob, crc32, 4 * names * dimension)
    ]
    if altered:
        raise _altered(store, altered)
    blobs = b"".join(blob for _, blob, _ in rows)
    vectors = np.frombuffer(blobs, dtype="<f4").astype(np.float32, copy=False)
    vectors = vectors.reshape(len(rows), names, dimension)
    off = np.abs(np.sqrt(np.einsum("fnd,fnd->fn", vectors, vectors)) - 1)
    wrong = ~(off <= UNIT_TOLERANCE).all(axis=1)
    if wrong.any():
        raise _altered(store, [rows[number][0] for number in np.flatnonzero(wrong).tolist()])
    return vectors


def _is_whole(blob: object, crc32: object, length: int) -> bool:
    return isinstance(blob, bytes) and len(blob) == length and zlib.crc32(blob) == crc32


def _altered(store: Store, faces: Sequence[Any]) -> Exception:
    some = ", ".join(str(face) for face in faces[:_SHOWN])
    more = f" and {len(faces) - _SHOWN} more" if len(faces) > _SHOWN else ""
    return damaged(
        store.path,
        rule="must hold the vectors that were written, of unit length",
        got=f"others, or none, for the faces {some}{more}",
    )


def vectors(store: Store, face_ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the vectors of faces in the requested order; zeros for a face that is missing.

    Raises
    ------
    GalleryDamagedError
        As for `unpacked`.
    """
    rows = store.query(
        "SELECT f.face_id, v.vector, v.crc32 FROM json_each(?) AS asked "
        "LEFT JOIN faces f ON f.face_id = asked.value "
        "LEFT JOIN vectors v ON v.face_id = f.face_id ORDER BY asked.key",
        (json.dumps(face_ids.tolist()),),
    )
    there = [number for number, row in enumerate(rows) if row[0] is not None]
    found = np.zeros((len(rows), store.model.dimension), dtype=np.float32)
    first = store.model.vector_names.index(FACE)
    found[there] = unpacked(store, [rows[number] for number in there])[:, first]
    return found


def vector_pages(
    store: Store, since: int = -1, *, name: str = FACE, until: int = 2**62
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield face ids and vectors of all faces added after a generation, a page at a time.

    `name` is the name of the vectors. `until` is the last generation to include.

    Raises
    ------
    GalleryDamagedError
        As for `unpacked`.
    """
    last = 0
    place = store.model.vector_names.index(name)
    while page := store.query(
        "SELECT f.face_id, v.vector, v.crc32 FROM faces f LEFT JOIN vectors v USING (face_id) "
        "WHERE f.generation > ? AND f.generation <= ? AND f.face_id > ? "
        "ORDER BY f.face_id LIMIT ?",
        (since, until, last, PAGE),
    ):
        last = store.onward(last, page[-1][0])
        ids = np.array([row[0] for row in page], dtype=np.int64)
        yield ids, np.ascontiguousarray(unpacked(store, page)[:, place])


def vectors_of(
    store: Store, face_ids: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield face ids and vectors of the faces that exist, a page at a time."""
    wanted = np.unique(face_ids)
    for start in range(0, len(wanted), PAGE):
        existing = there_at(store, wanted[start : start + PAGE])
        yield existing, vectors(store, existing)


def there_at(
    store: Store, face_ids: NDArray[np.int64], generation: int = 2**62
) -> NDArray[np.int64]:
    """Return the faces that exist now and existed at a generation."""
    found = store.query(
        "SELECT face_id FROM json_each(?) AS asked JOIN faces ON face_id = asked.value "
        "WHERE generation <= ?",
        (json.dumps(face_ids.tolist()), generation),
    )
    return np.array([face_id for (face_id,) in found], dtype=np.int64)
