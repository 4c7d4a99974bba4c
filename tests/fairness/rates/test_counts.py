"""Counts of comparisons: closed forms against tables of all pairs of photos, and their variance."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.rates import (
    CompleteTrials,
    ListedTrials,
    PairCounts,
    SubjectCounts,
    clustered_rate,
    rate_of_counts,
)
from fairness.rates.rate import effective_trials

repeatable = settings(deadline=None, derandomize=True)


def ints(*values):
    return np.array(values, dtype=np.int64)


@st.composite
def cohorts(draw):
    """Subject and cell of each photo, kin, and the photo pairs that are errors, by chance."""
    subjects = draw(st.integers(2, 7))
    photos = draw(
        st.lists(
            st.tuples(st.integers(0, subjects - 1), st.integers(0, 2)), min_size=2, max_size=16
        )
    )
    pairs = list(combinations(range(subjects), 2))
    kin = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=4))
    return subjects, photos, kin, draw(st.integers(0, 2**31))


def by_hand(subjects, photos, kin, cells):
    """Comparisons of each pair of subjects, one photo pair after the other."""
    first, second = cells
    table = np.zeros((subjects, subjects))
    for (i, a), (j, b) in combinations(photos, 2):
        wanted = (a, b) in ((first, second), (second, first))
        if wanted and i != j and (min(i, j), max(i, j)) not in kin:
            table[min(i, j), max(i, j)] += 1
    return table


def complete(subjects, photos, kin, cells):
    first, second = (
        np.bincount([s for s, c in photos if c == cell], minlength=subjects).astype(np.int64)
        for cell in cells
    )
    pairs = np.array(kin, dtype=np.int64).reshape(-1, 2)[:, ::-1]
    return CompleteTrials(first, second, same=cells[0] == cells[1], kin=pairs)


@repeatable
@given(cohorts(), st.sampled_from([(0, 0), (0, 1), (1, 2)]))
def test_closed_forms_count_what_a_table_of_photo_pairs_counts(cohort, cells):
    subjects, photos, kin, seed = cohort
    table = by_hand(subjects, photos, kin, cells)
    both = table + table.T
    trials = complete(subjects, photos, kin, cells)
    left, right = np.triu_indices(subjects, 1)
    assert trials.total == table.sum()
    assert np.array_equal(trials.by_subject, both.sum(axis=0))
    assert np.array_equal(trials.neighbours, (both > 0).sum(axis=0))
    assert trials.squares == np.sum(table**2)
    assert np.array_equal(trials.between(left, right), table[left, right])
    weights = np.random.default_rng(seed).integers(0, 4, (subjects, 3)).astype(float)
    assert trials.drawn(weights) == pytest.approx(np.einsum("ij,id,jd->d", table, weights, weights))


@repeatable
@given(cohorts())
def test_listed_and_complete_trials_are_the_same_thing(cohort):
    subjects, photos, kin, seed = cohort
    trials = complete(subjects, photos, kin, (0, 0))
    left, right = np.triu_indices(subjects, 1)
    counts = trials.between(left, right)
    there = counts > 0
    listed = ListedTrials(left[there], right[there], counts[there])
    rng = np.random.default_rng(seed)
    errors = rng.binomial(counts, 0.4)
    hit = errors > 0
    weights = rng.integers(0, 4, (subjects, 3)).astype(float)
    made, read = (
        PairCounts(left[hit], right[hit], errors[hit], design) for design in (trials, listed)
    )
    ours, theirs = made.rate(), read.rate()
    assert (ours.errors, ours.trials, ours.subjects) == (
        theirs.errors,
        theirs.trials,
        theirs.subjects,
    )
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert made.independent_pairs == read.independent_pairs
    assert made.resampled(weights) == pytest.approx(read.resampled(weights), nan_ok=True)
    if counts.sum():
        assert made.variance == pytest.approx(read.variance, abs=1e-15)
        assert made.variance == pytest.approx(
            variance_by_hand(left, right, errors, counts), abs=1e-15
        )


def variance_by_hand(left, right, errors, trials):
    """Add up the products of all pairs of dyads that have a subject in common."""
    p = errors.sum() / trials.sum()
    apart = errors - p * trials
    shared = (
        (left[:, None] == left)
        | (left[:, None] == right)
        | (right[:, None] == left)
        | (right[:, None] == right)
    )
    return float(apart @ shared @ apart) / trials.sum() ** 2


def matrix_of_five():
    """Five subjects, one comparison a pair, false matches 0-1, 0-2 and 0-3."""
    photos = np.ones(5, np.int64)
    return PairCounts(
        ints(0, 0, 0), ints(1, 2, 3), ints(1, 1, 1), CompleteTrials(photos, photos, same=True)
    )


def test_the_variance_of_the_worked_example():
    counts = matrix_of_five()
    assert counts.total / counts.trials.total == 0.3
    assert counts.variance == pytest.approx(0.027)
    assert counts.effective_trials() == pytest.approx(7.7778, abs=5e-5)


@pytest.mark.parametrize(
    ("weights", "errors", "trials"), [([2, 0, 1, 1, 1], 4, 9), ([2, 2, 0, 0, 2], 4, 12)]
)
def test_weights_of_subjects_multiply_in_pairs(weights, errors, trials):
    counts = matrix_of_five()
    column = np.array(weights, dtype=np.float64)[:, None]
    assert [float(x[0]) for x in counts.drawn(column)] == [errors, trials]
    assert counts.resampled(column) == pytest.approx(errors / trials)


def test_a_draw_without_trials_has_no_rate():
    assert np.isnan(matrix_of_five().resampled(np.eye(5))).all()
    assert np.isnan(SubjectCounts(ints(0, 1), ints(0, 2)).resampled(np.eye(2))).tolist() == [
        True,
        False,
    ]


def test_counts_of_subjects_are_those_of_the_clustered_rate():
    errors, trials = ints(0, 0, 2, 0, 1, 0), ints(3, 3, 3, 1, 6, 3)
    counts = SubjectCounts(errors, trials)
    assert counts.rate(target=0.1) == clustered_rate(errors, trials, target=0.1)
    assert rate_of_counts(counts).trials == 19
    assert effective_trials(errors, trials) == pytest.approx(15.8391225, abs=1e-7)
    assert counts.resampled(np.ones((6, 1))) == pytest.approx(3 / 19)


def within(subjects, left=(), right=(), errors=(), photos=1):
    each = np.full(subjects, photos, np.int64)
    return PairCounts(ints(*left), ints(*right), ints(*errors), CompleteTrials(each, each, True))


def test_half_the_subjects_are_independent_where_nothing_is_wrong():
    rate = within(7000).rate(target=1e-3)
    assert (rate.errors, rate.subjects, rate.status) == (0, 7000, "bound_only")
    assert rate.effective == 3500
    assert rate.high == pytest.approx(1 - 0.05 ** (1 / 3500))
    assert within(5000).rate(target=1e-3).status == "insufficient"
    assert within(7001).independent_pairs == 3500


@pytest.mark.parametrize(("photos", "comparisons", "bound"), [(78, 3003, 1e-3), (246, 30135, 1e-4)])
def test_the_optimistic_bound_counts_every_comparison(photos, comparisons, bound):
    counts = within(photos)
    assert counts.trials.total == comparisons
    assert counts.optimistic_bound() == pytest.approx(1 - 0.05 ** (1 / comparisons))
    assert 0.99 * bound < counts.optimistic_bound() < bound


@pytest.mark.parametrize(("photos", "bound"), [(25, 1e-2), (78, 1e-3), (246, 1e-4), (775, 1e-5)])
def test_fewest_subjects_without_error_that_would_exclude_a_rate(photos, bound):
    assert within(photos).optimistic_bound() <= bound < within(photos - 1).optimistic_bound()


def test_no_more_pairs_are_independent_than_the_smaller_group_has_subjects():
    subjects = np.arange(50)
    few, many = (subjects < 8).astype(np.int64), (subjects >= 8).astype(np.int64)
    counts = PairCounts(ints(), ints(), ints(), CompleteTrials(few, many, same=False))
    assert counts.independent_pairs == 8
    assert counts.rate().subjects == 50


def test_few_errors_are_bounded_and_not_given_a_variance():
    rate = within(200, [0, 4], [1, 5], [1, 3], photos=2).rate()
    assert rate.effective == 100
    more = within(200, [0, 4], [1, 5], [2, 3], photos=2).rate()
    assert more.effective > 1000


def test_one_subject_who_is_taken_for_everybody_widens_the_interval():
    """The same number of errors, once spread over all pairs and once all with subject 0."""
    lamb = within(200, [0] * 100, range(1, 101), [1] * 100).rate()
    spread = within(200, range(0, 200, 2), range(1, 200, 2), [1] * 100).rate()
    assert lamb.errors == spread.errors
    assert spread.effective > 0.95 * spread.trials
    assert lamb.effective < 0.01 * lamb.trials
    assert lamb.low < spread.low < spread.high < lamb.high


def test_never_more_effective_comparisons_than_real_ones():
    everywhere = within(12, range(0, 12, 2), range(1, 12, 2), [1] * 6)
    assert everywhere.variance < 0.1 * 0.9 / 66
    assert everywhere.effective_trials() == everywhere.trials.total == 66


def test_all_errors_are_bounded_from_below():
    left, right = np.triu_indices(20, 1)
    rate = PairCounts(
        left, right, np.ones(190, np.int64), ListedTrials(left, right, np.ones(190, np.int64))
    ).rate()
    assert (rate.estimate, rate.high, rate.effective) == (1.0, 1.0, 10.0)
    assert rate.low == pytest.approx(0.05**0.1)


def test_kin_are_taken_off_whatever_group_they_are_in():
    photos = ints(2, 3, 1)
    kin = np.array([[1, 0]])
    trials = CompleteTrials(photos, photos, same=True, kin=kin)
    assert trials.total == 2 * 1 + 3 * 1
    with pytest.raises(ValueError, match="no more errors than trials"):
        PairCounts(ints(0), ints(1), ints(1), trials)


def test_nobody_is_compared_in_an_empty_group():
    rate = within(30, photos=0).rate()
    assert (rate.trials, rate.subjects, rate.status) == (0, 0, "suppressed")
    assert math.isnan(rate.estimate)


def test_a_large_cohort_needs_no_table_of_pairs():
    rng = np.random.default_rng(0)
    photos = rng.integers(1, 5, 100_000)
    left = rng.integers(0, 99_999, 200_000)
    keys = np.unique(np.stack([left, rng.integers(left + 1, 100_000)]), axis=1)
    errors = np.ones(keys.shape[1], np.int64)
    counts = PairCounts(keys[0], keys[1], errors, CompleteTrials(photos, photos, same=True))
    rate = counts.rate()
    assert rate.status == "ok"
    assert rate.low < rate.estimate < rate.high
    assert counts.resampled(np.ones((100_000, 1)))[0] == pytest.approx(rate.estimate)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SubjectCounts(ints(1, 2), ints(3)),
        lambda: SubjectCounts(ints(2), ints(1)),
        lambda: SubjectCounts(ints(-1), ints(1)),
        lambda: ListedTrials(ints(0), ints(1, 2), ints(1)),
        lambda: ListedTrials(ints(1), ints(0), ints(1)),
        lambda: ListedTrials(ints(1), ints(1), ints(1)),
        lambda: ListedTrials(ints(0), ints(1), ints(0)),
        lambda: ListedTrials(ints(0, 0), ints(1, 1), ints(1, 1)),
        lambda: CompleteTrials(ints(1), ints(1, 2), same=False),
        lambda: CompleteTrials(ints(1, 1), ints(1, 2), same=True),
        lambda: CompleteTrials(ints(1, 1), ints(1, 1), same=True, kin=ints(0, 1)),
        lambda: CompleteTrials(ints(1, 1), ints(1, 1), same=True, kin=np.array([[0, 0]])),
        lambda: CompleteTrials(ints(1, 1), ints(1, 1), same=True, kin=np.array([[0, 2]])),
        lambda: within(3, [0], [1], [2]),
        lambda: within(3, [0], [3], [1]),
    ],
)
def test_impossible_counts_are_refused(make):
    with pytest.raises(ValueError, match=r"need|cannot"):
        make()
