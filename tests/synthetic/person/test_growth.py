"""Growth: stages of life that hand over to each other, and offsets that drift."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import InputError
from matcher.synthetic.person import (
    OLDEST,
    YOUNGEST,
    amplitude,
    drift,
    drift_size,
    make_identity,
    stage_weights,
)
from matcher.synthetic.shape.head import shape_weights

ages = st.floats(YOUNGEST, OLDEST)
AGES = np.linspace(YOUNGEST, OLDEST, 233)
ONES = np.eye(drift_size())


def adult(age: float, male: bool, timing: float = 0.0) -> float:
    weights = stage_weights(age, male, timing)
    return weights["young"] + weights["old"]


def memory(one: float, other: float) -> float:
    """Return how far the drift at two ages goes together: exactly, not from samples."""
    return float(drift(ONES, one) @ drift(ONES, other))


@pytest.mark.parametrize("male", [False, True])
def test_no_stage_of_life_jumps(male: bool) -> None:
    years = np.arange(YOUNGEST, OLDEST, 0.01)
    shares = np.array([list(stage_weights(age, male).values()) for age in years])
    assert np.abs(np.diff(shares, axis=0)).max() < 0.003


@pytest.mark.parametrize("male", [False, True])
def test_childhood_only_fades_and_age_only_grows(male: bool) -> None:
    baby = [stage_weights(age, male)["baby"] for age in AGES]
    grown = [adult(age, male) for age in AGES]
    old = [stage_weights(age, male)["old"] for age in AGES]
    assert baby == sorted(baby, reverse=True)
    assert grown == sorted(grown)
    assert old == sorted(old)


@pytest.mark.parametrize("male", [False, True])
def test_each_age_is_mostly_of_its_own_stage(male: bool) -> None:
    largest = {age: max((w, s) for s, w in stage_weights(age, male).items()) for age in AGES}
    order = [stage for _, stage in largest.values()]
    assert [order[0], order[int(np.abs(AGES - 8).argmin())]] == ["baby", "child"]
    assert {stage for age, (_, stage) in largest.items() if age > 17} == {"young"}


def test_puberty_comes_later_in_boys() -> None:
    ahead = [adult(age, False) - adult(age, True) for age in np.linspace(9, 17, 33)]
    assert min(ahead) > 0
    assert max(ahead) > 0.15


@given(age=ages, male=st.booleans(), late=st.floats(-2, 2))
def test_a_late_puberty_is_that_of_somebody_as_much_younger(
    age: float, male: bool, late: float
) -> None:
    assert adult(age, male, late) == pytest.approx(adult(age - late, male), abs=1e-12)


@given(age=ages)
def test_the_drift_is_of_unit_variance_exactly(age: float) -> None:
    assert memory(age, age) == pytest.approx(1, abs=1e-12)


@given(one=ages, other=ages)
def test_the_drift_remembers_and_never_turns_round(one: float, other: float) -> None:
    assert 0 < memory(one, other) <= 1 + 1e-12


@pytest.mark.parametrize("start", [2.0, 4.0, 10.0, 25.0])
def test_the_longer_the_time_the_less_the_drift_remembers(start: float) -> None:
    kept = [memory(start, later) for later in np.linspace(start, OLDEST, 80)]
    assert all(later < sooner for sooner, later in pairwise(kept))


def test_a_child_drifts_further_in_four_years_than_an_adult() -> None:
    assert 0.5 < memory(4, 8) < 0.7
    assert memory(4, 8) < memory(10, 14) < memory(30, 34)


@given(
    numbers=st.lists(st.floats(-3, 3), min_size=drift_size(), max_size=drift_size()),
    age=ages,
    factor=st.floats(-4, 4),
)
def test_the_drift_is_linear_in_its_numbers(
    numbers: list[float], age: float, factor: float
) -> None:
    row = np.array(numbers)
    assert drift(factor * row, age) == pytest.approx(factor * drift(row, age), abs=1e-9)
    parts = sum(float(drift(number * one, age)) for number, one in zip(row, ONES, strict=True))
    assert drift(row, age) == pytest.approx(parts, abs=1e-9)


def test_many_drifts_are_evaluated_as_each_alone() -> None:
    table = np.random.default_rng(0).standard_normal((4, 3, drift_size()))
    together = drift(table, 7.5)
    assert together.shape == (4, 3)
    alone = [[float(drift(row, 7.5)) for row in rows] for rows in table]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


@given(early=st.floats(0.0, 1.5), age=st.floats(3.0, OLDEST))
def test_the_amplitude_lies_between_the_early_share_and_the_adult_one(
    early: float, age: float
) -> None:
    share = float(amplitude(np.array(early), age))
    low, high = sorted((early, 1.0))
    assert low - 1e-12 <= share <= high + 1e-12


@pytest.mark.parametrize("early", [0.0, 0.3, 1.3])
def test_the_amplitude_moves_one_way_only(early: float) -> None:
    shares = [float(amplitude(np.array(early), age)) for age in AGES]
    assert shares == sorted(shares, reverse=early > 1)
    halfway = float(amplitude(np.array(early), 11.0))
    assert (halfway - early) / (1 - early) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("age", [1.99, 60.01, -3.0, math.nan, math.inf])
def test_ages_without_a_face_are_refused(age: float) -> None:
    with pytest.raises(InputError, match="from 2 to 60 years") as caught:
        shape_weights(make_identity(0, 0), age)
    assert caught.value.got is age


@pytest.mark.parametrize("age", [YOUNGEST, OLDEST])
def test_the_first_and_the_last_age_are_allowed(age: float) -> None:
    assert all(math.isfinite(weight) for weight in shape_weights(make_identity(0, 0), age).values())
