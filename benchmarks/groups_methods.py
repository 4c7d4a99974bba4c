"""The ways to group faces that `benchmarks/groups.py` compares.

Each takes the vectors of a set once and returns a function from a threshold, a cosine similarity,
to the group of each face.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

import numpy as np
from groups_measures import Codes
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from matcher.grouping.clusters import group_vectors

Vectors = NDArray[np.float32]
AtThreshold = Callable[[float], Codes]
Method = Callable[[Vectors], AtThreshold]

DLIB_LENGTH: Final = 1.43
"""Mean length of dlib's own vectors on FG-NET and LFW; 90 % are 1.35 to 1.52 long."""

USUAL: Final = 0.5
"""Distance of dlib's own vectors that dlib's example of clustering uses."""


def links(vectors: Vectors) -> AtThreshold:
    """Group as `matcher.group` does."""
    return lambda threshold: group_vectors(vectors, threshold)


def components(vectors: Vectors) -> AtThreshold:
    """Put all faces together that a chain of pairs at or above the threshold connects."""
    scores = vectors @ vectors.T

    def at(threshold: float) -> Codes:
        first, second = np.nonzero(scores >= threshold)
        graph = coo_array((np.ones(len(first), np.int8), (first, second)), shape=scores.shape)
        return np.asarray(connected_components(graph, directed=False)[1], np.int64)

    return at


def average(vectors: Vectors) -> AtThreshold:
    """Merge the two groups of the highest mean score until none is at or above the threshold."""
    return _linked(vectors, "average")


def complete(vectors: Vectors) -> AtThreshold:
    """Do the same with the lowest score between two groups."""
    return _linked(vectors, "complete")


def chinese_whispers(vectors: Vectors) -> AtThreshold:
    """Group with dlib's own Chinese whispers, as the users of `face_recognition` do."""
    import dlib  # type: ignore[import-untyped]

    told = [dlib.vector(vector.tolist()) for vector in vectors]

    def at(threshold: float) -> Codes:
        distance = np.sqrt(max(0.0, 2 - 2 * threshold))
        return np.array(dlib.chinese_whispers_clustering(told, distance), np.int64)

    return at


def hdbscan(vectors: Vectors) -> AtThreshold:
    """Group with scikit-learn's HDBSCAN, two faces or more in a group; it needs no threshold."""
    from sklearn.cluster import HDBSCAN  # type: ignore[import-untyped]

    def at(_: float) -> Codes:
        made = HDBSCAN(min_cluster_size=2, metric="precomputed", copy=True)
        groups = np.array(made.fit(_distances(vectors)).labels_, np.int64)
        alone = groups < 0
        groups[alone] = groups.max() + 1 + np.arange(alone.sum())
        return groups

    return at


METHODS: Final[Mapping[str, Method]] = {
    "links and their share": links,
    "Chinese whispers (dlib)": chinese_whispers,
    "connected components": components,
    "average linkage": average,
    "complete linkage": complete,
}
"""All that need a threshold, by name; the first is what `matcher` uses."""


def usual_threshold() -> float:
    """Return the cosine similarity of two vectors of dlib at the usual distance."""
    return float(1 - (USUAL / DLIB_LENGTH) ** 2 / 2)


def _linked(vectors: Vectors, kind: Literal["average", "complete"]) -> AtThreshold:
    tree = linkage(squareform(_distances(vectors), checks=False), kind)
    return lambda threshold: fcluster(tree, 1 - threshold, "distance").astype(np.int64)


def _distances(vectors: Vectors) -> NDArray[np.float64]:
    scores = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    distances: NDArray[np.float64] = (1 - scores).clip(0, 2)
    np.fill_diagonal(distances, 0)
    return distances
