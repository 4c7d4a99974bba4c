"""The kinds of index, the kind that suits a gallery of a given size, and how to make one.

A new kind is a subclass of `TableIndex`, and an entry in `KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matcher.gallery.index.mapped.rows import Rows
from matcher.gallery.index.mapped.table_index import CodedIndex, TableIndex

AUTO: Final = "auto"
"""Asks for the kind that suits the number of faces."""


@dataclass(frozen=True)
class Kind:
    """One kind of index.

    Parameters
    ----------
    made_by
        Its class.
    up_to
        Largest number of faces for which "auto" takes the kind, unless an earlier kind suits.
    """

    made_by: type[TableIndex]
    up_to: float

    @property
    def name(self) -> str:
        """Name of the kind, for users and in index files."""
        return self.made_by.kind


KINDS: Final = (
    Kind(TableIndex, up_to=1_000_000),
    Kind(CodedIndex, up_to=float("inf")),
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
    return next(kind.name for kind in KINDS if faces <= kind.up_to)


def outgrown(asked: str, kind: str, faces: int) -> bool:
    """Return whether "auto" was asked for, and would now take a kind for larger galleries."""
    names = [one.name for one in KINDS]
    return asked == AUTO and names.index(choose_kind(asked, faces)) > names.index(kind)


def new_index(name: str, dimension: int, written: Rows | None = None) -> TableIndex:
    """Return an index of a kind: an empty one, or one with the rows of a file."""
    made_by = {kind.name: kind.made_by for kind in KINDS}[name]
    return made_by(dimension, written)
