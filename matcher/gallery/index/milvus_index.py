"""An index on a Milvus server: one collection that holds only face ids and vectors.

The server only proposes candidates. Scores are computed in double precision from vectors that are
read back, so that they equal the scores of every other index.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from matcher.errors import IndexServerError, InputError, MissingExtraError
from matcher.gallery.index.paged_scan import Page, scan
from matcher.gallery.index.protocol import SERVED
from matcher.gallery.index.ranking import best, checked_query, checked_vectors, rerank

Found = tuple[NDArray[np.float32], NDArray[np.int64]]

TOKEN_VARIABLE: Final = "MATCHER_MILVUS_TOKEN"  # noqa: S105 - a name, not a token
"""Environment variable with `user:password` or an API key, for a server that requires it."""

SERVER_VARIABLE: Final = "MATCHER_MILVUS_SERVER"
"""Environment variable with the address of the server, or several separated by spaces, to which
vectors may go although only the gallery's own file names it."""

MOST: Final = 16_384
"""Largest number of candidates that a Milvus server returns for one query."""

_BUSY_TIMEOUT: Final = 10.0
_LONG_TIMEOUT: Final = 600.0
"""Seconds to wait for an answer, and for an answer that needs the disk."""

_SENT_AT_ONCE: Final = 2_000
_ASKED_AT_ONCE: Final = 8_000
_ANSWERED_AT_ONCE: Final = 1_000_000
"""Vectors in one message, ids in one message, candidates in one answer: far below 64 MB each."""

_NO_COLLECTION: Final = 100
"""Milvus's error code for a collection that does not exist."""

_SCANNED_BELOW: Final = 1024
"""Milvus builds no index of a segment with fewer rows than this (minSegmentSizeToEnableIndex)."""

_SLOWEST: Final = 0.01
"""Seconds that building the graph may take for each face. On two cores it took 0.001."""

_INDEX: Final = {"index_type": "HNSW", "metric_type": "IP"}


