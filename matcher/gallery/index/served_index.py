"""What every index on a server is: a table of face ids and vectors that somebody else runs.

The server only proposes candidates. Scores are computed in double precision from vectors that are
read back, so that they equal the scores of every other index.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from matcher.errors import IndexServerError
from matcher.gallery.index.paged_scan import Page, scan
from matcher.gallery.index.ranking import (
    Found,
    checked_ids,
    checked_query,
    checked_vectors,
    nothing,
    require_held,
    require_new,
    rerank,
)


class ServedIndex(ABC):
    """One table on a server; satisfies `FaceIndex`. `RemoteIndex` keeps it as the store is.

    Parameters
    ----------
    url
        Address of the server, see `check_address` of the kind.
    name
        Name of the table.
    dimension
        Length of a vector.
    confirmed
        Whether whoever runs the program gave the address. If it is only in a file of the gallery,
        every method raises IndexServerError before anything is sent: the file may come from
        somebody else, and vectors and credentials would go to a server of theirs.

    Raises
    ------
    InputError
        For what is no address of such a server, or one with credentials.
    MissingExtraError
        When the client is not installed.
    IndexServerError
        From every method, when the server cannot be reached or fails.
    """

    kind: ClassVar[str]
    most: ClassVar[int]
    """Largest number of candidates for one query."""

    server_variable: ClassVar[str]
    """Environment variable with the address of the server, or several separated by spaces, to which
    vectors may go although only the gallery's own file names it."""

    lossless: ClassVar[bool] = False

    def __init__(self, url: str, name: str, dimension: int, *, confirmed: bool = True) -> None:
        self.check_address(url)
        self.url = url
        self.name = name
        self.dimension = dimension
        self._confirmed = confirmed

    @classmethod
    @abstractmethod
    def check_address(cls, url: str) -> None:
        """Raise InputError unless `url` is the address of a server, without credentials.

        Raises
        ------
        MissingExtraError
            When the client is not installed.
        """

    @abstractmethod
    def facts(self) -> dict[str, str] | None:
        """Return the facts written on the table; None if there is no table."""

    @abstractmethod
    def note(self, facts: Mapping[str, str]) -> None:
        """Write facts on the table; other facts stay."""

    @abstractmethod
    def create(self, facts: Mapping[str, str]) -> None:
        """Create the table, empty, with facts on it; replace one of the same name."""

    @abstractmethod
    def drop(self) -> None:
        """Delete the table, if it exists."""

    @abstractmethod
    def changing(self, faces: int) -> AbstractContextManager[None]:
        """Keep the changes that are made within, or none, if the server can do that.

        `faces` is the number of faces that will be put from now on.
        """

    @abstractmethod
    def put(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Write unit vectors; replace earlier vectors of the same faces."""

    @abstractmethod
    def delete(self, ids: NDArray[np.int64]) -> None:
        """Delete faces, whether or not the table holds them."""

    @abstractmethod
    def settle(self, sent: int) -> None:
        """Wait until searches find `sent` faces that were just put as well as the others."""

    @abstractmethod
    def finish(self) -> None:
        """Do what can wait until everything is sent, and what an earlier process left undone."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of faces after all writes so far; later reads see those writes too."""

    @abstractmethod
    def ids(self) -> NDArray[np.int64]:
        """Return all face ids, ascending."""

    @abstractmethod
    def there(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the faces that the table holds, ascending."""

    @abstractmethod
    def held(self, ids: NDArray[np.int64]) -> Iterable[Page]:
        """Give the faces that the table holds with their vectors, a page at a time."""

    @abstractmethod
    def candidates(self, queries: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Return the ids of the nearest faces as the server ranks them, -1 for none.

        Parameters
        ----------
        queries
            float32 array of shape (n, d), unit rows.
        count
            Number of faces for each query, in [1, `most`].

        Returns
        -------
        int64 array of shape (n, count)
        """

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors under new face ids, and wait until searches see them."""
        vectors = checked_vectors(vectors, self.dimension, "vectors")
        ids = checked_ids(ids, len(vectors))
        require_new(len(self.there(ids)))
        self.put(ids, vectors)
        len(self)

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Delete faces, wait until no search sees them, and return how many were there."""
        known = self.there(np.unique(np.asarray(ids, dtype=np.int64)))
        self.delete(known)
        len(self)
        return len(known)

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of faces that the table holds, as they were sent."""
        wanted, places = np.unique(np.asarray(ids, dtype=np.int64), return_inverse=True)
        table = np.full((len(wanted), self.dimension), np.nan, dtype=np.float32)
        for some, vectors in self.held(wanted):
            table[np.searchsorted(wanted, some)] = vectors
        require_held(int(np.isnan(table[:, 0]).sum()))
        return table[places.reshape(-1)]

    def search(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> Found:
        """Rank the server's candidates, at most `most`; with `allowed`, compare with each one."""
        queries = checked_query(queries, self.dimension, k)
        if allowed is not None:
            return scan(self.held(np.unique(allowed)), queries, k)
        if not len(queries):
            return nothing(0, k)
        return rerank(queries, self.candidates(queries, min(self.most, 2 * k)), self.vectors, k)

    def require_confirmed(self) -> None:
        """Raise IndexServerError for an address that only the gallery's own file gives."""
        given = os.environ.get(self.server_variable, "").split()
        if not self._confirmed and self.url not in given:
            raise IndexServerError(
                f"index server at {self.url}",
                rule=f"must be named by ${self.server_variable}, because only the gallery's own "
                "file names it; nothing was sent to it",
                got=" ".join(given) or "no such variable",
                next_step="If the server is yours, set the variable to its address. If not, take "
                "the index back: matcher gallery rebuild GALLERY --index auto",
            )


def pages(rows: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    """Give the numbers, at most `size` at a time."""
    return (rows[start : start + size] for start in range(0, len(rows), size))
