"""What an index must do, and which kind suits a gallery of a given size.

The law of this room: exact search is the truth. Whatever a faster index proposes, the scores that
leave the gallery are cosines of the stored vectors, and equal scores come in the order of face ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from matcher.errors import InputError

IndexKind = Literal["auto", "exact", "hnsw", "ivf", "ivf-sq8"]
"""Kinds that can be asked for; "auto" follows `choose_kind`."""

ConcreteKind = Literal["exact", "hnsw", "ivf", "ivf-sq8"]

SERVED: Final = "milvus:"
"""What the address of a Milvus server begins with, where the name of a kind is expected."""

EXACT_UP_TO = 1_000_000
"""Faces up to which "auto" scans all vectors: about 70 ms a query on one core at 128-d. The graph
would be ten times faster, and at this size missed one in twenty of the true first twenty."""

HNSW_UP_TO = 4_000_000
"""Faces up to which "auto" keeps the graph in memory; beyond, vectors are kept in 8 bits."""

UNIT_TOLERANCE = 1e-3
"""How far the length of a vector may be from 1."""


class FaceIndex(Protocol):
    """Finds the nearest vectors. Row numbers are face ids, int64, > 0."""

    @property
    def kind(self) -> str:
        """Which kind it is."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def lossless(self) -> bool:
        """Whether `vectors` returns what was added, bit for bit, and `search` true cosines."""
        ...

    @property
    def learns(self) -> bool:
        """Whether `train` makes a difference."""
        ...

    def __len__(self) -> int:
        """Return the number of faces."""
        ...

    def ids(self) -> NDArray[np.int64]:
        """Return all face ids, ascending."""
        ...

    def train(self, sample: NDArray[np.float32], faces: int) -> None:
        """Learn from a sample, before `faces` vectors are added; most kinds learn nothing."""
        ...

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors, float32 of shape (n, d); InputError for bad vectors or known ids."""
        ...

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Remove the faces that are there, their vectors included; return how many there were."""
        ...

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of faces that are there, float32 of shape (n, d)."""
        ...

    def search(
        self,
        queries: NDArray[np.float32],
        k: int,
        allowed: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return the k nearest faces of each query, best first, equal scores by face id.

        Parameters
        ----------
        queries
            float32 array of shape (n, d), unit rows.
        k
            How many, >= 1.
        allowed
            Face ids among which to search; None for all.

        Returns
        -------
        scores
            float32 array of shape (n, k): cosine similarity in [-1, 1]; -inf where there is none.
        face_ids
            int64 array of shape (n, k); -1 where there is none.
        """
        ...


class FileIndex(FaceIndex, Protocol):
    """An index that lies in memory, and in a file between times."""

    @property
    def kind(self) -> ConcreteKind:
        """Which kind it is."""
        ...

    @property
    def worn(self) -> bool:
        """Whether so much was added or removed that it should be built anew."""
        ...

    def row_ids(self) -> NDArray[np.int64]:
        """Return the face id of each row as written by `write`, -1 for emptied rows."""
        ...

    def write(self, write: Callable[[bytes], object]) -> None:
        """Hand all but the row ids to `write`, in pieces."""
        ...

    def read(self, ids: NDArray[np.int64], read: Callable[[int], bytes]) -> None:
        """Become what was written, given the row ids, and the rest from `read`, in pieces."""
        ...


def choose_kind(asked: IndexKind, faces: int) -> ConcreteKind:
    """Return the kind to build for a number of faces.

    "auto" means exact search up to `EXACT_UP_TO` faces, the HNSW graph up to `HNSW_UP_TO`, and
    inverted lists of 8-bit codes beyond.
    """
    if asked != "auto":
        return asked
    if faces <= EXACT_UP_TO:
        return "exact"
    return "hnsw" if faces <= HNSW_UP_TO else "ivf-sq8"


def new_index(kind: ConcreteKind, dimension: int) -> FileIndex:
    """Return an empty index."""
    from matcher.gallery.faiss_index import ExactIndex, HnswIndex
    from matcher.gallery.ivf_index import IvfIndex, IvfSq8Index

    kinds: dict[ConcreteKind, Callable[[int], FileIndex]] = {
        "exact": ExactIndex,
        "hnsw": HnswIndex,
        "ivf": IvfIndex,
        "ivf-sq8": IvfSq8Index,
    }
    return kinds[kind](dimension)


def check_kind(asked: str) -> None:
    """Raise InputError unless `asked` is one of the kinds or the address of a server.

    Raises
    ------
    InputError
        For another kind, and for an address with anything but scheme, host, port and database.
    MissingExtraError
        When it is the address of a server, and the client is not installed.
    """
    if asked.startswith(SERVED):
        from matcher.gallery.milvus_index import check_address

        check_address(asked.removeprefix(SERVED))
    elif asked not in get_args(IndexKind):
        raise InputError(
            "index",
            rule=f"must be one of {', '.join(get_args(IndexKind))}, or {SERVED}http://HOST:PORT",
            got=repr(asked),
            next_step='Use "auto" unless you have measured another kind.',
        )


def checked_vectors(vectors: object, dimension: int, what: str) -> NDArray[np.float32]:
    """Return contiguous float32 vectors of shape (n, d), of exactly unit length.

    Raises
    ------
    InputError
        Unless they are of that shape, finite, and of unit length within `UNIT_TOLERANCE`.
    """
    found = np.asarray(vectors)
    rule = f"must be real numbers of shape (n, {dimension})"
    if found.ndim != 2 or found.shape[1] != dimension or found.dtype.kind != "f":
        raise _bad_vectors(what, rule, f"{found.dtype} of shape {found.shape}")
    rows = np.ascontiguousarray(found, dtype=np.float32)
    if not np.isfinite(rows).all():
        raise _bad_vectors(what, "must be finite", "NaN or infinity")
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows, dtype=np.float64))
    off = np.abs(lengths - 1)
    if (off > UNIT_TOLERANCE).any():
        rule = f"must be of length 1 within {UNIT_TOLERANCE}"
        raise _bad_vectors(what, rule, f"a length of {lengths[off.argmax()]:.6g}")
    inexact = off > 1e-6
    if inexact.any():
        rows = rows.copy()
        rows[inexact] /= lengths[inexact, None].astype(np.float32)
    return rows


def checked_query(queries: NDArray[np.float32], dimension: int, k: int) -> NDArray[np.float32]:
    """Return the queries as unit rows, or raise InputError; also for k below 1."""
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

    Summed in double precision and rounded once, so that a score does not depend on how many
    queries were asked together, and equal vectors have equal scores.

    Parameters
    ----------
    queries, table
        float32 arrays of shape (n, d) and (rows, d), unit rows.
    rows
        int64 array of shape (n, m); a negative number stands for no row.

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
