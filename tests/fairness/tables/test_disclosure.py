"""What a report keeps back: laws of suppression, and what a reader can find by subtraction."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fairness.cohort import Cohort, Sample
from fairness.rates import FEWEST_SUBJECTS, clustered_rate
from fairness.tables import (
    MANY_SUBJECTS,
    OVERALL,
    audit_table,
    people_shown,
    rate_row,
    suppress_complementary,
    suppressed_groups,
)

SIDE = ("factor", "metric")
COUNTS = ("errors", "trials", "subjects")
NUMBERS = (*COUNTS, "estimate", "low", "high", "bound", "effective")
Rows = list[dict[str, Any]]

few, middling = st.integers(1, FEWEST_SUBJECTS - 1), st.integers(FEWEST_SUBJECTS, MANY_SUBJECTS - 1)
large = st.integers(MANY_SUBJECTS, 3000)
any_size = st.one_of(few, middling, large)
sizes_at_the_edges = st.lists(
    st.sampled_from([1, 9, 10, 11, 40, 99, 100, 101]), min_size=1, max_size=6
)


def two_digits(value: float) -> float:
    """Round as the decimal notation of Python does."""
    return float(f"{value:.1e}")


def apart(sizes: st.SearchStrategy[int], **lengths: int) -> st.SearchStrategy[list[int]]:
    """Sizes of which no two are alike, even with two digits."""
    return st.lists(sizes, unique_by=two_digits, **lengths)


def people(size: int, each: int, missed: int) -> NDArray[np.int64]:
    """Errors and trials of each person: the first few are missed once."""
    return np.array([np.arange(size) < missed, np.full(size, each)], dtype=np.int64)


def rows_of(groups: Sequence[tuple[int, int, int]], **keys: Any) -> tuple[Rows, dict[str, Any]]:
    """The rows of groups as the audit makes them, and the row of all together."""
    counts = [people(*group) for group in groups]
    keys = {"factor": "age", "metric": "FNMR", **keys}
    rows = [
        rate_row(clustered_rate(*both), **keys, group=f"g{place}")
        for place, both in enumerate(counts)
    ]
    return rows, rate_row(clustered_rate(*np.hstack(counts)), **keys, group=OVERALL)


@st.composite
def tables(draw: st.DrawFn, size: st.SearchStrategy[int] = any_size) -> list[tuple[int, int, int]]:
    sizes = draw(st.lists(size, min_size=1, max_size=6))
    return [(n, draw(st.integers(1, 3)), draw(st.integers(0, n))) for n in sizes]


def true_counts(group: tuple[int, int, int]) -> dict[str, int]:
    size, each, missed = group
    return {"errors": missed, "trials": size * each, "subjects": size}


def hidden(rows: Rows) -> list[int]:
    return [place for place, row in enumerate(rows) if row["status"] == "suppressed"]


def changed(before: Rows, after: Rows) -> list[int]:
    return [place for place, row in enumerate(before) if after[place] != row]


@given(tables())
def test_a_suppressed_row_holds_no_number_and_is_that_of_few_people_or_of_the_smallest(
    groups: list[tuple[int, int, int]],
) -> None:
    rows, _ = rows_of(groups)
    after = suppress_complementary(rows, SIDE)
    gone = hidden(after)
    assert all(after[place][name] is None for place in gone for name in NUMBERS)
    primary = {place for place, (size, *_) in enumerate(groups) if size < FEWEST_SUBJECTS}
    assert primary <= set(gone)
    others = [size for place, (size, *_) in enumerate(groups) if place not in primary]
    assert [groups[place][0] for place in gone if place not in primary] == (
        [min(others)] if len(primary) == 1 and others and min(others) < MANY_SUBJECTS else []
    )


@given(few, tables(large))
def test_where_one_group_is_suppressed_and_the_others_are_large_the_smallest_is_rounded(
    size: int, others: list[tuple[int, int, int]]
) -> None:
    before, _ = rows_of([(size, 1, 0), *others])
    after = suppress_complementary(before, SIDE)
    assert hidden(after) == [0]
    smallest = min(range(1, len(before)), key=lambda place: before[place]["subjects"])
    for name in NUMBERS:
        value = before[smallest][name]
        assert after[smallest][name] == (None if value is None else two_digits(value))


@given(few, apart(large, min_size=1, max_size=5), st.integers(1, 3))
def test_only_the_smallest_large_group_is_rounded(size: int, sizes: list[int], each: int) -> None:
    rows, _ = rows_of([(size, 1, 0), *((n, each, n // 3) for n in sizes)])
    after = suppress_complementary(rows, SIDE)
    assert set(changed(rows, after)) <= {1 + sizes.index(min(sizes))}
    unit = 10 ** (len(str(min(sizes))) - 2)
    number = after[1 + sizes.index(min(sizes))]["subjects"]
    alike = [n for n in range(number - unit, number + unit + 1) if two_digits(n) == number]
    assert min(sizes) in alike
    assert len(alike) > unit / 2  # so many sizes may stand behind the number


@given(tables(st.one_of(few, middling)))
def test_subtraction_from_the_total_gives_a_sum_of_several_groups(
    groups: list[tuple[int, int, int]],
) -> None:
    rows, whole = rows_of(groups)
    total, *after = suppress_complementary([whole, *rows], SIDE)
    gone = [true_counts(groups[place]) for place in hidden(after)]
    if len(groups) == 1 or total["status"] == "suppressed":
        return
    for name in COUNTS:
        left = total[name] - sum(row[name] for row in after if row["status"] != "suppressed")
        assert left == sum(counts[name] for counts in gone)
        if name != "errors":  # there may be none
            assert all(left > counts[name] for counts in gone)
    assert len(gone) != 1


@given(few, st.lists(middling, min_size=1, max_size=5), st.integers(0, FEWEST_SUBJECTS))
def test_people_could_be_moved_between_the_suppressed_groups_and_nobody_would_see(
    size: int, others: list[int], moved: int
) -> None:
    sizes = [size, *others]
    rows, whole = rows_of([(n, 1, 0) for n in sizes])
    after = suppress_complementary([whole, *rows], SIDE)
    small, further = hidden(after[1:])
    moved = min(moved, FEWEST_SUBJECTS - 1 - sizes[small], sizes[further] - FEWEST_SUBJECTS)
    sizes[small] += moved
    sizes[further] -= moved
    rows, again = rows_of([(n, 1, 0) for n in sizes])
    assert suppress_complementary([again, *rows], SIDE) == after


@given(st.lists(st.one_of(few, middling), min_size=9, max_size=9), st.integers(1, 3))
def test_no_cell_of_a_small_map_follows_from_the_totals_of_its_sides(
    sizes: list[int], each: int
) -> None:
    """A cell follows from sums if they determine it; then no other solution differs there."""
    cells = list(product(range(3), repeat=2))
    rows = [
        rate_row(clustered_rate(*people(size, each, 0)), age=age, gap=gap)
        for (age, gap), size in zip(cells, sizes, strict=True)
    ]
    gone = hidden(suppress_complementary(rows, ("age",), ("gap",)))
    sums = np.array([[cells[place][k] == n for place in gone] for k in (0, 1) for n in range(3)])
    known = np.linalg.matrix_rank(sums.astype(float)) if gone else 0
    for place in range(len(gone)):
        cell = np.arange(len(gone)) == place
        assert np.linalg.matrix_rank(np.vstack([sums, cell]).astype(float)) == known + 1


@given(tables(), st.sampled_from(["ok", "suppressed"]))
def test_the_row_of_all_groups_is_left_aside(
    groups: list[tuple[int, int, int]], status: str
) -> None:
    rows, whole = rows_of(groups)
    whole |= {"status": status}
    first, *after = suppress_complementary([whole, *rows], SIDE)
    assert first == whole
    assert after == suppress_complementary(rows, SIDE)


@given(
    st.one_of(tables(), tables(large).map(lambda groups: [(1, 1, 0), *groups])),
    st.integers(101, 9999),
    st.floats(0.1, 0.9),
)
def test_columns_that_name_a_total_stay(
    groups: list[tuple[int, int, int]], rank: int, discarded: float
) -> None:
    rows, _ = rows_of(groups, rank=rank, discarded=discarded)
    after = suppress_complementary(rows, (*SIDE, "rank"), ("factor", "discarded"))
    kept = ("factor", "metric", "group", "rank", "discarded")
    for row, old in zip(after, rows, strict=True):
        assert [row[name] for name in kept] == [old[name] for name in kept]
        assert row.keys() == old.keys()


@given(tables(), tables())
def test_once_is_enough_and_what_was_given_is_not_changed(
    groups: list[tuple[int, int, int]], others: list[tuple[int, int, int]]
) -> None:
    given_rows = rows_of(groups)[0] + rows_of(others, metric="FMR")[0]
    before = [dict(row) for row in given_rows]
    for sides in ((SIDE,), (SIDE, ("group",)), ((),), ()):
        after = suppress_complementary(given_rows, *sides)
        assert given_rows == before
        assert suppress_complementary(after, *sides) == after
    assert suppress_complementary([], SIDE) == []


@given(st.data(), apart(any_size, min_size=1, max_size=8))
def test_the_order_of_the_rows_does_not_matter(data: st.DataObject, sizes: list[int]) -> None:
    rows, whole = rows_of([(size, 2, size // 4) for size in sizes])
    rows = [row | {"half": place % 2} for place, row in enumerate([whole, *rows])]
    order = data.draw(st.permutations(range(len(rows))))
    for sides in ((SIDE,), (("half",),), ((), ("half",))):
        after = suppress_complementary(rows, *sides)
        again = suppress_complementary([rows[place] for place in order], *sides)
        assert again == [after[place] for place in order]


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


@settings(max_examples=40)
@given(sizes_at_the_edges)
def test_groups_of_few_people_are_suppressed_and_never_one_alone(sizes: list[int]) -> None:
    cohort = cohort_of(sizes)
    found = suppressed_groups(cohort, cohort.grouping("group"))
    small = {f"g{place}" for place, size in enumerate(sizes) if size < FEWEST_SUBJECTS}
    assert found >= small
    others = [size for size in sizes if size >= FEWEST_SUBJECTS]
    added = [sizes[int(name[1:])] for name in found - small]
    assert added == (
        [min(others)] if len(small) == 1 and others and min(others) < MANY_SUBJECTS else []
    )


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 25), st.sampled_from("xyz")), min_size=1, max_size=8),
    st.sets(st.sampled_from("xyz")),
)
def test_groups_inside_a_suppressed_wider_group_are_suppressed(
    parts: list[tuple[int, str]], withheld: set[str]
) -> None:
    sizes, wide = [size for size, _ in parts], [around for _, around in parts]
    cohort = cohort_of(sizes, wide=wide)
    fine = cohort.grouping("group")
    found = suppressed_groups(cohort, fine, [(cohort.grouping("wide"), withheld)])
    for place, (size, around) in enumerate(parts):
        if size < FEWEST_SUBJECTS or around in withheld:
            assert f"g{place}" in found
    for around in {*wide} - withheld:
        inside = [f"g{place}" for place, other in enumerate(wide) if other == around]
        assert len(inside) == 1 or len(found.intersection(inside)) != 1
    assert len(found) != 1 or len(parts) == 1


def test_one_part_of_a_wider_group_is_not_suppressed_alone() -> None:
    cohort = cohort_of([4, 20, 5, 30, 40], band=list("aabbb"), side=list("uvuvv"))
    bands, crossed = cohort.grouping("band"), cohort.grouping("band*side")
    assert suppressed_groups(cohort, bands) == set()
    assert suppressed_groups(cohort, cohort.grouping("side")) == {"u", "v"}
    assert suppressed_groups(cohort, crossed) == {"a, u", "b, u"}
    assert suppressed_groups(cohort, crossed, [(bands, ())]) == set(crossed.names)


def test_a_large_group_is_not_suppressed_for_a_small_one() -> None:
    cohort = cohort_of([3, 120, 150])
    assert suppressed_groups(cohort, cohort.grouping("group")) == {"g0"}
    cohort = cohort_of([3, 99, 150])
    assert suppressed_groups(cohort, cohort.grouping("group")) == {"g0", "g1"}


@given(tables())
def test_people_are_told_where_the_table_shows_them(groups: list[tuple[int, int, int]]) -> None:
    table = audit_table("rates", rows_of(groups)[0])
    for place, (size, *_) in enumerate(groups):
        told = people_shown(table, group=f"g{place}", metric="FNMR")
        assert told == (size if size >= FEWEST_SUBJECTS else None)
    assert people_shown(table, group="g0", metric="FMR") is None
    assert people_shown(table, group="nobody") is None


@pytest.mark.parametrize("sizes", [[5], [5, 5], [50], [50, 20]])
def test_what_needs_no_further_group_stays_as_it_is(sizes: list[int]) -> None:
    rows, _ = rows_of([(size, 1, 1) for size in sizes])
    assert suppress_complementary(rows, SIDE) == rows
