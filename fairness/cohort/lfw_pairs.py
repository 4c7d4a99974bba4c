"""The list of pairs of Labeled Faces in the Wild, `pairs.txt`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairness.errors import CohortError
from fairness.words import counted

FOLDS = 10


def photos_of(line: str) -> tuple[str, str] | None:
    """Return the two photos in a line, as Name/Name_0001.jpg; None if the line names no pair."""
    match line.split("\t"):
        case [name, first, second] if (first + second).isdecimal():
            return _photo(name, first), _photo(name, second)
        case [name, first, other, second] if (first + second).isdecimal():
            return _photo(name, first), _photo(other, second)
        case _:
            return None


def _photo(name: str, shot: str) -> str:
    return f"{name}/{name}_{int(shot):04d}.jpg"


@dataclass(frozen=True, eq=False)
class FoldPairs:
    """The pairs of LFW's View 2.

    Parameters
    ----------
    left, right
        Photos, as Name/Name_0001.jpg.
    same
        bool array of shape (pairs,): whether both photos show one person.
    folds
        int64 array of shape (pairs,): fold of each pair, 0 to 9.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    same: NDArray[np.bool_]
    folds: NDArray[np.int64]

    def people(self, folds: Collection[int]) -> set[str]:
        """Return the people in the pairs of some folds, by the name of their folder."""
        return {
            photo.split("/")[0]
            for side in (self.left, self.right)
            for photo, fold in zip(side, self.folds, strict=True)
            if fold in folds
        }


def read_pairs(path: Path) -> FoldPairs:
    """Read a pairs.txt. Each fold lists pairs of one person, then as many pairs of two people.

    Raises
    ------
    CohortError
        If there is no such file, or it does not hold ten folds of the size in its first line.
    """
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    header, *lines = text.splitlines() or [""]
    numbers = [int(number) for number in header.split() if number.isdecimal()]
    shots = [pair for pair in map(photos_of, lines) if pair]
    if (
        len(numbers) != 2
        or numbers[0] != FOLDS
        or not (len(shots) == len(lines) == 2 * FOLDS * numbers[1])
    ):
        raise CohortError(
            "list of pairs",
            rule="View 2 of LFW: ten folds of as many pairs of each kind as its first line says",
            got=f"{counted(len(shots), 'pair')} under {header!r}"
            if text
            else "no such file, or an empty one",
            next_step="Take pairs.txt from the set's own home, and put it into the folder.",
            path=path,
        )
    left, right = zip(*shots, strict=True)
    same = np.array([line.count("\t") == 2 for line in lines])
    return FoldPairs(left, right, same, np.arange(len(lines)) // (2 * numbers[1]))
