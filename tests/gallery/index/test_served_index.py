"""An index on a real server keeps the promises of the conformance kit."""

# ruff: noqa: F401 - fixtures are imported by name

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest
from index_servers import IndexServer, milvus, postgres

from matcher.gallery.index import FaceIndex, ServedIndex
from matcher.gallery.index.milvus_index import MilvusIndex
from matcher.gallery.index.postgres_index import PostgresIndex
from matcher.testing import clustered_unit_vectors
from matcher.testing.conformance import IndexConformance, scan

pytestmark = pytest.mark.slow


class ServedConformance(IndexConformance):
    least_recall = 0.99
    decoding_error = 1e-6  # vectors come back bit for bit; only the search is not exact
    made_by: ClassVar[type[ServedIndex]]

    @pytest.fixture(autouse=True)
    def _tables(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[None]:
        self._server: IndexServer = request.getfixturevalue(self.made_by.kind)
        for name, value in self._server.environment.items():
            monkeypatch.setenv(name, value)
        self._made: list[ServedIndex] = []
        yield
        for index in self._made:
            index.drop()

    def make_index(self, dimension: int) -> FaceIndex:
        index = self.made_by(self._server.url, f"test_{secrets.token_hex(8)}", dimension)
        index.create({})
        self._made.append(index)
        self.prepare(index)
        return index

    def prepare(self, index: ServedIndex) -> None:
        """Bring an empty table to the state that is tested."""

    def complete(self, index: FaceIndex) -> ServedIndex:
        """Bring a full table to the state in which a sending leaves it."""
        assert isinstance(index, ServedIndex)
        index.settle(len(index))
        index.finish()
        return index

    def read_back(self, index: FaceIndex) -> FaceIndex:
        done = self.complete(index)
        return type(done)(done.url, done.name, done.dimension)

    def bytes_of(self, index: FaceIndex) -> bytes:
        return index.vectors(index.ids()).tobytes()

    def test_vectors_come_back_bit_for_bit(self) -> None:
        vectors = clustered_unit_vectors(100, 4, 32, seed=10)
        index = self.filled(vectors, np.arange(400))
        np.testing.assert_array_equal(index.vectors(np.array([399, 3, 3])), vectors[[399, 3, 3]])

    def test_faces_sent_twice_are_held_once(self) -> None:
        vectors = clustered_unit_vectors(100, 4, 32, seed=21)
        index = self.filled(vectors, np.arange(400))
        assert isinstance(index, ServedIndex)
        index.put(np.arange(100), vectors[300:])
        assert len(index) == 400
        np.testing.assert_array_equal(index.vectors(np.array([0])), vectors[300:301])

    def test_a_complete_table_agrees_with_a_scan_as_well(self) -> None:
        vectors = clustered_unit_vectors(1000, 4, 32, seed=22)
        index = self.complete(self.filled(vectors, np.arange(4000)))
        truth = scan(vectors[::40], vectors, np.arange(4000), 20)
        self.assert_agrees(index.search(vectors[::40], 20), truth, self.least_recall)

    def test_many_new_faces_are_found_as_soon_as_the_server_has_settled(self) -> None:
        vectors = clustered_unit_vectors(5000, 4, 128, seed=23)
        index = self.make_index(128)
        assert isinstance(index, ServedIndex)
        with index.changing(20_000):
            index.put(np.arange(20_000), vectors)
        self.complete(index)
        queries = vectors[::100]
        proposed = index.candidates(queries, 80)
        _scores, true = scan(queries, vectors, np.arange(20_000), 20)
        found = [np.isin(one, other).mean() for one, other in zip(true, proposed, strict=True)]
        assert np.mean(found) >= 0.99

    def test_facts_are_noted_one_by_one_and_go_with_the_table(self) -> None:
        index = self.make_index(16)
        assert isinstance(index, ServedIndex)
        index.note({"one": 'it\'s 100 % \\ "so"', "two": "2"})
        index.note({"two": "3"})
        facts = index.facts() or {}
        assert (facts["one"], facts["two"]) == ('it\'s 100 % \\ "so"', "3")
        index.drop()
        index.drop()
        assert index.facts() is None


class TestMilvus(ServedConformance):
    made_by = MilvusIndex


class TestPostgres(ServedConformance):
    """Below the size at which it has a graph: every list is that of a scan."""

    made_by = PostgresIndex
    least_recall = 1.0


class TestPostgresGraph(ServedConformance):
    """With a graph into which each vector was inserted."""

    made_by = PostgresIndex

    @pytest.fixture(autouse=True)
    def _always_a_graph(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(PostgresIndex, "graph_from", 0)

    def prepare(self, index: ServedIndex) -> None:
        index.finish()

    def test_the_graph_is_searched(self) -> None:
        index = self.filled(clustered_unit_vectors(500, 4, 32, seed=1), np.arange(2000))
        assert isinstance(index, PostgresIndex)
        with index._session() as connection, connection.transaction():
            connection.execute("SET LOCAL enable_seqscan = off")
            query = index._sql(
                "EXPLAIN SELECT face_id FROM {table} ORDER BY vector <#> %s::vector LIMIT 80"
            )
            plan = str(connection.execute(query, (str([0.0] * 32),)).fetchall())
        assert f"Index Scan using {index.name}_graph" in plan
