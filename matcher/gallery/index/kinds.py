"""The kinds of index, the kind that suits a gallery of a given size, and how to make one.

A new kind is a file with a class that satisfies `FileIndex`, and an entry in `KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from matcher._lazy import load
from matcher.arguments import expect
from matcher.errors import InputError
from matcher.gallery.index.protocol import FileIndex
from matcher.gallery.index.servers import SERVERS, is_served, server_of

AUTO: Final = "auto"
"""Asks for the kind that suits the number of faces."""


@dataclass(frozen=True)
class Kind:
    """One kind of index.

    Parameters
    ----------
    name
        Name of the kind, for users and in index files.
    made_by
        Address of its class, as `module:name`. The class is loaded when the first index of the kind
        is made.
    up_to
        Largest number of faces for which "auto" takes the kind, unless an earlier kind suits. None
        if "auto" never takes it.
    """

    name: str
    made_by: str
    up_to: float | None = None


KINDS: Final = (
    # A query takes about 70 ms on one core at 128-d. The graph would be ten times faster, but at
    # this size it missed one in twenty of the true first twenty.
    Kind("exact", "matcher.gallery.index.faiss_index:ExactIndex", up_to=1_000_000),
    # The graph and all vectors are in memory. For larger galleries, vectors are kept in 8 bits.
    Kind("hnsw", "matcher.gallery.index.faiss_index:HnswIndex", up_to=4_000_000),
    Kind("ivf", "matcher.gallery.index.ivf_index:IvfIndex"),
    Kind("ivf-sq8", "matcher.gallery.index.ivf_index:IvfSq8Index", up_to=float("inf")),
)
"""All kinds, from small galleries to large ones."""


def choose_kind(asked: str, faces: int) -> str:
    """Return the name of the kind to build for a number of faces.

    "auto" takes the first kind of `KINDS` whose `up_to` is not below the number. Any other name is
    returned as it is.
    """
    if asked != AUTO:
        return asked
    return next(kind.name for kind in KINDS if kind.up_to is not None and faces <= kind.up_to)


def outgrown(asked: str, kind: str, faces: int) -> bool:
    """Return whether "auto" was asked for, and would now take a kind for larger galleries."""
    names = [one.name for one in KINDS]
    return asked == AUTO and names.index(choose_kind(asked, faces)) > names.index(kind)


def new_index(name: str, dimension: int) -> FileIndex:
    """Return an empty index of a kind."""
    made_by = {kind.name: kind.made_by for kind in KINDS}[name]
    return cast(FileIndex, load(made_by)(dimension))


def check_kind(asked: str) -> None:
    """Raise InputError unless `asked` is "auto", one of the kinds, or the address of a server.

    Raises
    ------
    InputError
        For any other kind, and for an address with more than scheme, host, port and database.
    MissingExtraError
        When `asked` is the address of a server and its client is not installed.
    """
    expect("index", asked, str, rule="must be a text", next_step='Give "auto".')
    known = (AUTO, *(kind.name for kind in KINDS))
    if is_served(asked):
        server, url = server_of(asked)
        server.of.check_address(url)
    elif asked not in known:
        raise InputError(
            "index",
            rule=f"must be one of {', '.join((*known, *(one.asked_as for one in SERVERS)))}",
            got=repr(asked),
            next_step='Use "auto" unless you have measured another kind.',
        )
