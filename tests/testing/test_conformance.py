"""The conformance kit: a plain index passes all of it, and every flaw is caught by its test."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from matcher.errors import InputError
from matcher.gallery.index import FaceIndex, checked_query, checked_vectors
from matcher.testing.conformance import IndexConformance, scan

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]
Found = tuple[Vectors, Ids]

FLAWS = (
    AssertionError,
    ValueError,  # InputError too
    IndexError,
    KeyError,
    pytest.fail.Exception,
)
"""What a test ends with that has found one."""


def refused(what: str) -> InputError:
    return InputError(what, rule="must be in the index", got="others", next_step="Look again.")


class Plain:
    """A table, and a loop over it."""

    kind, lossless = "exact", True

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.rows = np.empty(0, np.int64)
        self.table = np.empty((0, dimension), np.float32)

    def __len__(self) -> int:
        return len(self.rows)

    def ids(self) -> Ids:
        return np.sort(self.rows)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        vectors = checked_vectors(vectors, self.dimension, "vectors")
        new = np.asarray(ids)
        if new.shape != (len(vectors),) or len(set(new.tolist())) < len(new) or (new < 0).any():
            raise refused("ids")
        if np.isin(new, self.rows).any():
            raise refused("ids")
        self.rows = np.concatenate([self.rows, new])
        self.table = np.concatenate([self.table, vectors])

    def remove(self, ids: Ids) -> int:
        gone = np.isin(self.rows, ids)
        self.rows, self.table = self.rows[~gone], self.table[~gone]
        return int(gone.sum())

    def vectors(self, ids: Ids) -> Vectors:
        place = {face: row for row, face in enumerate(self.rows.tolist())}
        if not set(np.asarray(ids).tolist()) <= set(place):
            raise refused("ids")
        return self.table[[place[face] for face in np.asarray(ids).tolist()]]

    def scores(self, queries: Vectors, table: Vectors) -> Vectors:
        products = queries.astype(np.float64)[:, None] * table.astype(np.float64)[None]
        return products.sum(axis=2).clip(-1, 1).astype(np.float32)

    def order(self, scores: Vectors, ids: Ids) -> Ids:
        return np.lexsort((np.broadcast_to(ids, scores.shape), -scores))

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        queries = checked_query(queries, self.dimension, k)
        chosen = np.ones(len(self.rows), bool) if allowed is None else np.isin(self.rows, allowed)
        ids, scores = self.rows[chosen], self.scores(queries, self.table[chosen])
        best = self.order(scores, ids)[:, :k]
        missing = ((0, 0), (0, k - best.shape[1]))
        return (
            np.pad(np.take_along_axis(scores, best, 1), missing, constant_values=-np.inf),
            np.pad(ids[best], missing, constant_values=-1),
        )

    def write(self, write: Callable[[bytes], object]) -> None:
        write(self.table.tobytes())

    def read(self, ids: Ids, read: Callable[[int], bytes]) -> None:
        data = read(4 * self.dimension * len(ids))
        self.rows, self.table = ids, np.frombuffer(data, np.float32).reshape(len(ids), -1)


class WrongScores(Plain):
    def scores(self, queries: Vectors, table: Vectors) -> Vectors:
        return super().scores(queries, table) * np.float32(0.999)


class LargestIdFirst(Plain):
    def order(self, scores: Vectors, ids: Ids) -> Ids:
        return np.lexsort((np.broadcast_to(-ids, scores.shape), -scores))


class WorstFirst(Plain):
    def order(self, scores: Vectors, ids: Ids) -> Ids:
        return super().order(scores, ids)[:, ::-1]


class OtherInCompany(Plain):
    def scores(self, queries: Vectors, table: Vectors) -> Vectors:
        return super().scores(queries, table) + np.float32(3e-7 * (len(queries) - 1))


class IgnoresAllowed(Plain):
    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        del allowed
        return super().search(queries, k)


class InsistsOnAllowed(Plain):
    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        if allowed is not None:
            self.vectors(allowed)
        return super().search(queries, k, allowed)


class FiltersTooLate(Plain):
    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        scores, ids = super().search(queries, k)
        out = np.zeros(ids.shape, bool) if allowed is None else ~np.isin(ids, allowed)
        return np.where(out, -np.inf, scores).astype(np.float32), np.where(out, -1, ids)


class RemovesNothing(Plain):
    def remove(self, ids: Ids) -> int:
        return int(np.isin(self.rows, ids).sum())


class KeepsTheLast(Plain):
    def remove(self, ids: Ids) -> int:
        there = np.isin(ids, self.rows)
        return super().remove(ids[:-1] if there.sum() == len(self) else ids)


class NeverForgets(Plain):
    def __init__(self, dimension: int) -> None:
        super().__init__(dimension)
        self.gone: set[int] = set()

    def remove(self, ids: Ids) -> int:
        self.gone |= set(ids.tolist())
        return super().remove(ids)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if self.gone & set(ids.tolist()):
            raise refused("ids")
        super().add(ids, vectors)


class InventsVectors(Plain):
    def vectors(self, ids: Ids) -> Vectors:
        known = np.isin(ids, self.rows)
        made = np.zeros((len(ids), self.dimension), np.float32)
        made[known] = super().vectors(np.asarray(ids)[known])
        return made


class SortsVectors(Plain):
    def vectors(self, ids: Ids) -> Vectors:
        return super().vectors(np.sort(ids))


class LosesARow(Plain):
    def read(self, ids: Ids, read: Callable[[int], bytes]) -> None:
        super().read(ids, read)
        self.rows, self.table = self.rows[1:], self.table[1:]


class WritesWhatWasRemoved(Plain):
    removed = b""

    def remove(self, ids: Ids) -> int:
        self.removed += self.table[np.isin(self.rows, ids)].tobytes()
        return super().remove(ids)

    def write(self, write: Callable[[bytes], object]) -> None:
        super().write(write)
        write(self.removed)


class NeedsAFace(Plain):
    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        if not len(self):
            raise IndexError
        return super().search(queries, k, allowed)


class NeedsAQuery(Plain):
    def scores(self, queries: Vectors, table: Vectors) -> Vectors:
        return np.stack([super(NeedsAQuery, self).scores(q[None], table)[0] for q in queries])


class PadsWithTheFirst(Plain):
    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        scores, ids = super().search(queries, k, allowed)
        return scores, np.where(ids < 0, ids[:, :1], ids)


class FirstComeFirst(Plain):
    def order(self, scores: Vectors, ids: Ids) -> Ids:
        del ids
        return np.argsort(-np.round(scores, 2), axis=1, kind="stable")


class KeepsTheLastPiece(Plain):
    def add(self, ids: Ids, vectors: Vectors) -> None:
        self.remove(self.rows)
        super().add(ids, vectors)


class TakesAnyVector(Plain):
    def add(self, ids: Ids, vectors: Vectors) -> None:
        self.rows = np.concatenate([self.rows, ids])
        self.table = np.concatenate([self.table, vectors])


class TakesAnyId(Plain):
    def add(self, ids: Ids, vectors: Vectors) -> None:
        self.rows = np.concatenate([self.rows, ids])
        self.table = np.concatenate([self.table, checked_vectors(vectors, self.dimension, "v")])


class AnswersWithFewer(Plain):
    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        scores, ids = super().search(queries, k, allowed)
        width = max(1, min(k, len(self)))
        return scores[:, :width], ids[:, :width]


class ListsIdsAsTheyCame(Plain):
    def ids(self) -> Ids:
        return self.rows


class AnswersInOtherTypes(Plain):
    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        scores, ids = super().search(queries, k, allowed)
        return scores.astype(np.float64), ids.astype(np.int32)  # type: ignore[return-value]


class TakesAnyK(Plain):
    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        scores, ids = super().search(queries, max(k, 1), allowed)
        return scores[:, :k], ids[:, :k]


CAUGHT: Mapping[type[Plain], str] = {
    WrongScores: "test_agrees_with_a_plain_scan",
    WorstFirst: "test_agrees_with_a_plain_scan",
    LargestIdFirst: "test_scores_fall_and_equal_scores_come_by_face_id",
    OtherInCompany: "test_one_query_or_many_give_the_same",
    IgnoresAllowed: "test_among_allowed_faces_nothing_is_lost",
    FiltersTooLate: "test_among_allowed_faces_nothing_is_lost",
    InsistsOnAllowed: "test_allowed_faces_that_are_not_there_are_no_error",
    RemovesNothing: "test_removed_faces_are_never_returned",
    KeepsTheLast: "test_the_last_face_can_be_removed",
    NeverForgets: "test_a_removed_face_can_come_back",
    InventsVectors: "test_vectors_come_back",
    SortsVectors: "test_vectors_come_back",
    LosesARow: "test_what_is_written_is_read",
    WritesWhatWasRemoved: "test_bytes_of_removed_vectors_are_not_written",
    NeedsAFace: "test_an_empty_index_finds_nothing",
    NeedsAQuery: "test_no_query_gives_no_row",
    PadsWithTheFirst: "test_more_asked_than_there_is",
    FirstComeFirst: "test_the_order_of_insertion_does_not_matter",
    KeepsTheLastPiece: "test_added_in_pieces_or_at_once",
    TakesAnyVector: "test_bad_vectors_are_refused",
    TakesAnyId: "test_bad_ids_are_refused",
    AnswersWithFewer: "test_answers_have_the_shape_and_types_that_are_promised",
    ListsIdsAsTheyCame: "test_answers_have_the_shape_and_types_that_are_promised",
    AnswersInOtherTypes: "test_answers_have_the_shape_and_types_that_are_promised",
    TakesAnyK: "test_none_asked_is_refused",
}
TESTS = [name for name in vars(IndexConformance) if name.startswith("test_")]


def kit_of(kind: type[Plain], **promises: float) -> IndexConformance:
    def make_index(self: IndexConformance, dimension: int) -> FaceIndex:
        return kind(dimension)

    def bytes_of(self: IndexConformance, index: FaceIndex) -> bytes:
        data = io.BytesIO()
        cast(Plain, index).write(data.write)
        return data.getvalue()

    def read_back(self: IndexConformance, index: FaceIndex) -> FaceIndex:
        copy = kind(index.dimension)
        copy.read(cast(Plain, index).rows.copy(), io.BytesIO(self.bytes_of(index)).read)
        return copy

    own = {"make_index": make_index, "bytes_of": bytes_of, "read_back": read_back}
    return type("Kit", (IndexConformance,), {**own, **promises})()


def runs(kit: IndexConformance, name: str) -> Iterator[Callable[[], None]]:
    """Iterate over a test, once for each of its parameters."""
    test = getattr(kit, name)
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    if not marks:
        yield test
    for mark in marks:
        argument, values = mark.args
        for value in values:
            yield partial(test, **{argument: value})


def passes(kit: IndexConformance, name: str) -> bool:
    try:
        for run in runs(kit, name):
            run()
    except FLAWS:
        return False
    return True


@pytest.mark.parametrize("name", TESTS)
def test_a_plain_index_passes(name: str) -> None:
    for run in runs(kit_of(Plain), name):
        run()


@pytest.mark.parametrize("kind", CAUGHT, ids=lambda kind: kind.__name__)
def test_a_flaw_is_caught_by_the_test_that_is_meant_for_it(kind: type[Plain]) -> None:
    assert not passes(kit_of(kind), CAUGHT[kind])


@pytest.mark.parametrize("kind", [LargestIdFirst, InventsVectors, LosesARow, TakesAnyK])
def test_a_single_flaw_does_not_fail_everything(kind: type[Plain]) -> None:
    failed = {name for name in TESTS if not passes(kit_of(kind), name)}
    assert failed == {CAUGHT[kind]}


def test_every_test_of_the_kit_catches_some_flaw() -> None:
    assert set(CAUGHT.values()) == set(TESTS)


class Forgetful(Plain):
    """Finds nineteen of twenty faces."""

    def scores(self, queries: Vectors, table: Vectors) -> Vectors:
        scores = super().scores(queries, table)
        scores[:, ::20] = -1
        return scores

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> Found:
        scores, ids = super().search(queries, k + len(self) // 20, allowed)
        return scores[:, :k], ids[:, :k]


@pytest.mark.parametrize(("promised", "kept"), [(0.85, True), (0.99, False), (1.0, False)])
def test_an_index_is_held_to_the_recall_that_it_promises(promised: float, kept: bool) -> None:
    kit = kit_of(Forgetful, least_recall=promised)
    assert passes(kit, "test_agrees_with_a_plain_scan") == kept


class Compressed(Plain):
    """Keeps its vectors in steps of a 1024th."""

    lossless = False

    def add(self, ids: Ids, vectors: Vectors) -> None:
        super().add(ids, vectors)
        self.table = (np.round(self.table * 1024) / 1024).astype(np.float32)


class Boastful(Compressed):
    lossless = True


def test_an_index_that_loses_digits_must_say_so() -> None:
    promises = {"least_recall": 0.9}
    for name in ("test_vectors_come_back", "test_agrees_with_a_plain_scan"):
        assert passes(kit_of(Compressed, **promises), name)
        assert not passes(kit_of(Compressed, **promises, decoding_error=1e-6), name)
        assert not passes(kit_of(Boastful, **promises), name)


def test_the_truth_is_a_scan_with_ties_in_the_order_of_ids() -> None:
    east, north = np.eye(2, dtype=np.float32)
    vectors = np.stack([north, east, -east, east])
    scores, ids = scan(east[None], vectors, np.array([4, 9, 1, 7]), 5)
    assert ids.tolist() == [[7, 9, 4, 1, -1]]
    assert scores.tolist() == [[1, 1, 0, -1, -np.inf]]
