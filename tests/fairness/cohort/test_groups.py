"""Bands are half open, sort as text, and cells keep every photo."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness.cohort import AGE_EDGES, GAP_EDGES, UNKNOWN, Grouping, band, bands

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


@pytest.mark.parametrize("edges", [AGE_EDGES, GAP_EDGES, (0.0, 4.0, 18.0)])
def test_labels_sort_as_their_bands(edges: tuple[float, ...]) -> None:
    assert list(bands(edges)) == sorted(bands(edges))
    for low, high in pairwise(edges):
        assert band(low, edges) == band(math.nextafter(high, 0), edges) != band(high, edges)


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
