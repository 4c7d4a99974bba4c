"""Find the pairs of faces at or above a score: a matrix product, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ROWS: Final = 1024
COLUMNS: Final = 4096
"""Sides of a block. Its 16 MB of scores are looked at while they are in the processor's cache."""

_ROUNDING: Final = 1e-5
"""By at most so much a product of matrices rounds a cosine otherwise, as the block demands."""

Page = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Face ids, shape (n,), and their vectors, shape (n, d)."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of faces, all arrays of shape (n,).

    Parameters
    ----------
    first, second
        int64 face ids.
    scores
        float32 cosine similarity in [-1, 1].
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    scores: NDArray[np.float32]


def pairs_above(first: Page, second: Page, lowest: float) -> Iterator[Pairs]:
    """Yield the pairs of a face of each page whose score is at least `lowest`, block by block.

    Memory beside the pages is one block of scores.
    """
    (rows, left), (columns, right) = first, second
    room = np.empty((ROWS, COLUMNS), dtype=np.float32)
    for top in range(0, len(rows), ROWS):
        some = left[top : top + ROWS]
        for start in range(0, len(columns), COLUMNS):
            others = right[start : start + COLUMNS]
            scores = room[: len(some), : len(others)]
            np.matmul(some, others.T, out=scores)
            # Nearly every row has no pair. Its highest score is all that is looked at.
            near = np.flatnonzero(scores.max(axis=1) >= lowest - _ROUNDING)
            if len(near):
                row, column = np.nonzero(scores[near] >= lowest - _ROUNDING)
                found = cosines(some[near[row]], others[column])
                kept = found >= lowest
                yield Pairs(rows[top + near[row[kept]]], columns[start + column[kept]], found[kept])


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosine of each pair of rows; it does not depend on the other rows."""
    products: NDArray[np.float64] = np.einsum(
        "nd,nd->n", left.astype(np.float64), right.astype(np.float64)
    )
    return products.clip(-1, 1).astype(np.float32)


def larger_pages(pages: Iterator[Page], faces: int) -> Iterator[Page]:
    """Yield the same faces in pages of at least so many faces, the last one excepted."""
    kept: list[Page] = []
    for page in pages:
        kept.append(page)
        if sum(len(ids) for ids, _ in kept) >= faces:
            yield _joined(kept)
            kept = []
    if kept:
        yield _joined(kept)


def _joined(pages: list[Page]) -> Page:
    return np.concatenate([ids for ids, _ in pages]), np.concatenate([rows for _, rows in pages])
