"""Search exactly among vectors that come a page at a time, which bounds memory."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from matcher.gallery.index.ranking import best

Page = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Face ids and their vectors, (n,) and (n, d)."""


def scan(
    pages: Iterable[Page], queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the k nearest faces of all pages, as `FaceIndex.search` does."""
    from matcher.gallery.index.faiss_index import ExactIndex

    scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
    face_ids = np.full((len(queries), k), -1, dtype=np.int64)
    for ids, vectors in pages:
        exact = ExactIndex(vectors.shape[1])
        exact.add(ids, vectors)
        page = exact.search(queries, k)
        scores, face_ids = best(np.hstack([scores, page[0]]), np.hstack([face_ids, page[1]]), k)
    return scores, face_ids
