"""Tests of what every index must do, to be inherited.

    class TestMyIndex(IndexConformance):
        def make_index(self, dimension: int) -> FaceIndex:
            return MyIndex(dimension)

The truth is a plain NumPy scan in double precision. An index that is not a
`TableIndex` must also provide `read_back` and `bytes_of`.
"""

# ruff: noqa: S101, D102 - these are tests, and their names say what they state

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from matcher.embedding import ModelIdentity
from matcher.errors import InputError
from matcher.gallery.index import INDEX_NAME, FaceIndex, TableIndex, best, read_index, write_index
from matcher.testing.fake import clustered_unit_vectors, random_unit_vectors

Found = tuple[NDArray[np.float32], NDArray[np.int64]]

TOLERANCE = 1e-6
"""Largest difference between a score and the score computed in double precision."""


class IndexConformance:
    """Tests that every `FaceIndex` must pass. Provide `make_index`; adjust what a kind promises.

    Attributes
    ----------
    least_recall
        Share of the true 20 nearest faces that a search among all faces must find. It is 1 for an
        exact index, which must then return exactly the ids of a scan.
    decoding_error
        Largest error of the scores of an index that is not lossless.
    """

    least_recall: ClassVar[float] = 1.0
    decoding_error: ClassVar[float] = 0.02

    def make_index(self, dimension: int) -> FaceIndex:
        """Return an empty index."""
        raise NotImplementedError

    def filled(self, vectors: NDArray[np.float32], ids: NDArray[np.int64]) -> FaceIndex:
        """Return an index that holds the vectors."""
        index = self.make_index(vectors.shape[1])
        index.add(ids, vectors)
        return index

    def assert_agrees(self, found: Found, truth: Found, least_recall: float) -> None:
        """Check the ids by recall, and the scores by the true scores of the same rank."""
        recall = np.mean(
            [
                len(np.intersect1d(ids[ids >= 0], true[true >= 0])) / max(1, (true >= 0).sum())
                for ids, true in zip(found[1], truth[1], strict=True)
            ]
        )
        assert recall >= least_recall, f"recall {recall:.4f}, promised {least_recall}"
        if least_recall == 1:
            np.testing.assert_array_equal(found[1], truth[1])
            np.testing.assert_allclose(found[0], truth[0], atol=TOLERANCE)

    def assert_true_scores(
        self,
        index: FaceIndex,
        queries: NDArray[np.float32],
        everything: NDArray[np.float32],
        found: Found,
    ) -> None:
        """Check that each score is the cosine with the vector of its id (the row's number)."""
        scores, ids = found
        valid = ids >= 0
        true = np.einsum("nd,nkd->nk", queries.astype(np.float64), everything[ids.clip(0)])
        allowance = TOLERANCE if index.lossless else self.decoding_error
        np.testing.assert_allclose(scores[valid], true[valid], atol=allowance)
        assert np.isneginf(scores[~valid]).all()

    def test_agrees_with_a_plain_scan(self) -> None:
        vectors = clustered_unit_vectors(500, 4, 32, seed=1)
        ids = np.arange(len(vectors))
        queries = vectors[::100]
        index = self.filled(vectors, ids)
        found = index.search(queries, 20)
        self.assert_agrees(found, scan(queries, vectors, ids, 20), self.least_recall)
        self.assert_true_scores(index, queries, vectors, found)

    def test_scores_fall_and_equal_scores_come_by_face_id(self) -> None:
        vectors = np.repeat(random_unit_vectors(40, 16, seed=2), 5, axis=0)
        index = self.filled(vectors, np.arange(200))
        scores, ids = index.search(vectors[:3], 8)
        assert (np.diff(scores) <= 0).all()
        tied = np.diff(scores) == 0
        assert (np.diff(ids)[tied] > 0).all()
        np.testing.assert_array_equal(ids[:, :5], np.tile(np.arange(5), (3, 1)))

    def test_one_query_or_many_give_the_same(self) -> None:
        vectors = clustered_unit_vectors(100, 4, 32, seed=3)
        index = self.filled(vectors, np.arange(400))
        together = index.search(vectors[:30], 10)
        alone = [index.search(vectors[row : row + 1], 10) for row in range(30)]
        np.testing.assert_array_equal(together[1], np.vstack([ids for _, ids in alone]))
        scores = np.vstack([scores for scores, _ in alone])
        allowance = 0 if index.lossless else TOLERANCE
        np.testing.assert_allclose(together[0], scores, rtol=0, atol=allowance)

    @pytest.mark.parametrize("share", [0.5, 0.05, 0.002])
    def test_among_allowed_faces_nothing_is_lost(self, share: float) -> None:
        vectors = clustered_unit_vectors(500, 4, 32, seed=4)
        ids = np.arange(len(vectors))
        queries = vectors[::100]
        generator = np.random.default_rng(5)
        allowed = generator.choice(ids, size=int(share * len(ids)), replace=False)
        index = self.filled(vectors, ids)
        found = index.search(queries, 20, allowed)
        assert np.isin(found[1], [*allowed, -1]).all()
        truth = scan(queries, vectors[allowed], allowed, 20)
        self.assert_agrees(found, truth, 1.0 if index.lossless else 0.9)
        self.assert_true_scores(index, queries, vectors, found)

    def test_allowed_faces_that_are_not_there_are_no_error(self) -> None:
        vectors = random_unit_vectors(50, 16, seed=6)
        index = self.filled(vectors, np.arange(50))
        found = index.search(vectors[:2], 3, np.array([7, 999_999]))
        np.testing.assert_array_equal(found[1], [[7, -1, -1], [7, -1, -1]])
        nothing = index.search(vectors[:2], 3, np.array([], dtype=np.int64))
        assert (nothing[1] == -1).all()

    def test_removed_faces_are_never_returned(self) -> None:
        vectors = clustered_unit_vectors(200, 4, 32, seed=7)
        ids = np.arange(800)
        index = self.filled(vectors, ids)
        gone = ids[::4]
        assert index.remove(np.array([*gone, 5_000])) == len(gone)
        assert len(index) == 600
        np.testing.assert_array_equal(index.ids(), np.setdiff1d(ids, gone))
        for allowed in (None, ids):
            found = index.search(vectors[gone], 20, allowed)
            assert not np.isin(found[1], gone).any()
        rest = np.setdiff1d(ids, gone)
        truth = scan(vectors[gone], vectors[rest], rest, 20)
        found = index.search(vectors[gone], 20)
        self.assert_agrees(found, truth, self.least_recall - (self.least_recall < 1) * 0.05)
        assert index.remove(gone) == 0

    def test_the_last_face_can_be_removed(self) -> None:
        vectors = random_unit_vectors(3, 16, seed=8)
        index = self.filled(vectors, np.arange(3))
        assert index.remove(np.arange(3)) == 3
        assert len(index) == 0
        assert (index.search(vectors, 2)[1] == -1).all()

    def test_a_removed_face_can_come_back(self) -> None:
        vectors = random_unit_vectors(300, 16, seed=9)
        index = self.filled(vectors, np.arange(300))
        index.remove(np.array([11, 12]))
        index.add(np.array([12, 11]), vectors[[12, 11]])
        assert len(index) == 300
        found = index.search(vectors[[11, 12]], 1)
        np.testing.assert_array_equal(found[1], [[11], [12]])

    def test_vectors_come_back(self) -> None:
        vectors = clustered_unit_vectors(100, 4, 32, seed=10)
        index = self.filled(vectors, np.arange(400))
        kept = index.vectors(np.array([399, 3, 3]))
        allowance = 0 if index.lossless else self.decoding_error
        np.testing.assert_allclose(kept, vectors[[399, 3, 3]], rtol=0, atol=allowance)
        with pytest.raises(InputError, match="must be in the index"):
            index.vectors(np.array([400]))

    def test_what_is_written_is_read(self) -> None:
        vectors = clustered_unit_vectors(100, 4, 32, seed=11)
        index = self.filled(vectors, np.arange(400))
        index.remove(np.array([1, 2, 3]))
        copy = self.read_back(index)
        assert len(copy) == len(index)
        before, after = index.search(vectors[:20], 10), copy.search(vectors[:20], 10)
        np.testing.assert_array_equal(before[0], after[0])
        np.testing.assert_array_equal(before[1], after[1])
        copy.add(np.array([1]), vectors[1:2])
        assert copy.remove(np.array([1, 5])) == 2

    def read_back(self, index: FaceIndex) -> FaceIndex:
        """Return the index as a later process opens it; a file index goes through its file."""
        with TemporaryDirectory() as folder:
            written(Path(folder), index)
            return read_index(Path(folder), model_of(index))[0]

    def bytes_of(self, index: FaceIndex) -> bytes:
        """Return all vectors as the index gives them out; for a file index, its file."""
        with TemporaryDirectory() as folder:
            return written(Path(folder), index).read_bytes()

    def test_bytes_of_removed_vectors_are_not_written(self) -> None:
        vectors = random_unit_vectors(200, 16, seed=12)
        index = self.filled(vectors, np.arange(200))
        index.remove(np.array([0, 77, 199]))
        data = self.bytes_of(index)
        for row in (0, 77, 199):
            assert vectors[row].tobytes() not in data
        if index.lossless:
            assert vectors[5].tobytes() in data

    def test_answers_have_the_shape_and_types_that_are_promised(self) -> None:
        vectors = random_unit_vectors(5, 16, seed=20)
        index = self.filled(vectors, np.array([9, 2, 7, 1, 5]))
        for k in (3, 5, 8):
            scores, ids = index.search(vectors[:2], k)
            assert scores.shape == ids.shape == (2, k)
            assert scores.dtype == np.float32
            assert ids.dtype == np.int64
        assert index.ids().dtype == np.int64
        np.testing.assert_array_equal(index.ids(), [1, 2, 5, 7, 9])

    def test_an_empty_index_finds_nothing(self) -> None:
        index = self.make_index(16)
        scores, ids = index.search(random_unit_vectors(2, 16, seed=13), 3)
        assert len(index) == 0
        assert len(index.ids()) == 0
        assert scores.shape == ids.shape == (2, 3)
        assert np.isneginf(scores).all()
        assert (ids == -1).all()

    def test_no_query_gives_no_row(self) -> None:
        vectors = random_unit_vectors(20, 16, seed=14)
        scores, ids = self.filled(vectors, np.arange(20)).search(vectors[:0], 3)
        assert scores.shape == ids.shape == (0, 3)

    def test_more_asked_than_there_is(self) -> None:
        vectors = random_unit_vectors(5, 16, seed=15)
        index = self.filled(vectors, np.array([2, 4, 6, 8, 10]))
        scores, ids = index.search(vectors[:1], 9)
        assert set(ids[0, :5].tolist()) == {2, 4, 6, 8, 10}
        assert (ids[0, 5:] == -1).all()
        assert np.isneginf(scores[0, 5:]).all()

    def test_the_order_of_insertion_does_not_matter(self) -> None:
        vectors = clustered_unit_vectors(150, 4, 32, seed=16)
        ids = np.arange(600)
        order = np.random.default_rng(17).permutation(ids)
        in_order = self.filled(vectors, ids).search(vectors[:40], 20)
        shuffled = self.filled(vectors[order], order).search(vectors[:40], 20)
        if self.least_recall == 1:
            np.testing.assert_array_equal(in_order[0], shuffled[0])
            np.testing.assert_array_equal(in_order[1], shuffled[1])
        truth = scan(vectors[:40], vectors, ids, 20)
        self.assert_agrees(in_order, truth, self.least_recall)
        self.assert_agrees(shuffled, truth, self.least_recall)

    def test_added_in_pieces_or_at_once(self) -> None:
        vectors = clustered_unit_vectors(200, 4, 32, seed=18)
        ids = np.arange(800)
        index = self.make_index(32)
        for start in range(0, 800, 37):
            index.add(ids[start : start + 37], vectors[start : start + 37])
        assert len(index) == 800
        truth = scan(vectors[:20], vectors, ids, 20)
        self.assert_agrees(index.search(vectors[:20], 20), truth, self.least_recall)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda vectors: vectors[:, :-1],
            lambda vectors: vectors[0],
            lambda vectors: vectors * 1.01,
            lambda vectors: vectors * np.nan,
            lambda vectors: vectors.astype(int),
        ],
        ids=["dimension", "one row flat", "length", "nan", "integers"],
    )
    def test_bad_vectors_are_refused(self, spoil: object) -> None:
        vectors = random_unit_vectors(10, 16, seed=19)
        index = self.filled(vectors, np.arange(10))
        spoilt = spoil(vectors)  # type: ignore[operator]
        with pytest.raises(InputError):
            index.add(np.arange(100, 110), spoilt)
        with pytest.raises(InputError):
            index.search(spoilt, 3)
        assert len(index) == 10

    @pytest.mark.parametrize("ids", [[3, 50], [50, 50], [-1, 50], [50]])
    def test_bad_ids_are_refused(self, ids: list[int]) -> None:
        vectors = random_unit_vectors(10, 16, seed=20)
        index = self.filled(vectors, np.arange(10))
        with pytest.raises(InputError):
            index.add(np.array(ids), vectors[:2])
        assert len(index) == 10

    def test_none_asked_is_refused(self) -> None:
        vectors = random_unit_vectors(10, 16, seed=21)
        with pytest.raises(InputError, match="at least 1"):
            self.filled(vectors, np.arange(10)).search(vectors, 0)


def scan(
    queries: NDArray[np.float32], vectors: NDArray[np.float32], ids: NDArray[np.int64], k: int
) -> Found:
    """Return the k nearest by a comparison of everything with everything, in double precision."""
    scores = (queries.astype(np.float64) @ vectors.astype(np.float64).T).clip(-1, 1)
    return best(scores.astype(np.float32), np.broadcast_to(ids, scores.shape), k)


def written(folder: Path, index: FaceIndex) -> Path:
    """Write a `TableIndex` into a folder; return its file."""
    write_index(folder, cast(TableIndex, index), model_of(index), 0, "")
    return folder / INDEX_NAME


def model_of(index: FaceIndex) -> ModelIdentity:
    """Return the model that the file of an index names."""
    return ModelIdentity("of-the-kit", "1", "0" * 64, "0" * 64, index.dimension)
