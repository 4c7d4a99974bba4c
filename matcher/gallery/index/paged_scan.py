"""Search exactly among vectors that come a page at a time, which bounds memory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.gallery.index.ranking import Found, best, cosines, nothing

Page = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Face ids, -1 for none, and their vectors, (n,) and (n, d)."""

MARGIN: Final = 8
"""Candidates fetched beyond k, so that rounding in FAISS cannot cost a place in the list."""

ROUNDING: Final = 2e-6
"""Bound on the error of a single-precision inner product of unit vectors of up to 1024 numbers."""


@cache
def faiss() -> Any:
    """Return FAISS, loaded when it is first used. Its own stubs lack most of what is used here."""
    return import_module("faiss")


def scan(pages: Iterable[Page], queries: NDArray[np.float32], k: int) -> Found:
    """Return the k nearest faces of all pages, as `FaceIndex.search` does."""
    found = nothing(len(queries), k)
    if not len(queries):
        return found
    for ids, vectors in pages:
        if len(ids):
            found = merged([found, _nearest_in(ids, vectors, queries, k)], k)
    return found


def merged(parts: Iterable[Found], k: int) -> Found:
    """Return the k best of what was found in several parts."""
    scores, ids = zip(*parts, strict=True)
    return best(np.hstack(scores), np.hstack(ids), k)


def _nearest_in(
    ids: NDArray[np.int64], vectors: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> Found:
    """Return the true k nearest faces of one page."""
    held = ids >= 0
    fetched = min(k + MARGIN, len(ids))
    rough, rows = _fetched(vectors, queries, fetched, None if held.all() else held)
    scores, found = _ranked(ids, vectors, queries, rows, k)
    if fetched == len(ids):
        return scores, found
    # Apart from rounding, a row that was not fetched scores at most the worst fetched row.
    crowded = (rows[:, -1] >= 0) & (scores[:, -1] <= rough[:, -1] + ROUNDING)
    for query in np.flatnonzero(crowded):
        one = queries[query : query + 1]
        all_rough = np.einsum("nd,d->n", vectors, one[0])
        near = np.flatnonzero(held & (all_rough >= scores[query, -1] - ROUNDING))
        scores[query], found[query] = (
            part[0] for part in _ranked(ids, vectors, one, near[None], k)
        )
    return scores, found


def _fetched(
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    count: int,
    held: NDArray[np.bool_] | None,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return FAISS's scores and rows of the nearest rows that are held; -1 for none."""
    if held is None:
        inner = faiss().METRIC_INNER_PRODUCT
        rough, rows = faiss().knn(queries, vectors, count, metric=inner)
        return rough, rows
    bits = np.packbits(held, bitorder="little")
    rough = np.empty((len(queries), count), dtype=np.float32)
    rows = np.empty((len(queries), count), dtype=np.int64)
    faiss().knn_inner_product(
        *(faiss().swig_ptr(np.ascontiguousarray(part)) for part in (queries, vectors)),
        vectors.shape[1],
        len(queries),
        len(vectors),
        count,
        faiss().swig_ptr(rough),
        faiss().swig_ptr(rows),
        faiss().IDSelectorBitmap(bits),
    )
    return rough, rows


def _ranked(
    ids: NDArray[np.int64],
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    rows: NDArray[np.int64],
    k: int,
) -> Found:
    """Return the k best of each query's rows, -1 for none."""
    return best(cosines(queries, vectors, rows), np.where(rows < 0, -1, ids[rows]), k)
