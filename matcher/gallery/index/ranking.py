"""Exact cosines, and the order of a list: the last step of every kind of index."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from matcher.errors import InputError
from matcher.gallery.store.vector_rows import UNIT_TOLERANCE
from matcher.words import figure

Found = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Scores and face ids, (n, k) each; -inf and -1 where there is no face."""


def checked_vectors(vectors: object, dimension: int, what: str) -> NDArray[np.float32]:
    """Return contiguous float32 vectors of shape (n, d), of exactly unit length.

    Raises
    ------
    InputError
        Unless they have that shape, are finite, and have unit length within `UNIT_TOLERANCE`.
    """
    array = np.asarray(vectors)
    rule = f"must be real numbers of shape (n, {dimension})"
    if array.ndim != 2 or array.shape[1] != dimension or array.dtype.kind != "f":
        raise _bad_vectors(what, rule, f"{array.dtype} of shape {array.shape}")
    rows = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(rows).all():
        raise _bad_vectors(what, "must be finite", "NaN or infinity")
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows, dtype=np.float64))
    off = np.abs(lengths - 1)
    if (off > UNIT_TOLERANCE).any():
        rule = f"must be of length 1 within {UNIT_TOLERANCE}"
        raise _bad_vectors(what, rule, f"a length of {figure(float(lengths[off.argmax()]), 6)}")
    inexact = off > 1e-6
    if inexact.any():
        rows = rows.copy()
        rows[inexact] /= lengths[inexact, None].astype(np.float32)
    return rows


def checked_query(queries: NDArray[np.float32], dimension: int, k: int) -> NDArray[np.float32]:
    """Return the queries as unit rows. Raise InputError if they are not, or if k is below 1."""
    if k < 1:
        raise InputError("k", rule="must be at least 1", got=k, next_step="Ask for one or more.")
    return checked_vectors(queries, dimension, "queries")


def _bad_vectors(what: str, rule: str, got: str) -> InputError:
    return InputError(
        what, rule=rule, got=got, next_step="Pass what the embedder of this gallery returned."
    )


def cosines(
    queries: NDArray[np.float32], table: NDArray[np.float32], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the cosine of each query with its own rows of a table.

    Cosines are summed in double precision and rounded once. A score therefore does not depend on
    the number of queries in the call, and equal vectors have equal scores.

    Parameters
    ----------
    queries, table
        float32 arrays of shape (n, d) and (rows, d), unit rows.
    rows
        int64 array of shape (n, m); a negative number means no row.

    Returns
    -------
    float32 array of shape (n, m), in [-1, 1]; -inf for no row.
    """
    scores = np.full(rows.shape, -np.inf, dtype=np.float32)
    if not len(table):
        return scores
    step = max(1, 2**20 // max(1, rows.shape[1] * queries.shape[1]))
    for start in range(0, len(rows), step):
        chunk = rows[start : start + step]
        doubles = queries[start : start + step].astype(np.float64)
        exact = np.einsum("nmd,nd->nm", table[np.maximum(chunk, 0)], doubles)
        scores[start : start + step] = np.where(chunk < 0, -np.inf, exact.clip(-1, 1))
    return scores


def rerank(
    queries: NDArray[np.float32],
    ids: NDArray[np.int64],
    vectors_of: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    k: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the k best of each query's candidate ids (-1 for none), by their true cosines."""
    wanted, rows = np.unique(ids, return_inverse=True)
    rows = rows.reshape(ids.shape)
    if len(wanted) and wanted[0] < 0:
        wanted, rows = wanted[1:], rows - 1
    return best(cosines(queries, vectors_of(wanted), rows), ids, k)


def best(
    scores: NDArray[np.float32], ids: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the k best of each row: scores descending, then ids ascending, then padding."""
    order = np.lexsort((ids, -scores))[:, :k]
    top_scores = np.full((len(scores), k), -np.inf, dtype=np.float32)
    top_ids = np.full((len(scores), k), -1, dtype=np.int64)
    width = order.shape[1]
    top_scores[:, :width] = np.take_along_axis(scores, order, axis=1)
    top_ids[:, :width] = np.take_along_axis(ids, order, axis=1)
    top_ids[np.isneginf(top_scores)] = -1
    return top_scores, top_ids


def nothing(queries: int, k: int) -> Found:
    """Return the result of a search that finds no face."""
    scores = np.full((queries, k), -np.inf, dtype=np.float32)
    return scores, np.full((queries, k), -1, dtype=np.int64)


def checked_ids(ids: NDArray[np.int64], vectors: int) -> NDArray[np.int64]:
    """Return the ids of faces that are added; raise InputError unless there is one a vector."""
    ids = np.asarray(ids, dtype=np.int64)
    different = len(np.unique(ids))
    if ids.shape != (vectors,) or (ids < 0).any() or different != vectors:
        rule = f"must be {vectors} different numbers >= 0, one for each vector"
        raise _bad_ids(rule, f"{different} different, shape {ids.shape}")
    return ids


def require_new(known: int) -> None:
    """Raise InputError if some of the faces that are added are in the index already."""
    if known:
        raise _bad_ids("must be new to the index", f"{known} that it already holds")


def require_held(missing: int) -> None:
    """Raise InputError if some of the faces that are asked for are not in the index."""
    if missing:
        raise _bad_ids("must be in the index", f"{missing} that are not")


def _bad_ids(rule: str, got: str) -> InputError:
    next_step = "Give each vector its own new face id, and ask only for ids that a search returned."
    return InputError("face ids", rule=rule, got=got, next_step=next_step)
