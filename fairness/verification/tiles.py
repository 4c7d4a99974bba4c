"""Comparisons of all photos with all, tile by tile, so that no table of all pairs is held.

Photos are ordered by group and cut into chunks of one group each. A tile holds the scores of one
chunk with another. It belongs to one pair of groups, and it is small enough to stay in the
processor's cache while it is used. Only the upper triangle is computed. The matrix library is
limited to one thread, and rows of tiles are distributed over as many threads as there are
processors. Many small products side by side are several times as fast as small products that are
each divided over the processors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

SIDE = 512
"""Largest number of photos in a chunk. A tile of scores is then one mebibyte."""

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Tiles:
    """All comparisons of vectors, in tiles.

    Parameters
    ----------
    vectors
        float32 array of shape (photos, d).
    codes
        int64 array of shape (photos,): group of each photo.
    left, right
        int64 arrays of shape (pairs,): pairs of rows of `vectors` that must not be compared.
    side
        Largest number of photos in a chunk.
    """

    vectors: NDArray[np.float32]
    codes: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    side: int = SIDE

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Rows of `vectors`, ordered by group."""
        return np.argsort(self.codes, kind="stable")

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Positions in `order` at which the chunks begin, and the end, shape (chunks + 1,)."""
        ends = np.cumsum(np.bincount(self.codes))
        begins = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        cuts = [np.arange(begin, end, self.side) for begin, end in zip(begins, ends, strict=True)]
        return np.concatenate([*cuts, [len(self.codes)]]).astype(np.int64)

    def group(self, chunk: int) -> int:
        """Return the group of a chunk."""
        return int(self.codes[self.order[self.starts[chunk]]])

    def sweep(self, compute: Callable[[int], Result], collect: Callable[[Result], None]) -> None:
        """Call `compute` for each chunk, in several threads, and pass the results on, in order.

        `collect` receives the results in the thread of the caller.
        """
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        threads = ThreadPoolExecutor(os.cpu_count())
        try:
            with threadpool_limits(1, user_api="blas"):
                for found in threads.map(compute, range(len(self.starts) - 1)):
                    collect(found)
        finally:
            threads.shutdown(cancel_futures=True)

    def row(
        self, chunk: int, *, scale: float, fill: float
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the comparisons of a chunk with itself and with each later chunk.

        Parameters
        ----------
        chunk
            Number of the chunk.
        scale
            Factor for the scores. A power of two keeps them exact.
        fill
            Value for comparisons that must not be made, and for the lower triangle.

        Yields
        ------
        other, scores
            Number of the other chunk, and the scores with it: a float32 array of shape
            (photos, other photos), which the next step overwrites.
        """
        own = self._vectors(chunk) * np.float32(scale)
        room = np.empty(len(own) * self.side, np.float32)
        for other in range(chunk, len(self.starts) - 1):
            theirs = self._vectors(other)
            scores = room[: len(own) * len(theirs)].reshape(len(own), len(theirs))
            np.matmul(own, theirs.T, out=scores)
            self._fill(chunk, other, scores, fill)
            yield other, scores

    def _vectors(self, chunk: int) -> NDArray[np.float32]:
        return self._ordered[self.starts[chunk] : self.starts[chunk + 1]]

    @cached_property
    def _ordered(self) -> NDArray[np.float32]:
        return self.vectors[self.order]

    def _fill(self, chunk: int, other: int, scores: NDArray[np.float32], fill: float) -> None:
        if chunk == other:
            scores[np.tri(len(scores), dtype=np.bool_)] = fill
        tiles, first, second = self._not_compared
        tile = chunk * len(self.starts) + other
        begin, end = np.searchsorted(tiles, [tile, tile + 1])
        if end > begin:
            mine, theirs = first[begin:end], second[begin:end]
            scores[mine - self.starts[chunk], theirs - self.starts[other]] = fill

    @cached_property
    def _not_compared(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Pairs that must not be compared: tile number and both positions in `order`, by tile."""
        place = np.empty_like(self.order)
        place[self.order] = np.arange(len(self.order))
        sides = np.sort(np.stack([place[self.left], place[self.right]]), axis=0)
        chunks = np.searchsorted(self.starts, sides, side="right") - 1
        tiles = chunks[0] * len(self.starts) + chunks[1]
        by_tile = np.argsort(tiles, kind="stable")
        return tiles[by_tile], sides[0][by_tile], sides[1][by_tile]
