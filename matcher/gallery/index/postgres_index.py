"""An index on a PostgreSQL server with pgvector: one table of face ids and vectors."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from matcher.errors import IndexServerError
from matcher.gallery.index.paged_scan import Page
from matcher.gallery.index.postgres_connection import (
    LONG,
    PostgresConnection,
    place_of,
    psycopg_module,
)
from matcher.gallery.index.served_index import ServedIndex, pages

_EXTENSION: Final = "vector"
OLDEST: Final = (0, 8)
"""First version of pgvector whose graph can be searched until enough faces are found."""

_ASKED_AT_ONCE: Final = 8_000
_SENT_AT_ONCE: Final = 10_000
_QUERIES_AT_ONCE: Final = 100
"""Ids in one statement, vectors in one copy, queries that are sent before an answer is read."""

_BUSY_TIMEOUT: Final = 10.0
"""Seconds to wait for a short answer; for others it is `LONG`."""

_SLOWEST: Final = 0.01
"""Seconds that building or clearing the graph may take for each face. On two cores building took
0.0006."""

_INSERTED: Final = 4
"""How much longer inserting a face into the graph takes than building the graph, for each face."""

_CLEARED: Final = 300
"""How much longer clearing a face from the graph takes than building the graph, for each face."""

_MOST_IN_GRAPH: Final = 2_000
"""Longest vector that pgvector's graph takes."""

_BYTES_IN_PAGE: Final = 8_000
_OF_A_LINK: Final = 24
_MOST_MEMORY: Final = 2**30
"""What a row may take in a page; bytes of a link of the graph; bytes to build a graph in, at most.
A server that allows more by itself takes more."""

_UNCLEARED: Final = "postgres.uncleared"
"""Fact that says that rows were deleted since the last VACUUM."""

_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"


