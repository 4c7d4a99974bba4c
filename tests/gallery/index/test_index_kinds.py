"""Every kind of index keeps the promises of the conformance kit."""

from typing import ClassVar

import numpy as np
import pytest

from matcher.errors import InputError
from matcher.gallery.index import (
    KINDS,
    FaceIndex,
    check_kind,
    checked_vectors,
    choose_kind,
    read_index,
)
from matcher.gallery.index.mapped.kinds import new_index, outgrown
from matcher.gallery.index.mapped.rows import AlteredRowsError, CodedRows
from matcher.gallery.index.mapped.table_index import CodedIndex, TableIndex
from matcher.testing import random_unit_vectors
from matcher.testing.conformance import IndexConformance, model_of, written


class TestExact(IndexConformance):
    def make_index(self, dimension: int) -> FaceIndex:
        return TableIndex(dimension)

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


class TestCoded(IndexConformance):
    def make_index(self, dimension: int) -> FaceIndex:
        return CodedIndex(dimension)


class TestExactFromAFile(IndexConformance):
    """What is in a file, with and without faces that came since."""

    kind: ClassVar[type[TableIndex]] = TableIndex

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path):
        self._folder = tmp_path

    def make_index(self, dimension: int) -> FaceIndex:
        return self.kind(dimension)

    def filled(self, vectors, ids):
        half = len(ids) // 2
        index = self.make_index(vectors.shape[1])
        index.add(ids[:half], vectors[:half])
        index = self.read_back(index)
        index.add(ids[half:], vectors[half:])
        return index


class TestCodedFromAFile(TestExactFromAFile):
    """With few faces no codes are used, and everything is exact."""

    kind = CodedIndex


class TestCodes(IndexConformance):
    """The codes propose candidates, also where there are few faces."""

    least_recall = 0.95

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch):
        monkeypatch.setattr("matcher.gallery.index.mapped.index_file.LEAST", 32)
        monkeypatch.setattr("matcher.gallery.index.mapped.rows.FIRST_PASS", 300)
        monkeypatch.setattr("matcher.gallery.index.mapped.rows.PROPOSED", 4)
        monkeypatch.setattr("matcher.gallery.index.mapped.rows.SHARE_SCANNED", 1)

    def make_index(self, dimension: int) -> FaceIndex:
        return CodedIndex(dimension)

    def filled(self, vectors, ids):
        index = self.make_index(vectors.shape[1])
        index.add(ids, vectors)
        return self.read_back(index)

    def test_they_are_used(self, monkeypatch):
        vectors = random_unit_vectors(600, 16, seed=1)
        index = self.filled(vectors, np.arange(600))
        assert isinstance(index.written, CodedRows)
        monkeypatch.setattr(CodedRows, "pages", lambda *_: pytest.fail("all vectors were compared"))
        np.testing.assert_array_equal(index.search(vectors[:5], 1)[1][:, 0], np.arange(5))

    def test_a_changed_vector_is_noticed_when_it_is_ranked(self, tmp_path):
        vectors = random_unit_vectors(600, 16, seed=1)
        index = self.make_index(16)
        index.add(np.arange(600), vectors)
        file = written(tmp_path, index)
        data = bytearray(file.read_bytes())
        data[data.index(vectors[7].tobytes()) + 3] ^= 1
        file.write_bytes(data)
        altered = read_index(tmp_path, model_of(index))[0]
        with pytest.raises(AlteredRowsError):
            altered.search(vectors[7:8], 5)


UP_TO = {kind.name: kind.up_to for kind in KINDS}
EXACT_UP_TO = UP_TO["exact"]


@pytest.mark.parametrize(
    ("faces", "kind"),
    [
        (0, "exact"),
        (EXACT_UP_TO, "exact"),
        (EXACT_UP_TO + 1, "coded"),
        (10**12, "coded"),
    ],
)
def test_auto_follows_the_number_of_faces(faces, kind):
    assert choose_kind("auto", faces) == kind
    assert choose_kind("coded", faces) == "coded"


def test_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match="exact"):
        check_kind("annoy")


def test_every_kind_is_made_by_the_class_that_bears_its_name():
    for kind in KINDS:
        index = new_index(kind.name, 8)
        assert (index.kind, index.dimension, len(index)) == (kind.name, 8, 0)
        check_kind(kind.name)


def test_auto_always_finds_a_kind_and_ever_larger_ones():
    sizes = [0, 1, EXACT_UP_TO, EXACT_UP_TO + 1, 10**12]
    names = [kind.name for kind in KINDS]
    places = [names.index(choose_kind("auto", size)) for size in sizes]
    assert places == sorted(places)
    for size in sizes:
        assert not outgrown("auto", choose_kind("auto", size), size)
        assert not outgrown("exact", "exact", size)
    assert outgrown("auto", "exact", EXACT_UP_TO + 1)
    assert not outgrown("auto", "coded", 1)


def test_vectors_slightly_off_are_put_on_the_sphere():
    vectors = random_unit_vectors(3, 8, seed=1)
    checked = checked_vectors(vectors * np.float32(1.0005), 8, "vectors")
    np.testing.assert_allclose(np.linalg.norm(checked, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(checked_vectors(vectors, 8, "vectors"), vectors)
