"""Rows of face ids and vectors: those of an index file, and those that came since."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.gallery.index.mapped.codes import Coder
from matcher.gallery.index.mapped.row_sums import row_sums
from matcher.gallery.index.paged_scan import Page, scan
from matcher.gallery.index.ranking import Found, nothing

PAGE: Final = 1 << 18
"""Rows that are compared at once. FAISS needs no memory for them, other than for its answers."""

COPIED: Final = 1 << 15
"""Rows that are copied at once where only some of the faces are compared."""

SHARE_COPIED: Final = 16
"""More than one row in so many are compared where they are, with the others left out."""

FIRST_PASS: Final = 4_000
"""Candidates that the codes propose for each query, at least."""

PROPOSED: Final = 100
"""Candidates that the codes propose for each place in the list, at least."""

SHARE_SCANNED: Final = 4
"""With fewer than this many rows for each candidate, a scan of all vectors is as fast."""


class AlteredRowsError(Exception):
    """Vectors of the index file are not the ones that were written."""


class Rows:
    """Faces and their vectors. A removed face keeps its row, which is then empty.

    Parameters
    ----------
    ids
        int64 array of shape (n,), each >= 0.
    vectors
        float32 array of shape (n, d), unit rows. It can be one that cannot be written to.
    filled
        bool array of shape (n,): which rows hold a face.
    """

    def __init__(
        self,
        ids: NDArray[np.int64],
        vectors: NDArray[np.float32],
        filled: NDArray[np.bool_] | None = None,
    ) -> None:
        self.ids = ids
        self.vectors = vectors
        self._filled = np.ones(len(ids), dtype=bool) if filled is None else filled
        self._emptied = int(len(ids) - np.count_nonzero(self._filled))
        self._order: NDArray[np.int64] | None = None
        self._ascending = bool((np.diff(ids) > 0).all())

    def __len__(self) -> int:
        return len(self.ids) - self._emptied

    @property
    def emptied(self) -> int:
        """Number of empty rows."""
        return self._emptied

    @property
    def bytes_each(self) -> int:
        """Size of a row with its face id and its sum."""
        return 16 + 4 * int(self.vectors.shape[1])

    def faces(self) -> NDArray[np.int64]:
        """Return the ids of all faces, in the order of rows."""
        return self.ids[self._filled] if self._emptied else self.ids

    def rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row of each face, -1 for one that is not there."""
        if not len(self.ids):
            return np.full(len(ids), -1, dtype=np.int64)
        if not self._ascending and self._order is None:
            self._order = np.argsort(self.ids, kind="stable")
        last = len(self.ids) - 1
        # A face that came back has two rows; the later one holds it.
        places = np.searchsorted(self.ids, ids, side="right", sorter=self._order).clip(min=1) - 1
        rows = places.clip(max=last) if self._order is None else self._order[places]
        there = (self.ids[rows] == ids) & self._filled[rows]
        return np.where(there, rows, -1)

    def empty(self, rows: NDArray[np.int64]) -> None:
        """Take the faces out of these rows, which hold faces."""
        self._filled[rows] = False
        self._emptied += len(rows)
        if self.vectors.flags.writeable:
            self.vectors[rows] = 0

    def pages(self) -> Iterator[Page]:
        """Yield the ids and vectors of all rows, -1 for empty ones."""
        for page in self._pages():
            ids = self.ids[page]
            if self._emptied:
                ids = np.where(self._filled[page], ids, -1)
            yield ids, self.vectors[page]

    def among(self, rows: NDArray[np.int64]) -> Iterator[Page]:
        """Yield the ids and vectors of some rows, which hold faces, and perhaps -1 for others."""
        if len(rows) * SHARE_COPIED > len(self.ids):
            wanted = np.zeros(len(self.ids), dtype=bool)
            wanted[rows] = True
            for page in self._pages():
                yield np.where(wanted[page], self.ids[page], -1), self.vectors[page]
            return
        for start in range(0, len(rows), COPIED):
            some = rows[start : start + COPIED]
            yield self.ids[some], self._copied(some)

    def _pages(self) -> Iterator[slice]:
        """Yield which rows are compared at once."""
        return (slice(start, start + PAGE) for start in range(0, len(self.ids), PAGE))

    def _copied(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return a copy of the vectors of some rows."""
        return self.vectors[rows]

    def nearest(self, queries: NDArray[np.float32], k: int) -> Found:
        """Return the k nearest faces, by a scan of all rows."""
        return scan(self.pages(), queries, k)


class NewRows(Rows):
    """Rows in memory that grow."""

    def __init__(self, dimension: int) -> None:
        super().__init__(np.empty(0, dtype=np.int64), np.empty((0, dimension), dtype=np.float32))
        self._room: tuple[NDArray[Any], ...] = (self.ids, self.vectors, self._filled)

    def reserve(self, rows: int) -> None:
        """Make room for a number of rows in all."""
        held = len(self.ids)
        if rows > len(self._room[0]):
            room = tuple(np.empty((rows, *part.shape[1:]), part.dtype) for part in self._room)
            for new, old in zip(room, (self.ids, self.vectors, self._filled), strict=True):
                new[:held] = old
            self._room = room
            self._show(held)

    def append(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add faces."""
        held, wanted = len(self.ids), len(self.ids) + len(ids)
        if wanted > len(self._room[0]):
            self.reserve(max(wanted, 2 * held))
        for room, values in zip(self._room, (ids, vectors, np.True_), strict=True):
            room[held:wanted] = values
        self._ascending = self._ascending and bool(
            (np.diff(ids) > 0).all() and (not held or ids[0] > self.ids[-1])
        )
        self._order = None
        self._show(wanted)

    def _show(self, rows: int) -> None:
        self.ids, self.vectors, self._filled = (part[:rows] for part in self._room)


class CodedRows(Rows):
    """Rows with codes. A search ranks only the rows that the codes propose.

    The vectors are compared with their sums when they are first used, not before. Each method that
    uses them raises `AlteredRowsError` where one is not the one that was written.

    Parameters
    ----------
    ids, vectors, filled
        As for `Rows`.
    sums
        uint64 array of shape (n,): the sum of each vector, see `row_sums`; 0 in empty rows.
    coder
        What made the codes.
    codes
        uint8 array of shape (n, bytes).
    """

    def __init__(
        self,
        ids: NDArray[np.int64],
        vectors: NDArray[np.float32],
        filled: NDArray[np.bool_],
        *,
        sums: NDArray[np.uint64],
        coder: Coder,
        codes: NDArray[np.uint8],
    ) -> None:
        super().__init__(ids, vectors, filled)
        self.coder = coder
        self.codes = codes
        self._sums = sums
        self._first_pass: Any = None
        self._verified: set[int] = set()

    @property
    def bytes_each(self) -> int:
        """Size of a row with its face id, its code and their sums."""
        return super().bytes_each + 8 + int(self.codes.shape[1])

    def nearest(self, queries: NDArray[np.float32], k: int) -> Found:
        """Return the k nearest of the faces that the codes propose."""
        count = max(FIRST_PASS, PROPOSED * k) + self._emptied
        if count * SHARE_SCANNED > len(self.ids):
            return super().nearest(queries, k)
        if self._first_pass is None:
            self._first_pass = self.coder.first_pass(self.codes)
        scores, ids = nothing(len(queries), k)
        for query, proposed in enumerate(self._first_pass.search(queries, count)[1]):
            rows = proposed[proposed >= 0]
            one = queries[query : query + 1]
            scores[query], ids[query] = (
                part[0] for part in self._ranked(one, rows[self._filled[rows]], k)
            )
        return scores, ids

    def _ranked(self, query: NDArray[np.float32], rows: NDArray[np.int64], k: int) -> Found:
        return scan([(self.ids[rows], self._copied(rows))], query, k)

    def _pages(self) -> Iterator[slice]:
        for number, page in enumerate(super()._pages()):
            if number not in self._verified:
                self._verify(self.vectors[page], page)
                self._verified.add(number)
            yield page

    def _copied(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        vectors = super()._copied(rows)
        self._verify(vectors, rows)
        return vectors

    def _verify(self, vectors: NDArray[np.float32], rows: NDArray[np.int64] | slice) -> None:
        own = row_sums(vectors)
        sums = self._sums[rows]  # after the vectors: a removal clears a row's sum first
        if not ((own == sums) | (sums == 0)).all():
            raise AlteredRowsError
