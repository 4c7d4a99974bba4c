"""What identifies a file of another matcher: its name, its hash, and the matcher's name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def identity(what: str, path: Path, name: str | None) -> dict[str, str]:
    """Return the facts of a file for the run card.

    Parameters
    ----------
    what
        What the file holds, as in "scores".
    path
        The file.
    name
        Name and version of the matcher that made it; None if not given.
    """
    from matcher.photos import sha256_of

    named = {} if name is None else {"model": name}
    return {**named, what: path.name, f"{what}_sha256": sha256_of(path)}


def kind_of(distances: bool) -> Literal["similarity", "distance"]:
    """Return the kind of the numbers in a file."""
    return "distance" if distances else "similarity"
