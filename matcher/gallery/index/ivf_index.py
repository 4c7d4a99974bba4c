"""Indexes with vectors in lists around learnt centres, in full or with one byte a number."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from matcher.gallery.index.faiss_index import (
    MARGIN,
    FaissIndex,
    Found,
    check_known,
    faiss,
    nothing,
    selector_of,
)
from matcher.gallery.index.ranking import best, checked_query, checked_vectors, rerank

POINTS_PER_LIST: Final = 39
"""Smallest number of training vectors for each centre. Below this figure FAISS warns."""

MOST_LISTS: Final = 8192
"""Largest number of lists. It bounds the time and the memory of training."""


class IvfIndex(FaissIndex):
    """Vectors in lists around centres learnt from a sample. A query visits the nearest lists."""

    kind: str = "ivf"
    learns = True
    visited: ClassVar[float] = 0.15
    least_visited: ClassVar[int] = 16

    def _empty(self) -> Any:
        return self._lists(1)

    def _lists(self, count: int) -> Any:
        """Return untrained lists that can return a vector by its face id."""
        lists = self._encoded(faiss.IndexFlatIP(self.dimension), count)
        lists.cp.min_points_per_centroid = 1
        lists.set_direct_map_type(faiss.DirectMap.Hashtable)
        return lists

    def _encoded(self, centres: Any, count: int) -> Any:
        return faiss.IndexIVFFlat(centres, self.dimension, count, faiss.METRIC_INNER_PRODUCT)

    @property
    def needs_rebuild(self) -> bool:
        """Whether the index has outgrown the number of lists that it was trained for."""
        return lists_for(len(self)) > 2 * int(self._faiss.nlist)

    def train(self, sample: NDArray[np.float32], faces: int) -> None:
        """Learn the centres for the number of faces that will be added."""
        sample = checked_vectors(sample, self.dimension, "sample")
        count = max(1, min(lists_for(faces), len(sample) // POINTS_PER_LIST))
        self._faiss = self._lists(count)
        self._faiss.train(sample)

    def _append(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        if not self._faiss.is_trained:
            self.train(vectors, len(vectors))
        self._faiss.add_with_ids(vectors, ids)
        self._ids = np.concatenate([self._ids, ids])

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove the codes from their lists."""
        rows = self._rows_that_are_there(ids)
        if len(rows):
            gone = self._ids[rows]
            self._faiss.remove_ids(faiss.IDSelectorArray(len(gone), faiss.swig_ptr(gone)))
            self._ids = np.delete(self._ids, rows)
        return len(rows)

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors, as decoded, of faces that the index holds."""
        ids = np.ascontiguousarray(ids, dtype=np.int64)
        check_known(self._rows(ids))
        decoded: NDArray[np.float32] = self._faiss.reconstruct_batch(ids)
        return decoded

    def search(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> Found:
        """Visit the nearest lists; with `allowed`, visit all lists."""
        queries = checked_query(queries, self.dimension, k)
        if not len(queries) or not len(self._ids):
            return nothing(len(queries), k)
        lists = int(self._faiss.nlist)
        visits = min(lists, max(self.least_visited, math.ceil(self.visited * lists)))
        options = faiss.SearchParametersIVF(nprobe=visits)
        if allowed is not None:
            selector, _bits = self._id_selector(allowed)
            options = faiss.SearchParametersIVF(nprobe=lists, sel=selector)
        fetched = min(k + MARGIN, len(self._ids))
        scores, ids = self._faiss.search(queries, fetched, params=options)
        return self._ranked(queries, scores, ids, k)

    def _id_selector(self, allowed: NDArray[np.int64]) -> tuple[Any, NDArray[np.uint8]]:
        mask = np.zeros(int(self._ids.max()) + 1, dtype=bool)
        mask[self._ids[self._rows_that_are_there(allowed)]] = True
        return selector_of(mask)

    def _ranked(
        self,
        queries: NDArray[np.float32],
        scores: NDArray[np.float32],
        ids: NDArray[np.int64],
        k: int,
    ) -> Found:
        del scores
        return rerank(queries, ids, self.vectors, k)


class IvfSq8Index(IvfIndex):
    """The same lists with one byte a number. The scores are those of the decoded vectors."""

    kind: str = "ivf-sq8"
    lossless = False

    def _encoded(self, centres: Any, count: int) -> Any:
        return faiss.IndexIVFScalarQuantizer(
            centres,
            self.dimension,
            count,
            faiss.ScalarQuantizer.QT_8bit,
            faiss.METRIC_INNER_PRODUCT,
        )

    def _ranked(
        self,
        queries: NDArray[np.float32],
        scores: NDArray[np.float32],
        ids: NDArray[np.int64],
        k: int,
    ) -> Found:
        del queries
        return best(np.where(ids < 0, -np.inf, scores).astype(np.float32), ids, k)


def lists_for(faces: int) -> int:
    """Return the number of lists for a number of faces: 4 * sqrt(faces), as FAISS advises."""
    return max(1, min(round(4 * math.sqrt(faces)), faces // POINTS_PER_LIST, MOST_LISTS))
