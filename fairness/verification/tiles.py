"""Comparisons of all photos with all, tile by tile, so that no table of all pairs is held.

Photos are ordered by group and cut into chunks of one group each. A tile holds the scores of one
chunk with another. It belongs to one pair of groups, and it is small enough to stay in the
processor's cache while it is used. Of photos that are compared with each other, only the upper
triangle is computed; probes are compared with all enrolled photos. The matrix library is limited to
one thread, and rows of tiles are distributed over as many threads as there are processors. Many
small products side by side are several times as fast as small products that are each divided over
the processors.
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
class Chunks:
    """Vectors in chunks of one group each.

    Parameters
    ----------
    vectors
        float32 array of shape (photos, d).
    codes
        int64 array of shape (photos,): group of each photo.
    side
        Largest number of photos in a chunk.
    """

    vectors: NDArray[np.float32]
    codes: NDArray[np.int64]
    side: int = SIDE

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Rows of `vectors`, ordered by group."""
        return np.argsort(self.codes, kind="stable")

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Position in `order` of each row of `vectors`."""
        place = np.empty_like(self.order)
        place[self.order] = np.arange(len(self.order))
        return place

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

    def of(self, chunk: int) -> NDArray[np.float32]:
        """Return the vectors of a chunk."""
        return self._ordered[self.starts[chunk] : self.starts[chunk + 1]]

    @cached_property
    def _ordered(self) -> NDArray[np.float32]:
        return self.vectors[self.order]


@dataclass(frozen=True, eq=False)
class Tiles:
    """All comparisons of enrolled photos with probes, in tiles.

    Parameters
    ----------
    enrolled, probes
        The vectors of both sides. If they are one object, every two photos are compared once.
    left, right
        int64 arrays of shape (pairs,): rows of `enrolled` and of `probes` that must not be compared
        with each other. If both sides are one object, each pair is there once, in either order.
    """

    enrolled: Chunks
    probes: Chunks
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    def sweep(self, compute: Callable[[int], Result], collect: Callable[[Result], None]) -> None:
        """Call `compute` for each chunk of enrolled photos, in several threads, in order.

        `collect` receives the results in the thread of the caller.
        """
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        threads = ThreadPoolExecutor(os.cpu_count())
        try:
            with threadpool_limits(1, user_api="blas"):
                for found in threads.map(compute, range(len(self.enrolled))):
                    collect(found)
        finally:
            threads.shutdown(cancel_futures=True)

    def row(
        self, chunk: int, *, scale: float, fill: float
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the comparisons of a chunk of enrolled photos with the chunks of the probes.

        Of photos that are compared with each other, these are the chunk itself and each later one.

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
            Number of the chunk of probes, and the scores with it: a float32 array of shape
            (photos, probes), which the next step overwrites.
        """
        own = self.enrolled.of(chunk) * np.float32(scale)
        room = np.empty(len(own) * self.probes.side, np.float32)
        for other in range(chunk if self._among_themselves else 0, len(self.probes)):
            theirs = self.probes.of(other)
            scores = room[: len(own) * len(theirs)].reshape(len(own), len(theirs))
            np.matmul(own, theirs.T, out=scores)
            self._fill(chunk, other, scores, fill)
            yield other, scores

    @property
    def _among_themselves(self) -> bool:
        return self.enrolled is self.probes

    def _fill(self, chunk: int, other: int, scores: NDArray[np.float32], fill: float) -> None:
        if self._among_themselves and chunk == other:
            scores[np.tri(len(scores), dtype=np.bool_)] = fill
        tiles, first, second = self._not_compared
        tile = chunk * len(self.probes) + other
        begin, end = np.searchsorted(tiles, [tile, tile + 1])
        if end > begin:
            mine, theirs = first[begin:end], second[begin:end]
            scores[mine - self.enrolled.starts[chunk], theirs - self.probes.starts[other]] = fill

    @cached_property
    def _not_compared(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Pairs that must not be compared: tile number and both positions in `order`, by tile."""
        places = np.stack([self.enrolled.places[self.left], self.probes.places[self.right]])
        if self._among_themselves:
            places.sort(axis=0)
        rows, columns = (
            np.searchsorted(side.starts, place, side="right") - 1
            for side, place in zip((self.enrolled, self.probes), places, strict=True)
        )
        tiles = rows * len(self.probes) + columns
        by_tile = np.argsort(tiles, kind="stable")
        return tiles[by_tile], places[0][by_tile], places[1][by_tile]
