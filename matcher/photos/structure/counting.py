"""A number of parts beside its limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice


@dataclass(frozen=True)
class Count:
    """A number of parts of a file.

    Parameters
    ----------
    what
        The parts, in the plural.
    number
        How many there are; any larger number than the limit if there are more.
    limit
        How many there may be.
    """

    what: str
    number: int
    limit: int


def counted_up_to(limit: int, parts: Iterable[object]) -> int:
    """Return the number of parts, or `limit + 1` if there are more."""
    return sum(1 for _ in islice(parts, limit + 1))
