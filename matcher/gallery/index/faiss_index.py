"""FAISS indexes with their face ids, and the kinds that keep all vectors in one table."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from matcher.errors import InputError
from matcher.forks import claim_threads
from matcher.gallery.index.ranking import best, checked_query, checked_vectors, cosines

faiss: Any = import_module("faiss")  # its own stubs lack most of what is used here

Found = tuple[NDArray[np.float32], NDArray[np.int64]]

MARGIN: Final = 8
"""Candidates fetched beyond k, so that rounding in FAISS cannot cost a place in the list."""

ROUNDING: Final = 2e-6
"""Bound on the error of a single-precision inner product of unit vectors of up to 1024 numbers."""


class FaissIndex:
    """The part that all kinds share: checks of arguments, and the face id of each FAISS row."""

    kind: str
    lossless: ClassVar[bool] = True
    learns: ClassVar[bool] = False

    def __init__(self, dimension: int) -> None:
        claim_threads(faiss.omp_get_max_threads())
        self.dimension = dimension
        self._faiss: Any = self._empty()
        self._ids: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._emptied = 0
        self._ordered = self._order = self._ids

    def _empty(self) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._ids) - self._emptied

    @property
    def needs_rebuild(self) -> bool:
        """Whether the index should be rebuilt."""
        return False

    def ids(self) -> NDArray[np.int64]:
        """Return all face ids, ascending."""
        return np.sort(self._ids[self._ids >= 0])

    def train(self, sample: NDArray[np.float32], faces: int) -> None:
        """Do nothing; this kind learns nothing."""

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors under new face ids."""
        vectors = checked_vectors(vectors, self.dimension, "vectors")
        ids = np.asarray(ids, dtype=np.int64)
        self._check_new(ids, len(vectors))
        if len(ids):
            self._append(ids, vectors)

    def _check_new(self, ids: NDArray[np.int64], rows: int) -> None:
        if ids.shape != (rows,) or (ids < 0).any() or len(np.unique(ids)) != rows:
            raise InputError(
                "face ids",
                rule=f"must be {rows} different numbers >= 0, one for each vector",
                got=f"{len(np.unique(ids))} different, shape {ids.shape}",
                next_step="Give each vector its own face id.",
            )
        known = (self._rows(ids) >= 0).sum()
        if known:
            raise InputError(
                "face ids",
                rule="must be new to the index",
                got=f"{known} that it already holds",
                next_step="Remove them first, or leave them out.",
            )

    def _append(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        self._faiss.add(vectors)
        self._ids = np.concatenate([self._ids, ids])

    def _rows(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the FAISS row of each face id, -1 if the index does not hold it."""
        if not len(self._ids):
            return np.full(len(ids), -1, dtype=np.int64)
        if self._ordered is not self._ids:  # each change makes a new array
            self._ordered, self._order = self._ids, np.argsort(self._ids, kind="stable")
        places = np.searchsorted(self._ids, ids, sorter=self._order).clip(max=len(self._ids) - 1)
        rows = self._order[places]
        return np.where((self._ids[rows] == ids) & (ids >= 0), rows, -1)

    def _rows_that_are_there(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        rows = self._rows(np.unique(np.asarray(ids, dtype=np.int64)))
        return rows[rows >= 0]

    def write(self, write: Callable[[bytes], object]) -> None:
        """Pass everything except the row ids to `write`, in pieces."""
        faiss.write_index(self._faiss, faiss.PyCallbackIOWriter(write))

    def read(self, ids: NDArray[np.int64], read: Callable[[int], bytes]) -> None:
        """Set the rows' face ids (-1 for emptied rows); take the rest from `read` in pieces.

        Raises
        ------
        ValueError, RuntimeError
            When it is not an index of this kind with that many rows.
        """
        found = faiss.read_index(faiss.PyCallbackIOReader(read))
        if (type(found), found.d, found.ntotal) != (type(self._faiss), self.dimension, len(ids)):
            raise ValueError("an index of another kind, dimension or number of rows")
        self._faiss = found
        self._ids = ids
        self._emptied = int(np.count_nonzero(ids < 0))

    def row_ids(self) -> NDArray[np.int64]:
        """Return the face id of each FAISS row, -1 for removed faces."""
        return self._ids


class _FlatRows(FaissIndex):
    """The kinds that keep all vectors unchanged in one table, and can scan it exactly."""

    def _flat(self) -> Any:
        return self._faiss

    def _table(self) -> NDArray[np.float32]:
        """Return a view, not a copy, of the vectors that FAISS holds."""
        flat = self._flat()
        if not flat.ntotal:
            return np.empty((0, self.dimension), dtype=np.float32)
        numbers = faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * self.dimension)
        table: NDArray[np.float32] = numbers.reshape(-1, self.dimension)
        return table

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of faces that the index holds."""
        rows = self._rows(np.asarray(ids, dtype=np.int64))
        check_known(rows)
        return self._table()[rows]

    def _scan(self, queries: NDArray[np.float32], k: int, selector: Any) -> Found:
        """Return the true k nearest faces, by a scan of every selected row."""
        flat = self._flat()
        fetched = min(k + MARGIN, flat.ntotal)
        options = None if selector is None else faiss.SearchParameters(sel=selector)
        rough, rows = flat.search(queries, fetched, params=options)
        scores, ids = self._rank(queries, rows, k)
        if fetched == flat.ntotal:
            return scores, ids
        # Apart from rounding, a row that was not fetched scores at most the worst fetched row.
        crowded = np.flatnonzero((rows[:, -1] >= 0) & (scores[:, -1] <= rough[:, -1] + ROUNDING))
        for row in crowded:
            query, floor = queries[row : row + 1], float(scores[row, -1]) - ROUNDING
            nearby = flat.range_search(query, floor, params=options)[2]
            scores[row], ids[row] = (part[0] for part in self._rank(query, nearby[None], k))
        return scores, ids

    def _rank(self, queries: NDArray[np.float32], rows: NDArray[np.int64], k: int) -> Found:
        scores = cosines(queries, self._table(), rows)
        return best(scores, np.where(rows < 0, -1, self._ids[rows]), k)

    def _selector(self, rows: NDArray[np.int64]) -> tuple[Any, NDArray[np.uint8]]:
        mask = np.zeros(len(self._ids), dtype=bool)
        mask[rows] = True
        return selector_of(mask)

    def _scan_allowed(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64]
    ) -> Found:
        rows = self._rows_that_are_there(allowed)
        if not len(rows):
            return nothing(len(queries), k)
        selector, _bits = self._selector(rows)
        return self._scan(queries, k, selector)


class ExactIndex(_FlatRows):
    """Compares every vector. Its results are the truth that the other kinds are tested against."""

    kind: str = "exact"

    def _empty(self) -> Any:
        return faiss.IndexFlatIP(self.dimension)

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove rows; the rows behind them move up."""
        rows = self._rows_that_are_there(ids)
        if len(rows):
            selector, _bits = self._selector(rows)
            self._faiss.remove_ids(selector)
            self._ids = np.delete(self._ids, rows)
        return len(rows)

    def search(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> Found:
        """Scan all rows, or all allowed rows."""
        queries = checked_query(queries, self.dimension, k)
        if not len(self._ids) or not len(queries):
            return nothing(len(queries), k)
        if allowed is not None:
            return self._scan_allowed(queries, k, allowed)
        return self._scan(queries, k, None)


class HnswIndex(_FlatRows):
    """A navigable graph over the vectors: fast, nearly exact, and slow to build.

    FAISS cannot take a node out of the graph. A removed face loses its id, and its vector becomes
    zeros. The empty node stays until the index is rebuilt.
    """

    kind: str = "hnsw"
    links: ClassVar[int] = 32
    build_effort: ClassVar[int] = 100
    search_effort: ClassVar[int] = 256
    rebuild_at: ClassVar[float] = 0.1

    def _empty(self) -> Any:
        graph = faiss.IndexHNSWFlat(self.dimension, self.links, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = self.build_effort
        return graph

    def _flat(self) -> Any:
        return faiss.downcast_index(self._faiss.storage)

    @property
    def needs_rebuild(self) -> bool:
        """Whether more than a tenth of the nodes are empty."""
        return self._emptied > self.rebuild_at * len(self._ids)

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Empty the nodes of these faces."""
        rows = self._rows_that_are_there(ids)
        if len(rows):
            self._table()[rows] = 0
            self._ids = self._ids.copy()
            self._ids[rows] = -1
            self._emptied += len(rows)
        return len(rows)

    def search(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> Found:
        """Walk the graph; with `allowed`, scan the allowed faces exactly instead."""
        queries = checked_query(queries, self.dimension, k)
        if not len(queries) or not len(self):
            return nothing(len(queries), k)
        if allowed is not None:
            return self._scan_allowed(queries, k, allowed)
        return self._walk(queries, k)

    def _walk(self, queries: NDArray[np.float32], k: int) -> Found:
        effort = max(self.search_effort, 2 * k)
        options = faiss.SearchParametersHNSW(efSearch=effort)
        if self._emptied:
            selector, _bits = selector_of(self._ids >= 0)
            options = faiss.SearchParametersHNSW(efSearch=effort, sel=selector)
        fetched = min(k + MARGIN, len(self._ids))
        rows = self._faiss.search(queries, fetched, params=options)[1]
        return self._rank(queries, rows, k)


def selector_of(mask: NDArray[np.bool_]) -> tuple[Any, NDArray[np.uint8]]:
    """Return a FAISS selector of the positions that are True, and the memory that it points to.

    The memory must outlive the selector.
    """
    bits = np.packbits(mask, bitorder="little")
    return faiss.IDSelectorBitmap(bits), bits


def check_known(rows: NDArray[np.int64]) -> None:
    """Raise InputError if one of the rows is -1, which means that a face id is unknown."""
    if (rows < 0).any():
        raise InputError(
            "face ids",
            rule="must be in the index",
            got=f"{(rows < 0).sum()} that are not",
            next_step="Ask only for ids that a search returned.",
        )


def nothing(queries: int, k: int) -> Found:
    """Return the result of a search in an empty index."""
    scores = np.full((queries, k), -np.inf, dtype=np.float32)
    return scores, np.full((queries, k), -1, dtype=np.int64)
