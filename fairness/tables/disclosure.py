"""Statistical disclosure control: a report must not reveal facts about a single person.

Primary suppression withholds the numbers of a group of fewer than `FEWEST_SUBJECTS` people.
Complementary suppression withholds those of further groups. For a reader can subtract the shown
groups from a total, and one total from another; what is left are withheld groups together. These
are none, or at least `FEWEST_SUBJECTS` people and more people than groups: otherwise the smallest
shown group of that total is withheld as well.

This protects the number of people in a small group, and the number of its errors and trials. It
does not protect what holds for all people of a withheld sum: if nobody among them was missed,
nobody in the small group was. It does not protect against a reader who knows the numbers of another
withheld group already.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Grouping
from fairness.rates import FEWEST_SUBJECTS
from fairness.tables.table import Table, Value

People = frozenset[int]
"""Subject codes of the people behind a number."""

Key = TypeVar("Key", bound=Hashable)

_NOTHING: Mapping[str, Collection[str]] = {}
_EXACT = 1e-9  # sums have coefficients of 0 and 1; what is not 0 is far larger


def withheld(
    people: Mapping[Key, People],
    totals: Iterable[Collection[Key]] = (),
    already: Collection[Key] = (),
) -> frozenset[Key]:
    """Return the groups whose numbers are withheld from one table or from one part of it.

    The result does not depend on the order of groups or totals.

    Parameters
    ----------
    people
        The people behind the numbers of each group. A person may be in several groups.
    totals
        Groups that a reader can find the sum of, apart from that of all groups.
    already
        Groups that are withheld for another reason, for example in another table.
    """
    hidden = {key for key in people if key in already or len(people[key]) < FEWEST_SUBJECTS}
    sums = {frozenset(people), *(frozenset(total) & frozenset(people) for total in totals)}
    shown = (total for total in sums if not _is_few(total, people))
    ordered = sorted(shown, key=lambda total: (len(total), sorted(map(str, total))))
    added = []
    while further := _to_protect(ordered, hidden, people):
        added.append(min(further, key=lambda key: (len(people[key]), str(key))))
        hidden.add(added[-1])
    for key in sorted(added, key=lambda key: (-len(people[key]), str(key))):
        if not _to_protect(ordered, hidden - {key}, people):  # a later one made it needless
            hidden.remove(key)
    return frozenset(hidden)


def _to_protect(
    sums: Sequence[frozenset[Key]], hidden: Collection[Key], people: Mapping[Key, People]
) -> frozenset[Key]:
    """Return the shown groups of which one must be withheld; none if nothing small can be found."""
    left = [total.intersection(hidden) for total in sums]
    found = _determined(left)
    for total, rest in zip(sums, left, strict=True):
        told = [other for other in sums if other & rest & found]
        ways = (
            ([total], [rest]),
            (told, [rest - found, *(frozenset([key]) for key in rest & found)]),
            ([total], [rest - part for part in left if part < rest]),
        )
        for through, sets in ways:
            if any(_tells(some, people) for some in sets):
                shown = [
                    frozenset[Key]().union(*them).difference(hidden) for them in (through, told)
                ]
                if further := shown[0] or shown[1]:
                    return further
    return frozenset()


def _is_few(keys: Collection[Key], people: Mapping[Key, People]) -> bool:
    return len(frozenset[int]().union(*(people[key] for key in keys))) < FEWEST_SUBJECTS


def _tells(left: frozenset[Key], people: Mapping[Key, People]) -> bool:
    """Say whether the sum of some groups tells of too few people, or that each has one person."""
    together = len(frozenset[int]().union(*(people[key] for key in left)))
    return 0 < together < FEWEST_SUBJECTS or 0 < together <= len(left)


def _determined(sums: Sequence[frozenset[Key]]) -> frozenset[Key]:
    """Return the groups whose numbers follow from those sums: no other solution differs there."""
    keys = sorted(frozenset[Key]().union(*sums), key=str)
    if not keys:
        return frozenset()
    equations = np.array([[key in total for key in keys] for total in sums], dtype=np.float64)
    _, singular, directions = np.linalg.svd(equations)
    free = directions[np.count_nonzero(singular > _EXACT) :]
    return frozenset(
        key for key, moves in zip(keys, free.T, strict=True) if not np.any(np.abs(moves) > _EXACT)
    )


def suppressed_groups(
    groupings: Sequence[Grouping],
    subject_codes: NDArray[np.int64],
    counted: NDArray[np.bool_],
    sums: Sequence[Grouping] = (),
    already: Mapping[str, Collection[str]] = _NOTHING,
) -> dict[str, frozenset[str]]:
    """Return by factor the groups whose numbers no table may show.

    All groupings of a report are judged together: the groups that make up a group of another
    grouping have a total there, and are withheld if that group is.

    Parameters
    ----------
    groupings
        The groupings of a report.
    subject_codes
        int64 array of shape (photos,): the subject of each photo.
    counted
        bool array of shape (photos,): the photos that are counted.
    sums
        Further groupings of which a reader can find the totals.
    already
        Groups that are withheld for another reason, by factor.
    """
    people = {of.factor: people_by_group(of, subject_codes, counted) for of in groupings}
    coarse_first = sorted(groupings, key=lambda of: (len(of.names), of.factor))
    totals = {
        inner.factor: [
            (outer.factor, name, parts)
            for outer in (*groupings, *sums)
            if outer is not inner
            for name, parts in parts_of(inner, outer).items()
        ]
        for inner in coarse_first
    }
    found = {of.factor: frozenset(already.get(of.factor, ())) for of in groupings}
    apart = np.unique(np.column_stack([of.codes for of in (*groupings, *sums)]), axis=0)
    while True:
        while changed := next(_changes(people, totals, found), None):
            found |= changed
        used = _that_tell(groupings, apart, people, found)
        if not used:
            return found
        factor, name = min(used, key=lambda at: (len(people[at[0]][at[1]]), at))
        found[factor] |= {name}


def _that_tell(
    groupings: Sequence[Grouping],
    apart: NDArray[np.int64],
    people: Mapping[str, Mapping[str, People]],
    found: Mapping[str, frozenset[str]],
) -> list[tuple[str, str]]:
    """Return shown groups, of any groupings, of which a sum or difference is a small group.

    `apart` has a row for each combination of groups that occurs, as codes by grouping, shape
    (combinations, groupings). Every group is a sum of such combinations.
    """
    inside = {
        (of.factor, name): apart[:, place] == code
        for place, of in enumerate(groupings)
        for code, name in enumerate(of.names)
    }
    shown = sorted(at for at in inside if at[1] not in found[at[0]])
    sums = np.array([np.ones(len(apart)), *(inside[at] for at in shown)], dtype=np.float64)
    for factor, name in sorted(inside):
        if 0 < len(people[factor][name]) < FEWEST_SUBJECTS:
            aim = inside[factor, name].astype(np.float64)
            times, *_ = np.linalg.lstsq(sums.T, aim, rcond=None)
            if np.allclose(times @ sums, aim, atol=_EXACT):
                return [at for at, by in zip(shown, times[1:], strict=True) if abs(by) > _EXACT]
    return []


def _changes(
    people: Mapping[str, Mapping[str, People]],
    totals: Mapping[str, Sequence[tuple[str, str, frozenset[str]]]],
    found: Mapping[str, frozenset[str]],
) -> Iterator[dict[str, frozenset[str]]]:
    """Yield factors of which more groups must be withheld."""
    for factor, around in totals.items():
        sides = [parts for outer, name, parts in around if name not in found.get(outer, ())]
        inside = [parts for outer, name, parts in around if name in found.get(outer, ())]
        hidden = withheld(people[factor], sides, found[factor].union(*inside))
        if hidden != found[factor]:
            yield {factor: hidden}


def people_by_group(
    grouping: Grouping, subject_codes: NDArray[np.int64], counted: NDArray[np.bool_]
) -> dict[str, People]:
    """Return the people of each group who have a counted photo in it, shapes (photos,)."""
    pairs = np.unique(np.column_stack([grouping.codes, subject_codes])[counted], axis=0)
    return {
        name: frozenset(pairs[pairs[:, 0] == code, 1].tolist())
        for code, name in enumerate(grouping.names)
    }


def parts_of(inner: Grouping, outer: Grouping) -> dict[str, frozenset[str]]:
    """Return the groups of a grouping that together make up a group of another one, by its name.

    A group of `outer` of which a part lies in no group of `inner` that it contains is left out.
    """
    pairs = np.unique(np.column_stack([inner.codes, outer.codes]), axis=0)
    around = np.bincount(pairs[:, 0], minlength=len(inner.names))
    parts = {name: pairs[pairs[:, 1] == code, 0] for code, name in enumerate(outer.names)}
    return {
        name: frozenset(inner.names[code] for code in codes)
        for name, codes in parts.items()
        if np.all(around[codes] == 1)
    }


def people_shown(table: Table, **keys: Value) -> int | None:
    """Return the number of people in the row that has these values; None if it is not shown."""
    shown = (row["subjects"] for row in table.where(**keys))
    return next((int(people) for people in shown if isinstance(people, int | float)), None)


def too_few_together(
    groupings: Sequence[Grouping], subject_codes: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return the photos to leave out, so that no large group is withheld for their sake.

    If the small groups of a grouping have fewer than `FEWEST_SUBJECTS` people together, they follow
    from the total, unless a larger group is withheld as well. Without their photos, nothing does.

    Parameters
    ----------
    groupings
        The groupings that have totals of everybody.
    subject_codes
        int64 array of shape (photos,): the subject of each photo.

    Returns
    -------
    bool array of shape (photos,)
        All false where no group of a grouping is large enough to be shown.
    """
    left_out = np.zeros(len(subject_codes), np.bool_)
    while True:
        before = left_out.copy()
        for grouping in groupings:
            people = people_by_group(grouping, subject_codes, ~left_out)
            few = [name for name in people if 0 < len(people[name]) < FEWEST_SUBJECTS]
            together = frozenset[int]().union(*(people[name] for name in few))
            if len(together) < FEWEST_SUBJECTS and len(few) < sum(map(bool, people.values())):
                left_out |= np.isin(np.array(grouping.names)[grouping.codes], few)
        if np.array_equal(left_out, before):
            return left_out
