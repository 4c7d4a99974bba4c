"""The kinds of index, the kind that suits a gallery of a given size, and how to make one.

A new kind is a subclass of `TableIndex`, and an entry in `KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from matcher._lazy import load
from matcher.arguments import expect
from matcher.errors import InputError
from matcher.gallery.index.servers import SERVERS, is_served, server_of

if TYPE_CHECKING:
    from matcher.gallery.index.mapped.rows import Rows
    from matcher.gallery.index.mapped.table_index import TableIndex

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
    Kind("exact", "matcher.gallery.index.mapped.table_index:TableIndex", up_to=1_000_000),
    Kind("coded", "matcher.gallery.index.mapped.table_index:CodedIndex", up_to=float("inf")),
)
"""All kinds, from small galleries to large ones."""

FORMER_KINDS: Final = ("hnsw", "ivf", "ivf-sq8")
"""Kinds that earlier versions offered. A gallery that recorded one gets the kind that suits it."""


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


def new_index(name: str, dimension: int, written: Rows | None = None) -> TableIndex:
    """Return an index of a kind: an empty one, or one with the rows of a file."""
    made_by = {kind.name: kind.made_by for kind in KINDS}[name]
    return cast("TableIndex", load(made_by)(dimension, written))


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
