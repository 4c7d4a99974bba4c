"""Put vectors of faces into groups of one person each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from matcher.crossing.scores import pairs_above


def group_vectors(vectors: NDArray[np.float32], threshold: float) -> NDArray[np.int64]:
    """Return a label for each vector."""
    n = len(vectors)
    ids = np.arange(n)
    found = list(pairs_above((ids, vectors), (ids, vectors), threshold))
    first = np.concatenate([np.zeros(0, np.int64), *(one.first for one in found)])
    second = np.concatenate([np.zeros(0, np.int64), *(one.second for one in found)])
    graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