class MilvusIndex:
    """A collection on a Milvus server, searched through a graph that the server builds (HNSW).

    Parameters
    ----------
    url
        Address of the server, `http://HOST:PORT` or with https, and `/DATABASE` at the end if
        needed.
    name
        Name of the collection.
    dimension
        Length of a vector.
    confirmed
        Whether whoever runs the program gave the address. If it is only in a file of the gallery,
        every method raises IndexServerError before anything is sent: the file may come from
        somebody else, and vectors and the token would go to a server of theirs.

    Raises
    ------
    MissingExtraError
        When the client is not installed.
    IndexServerError
        From every method, when the server cannot be reached or fails.
    """

    kind: ClassVar[str] = "milvus"
    lossless: ClassVar[bool] = False
    links: ClassVar[int] = 32
    build_effort: ClassVar[int] = 128
    search_effort: ClassVar[int] = 256

    def __init__(self, url: str, name: str, dimension: int, *, confirmed: bool = True) -> None:
        check_address(url)
        self.url = url
        self._confirmed = confirmed
        self.name = name
        self.dimension = dimension
        self._connection: Any = None

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """Yield the client, connected at first use; turn its errors into those of the library."""
        self._require_confirmed()
        pymilvus = _pymilvus()
        silent = import_module("grpc").RpcError  # an answer that misses its deadline raises this
        try:
            if self._connection is None:
                token = os.environ.get(TOKEN_VARIABLE, "")
                self._connection = pymilvus.MilvusClient(
                    self.url, token=token, timeout=_BUSY_TIMEOUT
                )
            yield self._connection
        except (pymilvus.MilvusException, silent, OSError, ValueError) as error:
            raise IndexServerError(
                f"index server at {self.url}",
                rule="must be reachable and do what it is asked",
                got=str(error) or type(error).__name__,
                next_step="Start it, or correct the address; the store of the gallery is whole.",
            ) from error

    def _require_confirmed(self) -> None:
        given = os.environ.get(SERVER_VARIABLE, "").split()
        if not self._confirmed and self.url not in given:
            raise IndexServerError(
                f"index server at {self.url}",
                rule=f"must be named by ${SERVER_VARIABLE}, because only the gallery's own file "
                "names it; nothing was sent to it",
                got=" ".join(given) or "no such variable",
                next_step="If the server is yours, set the variable to its address. If not, take "
                "the index back: matcher gallery rebuild GALLERY --index auto",
            )

    def facts(self) -> dict[str, str] | None:
        """Return the facts written on the collection; None if there is no collection."""
        with self._client() as client:
            try:
                described = client.describe_collection(self.name, timeout=_BUSY_TIMEOUT)
            except _pymilvus().MilvusException as error:
                if error.code == _NO_COLLECTION:
                    return None
                raise
            return {str(key): str(value) for key, value in described["properties"].items()}

    def note(self, facts: Mapping[str, str]) -> None:
        """Write facts on the collection; other facts stay."""
        with self._client() as client:
            client.alter_collection_properties(self.name, dict(facts), timeout=_BUSY_TIMEOUT)

    def create(self, facts: Mapping[str, str]) -> None:
        """Create the collection, empty, with facts on it; replace one of the same name."""
        pymilvus = _pymilvus()
        self.drop()
        schema = pymilvus.MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("face_id", pymilvus.DataType.INT64, is_primary=True)
        schema.add_field("vector", pymilvus.DataType.FLOAT_VECTOR, dim=self.dimension)
        effort = {"M": self.links, "efConstruction": self.build_effort}
        with self._client() as client:
            index = client.prepare_index_params()
            index.add_index("vector", params=effort, **_INDEX)
            client.create_collection(
                self.name,
                schema=schema,
                index_params=index,
                consistency_level="Bounded",
                properties=dict(facts),
                timeout=_LONG_TIMEOUT,
            )

    def drop(self) -> None:
        """Delete the collection, if it exists."""
        with self._client() as client:
            if client.has_collection(self.name, timeout=_BUSY_TIMEOUT):
                client.drop_collection(self.name, timeout=_BUSY_TIMEOUT)

    def put(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Write unit vectors; replace earlier vectors of the same faces."""
        with self._client() as client:
            for some in _pages(np.arange(len(ids)), _SENT_AT_ONCE):
                rows = zip(ids[some].tolist(), vectors[some], strict=True)
                data = [{"face_id": face_id, "vector": vector} for face_id, vector in rows]
                client.upsert(self.name, data, timeout=_LONG_TIMEOUT)

    def delete(self, ids: NDArray[np.int64]) -> None:
        """Delete faces, whether or not the collection holds them."""
        with self._client() as client:
            for some in _pages(ids, _ASKED_AT_ONCE):
                client.delete(self.name, ids=some.tolist(), timeout=_LONG_TIMEOUT)

    def seal(self) -> None:
        """Make the server write out all rows, build the graph, and clear deleted rows."""
        with self._client() as client:
            client.flush(self.name, timeout=_LONG_TIMEOUT)
            client.compact(self.name, timeout=_LONG_TIMEOUT)

    def settle(self) -> None:
        """Wait until the server searches its graph. Call it after `seal`.

        Until then, Milvus searches many new rows through a temporary index, which finds fewer of
        the nearest faces. With 100,000 faces it found 17 of the true first twenty among 80
        candidates, against 19.9 with the graph.
        """
        with self._client() as client:
            rows = len(self)
            until = time.monotonic() + _LONG_TIMEOUT + rows * _SLOWEST
            while not self._is_settled(client.list_loaded_segments(self.name), rows):
                if time.monotonic() > until:
                    raise TimeoutError("its graph is not built in time")
                time.sleep(0.2)

    @staticmethod
    def _is_settled(segments: Sequence[Any], rows: int) -> bool:
        """Whether all rows are in the graph, or in segments so small that the server scans them."""
        good = [segment.index_id != 0 or segment.num_rows < _SCANNED_BELOW for segment in segments]
        sealed = all(str(segment.state) == "Sealed" for segment in segments)
        return sealed and all(good) and sum(segment.num_rows for segment in segments) >= rows

    def __len__(self) -> int:
        """Return the number of faces after all writes so far; later reads see those writes too."""
        (row,) = self._query("", ["count(*)"], consistency_level="Strong")
        return int(row["count(*)"])

    def _query(self, expression: str, fields: Sequence[str], **options: Any) -> list[Any]:
        with self._client() as client:
            answer = client.query(
                self.name,
                filter=expression,
                output_fields=list(fields),
                timeout=_LONG_TIMEOUT,
                **options,
            )
            return list(answer)

    def ids(self) -> NDArray[np.int64]:
        """Return all face ids, ascending."""
        face_ids: list[int] = []
        with self._client() as client:
            pages = client.query_iterator(
                self.name, batch_size=_ASKED_AT_ONCE, output_fields=["face_id"]
            )
            while page := pages.next():
                face_ids += (row["face_id"] for row in page)
            pages.close()
        return np.sort(np.array(face_ids, dtype=np.int64))

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add unit vectors under new face ids, and wait until searches see them."""
        vectors = checked_vectors(vectors, self.dimension, "vectors")
        ids = np.asarray(ids, dtype=np.int64)
        different = len(np.unique(ids))
        if ids.shape != (len(vectors),) or (ids < 0).any() or different != len(vectors):
            raise _bad_ids(f"must be {len(vectors)} different numbers >= 0", f"{different}")
        known = len(self.there(ids))
        if known:
            raise _bad_ids("must be new to the index", f"{known} that it already holds")
        self.put(ids, vectors)
        len(self)

    def remove(self, ids: NDArray[np.int64]) -> int:
        """Delete faces, wait until no search sees them, and return how many were there."""
        known = self.there(np.unique(np.asarray(ids, dtype=np.int64)))
        self.delete(known)
        len(self)
        return len(known)

    def there(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the faces that the collection holds, ascending."""
        found = [row["face_id"] for some in _pages(ids) for row in self._read(some, ["face_id"])]
        return np.sort(np.array(found, dtype=np.int64))

    def _read(self, ids: NDArray[np.int64], fields: Sequence[str]) -> list[Any]:
        return self._query(f"face_id in {ids.tolist()}", fields)

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of faces that the collection holds, as they were sent."""
        wanted, places = np.unique(np.asarray(ids, dtype=np.int64), return_inverse=True)
        table = np.full((len(wanted), self.dimension), np.nan, dtype=np.float32)
        for some, vectors in self._held(wanted):
            table[np.searchsorted(wanted, some)] = vectors
        missing = int(np.isnan(table[:, 0]).sum())
        if missing:
            raise _bad_ids("must be in the index", f"{missing} that are not")
        return table[places.reshape(-1)]

    def _held(self, ids: NDArray[np.int64]) -> Iterator[Page]:
        """Yield the faces that the collection holds, a page at a time."""
        for some in _pages(ids, _SENT_AT_ONCE):
            rows = self._read(some, ["face_id", "vector"])
            vectors = np.array([row["vector"] for row in rows], dtype=np.float32)
            face_ids = np.array([row["face_id"] for row in rows], dtype=np.int64)
            yield face_ids, vectors.reshape(len(rows), self.dimension)

    def candidates(self, queries: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Return the ids of the nearest faces as the server ranks them, -1 for none.

        Parameters
        ----------
        queries
            float32 array of shape (n, d), unit rows.
        count
            Number of faces for each query, in [1, `MOST`].

        Returns
        -------
        int64 array of shape (n, count)
        """
        ids = np.full((len(queries), count), -1, dtype=np.int64)
        effort = {"ef": min(2 * MOST, max(self.search_effort, count))}
        with self._client() as client:
            for some in _pages(np.arange(len(queries)), max(1, _ANSWERED_AT_ONCE // count)):
                answers = client.search(
                    self.name,
                    data=list(queries[some]),
                    limit=count,
                    search_params={"metric_type": "IP", "params": effort},
                    consistency_level="Bounded",
                    timeout=_LONG_TIMEOUT,
                )
                for row, hits in zip(some, answers, strict=True):
                    ids[row, : len(hits)] = [hit["id"] for hit in hits]
        return ids

    def search(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> Found:
        """Rank the server's candidates, at most `MOST`; with `allowed`, compare with each one."""
        queries = checked_query(queries, self.dimension, k)
        if allowed is not None:
            return scan(self._held(np.unique(allowed)), queries, k)
        if not len(queries):
            return best(np.empty((0, k), np.float32), np.empty((0, k), np.int64), k)
        return rerank(queries, self.candidates(queries, min(MOST, 2 * k)), self.vectors, k)


def check_address(url: str) -> None:
    """Raise InputError unless `url` is the address of a server, without credentials.

    Raises
    ------
    MissingExtraError
        When the client is not installed.
    """
    parts = urlsplit(url)
    known = "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or known:
        raise InputError(
            "address of the index server",
            rule=f"must be http://HOST:PORT, without credentials: those are read from "
            f"${TOKEN_VARIABLE}",
            got="one with credentials" if known else repr(url),
            next_step=f'Give "{SERVED}http://127.0.0.1:19530", say.',
        )
    _pymilvus()


def _pymilvus() -> Any:
    try:
        pymilvus = import_module("pymilvus")
    except ImportError as error:
        raise MissingExtraError(
            "index on a Milvus server",
            rule="needs pymilvus",
            got="no such package",
            next_step='Run: pip install "pymilvus>=3.0,<4".',
        ) from error
    # pymilvus prints the trace of every error to stderr, although it also raises the error.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    return pymilvus


def _pages(rows: NDArray[np.int64], size: int = _ASKED_AT_ONCE) -> Iterator[NDArray[np.int64]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _bad_ids(rule: str, got: str) -> InputError:
    next_step = "Give each vector its own new face id, and ask only for ids that a search returned."
    return InputError("face ids", rule=rule, got=got, next_step=next_step)
