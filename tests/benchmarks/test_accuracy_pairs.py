"""Pairs of a child and an adult, against pairs and thresholds written out by hand."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from fairness import Cohort, Sample

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    pairs = importlib.import_module("accuracy_pairs")


def cohort_of(*people):
    """Make a cohort of lists of ages, one list for each subject."""
    samples = [
        Sample(f"{subject:03d}-{place:03d}", f"{subject:03d}", age_at_capture=float(age))
        for subject, ages in enumerate(people)
        for place, age in enumerate(ages)
    ]
    return Cohort.of(samples, name="made")


def random_vectors(count, seed=0):
    drawn = np.random.default_rng(seed).standard_normal((count, 64))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("gap", [20.0, 30.0])
def test_pairs_are_of_a_child_and_an_adult_so_many_years_apart_half_of_them_mated(gap):
    drawn = np.random.default_rng(3)
    ages = drawn.integers(0, 60, 300).astype(float)
    subjects = drawn.integers(0, 20, 300)
    found = pairs.child_adult_pairs(ages, subjects, gap, np.random.default_rng(1))
    child, adult = found.T
    same = subjects[child] == subjects[adult]
    assert np.all(ages[child] <= 12)
    assert np.all(ages[adult] >= ages[child] + gap)
    every = [
        (one, other)
        for one in range(300)
        for other in range(300)
        if subjects[one] == subjects[other] and ages[one] <= 12 and ages[other] - ages[one] >= gap
    ]
    assert sorted(map(tuple, found[same].tolist())) == every
    assert np.count_nonzero(~same) == len(every)
    assert sorted(child[same]) == sorted(child[~same])
    assert len(np.unique(found, axis=0)) == len(found)


def test_strangers_are_those_of_the_seed():
    ages, subjects = np.tile([5.0, 40.0], 50), np.repeat(np.arange(50), 2)
    first, again, other = (
        pairs.child_adult_pairs(ages, subjects, 20.0, np.random.default_rng(seed)).tolist()
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_nobody_helps_to_set_the_threshold_that_judges_them():
    """Everybody else is separated at 0.5; person 0 has scores that would move the threshold."""
    people = np.arange(20)
    child = np.concatenate([people, people])
    adult = np.concatenate([people, (people + 1) % 20])
    scores = np.repeat([0.6, 0.4], 20).astype(np.float32)
    of_0 = (child == 0) | (adult == 0)
    scores[of_0] = 0.5
    right = pairs.judged_among_others(scores, child, adult)
    same = child == adult
    assert np.all(right[~of_0])
    np.testing.assert_array_equal(right[of_0], ~same[of_0])  # 0.5 is below 0.6, the others' best
    moved = scores.copy()
    moved[of_0 & same] = 0.1
    moved[of_0 & ~same] = 0.9
    assert not pairs.judged_among_others(moved, child, adult)[of_0].any()


def test_a_model_that_knows_everybody_judges_all_pairs_rightly():
    cohort = cohort_of(*[[3, 10, 25, 45]] * 25)
    known = np.eye(25, dtype=np.float32)[cohort.subject_codes]
    at_20, at_30 = pairs.child_adult_rows(cohort, known, np.ones((25, 3)), 0)
    assert (at_20.count, at_30.count) == (25 * 2 * 3, 25 * 2 * 2)
    assert at_30.name == "accuracy, child of 12 or less and adult, 30 years or more apart"
    np.testing.assert_allclose(at_20.values, 1.0)
    np.testing.assert_allclose(at_30.values, 1.0)


def test_a_model_that_knows_nobody_judges_half_of_the_pairs_rightly():
    cohort = cohort_of(*[[3, 6, 9, 12, 40, 45, 50, 55]] * 30)
    for row in pairs.child_adult_rows(cohort, random_vectors(240), np.ones((30, 1)), 0):
        assert 0.42 < row.value < 0.58


def test_who_the_strangers_are_hardly_moves_the_row():
    cohort = cohort_of(*[[8, 40]] * 30)
    people = np.repeat(random_vectors(30), 2, axis=0)
    seen = people + 1.3 * random_vectors(60, seed=1)
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    found = [
        pairs.child_adult_rows(cohort, seen.astype(np.float32), np.ones((30, 1)), seed)[0].value
        for seed in range(3)
    ]
    assert 0.5 < min(found) < max(found) < 1.0
    assert max(found) - min(found) < 0.02


def test_both_kinds_count_the_same_and_strangers_by_both_weights():
    child, adult = np.arange(20).repeat(2), np.arange(20).repeat(2)
    adult[1::2] = (adult[1::2] + 1) % 20
    scores = np.where(child == adult, 0.9, 0.1).astype(np.float32)
    scores[0] = 0.0  # the mated pair of person 0 is missed
    scores[1] = 1.0  # persons 0 and 1 are taken for each other
    weights = np.ones((20, 3))
    weights[0, 1], weights[1, 1] = 3.0, 2.0
    weights[0, 2] = 0.0
    found = pairs.accuracies(scores, child, adult, weights)
    mated, others = 3 / 23, 6 / (6 + 2 + 17 + 3)
    np.testing.assert_allclose(found, [0.95, 1 - (mated + others) / 2, 1.0])


@pytest.mark.parametrize("people", [[[5, 40]] * 3, [[5, 10]] * 30, [[30, 60]] * 30])
def test_too_few_people_or_no_such_pair_leave_the_row_undefined(people):
    cohort = cohort_of(*people)
    weights = np.ones((len(people), 4))
    for row in pairs.child_adult_rows(cohort, random_vectors(len(cohort)), weights, 0):
        assert np.isnan(row.values).all()
        assert row.limits is None
