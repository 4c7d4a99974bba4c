"""Put each face into a group: what the vectors say, under what a person corrected.

This is a pure function of the vectors, the corrections and the earlier numbers. It does not depend
on the order of the faces in the arrays beyond the order of equal cases; the caller sorts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_GROUP = 0


@dataclass(frozen=True, eq=False)
class ToAssign:
    """Faces that are to be put into groups, each once however many pictures of it there are.

    Parameters
    ----------
    vectors
        float32 of shape (n, d), unit length.
    clusters
        int64 of shape (n,): the cluster of each face by the vectors alone; any number.
    kept_in
        int64 of shape (n,): the group in which a correction keeps the face, or `NO_GROUP`.
    before
        int64 of shape (n,): the group of an earlier run, or `NO_GROUP`.
    taken
        Further groups in which a correction keeps faces, which are none of these.
    """

    vectors: NDArray[np.float32]
    clusters: NDArray[np.int64]
    kept_in: NDArray[np.int64]
    before: NDArray[np.int64]
    taken: frozenset[int] = frozenset()


def assign(faces: ToAssign, next_group: int) -> tuple[NDArray[np.int64], int]:
    """Return the group of each face, and the next number for a new group.

    - A face that a correction keeps in a group stays in it.
    - A cluster with such faces belongs to their group. If these are of several groups, each other
      face of the cluster goes to the group to whose kept faces it is most similar on average.
    - Any other cluster of two or more faces is a group. It has the number of the earlier group of
      which it holds the most faces, or a new one: larger groups get lower numbers.
    - A face that is alone is in no group.

    Parameters
    ----------
    faces
        The faces, at most one picture of each.
    next_group
        The number for the first new group, >= 1.

    Returns
    -------
    int64 array of shape (n,)
        The group of each face, or `NO_GROUP`.
    int
        The next number for a new group.
    """
    groups = faces.kept_in.copy()
    free: list[NDArray[np.int64]] = []
    for rows in _members(faces.clusters):
        kept = rows[faces.kept_in[rows] != NO_GROUP]
        if len(kept):
            others = rows[faces.kept_in[rows] == NO_GROUP]
            groups[others] = _closest(faces, others, kept)
        elif len(rows) > 1:
            free.append(rows)
    numbers = _known_numbers(faces, free)
    new = (place for place in range(len(free)) if place not in numbers)
    for place in sorted(new, key=lambda place: (-len(free[place]), free[place][0])):
        numbers[place] = next_group
        next_group += 1
    for place, number in numbers.items():
        groups[free[place]] = number
    return groups, next_group


def _members(clusters: NDArray[np.int64]) -> Sequence[NDArray[np.int64]]:
    """Return the rows of each cluster, each ascending, in the order of their first rows."""
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order])) + 1
    members = np.split(order, starts) if len(order) else []
    return sorted(members, key=lambda rows: int(rows[0]))


def _closest(
    faces: ToAssign, others: NDArray[np.int64], kept: NDArray[np.int64]
) -> NDArray[np.int64]:
    numbers = np.unique(faces.kept_in[kept])
    means = np.stack(
        [faces.vectors[kept[faces.kept_in[kept] == one]].mean(axis=0) for one in numbers]
    )
    closest: NDArray[np.int64] = numbers[(faces.vectors[others] @ means.T).argmax(axis=1)]
    return closest


def _known_numbers(faces: ToAssign, free: Sequence[NDArray[np.int64]]) -> dict[int, int]:
    """Return the earlier number of each cluster that has one, by its place in the list."""
    reserved = {NO_GROUP, *faces.taken, *faces.kept_in.tolist()}
    shared = [
        (-count, number, place)
        for place, rows in enumerate(free)
        for number, count in Counter(faces.before[rows].tolist()).items()
        if number not in reserved
    ]
    numbers: dict[int, int] = {}
    used: set[int] = set()
    for _, number, place in sorted(shared):
        if place not in numbers and number not in used:
            numbers[place] = number
            used.add(number)
    return numbers
