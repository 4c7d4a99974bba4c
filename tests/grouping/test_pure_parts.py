"""The pure parts: which pictures are folded, and which group a face gets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.grouping.assignment import NO_GROUP, ToAssign, assign
from matcher.grouping.folding import FEW_BITS, Pictured, fold
from matcher.testing import random_unit_vectors

LEFT, RIGHT = (0.1, 0.1, 0.4, 0.6), (0.6, 0.1, 0.9, 0.6)
FREE = np.zeros(9, dtype=np.int64)


def alike(n: int) -> NDArray[np.float32]:
    """Return n times the vector of one face."""
    return np.repeat(random_unit_vectors(1, 16, seed=1), n, axis=0)


def test_two_people_before_one_wall_are_not_folded() -> None:
    photos = [Pictured(5, (0,), (LEFT,)), Pictured(5, (1,), (LEFT,))]
    assert fold(photos, random_unit_vectors(2, 16, seed=1), FREE) == {}
    assert fold(photos, alike(2), FREE) == {1: 0}


def test_pictures_that_look_different_are_not_folded() -> None:
    bits = (1 << (FEW_BITS + 1)) - 1
    near, far = Pictured(bits >> 1, (1,), (LEFT,)), Pictured(bits, (1,), (LEFT,))
    assert fold([Pictured(0, (0,), (LEFT,)), near], alike(2), FREE) == {1: 0}
    assert fold([Pictured(0, (0,), (LEFT,)), far], alike(2), FREE) == {}


def test_faces_at_other_places_are_not_folded() -> None:
    photos = [Pictured(5, (0,), (LEFT,)), Pictured(5, (1,), (RIGHT,))]
    assert fold(photos, alike(2), FREE) == {}


def test_faces_that_corrections_keep_apart_are_not_folded() -> None:
    photos = [Pictured(5, (row,), (LEFT,)) for row in range(4)]
    kept = np.array([0, 3, 4, 3])
    assert fold(photos, alike(4), kept) == {1: 0, 3: 0}  # the first goes with group 3 then


BOXES = st.sampled_from([LEFT, RIGHT, (0.15, 0.1, 0.45, 0.6), (0.0, 0.0, 1.0, 1.0)])
PHOTOS = st.lists(st.tuples(st.integers(0, 3), st.lists(BOXES, min_size=1, max_size=4)), max_size=7)


@given(PHOTOS, st.randoms(use_true_random=False))
def test_no_two_faces_of_one_photo_are_ever_one(photos: list, random) -> None:  # type: ignore[no-untyped-def,type-arg]
    pictures, row = [], 0
    for looks, boxes in photos:
        pictures.append(Pictured(looks, tuple(range(row, row + len(boxes))), tuple(boxes)))
        row += len(boxes)
    kept = np.array([random.choice([0, 0, 1, 2]) for _ in range(row)], dtype=np.int64)
    copies = fold(pictures, alike(max(row, 1)), kept)
    stands_for = {face: copies.get(face, face) for face in range(row)}
    for picture in pictures:
        assert len({stands_for[face] for face in picture.rows}) == len(picture.rows)
    assert not set(copies.values()) & set(copies)
    for face, one in stands_for.items():
        others = {kept[other] for other, two in stands_for.items() if two == one} - {0}
        assert len(others) <= 1, face


CASES = st.integers(0, 12).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 4), min_size=n, max_size=n),
        st.lists(st.sampled_from([0, 0, 0, 1, 2]), min_size=n, max_size=n),
        st.lists(st.integers(0, 5), min_size=n, max_size=n),
    )
)


def to_assign(clusters: list[int], kept: list[int], before: list[int]) -> ToAssign:
    n = len(clusters)
    numbers = (np.array(one, dtype=np.int64) for one in (clusters, kept, before))
    return ToAssign(
        random_unit_vectors(n, 8, seed=n) if n else np.zeros((0, 8), np.float32), *numbers
    )


@given(CASES)
def test_corrections_hold_and_no_number_is_given_twice(
    case: tuple[list[int], list[int], list[int]],
) -> None:
    clusters, kept, _ = case
    groups, following = assign(to_assign(*case), 6)
    for row, group in enumerate(groups.tolist()):
        if kept[row]:
            assert group == kept[row]
        same = [other for other, cluster in enumerate(clusters) if cluster == clusters[row]]
        settled = {kept[other] for other in same} - {0}
        if settled:
            assert group in settled
        elif len(same) == 1:
            assert group == NO_GROUP
        else:
            assert {groups[other] for other in same} == {group}
            assert group not in {*kept, NO_GROUP}
            assert group < following
    owners: dict[int, set[int]] = {}
    for cluster, settled_in, group in zip(clusters, kept, groups.tolist(), strict=True):
        if group != NO_GROUP and group not in kept:
            assert not settled_in
            owners.setdefault(group, set()).add(cluster)
    assert all(len(of_it) == 1 for of_it in owners.values())


@given(CASES)
def test_a_second_run_changes_nothing(case: tuple[list[int], list[int], list[int]]) -> None:
    clusters, kept, _ = case
    groups, following = assign(to_assign(*case), 6)
    again, later = assign(to_assign(clusters, kept, groups.tolist()), following)
    assert again.tolist() == groups.tolist()
    assert later == following
