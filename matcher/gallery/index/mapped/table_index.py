"""An index whose rows lie in a file that is mapped, with the faces that came since in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from matcher.forks import claim_threads
from matcher.gallery.index.mapped.rows import NewRows, Rows
from matcher.gallery.index.paged_scan import Page, faiss, merged, scan
from matcher.gallery.index.ranking import (
    Found,
    checked_ids,
    checked_query,
    checked_vectors,
    nothing,
    require_held,
    require_new,
)

SHARE_NEW: Final = 50
"""The file is written anew when one in so many of its faces is not in it, ..."""

SHARE_EMPTY: Final = 10
"""... or when one in so many of its rows is empty."""


class TableIndex:
    """Compares every vector. Its results are the truth that other kinds are tested against.

    Parameters
    ----------
    dimension
        Length of a vector.
    written
        The rows of a file; None if there is none.
    """

    kind: ClassVar[str] = "exact"
    lossless: ClassVar[bool] = True
    coded: ClassVar[bool] = False

    def __init__(self, dimension: int, written: Rows | None = None) -> None:
        claim_threads(faiss().omp_get_max_threads())
        self.dimension = dimension
        self.written = written
        self._new = NewRows(dimension)

    @property
    def _parts(self) -> tuple[Rows, ...]:
        return (self._new,) if self.written is None else (self.written, self._new)

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def ids(self) -> NDArray[np.int64]:
        """Return all face ids, ascending."""
        return np.sort(np.concatenate([part.faces() for part in self._parts]))

    def ids_among(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of some faces that the index holds."""
        held = [part.rows_of(ids) >= 0 for part in self._parts]
        return ids[np.logical_or.reduce(held)]

    @property
    def is_behind(self) -> bool:
        """Whether so much came or went that the file should be written anew."""
        if self.written is None:
            return True
        rows = len(self.written.ids)
        new, empty = len(self._new), self.written.emptied
        return SHARE_NEW * new > rows or SHARE_EMPTY * empty > rows

    def reserve(self, faces: int) -> None:
        """Make room for a number of faces that will be added."""
        self._new.reserve(faces)

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors under new face ids."""
        vectors = checked_vectors(vectors, self.dimension, "vectors")
        ids = checked_ids(ids, len(vectors))
        require_new(sum(int((part.rows_of(ids) >= 0).sum()) for part in self._parts))
        if len(ids):
            self._new.append(ids, vectors)

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Empty the rows of faces; return how many it held."""
        ids = np.unique(np.asarray(ids, dtype=np.int64))
        count = 0
        for part in self._parts:
            rows = part.rows_of(ids)
            rows = rows[rows >= 0]
            if len(rows):
                part.empty(rows)
            count += len(rows)
        return count

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of faces that the index holds."""
        ids = np.asarray(ids, dtype=np.int64)
        found = np.empty((len(ids), self.dimension), dtype=np.float32)
        there = np.zeros(len(ids), dtype=bool)
        for part in self._parts:
            rows = part.rows_of(ids)
            here = rows >= 0
            found[here] = part.vectors[rows[here]]
            there |= here
        require_held(int((~there).sum()))
        return found

    def pages(self) -> Iterator[Page]:
        """Yield all faces and their vectors, a page at a time."""
        for part in self._parts:
            for ids, vectors in part.pages():
                held = ids >= 0
                yield (ids, vectors) if held.all() else (ids[held], vectors[held])

    def search(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> Found:
        """Compare all faces, or all allowed faces."""
        queries = checked_query(queries, self.dimension, k)
        if not len(queries) or not len(self):
            return nothing(len(queries), k)
        if allowed is None:
            return merged([part.nearest(queries, k) for part in self._parts], k)
        allowed = np.asarray(allowed, dtype=np.int64)
        if not (np.diff(allowed) > 0).all():
            allowed = np.unique(allowed)
        return merged([scan(_among(part, allowed), queries, k) for part in self._parts], k)


class CodedIndex(TableIndex):
    """Compares codes first, and ranks what they propose by the vectors.

    Faces that are not in the file yet have no codes. They are all compared, and so are faces among
    which a filter asks.
    """

    kind: ClassVar[str] = "coded"
    coded: ClassVar[bool] = True


def _among(part: Rows, allowed: NDArray[np.int64]) -> Iterator[Page]:
    rows = part.rows_of(allowed)
    return part.among(rows[rows >= 0])
