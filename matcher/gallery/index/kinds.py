"""Which kind of index suits a gallery of a given size, and how one is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from matcher.errors import InputError
from matcher.gallery.index.protocol import SERVED, ConcreteKind, FileIndex, IndexKind

EXACT_UP_TO = 1_000_000
"""Faces up to which "auto" scans all vectors: about 70 ms a query on one core at 128-d. The graph
would be ten times faster, and at this size missed one in twenty of the true first twenty."""

HNSW_UP_TO = 4_000_000
"""Faces up to which "auto" keeps the graph in memory; beyond, vectors are kept in 8 bits."""


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
    from matcher.gallery.index.faiss_index import ExactIndex, HnswIndex
    from matcher.gallery.index.ivf_index import IvfIndex, IvfSq8Index

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
        from matcher.gallery.index.milvus_index import check_address

        check_address(asked.removeprefix(SERVED))
    elif asked not in get_args(IndexKind):
        raise InputError(
            "index",
            rule=f"must be one of {', '.join(get_args(IndexKind))}, or {SERVED}http://HOST:PORT",
            got=repr(asked),
            next_step='Use "auto" unless you have measured another kind.',
        )
