"""What a report keeps back: laws of suppression, and what a reader can find by subtraction."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.cohort import Cohort, Grouping, Sample
from fairness.rates import FEWEST_SUBJECTS, clustered_rate
from fairness.tables import (
    People,
    audit_table,
    parts_of,
    people_by_group,
    people_shown,
    rate_row,
    suppressed_groups,
    withheld,
)

any_size = st.one_of(st.integers(0, 12), st.integers(10, 30), st.sampled_from([99, 100, 250]))
cells = list(product("abc", range(3)))


def apart(sizes: Mapping[object, int]) -> dict[object, People]:
    """Groups of which no two share a person."""
    first, people = 0, {}
    for key, size in sizes.items():
        people[key] = frozenset(range(first, first + size))
        first += size
    return people


def by_name(sizes: Sequence[int]) -> dict[object, People]:
    return apart({f"g{place}": size for place, size in enumerate(sizes)})


def together(people: Mapping[object, People], keys: frozenset[object]) -> int:
    return len(frozenset[int]().union(*(people[key] for key in keys)))


def test_the_groups_left_over_are_ten_people_or_more() -> None:
    """120 + 100 + 2 + 3 people: all less the two large groups are five."""
    people = by_name([120, 100, 2, 3])
    assert withheld(people) == {"g1", "g2", "g3"}
    assert withheld(by_name([120, 100, 2, 8])) == {"g1", "g2", "g3"} - {"g1"}
    assert withheld(by_name([120, 100])) == set()
    assert withheld(by_name([120, 4])) == {"g0", "g1"}
    assert withheld(by_name([4])) == {"g0"}


def test_people_who_are_in_two_withheld_groups_count_once() -> None:
    twice: dict[object, People] = {"x": frozenset(range(6)), "y": frozenset(range(6))}
    assert withheld({**twice, "z": frozenset(range(30))}) == {"x", "y", "z"}


def test_as_many_people_as_groups_tell_of_one_in_each() -> None:
    assert "g10" in withheld(by_name([1] * 10 + [50, 60]))
    assert withheld(by_name([1] * 9 + [2, 50, 60])) == {f"g{place}" for place in range(10)}


@given(st.lists(any_size, min_size=1, max_size=8))
def test_what_is_left_of_a_total_is_nobody_or_ten_people(sizes: list[int]) -> None:
    people = by_name(sizes)
    hidden = withheld(people)
    assert {key for key in people if len(people[key]) < FEWEST_SUBJECTS} <= hidden
    if hidden < set(people):
        left = together(people, hidden)
        assert left == 0 or left >= FEWEST_SUBJECTS
        assert left == 0 or left > len(hidden)


@given(st.lists(any_size, min_size=1, max_size=8))
def test_no_group_is_withheld_without_need(sizes: list[int]) -> None:
    people = by_name(sizes)
    hidden = withheld(people)
    further = sorted(len(people[key]) for key in hidden if len(people[key]) >= FEWEST_SUBJECTS)
    others = sorted(size for size in sizes if size >= FEWEST_SUBJECTS)
    assert further == others[: len(further)]
    assert len(further) <= 1


@given(st.data(), st.lists(any_size, min_size=1, max_size=9))
def test_the_order_does_not_matter_and_twice_is_the_same(
    data: st.DataObject, sizes: list[int]
) -> None:
    people = apart(dict(zip(cells, sizes, strict=False)))
    sides = [[key for key in people if key[side] == at] for side in (0, 1) for at in ("a", 1)]
    hidden = withheld(people, sides)
    order = data.draw(st.permutations(list(people)))
    shuffled = {key: people[key] for key in order}
    assert withheld(shuffled, data.draw(st.permutations(sides))) == hidden
    assert withheld(people, sides, hidden) == hidden


@settings(max_examples=150)
@given(st.lists(any_size, min_size=9, max_size=9))
def test_no_small_cell_of_a_map_follows_from_the_totals_of_its_sides(sizes: list[int]) -> None:
    """A cell follows from sums if they determine it; then no other solution differs there."""
    people = apart(dict(zip(cells, sizes, strict=True)))
    sides = [[key for key in cells if key[side] == at] for side in (0, 1) for at in "abc"]
    sides = [
        [key for key in cells if key[side] == at]
        for side, of in ((0, "abc"), (1, range(3)))
        for at in of
    ]
    hidden = sorted(withheld(people, sides))
    if len(hidden) == len(cells):
        return
    sums = np.array([[key in side for key in hidden] for side in [*sides, cells]], dtype=float)
    known = np.linalg.matrix_rank(sums) if hidden else 0
    for place, key in enumerate(hidden):
        if 0 < len(people[key]) < FEWEST_SUBJECTS:
            cell = (np.arange(len(hidden)) == place).astype(float)
            assert np.linalg.matrix_rank(np.vstack([sums, cell])) == known + 1, key
    for side in sides:
        left = together(people, frozenset(key for key in side if key in hidden))
        assert left == 0 or left >= FEWEST_SUBJECTS or set(side) <= set(hidden)


def test_a_large_cell_that_its_column_gives_away_does_not_give_away_a_small_one() -> None:
    sizes = {("a", 0): 40, ("a", 1): 3, ("a", 2): 50, ("b", 0): 60, ("b", 1): 20, ("b", 2): 70}
    people = apart(dict(sizes))
    sides = [[key for key in people if key[side] == at] for side, at in ((0, "a"), (0, "b"))]
    columns = [[key for key in people if key[1] == gap] for gap in range(3)]
    assert withheld(people, sides) == {("a", 0), ("a", 1)}
    assert withheld(people, [*sides, *columns]) == {("a", 0), ("a", 1), ("b", 0), ("b", 1)}


def cohort_of(sizes: Sequence[int], **labels: Sequence[str]) -> Cohort:
    """Two photos of every second person, so that photos do not pass for people."""
    samples = [
        Sample(
            f"{group}-{person}-{photo}",
            f"{group}-{person}",
            labels={"group": f"g{group}", **{name: of[group] for name, of in labels.items()}},
        )
        for group, size in enumerate(sizes)
        for person in range(size)
        for photo in range(1 + person % 2)
    ]
    return Cohort.of(samples, name="test")


def suppressed(cohort: Cohort, *factors: str) -> dict[str, frozenset[str]]:
    groupings = [cohort.grouping(factor) for factor in factors]
    return suppressed_groups(groupings, cohort.subject_codes, np.ones(len(cohort), np.bool_))


def test_groupings_are_judged_together() -> None:
    cohort = cohort_of([4, 20, 5, 30, 40], band=list("aabbb"), side=list("uvuvv"))
    assert suppressed(cohort, "band")["band"] == set()
    assert suppressed(cohort, "side")["side"] == {"u", "v"}
    assert suppressed(cohort, "band*side")["band*side"] == {"a, u", "a, v", "b, u"}
    found = suppressed(cohort, "band*side", "band")
    assert found["band*side"] == {"a, u", "a, v", "b, u", "b, v"}
    assert suppressed(cohort, "group", "band")["group"] >= {"g0", "g1", "g2"}


def test_a_region_is_no_way_to_its_smallest_town() -> None:
    """Towns lie in regions, though no factor is called so: a region less its other towns."""
    cohort = cohort_of([3, 40, 50, 60, 8], region=["n", "n", "n", "s", "s"])
    assert suppressed(cohort, "group")["group"] == {"g0", "g4"}
    found = suppressed(cohort, "group", "region")
    assert found == {"group": {"g0", "g1", "g3", "g4"}, "region": frozenset()}


def test_groups_of_two_factors_that_leave_one_small_part_are_not_both_shown() -> None:
    """Nobody is in b and y, so that all less b less y would be the one person in a and x."""
    cohort = cohort_of([1, 12, 11], kind=list("aab"), side=list("xyx"))
    found = suppressed(cohort, "kind", "side", "kind*side")
    assert found["kind*side"] == {"a, x", "a, y", "b, x"}
    assert "b" in found["kind"] or "y" in found["side"]
    assert suppressed(cohort, "kind", "side") == {"kind": frozenset(), "side": frozenset()}


def test_parts_of_a_group_that_is_withheld_are_withheld() -> None:
    cohort = cohort_of([12, 15, 3, 60, 70], region=["n", "n", "small", "s", "t"])
    found = suppressed(cohort, "group", "region")
    assert found["region"] == {"n", "small"}
    assert found["group"] == {"g0", "g1", "g2"}


def test_parts_and_people_of_groups() -> None:
    codes = np.array([0, 0, 1, 2, 2])
    inner = Grouping.of("inner", list("xxyzz"))
    assert parts_of(inner, Grouping.of("outer", list("aabbb"))) == {"a": {"x"}, "b": {"y", "z"}}
    assert parts_of(inner, Grouping.of("outer", list("abbcc"))) == {"c": {"z"}}
    counted = np.array([True, True, False, False, True])
    found = people_by_group(inner, codes, counted)
    assert found == {"x": {0}, "y": set(), "z": {2}}


@pytest.mark.parametrize("size", [9, 10])
def test_people_are_told_where_the_table_shows_them(size: int) -> None:
    rate = clustered_rate([0] * size, [1] * size)
    table = audit_table("rates", [rate_row(rate, factor="f", metric="FNMR", group="g")])
    assert people_shown(table, group="g", metric="FNMR") == (size if size >= 10 else None)
    assert people_shown(table, group="g", metric="FMR") is None
    assert people_shown(table, group="nobody") is None
