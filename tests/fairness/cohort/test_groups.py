"""Bands are half open, have an order and labels of their own; cells keep every photo."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.cohort import (
    AGE_EDGES,
    GAP_EDGES,
    UNKNOWN,
    Grouping,
    band,
    bands,
    in_order,
    spans,
)

LABELS = st.lists(st.sampled_from(["a", "b", UNKNOWN]), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        (0, "00 to under 01"),
        (0.999, "00 to under 01"),
        (1, "01 to under 04"),
        (12.99, "08 to under 13"),
        (13, "13 to under 18"),
        (18, "18 to under 30"),
        (104, "65 and over"),
        (None, UNKNOWN),
    ],
)
def test_bands_are_half_open(years: float | None, expected: str) -> None:
    assert band(years) == expected


@pytest.mark.parametrize(
    ("edges", "labels"),
    [
        (
            (0, 0.25, 0.75, 1),
            ("0 to under 3 months", "3 to under 9 months", "9 to under 12 months", "01 and over"),
        ),
        ((0, 1 / 12, 4), ("0 to under 1 month", "1 month to under 4 years", "04 and over")),
        (
            (0, 0.1, 0.12, 0.5),
            (
                "0 to under 1.2 months",
                "1.2 to under 1.44 months",
                "1.44 to under 6 months",
                "6 months and over",
            ),
        ),
        (
            (0, 1, 1.5, 2, 13),
            (
                "00 to under 01",
                "12 to under 18 months",
                "18 to under 24 months",
                "02 to under 13",
                "13 and over",
            ),
        ),
        ((0, 4.5, 10.25), ("00 to under 04.5", "04.5 to under 10.25", "10.25 and over")),
        ((0, 100, 105), ("00 to under 100", "100 to under 105", "105 and over")),
    ],
)
def test_labels_of_bands(edges: tuple[float, ...], labels: tuple[str, ...]) -> None:
    assert bands(edges) == labels
    assert sorted(labels, key=in_order) == list(labels)
    assert list(spans(edges).values()) == list(zip(edges, [*edges[1:], None], strict=True))


EDGES = st.lists(st.floats(0.001, 120), min_size=1, max_size=8, unique=True).map(
    lambda edges: (0.0, *sorted(edges))
)


@pytest.mark.parametrize("edges", [AGE_EDGES, GAP_EDGES, (0.0, 4.0, 18.0)])
def test_labels_sort_as_their_bands(edges: tuple[float, ...]) -> None:
    assert list(bands(edges)) == sorted(bands(edges), key=in_order)
    for low, high in pairwise(edges):
        assert band(low, edges) == band(math.nextafter(high, 0), edges) != band(high, edges)


@given(EDGES)
def test_no_two_bands_share_a_label_and_groups_are_in_order_of_age(
    edges: tuple[float, ...],
) -> None:
    labels = bands(edges)
    assert len(set(labels)) == len(edges)
    assert Grouping.of("age", [UNKNOWN, *reversed(labels)]).names == (*labels, UNKNOWN)
    crossed = [f"{label}, {sex}" for label in labels for sex in ("female", "male")]
    assert Grouping.of("age*sex", crossed[::-1]).names == tuple(crossed)
    assert band(edges[-1], edges) == labels[-1]


@pytest.mark.parametrize("years", [-0.1, math.nan, math.inf])
def test_what_is_no_age_is_refused(years: float) -> None:
    with pytest.raises(ValueError, match="need a number of years of at least 0"):
        band(years)


@given(LABELS)
def test_cells_keep_every_label(labels: list[str]) -> None:
    grouping = Grouping.of("factor", labels)
    assert [grouping.names[code] for code in grouping.codes] == labels
    assert list(grouping.names) == sorted(set(labels))


@given(LABELS)
def test_crossed_cells_are_the_intersections_that_occur(labels: list[str]) -> None:
    other = list(reversed(labels))
    crossed = Grouping.of("one", labels).crossed(Grouping.of("two", other))
    expected = [f"{a}, {b}" for a, b in zip(labels, other, strict=True)]
    assert [crossed.names[code] for code in crossed.codes] == expected
    assert crossed.factor == "one*two"
    assert np.unique(crossed.codes).tolist() == list(range(len(crossed.names)))
