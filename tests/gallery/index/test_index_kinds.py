"""Every kind of index keeps the promises of the conformance kit."""

import numpy as np
import pytest

from matcher.errors import InputError
from matcher.gallery.index import KINDS, FaceIndex, check_kind, checked_vectors, choose_kind
from matcher.gallery.index.faiss_index import ExactIndex, HnswIndex
from matcher.gallery.index.ivf_index import IvfIndex, IvfSq8Index, lists_for
from matcher.gallery.index.kinds import new_index, outgrown
from matcher.testing import clustered_unit_vectors, random_unit_vectors
from matcher.testing.conformance import IndexConformance, scan


class TestExact(IndexConformance):
    def make_index(self, dimension: int) -> FaceIndex:
        return ExactIndex(dimension)

    def test_ties_across_the_end_of_the_list_are_resolved_by_face_id(self):
        same = np.repeat(random_unit_vectors(1, 16, seed=1), 300, axis=0)
        vectors = np.concatenate([same, random_unit_vectors(300, 16, seed=2)])
        ids = np.random.default_rng(3).permutation(600)
        index = self.filled(vectors, ids)
        scores, found = index.search(same[:2], 20)
        np.testing.assert_array_equal(found, np.tile(np.sort(ids[:300])[:20], (2, 1)))
        assert (scores == scores[0, 0]).all()

    def test_ties_among_allowed_faces_too(self):
        same = np.repeat(random_unit_vectors(1, 16, seed=1), 300, axis=0)
        index = self.filled(same, np.arange(300))
        allowed = np.arange(100, 200)
        np.testing.assert_array_equal(index.search(same[:1], 5, allowed)[1], [allowed[:5]])


class TestHnsw(IndexConformance):
    least_recall = 0.99

    def make_index(self, dimension: int) -> FaceIndex:
        return HnswIndex(dimension)

    def test_needs_a_rebuild_when_a_tenth_is_gone(self):
        vectors = random_unit_vectors(100, 16, seed=1)
        index = self.filled(vectors, np.arange(100))
        index.remove(np.arange(10))
        assert not index.needs_rebuild
        index.remove(np.array([10]))
        assert index.needs_rebuild

    def test_a_tenth_of_empty_nodes_costs_little_recall(self):
        vectors = clustered_unit_vectors(1000, 4, 64, seed=2)
        ids = np.arange(4000)
        index = self.filled(vectors, ids)
        index.remove(ids[::10])
        rest = np.setdiff1d(ids, ids[::10])
        truth = scan(vectors[:200], vectors[rest], rest, 20)
        self.assert_agrees(index.search(vectors[:200], 20), truth, 0.98)


class TestIvf(IndexConformance):
    least_recall = 0.95

    def make_index(self, dimension: int) -> FaceIndex:
        return IvfIndex(dimension)

    def test_needs_a_rebuild_when_it_outgrew_its_lists(self):
        vectors = random_unit_vectors(10_000, 16, seed=1)
        index = self.filled(vectors[:400], np.arange(400))
        assert not index.needs_rebuild
        index.add(np.arange(400, 10_000), vectors[400:])
        assert index.needs_rebuild


class TestIvfSq8(IndexConformance):
    least_recall = 0.85

    def make_index(self, dimension: int) -> FaceIndex:
        return IvfSq8Index(dimension)


UP_TO = {kind.name: kind.up_to for kind in KINDS}
EXACT_UP_TO, HNSW_UP_TO = UP_TO["exact"], UP_TO["hnsw"]


@pytest.mark.parametrize(
    ("faces", "kind"),
    [
        (0, "exact"),
        (EXACT_UP_TO, "exact"),
        (EXACT_UP_TO + 1, "hnsw"),
        (HNSW_UP_TO, "hnsw"),
        (HNSW_UP_TO + 1, "ivf-sq8"),
    ],
)
def test_auto_follows_the_number_of_faces(faces, kind):
    assert choose_kind("auto", faces) == kind
    assert choose_kind("ivf", faces) == "ivf"


def test_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match="exact"):
        check_kind("annoy")


def test_every_kind_is_made_by_the_class_that_bears_its_name():
    for kind in KINDS:
        index = new_index(kind.name, 8)
        assert (index.kind, index.dimension, len(index)) == (kind.name, 8, 0)
        check_kind(kind.name)


def test_auto_always_finds_a_kind_and_ever_larger_ones():
    sizes = [0, 1, EXACT_UP_TO, EXACT_UP_TO + 1, HNSW_UP_TO, HNSW_UP_TO + 1, 10**12]
    names = [kind.name for kind in KINDS]
    places = [names.index(choose_kind("auto", size)) for size in sizes]
    assert places == sorted(places)
    for size in sizes:
        assert not outgrown("auto", choose_kind("auto", size), size)
        assert not outgrown("exact", "exact", size)
    assert outgrown("auto", "exact", EXACT_UP_TO + 1)
    assert not outgrown("auto", "ivf-sq8", 1)


def test_the_number_of_lists_grows_with_the_root_and_is_bounded():
    assert lists_for(0) == 1
    assert lists_for(100) == 2
    assert lists_for(1_000_000) == 4000
    assert lists_for(10**9) == 8192


def test_vectors_slightly_off_are_put_on_the_sphere():
    vectors = random_unit_vectors(3, 8, seed=1)
    checked = checked_vectors(vectors * np.float32(1.0005), 8, "vectors")
    np.testing.assert_allclose(np.linalg.norm(checked, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(checked_vectors(vectors, 8, "vectors"), vectors)