class PostgresIndex(ServedIndex):
    """A table on a PostgreSQL server, searched through the graph of pgvector (HNSW).

    User, password and TLS are those of libpq's environment variables and files: PGUSER, PGPASSWORD
    or PGPASSFILE, PGSSLMODE, PGSSLROOTCERT. They never stand in the address.

    Parameters
    ----------
    url
        Address of the server and of a database, `postgresql://HOST:PORT/DATABASE`.
    name, dimension, confirmed
        As in `ServedIndex`.
    """

    kind: ClassVar[str] = "postgres"
    most: ClassVar[int] = 1_000  # the largest ef_search that pgvector takes
    server_variable: ClassVar[str] = "MATCHER_POSTGRES_SERVER"
    links: ClassVar[int] = 16
    build_effort: ClassVar[int] = 64
    search_effort: ClassVar[int] = 768
    graph_from: ClassVar[int] = 50_000
    """Number of faces from which a graph is built. Fewer are compared one by one: at 128-d that
    took 11 ms for so many, and misses none."""

    def __init__(self, url: str, name: str, dimension: int, *, confirmed: bool = True) -> None:
        super().__init__(url, name, dimension, confirmed=confirmed)
        self._server = PostgresConnection(*place_of(url))
        self._alone = threading.RLock()

    @classmethod
    def check_address(cls, url: str) -> None:
        """Raise InputError unless `url` is `postgresql://HOST:PORT/DATABASE` and nothing more.

        Raises
        ------
        MissingExtraError
            When the client is not installed.
        """
        place_of(url)
        psycopg_module()

    @contextmanager
    def _session(self, limit: float | None = LONG) -> Iterator[Any]:
        """Yield the connection, to one thread at a time, and turn its errors into the library's.

        `limit` is the number of seconds for each statement, and for all that is done within.
        """
        self.require_confirmed()
        psycopg = psycopg_module()
        try:
            with self._alone, self._server.used(limit) as connection:
                yield connection
        except psycopg.Error as error:
            raise self._error(error) from error

    def _error(self, error: Any) -> IndexServerError:
        # Only the first line of the server's answer: the rest may repeat values of a row.
        got = error.diag.message_primary or " ".join(str(error).split())
        return IndexServerError(
            f"index server at {self.url}",
            rule="must be reachable and do what it is asked",
            got=got or type(error).__name__,
            next_step="Start it, correct the address, or give $PGUSER and $PGPASSWORD; the store "
            "of the gallery is whole.",
        )

    def _sql(self, text: str, **values: int) -> Any:
        """Return a statement with the names of the table and its graph, and whole numbers."""
        sql = psycopg_module().sql
        return sql.SQL(text).format(
            table=sql.Identifier(self.name),
            graph=sql.Identifier(self._graph),
            **{name: sql.Literal(value) for name, value in values.items()},
        )

    @property
    def _graph(self) -> str:
        return f"{self.name}_graph"

    def facts(self) -> dict[str, str] | None:
        """Return the facts in the table's comment; None if there is no table."""
        with self._session(_BUSY_TIMEOUT) as connection:
            row = connection.execute(
                "SELECT obj_description(oid, 'pg_class') FROM pg_class WHERE oid = to_regclass(%s)",
                (self.name,),
            ).fetchone()
        if row is None:
            return None
        try:
            found = json.loads(row[0] or "{}")
        except ValueError:
            return {}  # a table of somebody else
        return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}

    def note(self, facts: Mapping[str, str]) -> None:
        """Write facts into the table's comment; other facts stay."""
        literal = psycopg_module().sql.Literal
        with self._session() as connection, connection.transaction():
            text = json.dumps((self.facts() or {}) | dict(facts))
            statement = self._sql("COMMENT ON TABLE {table} IS ")
            connection.execute(statement + literal(text))

    def create(self, facts: Mapping[str, str]) -> None:
        """Create the table, empty, with facts on it; replace one of the same name."""
        with self._session() as connection:
            self._require_extension(connection)
            with connection.transaction():
                self.drop()
                connection.execute(
                    self._sql(
                        "CREATE TABLE {table}"
                        " (face_id bigint PRIMARY KEY, vector vector({dimension}) NOT NULL)",
                        dimension=self.dimension,
                    )
                )
                if 4 * self.dimension < _BYTES_IN_PAGE:
                    connection.execute(
                        self._sql("ALTER TABLE {table} ALTER vector SET STORAGE PLAIN")
                    )
                self.note(facts)

    def _require_extension(self, connection: Any) -> None:
        """Create the extension if the database has none; raise IndexServerError for an old one."""
        version = self._version(connection)
        if version is None:
            psycopg = psycopg_module()
            try:
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            except psycopg.Error as error:
                if connection.closed:
                    raise
                raise self._bad_extension(str(error.diag.message_primary)) from error
            version = self._version(connection) or "none"
        if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST:
            raise self._bad_extension(f"version {version}")

    def _version(self, connection: Any) -> str | None:
        row = connection.execute(
            "SELECT extversion FROM pg_extension WHERE extname = %s", (_EXTENSION,)
        ).fetchone()
        return None if row is None else str(row[0])

    def _bad_extension(self, got: str) -> IndexServerError:
        oldest = ".".join(map(str, OLDEST))
        return IndexServerError(
            f"index server at {self.url}",
            rule=f"must have the extension pgvector {oldest} or newer in this database",
            got=got,
            next_step="Have its administrator install pgvector and run CREATE EXTENSION vector, or "
            "ALTER EXTENSION vector UPDATE, in the database.",
        )

    def drop(self) -> None:
        """Delete the table, if it exists."""
        with self._session() as connection:
            connection.execute(self._sql("DROP TABLE IF EXISTS {table}"))

    @contextmanager
    def changing(self, faces: int) -> Iterator[None]:
        """Keep the changes that are made within, or none: they are one transaction.

        Many faces go into no graph; `finish` builds it anew. Until then searches compare with each
        face.
        """
        with self._session(None) as connection, connection.transaction():
            if faces and _INSERTED * faces > len(self) + faces:
                connection.execute(self._sql("DROP INDEX IF EXISTS {graph}"))
            yield

    def put(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Write unit vectors; replace earlier vectors of the same faces."""
        copy = self._sql("COPY {table} (face_id, vector) FROM STDIN (FORMAT binary)")
        with self._session() as connection, connection.transaction():
            for some in pages(np.arange(len(ids)), _SENT_AT_ONCE):
                self.delete(ids[some])
                with connection.cursor() as cursor, cursor.copy(copy) as sent:
                    sent.write(_HEAD + _as_rows(ids[some], vectors[some]) + _TAIL)

    def delete(self, ids: NDArray[np.int64]) -> None:
        """Delete faces, whether or not the table holds them; if many, the graph is built anew."""
        statement = self._sql("DELETE FROM {table} WHERE face_id = ANY(%s::bigint[])")
        with self._session() as connection, connection.transaction():
            gone = sum(
                connection.execute(statement, (some.tolist(),)).rowcount
                for some in pages(ids, _ASKED_AT_ONCE)
            )
            if gone:
                self.note({_UNCLEARED: "yes"})
            if _CLEARED * gone > len(self):
                connection.execute(self._sql("DROP INDEX IF EXISTS {graph}"))

    def settle(self, sent: int) -> None:
        """Do nothing: searches find a row as soon as its transaction is over."""

    def finish(self) -> None:
        """Clear what deleted rows left, and build the graph if there is none and it pays.

        Without a graph the table is written anew. With one, that would build the graph anew too: so
        only the graph's copies are overwritten, and the table's free space may hold old ones.
        """
        graph = self._has_graph()
        if (self.facts() or {}).get(_UNCLEARED) == "yes":
            how = "VACUUM (INDEX_CLEANUP ON) {table}" if graph else "VACUUM (FULL) {table}"
            with self._session(self._patience()) as connection:
                connection.execute(self._sql(how))
            self.note({_UNCLEARED: "no"})
        if self.dimension <= _MOST_IN_GRAPH and not graph:
            rows = len(self)
            if rows >= self.graph_from:
                self._build(rows)

    def _patience(self) -> float:
        return LONG + len(self) * _SLOWEST

    def _has_graph(self) -> bool:
        with self._session() as connection:
            row = connection.execute("SELECT to_regclass(%s)", (self._graph,)).fetchone()
            return row[0] is not None

    def _build(self, rows: int) -> None:
        psycopg = psycopg_module()
        try:
            self._build_with(rows, "")
        except IndexServerError as error:
            # A container gives a server 64 MB of the memory that its processes share.
            if not isinstance(error.__cause__, psycopg.errors.DiskFull):
                raise
            self._build_with(rows, "SET LOCAL max_parallel_maintenance_workers = 0")

    def _build_with(self, rows: int, setting: str) -> None:
        wanted = min(_MOST_MEMORY, rows * (8 * self.dimension + 2 * self.links * _OF_A_LINK))
        with self._session(self._patience()) as connection, connection.transaction():
            connection.execute(
                "SELECT set_config(name, greatest(setting::bigint, %s) || 'kB', true)"
                " FROM pg_settings WHERE name = 'maintenance_work_mem'",
                (wanted // 1024,),
            )
            if setting:
                connection.execute(setting)
            connection.execute(
                self._sql(
                    "CREATE INDEX {graph} ON {table} USING hnsw (vector vector_ip_ops)"
                    " WITH (m = {links}, ef_construction = {effort})",
                    links=self.links,
                    effort=self.build_effort,
                )
            )

    def __len__(self) -> int:
        """Return the number of faces; within `changing`, with its changes."""
        with self._session() as connection:
            row = connection.execute(self._sql("SELECT count(*) FROM {table}")).fetchone()
            return int(row[0])

    def ids(self) -> NDArray[np.int64]:
        """Return all face ids, ascending."""
        with self._session() as connection:
            found = connection.execute(self._sql("SELECT face_id FROM {table}")).fetchall()
        return np.sort(np.array(found, dtype=np.int64).reshape(-1))

    def there(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the faces that the table holds, ascending."""
        statement = self._sql("SELECT face_id FROM {table} WHERE face_id = ANY(%s::bigint[])")
        found: list[Any] = []
        with self._session() as connection:
            for some in pages(ids, _ASKED_AT_ONCE):
                found += connection.execute(statement, (some.tolist(),)).fetchall()
        return np.sort(np.array(found, dtype=np.int64).reshape(-1))

    def held(self, ids: NDArray[np.int64]) -> Iterator[Page]:
        """Give the faces that the table holds with their vectors, a page at a time."""
        statement = self._sql(
            "SELECT face_id, vector FROM {table} WHERE face_id = ANY(%s::bigint[])"
        )
        for some in pages(ids, _SENT_AT_ONCE):
            with self._session() as connection:
                rows = connection.execute(statement, (some.tolist(),), binary=True).fetchall()
            # Two short numbers, the dimension and zero, stand before the numbers of a vector.
            data = np.frombuffer(b"".join(bytes(row[1])[4:] for row in rows), dtype=">f4")
            vectors = data.astype(np.float32).reshape(len(rows), self.dimension)
            yield np.array([row[0] for row in rows], dtype=np.int64), vectors

    def candidates(self, queries: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Return the ids of the nearest faces as the server ranks them, see `ServedIndex`."""
        ids = np.full((len(queries), count), -1, dtype=np.int64)
        for some in pages(np.arange(len(queries)), _QUERIES_AT_ONCE):
            self._fill(ids, queries, some, graph=True)
        short = np.flatnonzero((ids < 0).any(axis=1))
        if len(short) and (ids[short] >= 0).sum(axis=1).min() < len(self):
            ids[short] = -1  # deleted rows took places in the graph: compare one by one
            for some in pages(short, _QUERIES_AT_ONCE):
                self._fill(ids, queries, some, graph=False)
        return ids

    def _fill(
        self,
        ids: NDArray[np.int64],
        queries: NDArray[np.float32],
        rows: NDArray[np.int64],
        *,
        graph: bool,
    ) -> None:
        """Ask for the nearest faces of some queries, in one message, and write them to `ids`."""
        count = ids.shape[1]
        effort = min(self.most, max(self.search_effort, count))
        settings = {"hnsw.ef_search": str(effort), "hnsw.iterative_scan": "strict_order"}
        if not graph:
            settings = {"enable_indexscan": "off", "enable_seqscan": "on"}
        statement = self._sql(
            "SELECT face_id FROM {table} ORDER BY vector <#> %s::vector LIMIT {count}", count=count
        )
        with self._session() as connection:
            with connection.pipeline(), connection.transaction():
                for name, value in settings.items():
                    connection.execute("SELECT set_config(%s, %s, true)", (name, value))
                answers = [
                    connection.execute(statement, (json.dumps(queries[row].tolist()),))
                    for row in rows
                ]
            for row, answer in zip(rows, answers, strict=True):
                found = [one[0] for one in answer.fetchall()]
                ids[row, : len(found)] = found


def _as_rows(ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> bytes:
    """Return rows as COPY takes them: number of fields, then each with its length before it."""
    dimension = vectors.shape[1]
    vector = [("dimension", ">i2"), ("zero", ">i2"), ("numbers", ">f4", (dimension,))]
    row = [("fields", ">i2"), ("id_bytes", ">i4"), ("id", ">i8"), ("bytes", ">i4"), *vector]
    table = np.zeros(len(ids), dtype=row)
    table["fields"], table["id_bytes"], table["bytes"] = 2, 8, 4 + 4 * dimension
    table["id"], table["dimension"], table["numbers"] = ids, dimension, vectors
    return table.tobytes()
