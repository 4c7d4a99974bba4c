"""An index on a real Milvus server keeps the promises of the conformance kit."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import secrets
from collections.abc import Iterator

import numpy as np
import pytest
from milvus_server import MilvusOnLoopback, server

from matcher.gallery.index import FaceIndex
from matcher.gallery.index.milvus_index import MilvusIndex
from matcher.testing import clustered_unit_vectors
from matcher.testing.conformance import IndexConformance, scan

pytest.importorskip("pymilvus")
pytest.importorskip("milvus")

pytestmark = pytest.mark.slow


class TestMilvus(IndexConformance):
    least_recall = 0.99
    decoding_error = 1e-6  # vectors come back bit for bit; only the search is not exact

    @pytest.fixture(autouse=True)
    def _collections(self, server: MilvusOnLoopback) -> Iterator[None]:
        self._server = server
        self._made: list[MilvusIndex] = []
        yield
        for index in self._made:
            index.drop()

    def make_index(self, dimension: int) -> FaceIndex:
        index = MilvusIndex(self._server.url, f"test_{secrets.token_hex(8)}", dimension)
        index.create({})
        self._made.append(index)
        return index

    def read_back(self, index: FaceIndex) -> FaceIndex:
        assert isinstance(index, MilvusIndex)
        index.seal()
        index.settle()
        return MilvusIndex(index.url, index.name, index.dimension)

    def bytes_of(self, index: FaceIndex) -> bytes:
        return index.vectors(index.ids()).tobytes()

    def test_vectors_come_back_bit_for_bit(self) -> None:
        vectors = clustered_unit_vectors(100, 4, 32, seed=10)
        index = self.filled(vectors, np.arange(400))
        np.testing.assert_array_equal(index.vectors(np.array([399, 3, 3])), vectors[[399, 3, 3]])

    def test_faces_sent_twice_are_held_once(self) -> None:
        vectors = clustered_unit_vectors(100, 4, 32, seed=21)
        index = self.filled(vectors, np.arange(400))
        assert isinstance(index, MilvusIndex)
        index.put(np.arange(100), vectors[300:])
        assert len(index) == 400
        np.testing.assert_array_equal(index.vectors(np.array([0])), vectors[300:301])

    def test_a_sealed_collection_agrees_with_a_scan_as_well(self) -> None:
        vectors = clustered_unit_vectors(1000, 4, 32, seed=22)
        index = self.filled(vectors, np.arange(4000))
        assert isinstance(index, MilvusIndex)
        index.seal()
        index.settle()
        truth = scan(vectors[::40], vectors, np.arange(4000), 20)
        self.assert_agrees(index.search(vectors[::40], 20), truth, self.least_recall)

    def test_many_new_faces_are_found_as_soon_as_the_server_has_settled(self) -> None:
        vectors = clustered_unit_vectors(5000, 4, 128, seed=23)
        index = self.make_index(128)
        assert isinstance(index, MilvusIndex)
        index.put(np.arange(20_000), vectors)
        index.seal()
        index.settle()
        queries = vectors[::100]
        proposed = index.candidates(queries, 80)
        _scores, true = scan(queries, vectors, np.arange(20_000), 20)
        found = [np.isin(one, other).mean() for one, other in zip(true, proposed, strict=True)]
        assert np.mean(found) >= 0.99
