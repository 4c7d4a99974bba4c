"""An index on a Milvus server: one collection that holds only face ids and vectors."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from matcher.errors import IndexServerError, InputError, MissingExtraError
from matcher.gallery.index.paged_scan import Page
from matcher.gallery.index.served_index import ServedIndex, pages

TOKEN_VARIABLE: Final = "MATCHER_MILVUS_TOKEN"  # noqa: S105 - a name, not a token
"""Environment variable with `user:password` or an API key, for a server that requires it."""

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

SCANNED: Final = 4_000
"""Faces that the server scans until they are in its graph. For more faces it first makes a
temporary index (from 39 rows for each of 128 lists), which finds fewer."""

_SLOWEST: Final = 0.01
"""Seconds that building the graph may take for each face. On two cores it took 0.001."""

_INDEX: Final = {"index_type": "HNSW", "metric_type": "IP"}


class MilvusIndex(ServedIndex):
    """A collection on a Milvus server, searched through a graph that the server builds (HNSW).

    Parameters
    ----------
    url
        Address of the server, `http://HOST:PORT` or with https, and `/DATABASE` at the end if
        needed.
    name, dimension, confirmed
        As in `ServedIndex`; the name is that of the collection.
    """

    kind: ClassVar[str] = "milvus"
    most: ClassVar[int] = 16_384
    server_variable: ClassVar[str] = "MATCHER_MILVUS_SERVER"
    links: ClassVar[int] = 32
    build_effort: ClassVar[int] = 128
    search_effort: ClassVar[int] = 256

    def __init__(self, url: str, name: str, dimension: int, *, confirmed: bool = True) -> None:
        super().__init__(url, name, dimension, confirmed=confirmed)
        self._connection: Any = None

    @classmethod
    def check_address(cls, url: str) -> None:
        """Raise InputError unless `url` is `http://HOST:PORT`, or with https, and no credentials.

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
                next_step='Give "milvus:http://127.0.0.1:19530", say.',
            )
        _pymilvus()

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """Yield the client, connected at first use; turn its errors into those of the library."""
        self.require_confirmed()
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

    def changing(self, faces: int) -> AbstractContextManager[None]:  # noqa: ARG002
        """Do nothing: Milvus has no transactions."""
        return nullcontext()

    def put(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Write unit vectors; replace earlier vectors of the same faces."""
        with self._client() as client:
            for some in pages(np.arange(len(ids)), _SENT_AT_ONCE):
                rows = zip(ids[some].tolist(), vectors[some], strict=True)
                data = [{"face_id": face_id, "vector": vector} for face_id, vector in rows]
                client.upsert(self.name, data, timeout=_LONG_TIMEOUT)

    def delete(self, ids: NDArray[np.int64]) -> None:
        """Delete faces, whether or not the collection holds them."""
        with self._client() as client:
            for some in pages(ids, _ASKED_AT_ONCE):
                client.delete(self.name, ids=some.tolist(), timeout=_LONG_TIMEOUT)

    def settle(self, sent: int) -> None:
        """Write everything out, wait until searches see it, and for the graph of many faces."""
        self.seal()
        len(self)
        if sent > SCANNED:
            self.await_graph()

    def finish(self) -> None:
        """Do nothing: `settle` leaves nothing undone."""

    def seal(self) -> None:
        """Make the server write out all rows, build the graph, and clear deleted rows."""
        with self._client() as client:
            client.flush(self.name, timeout=_LONG_TIMEOUT)
            client.compact(self.name, timeout=_LONG_TIMEOUT)

    def await_graph(self) -> None:
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
            found = client.query_iterator(
                self.name, batch_size=_ASKED_AT_ONCE, output_fields=["face_id"]
            )
            while page := found.next():
                face_ids += (row["face_id"] for row in page)
            found.close()
        return np.sort(np.array(face_ids, dtype=np.int64))

    def there(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the faces that the collection holds, ascending."""
        found = [
            row["face_id"]
            for some in pages(ids, _ASKED_AT_ONCE)
            for row in self._read(some, ["face_id"])
        ]
        return np.sort(np.array(found, dtype=np.int64))

    def _read(self, ids: NDArray[np.int64], fields: Sequence[str]) -> list[Any]:
        return self._query(f"face_id in {ids.tolist()}", fields)

    def held(self, ids: NDArray[np.int64]) -> Iterator[Page]:
        """Yield the faces that the collection holds, a page at a time."""
        for some in pages(ids, _SENT_AT_ONCE):
            rows = self._read(some, ["face_id", "vector"])
            vectors = np.array([row["vector"] for row in rows], dtype=np.float32)
            face_ids = np.array([row["face_id"] for row in rows], dtype=np.int64)
            yield face_ids, vectors.reshape(len(rows), self.dimension)

    def candidates(self, queries: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Return the ids of the nearest faces as the server ranks them, -1 for none."""
        ids = np.full((len(queries), count), -1, dtype=np.int64)
        effort = {"ef": min(2 * self.most, max(self.search_effort, count))}
        with self._client() as client:
            for some in pages(np.arange(len(queries)), max(1, _ANSWERED_AT_ONCE // count)):
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
