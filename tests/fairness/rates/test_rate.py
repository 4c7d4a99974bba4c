"""Intervals against published vectors, independent libraries and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.rates import (
    Rate,
    clopper_pearson,
    clustered_rate,
    effective_people,
    effective_trials,
    status_of,
    wilson,
)

repeatable = settings(deadline=None, derandomize=True)

# Computed once with scipy 1.17 (binomtest().proportion_ci) and checked with statsmodels 0.15.
INTERVALS = [
    (0, 10, (0, 0.27753280), (0, 0.30849711)),
    (0, 300, (0, 0.01264297), (0, 0.01222097)),
    (1, 100, (0.00176743, 0.05448620), (0.00025315, 0.05445939)),
    (3, 100, (0.01025452, 0.08451936), (0.00622997, 0.08517605)),
    (5, 50, (0.04347576, 0.21360231), (0.03327509, 0.21813537)),
    (30, 3000, (0.00701370, 0.01423957), (0.00675684, 0.01424507)),
    (100, 100, (0.96300650, 1), (0.96378331, 1)),
]

# Six subjects; the figures are the plug-in formula worked out by hand with NumPy.
CLUSTERED = ([0, 0, 2, 0, 1, 0], [3, 3, 3, 1, 6, 3])

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.5, 0.9, 0.95, 0.99])


@pytest.mark.parametrize(("errors", "trials", "by_score", "exact"), INTERVALS)
def test_intervals_of_known_counts(errors, trials, by_score, exact):
    assert wilson(errors, trials) == pytest.approx(by_score, abs=5e-9)
    assert clopper_pearson(errors, trials) == pytest.approx(exact, abs=5e-9)


def test_wilson_takes_effective_numbers():
    assert wilson(10, 1000) == pytest.approx((0.00544075, 0.01830947), abs=5e-9)


@repeatable
@given(counts, levels)
def test_intervals_agree_with_scipy(pair, level):
    stats = pytest.importorskip("scipy.stats")
    test = stats.binomtest(*pair)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        theirs = test.proportion_ci(level, method=method)
        assert ours(*pair, level=level) == pytest.approx(tuple(theirs), abs=1e-9)


@pytest.mark.parametrize("scale", [1e3, 1e5, 1e7])
def test_the_exact_interval_holds_for_large_counts(scale):
    beta = pytest.importorskip("scipy.stats").beta
    k, n = 0.003 * scale, scale
    expected = (beta.ppf(0.025, k, n - k + 1), beta.ppf(0.975, k + 1, n - k))
    assert clopper_pearson(k, n) == pytest.approx(expected, rel=1e-7)


@repeatable
@given(counts, levels)
def test_intervals_hold_the_estimate_and_mirror_with_the_complement(pair, level):
    errors, trials = pair
    for interval in (wilson, clopper_pearson):
        low, high = interval(errors, trials, level=level)
        assert 0 <= low <= errors / trials <= high <= 1
        mirrored = interval(trials - errors, trials, level=level)
        assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-9)


def test_nothing_is_known_without_trials():
    assert wilson(0, 0) == clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("args", [(-1, 5), (6, 5), (math.nan, 5), (1, math.inf)])
def test_impossible_counts_are_refused(args):
    for interval in (wilson, clopper_pearson):
        with pytest.raises(ValueError, match="errors <= trials"):
            interval(*args)


def test_impossible_levels_and_targets_are_refused():
    with pytest.raises(ValueError, match="level"):
        wilson(1, 2, level=1.0)
    with pytest.raises(ValueError, match="target"):
        clustered_rate([1], [2], target=0)


def test_effective_trials_of_the_worked_example():
    n = effective_trials(*CLUSTERED)
    p = 3 / 19
    assert n == pytest.approx(15.8391225, abs=1e-7)
    assert p * (1 - p) / n == pytest.approx(0.00839465627, abs=1e-11)
    assert wilson(p * n, n) == pytest.approx((0.05027924, 0.39906150), abs=5e-9)
    assert wilson(3, 19) == pytest.approx((0.05520472, 0.37565475), abs=5e-9)


def test_the_variance_is_the_spread_of_resampled_subjects():
    rng = np.random.default_rng(4)
    trials = rng.integers(1, 9, 400)
    errors = rng.binomial(trials, rng.beta(1, 4, 400))
    p = errors.sum() / trials.sum()
    drawn = rng.integers(0, 400, (4000, 400))
    resampled = errors[drawn].sum(axis=1) / trials[drawn].sum(axis=1)
    n = effective_trials(errors, trials)
    assert math.sqrt(p * (1 - p) / n) == pytest.approx(resampled.std(), rel=0.04)


def test_one_trial_a_subject_gives_wilsons_interval_itself():
    rate = clustered_rate([1] * 5 + [0] * 45, [1] * 50)
    assert (rate.low, rate.high) == wilson(5, 50)
    assert rate.effective == 50


def test_few_subjects_widen_the_interval_a_little():
    errors, trials = np.array([0, 0, 3] * 17), np.full(51, 3)
    n = effective_trials(errors, trials)
    few, many = (
        clustered_rate(errors, trials),
        clustered_rate(np.tile(errors, 40), np.tile(trials, 40)),
    )
    assert 0.85 * n < few.effective < 0.95 * n
    assert many.effective == pytest.approx(40 * n, rel=0.005)


def test_a_variance_that_one_subject_carries_is_hardly_known():
    errors, trials = np.array([10] + [1, 0] * 30), np.full(61, 10)
    shared = clustered_rate(errors, trials)
    spread = clustered_rate(np.array([1] * 40 + [0] * 21), trials)
    assert shared.errors == spread.errors
    assert shared.effective < effective_trials(errors, trials) / 3
    assert spread.effective == spread.trials


def test_no_variance_is_made_of_fewer_than_five_errors():
    rate = clustered_rate([1] * 4 + [0] * 96, [3] * 100)
    assert rate.effective == 100
    assert clustered_rate([1] * 5 + [0] * 95, [3] * 100).effective > 200


def test_photos_that_fail_together_count_for_as_many_trials_as_subjects():
    assert effective_trials([5] * 20 + [0] * 80, [5] * 100) == pytest.approx(100)


def test_there_are_never_more_effective_than_real_trials():
    assert effective_trials([1] * 30, [2] * 30) == 60


@pytest.mark.parametrize(("subjects", "bound"), [(100, 0.0295130), (300, 0.0099361)])
def test_no_error_gives_the_exact_bound_for_the_number_of_subjects(subjects, bound):
    rate = clustered_rate([0] * subjects, [4] * subjects, target=0.03)
    assert rate.estimate == rate.low == 0
    assert rate.high == pytest.approx(bound, abs=5e-8)
    assert rate.high == pytest.approx(1 - 0.05 ** (1 / subjects), rel=1e-9)
    always = clustered_rate([4] * subjects, [4] * subjects)
    assert (always.low, always.high) == (pytest.approx(1 - bound, abs=5e-8), 1)


def test_subjects_without_trials_do_not_count():
    rate = clustered_rate([0, 0, 1], [0, 2, 2])
    assert (rate.errors, rate.trials, rate.subjects) == (1, 4, 2)
    empty = clustered_rate([], [])
    assert (empty.trials, empty.low, empty.high, empty.status) == (0, 0, 1, "suppressed")
    assert math.isnan(empty.estimate)


@pytest.mark.parametrize(
    ("errors", "trials"),
    [([1, 2], [3]), ([[1]], [[2]]), ([-1], [2]), ([3], [2]), ([0.5], [2]), ([math.nan], [2])],
)
def test_impossible_counts_by_subject_are_refused(errors, trials):
    with pytest.raises(ValueError, match="need"):
        clustered_rate(errors, trials)


@pytest.mark.parametrize(
    ("errors", "subjects", "effective", "status"),
    [
        (30, 100, 300, "ok"),
        (30, 99, 300, "limited"),
        (29, 100, 300, "limited"),
        (5, 10, 60, "limited"),
        (5, 9, 60, "suppressed"),
        (4, 60, 60, "bound_only"),
        (4, 60, 59, "insufficient"),
        (0, 10, 60, "bound_only"),
        (0, 9, 900, "suppressed"),
        (900, 9, 900, "suppressed"),
    ],
)
def test_the_status_says_what_the_data_carry(errors, subjects, effective, status):
    assert status_of(errors, subjects, effective, target=0.05) == status


def test_the_people_who_carry_the_information_decide_the_status():
    """One person with 300 photos among 120 with a pair each; one person who makes all errors."""
    everybody = np.ones(120, np.int64)
    busy = np.r_[everybody, 300 * 299 // 2]
    own_rate = clustered_rate(np.r_[everybody * 0, 3000], busy)
    assert effective_people(busy) == pytest.approx(1.0, abs=0.01)
    assert own_rate.status == "insufficient"
    assert own_rate.largest == 1.0
    one = np.zeros(200, np.int64)
    one[7] = 45
    unlucky = clustered_rate(one, np.full(200, 45))
    assert (unlucky.status, unlucky.largest) == ("insufficient", 1.0)
    shared = clustered_rate(np.r_[np.ones(45, np.int64), np.zeros(155, np.int64)], np.full(200, 45))
    assert (shared.status, shared.largest) == ("ok", pytest.approx(1 / 45))


@repeatable
@given(st.lists(st.integers(0, 300), min_size=1, max_size=40))
def test_people_carry_as_many_as_there_are_at_most(numbers):
    carrying = effective_people(numbers)
    there = sum(number > 0 for number in numbers)
    assert (1 if there else 0) <= carrying + 1e-9
    assert carrying <= there + 1e-9


@pytest.mark.parametrize(
    ("errors", "trials", "text"),
    [
        (
            [1] * 40 + [0] * 80,
            [2] * 120,
            "16.7 % (95 % interval 12.5 % to 21.9 %; 40 of 240 trials, 120 subjects)",
        ),
        (
            [1] * 5 + [0] * 45,
            [1] * 50,
            "10 % (95 % interval 4.35 % to 21.4 %; 5 of 50 trials, 50 subjects; limited data)",
        ),
        ([0] * 100, [1] * 100, "at most 2.95 % (95 % bound; 0 of 100 trials, 100 subjects)"),
        (
            [1] * 9 + [0] * 11,
            [1] * 20,
            "45 % (95 % interval 25.8 % to 65.8 %; 9 of 20 trials, 20 subjects; limited data)",
        ),
        ([9] + [0] * 19, [9] * 20, "not enough data (9 of 180 trials, 20 subjects)"),
        ([1] * 9, [1] * 9, "suppressed (fewer than 10 subjects)"),
    ],
)
def test_a_rate_reads_with_its_counts_and_interval_or_not_at_all(errors, trials, text):
    assert str(clustered_rate(errors, trials)) == text


def test_a_suppressed_rate_shows_no_figure_of_its_own():
    shown = str(Rate(7, 8, 9, 0.875, 0.5, 0.97, "suppressed", 8.0))
    assert not set("5789") & set(shown)


def beta_binomial(rng, subjects, rate, correlation):
    """Draw errors and trials of subjects whose own rates differ; 1 to 6 trials each."""
    trials = rng.integers(1, 7, subjects)
    if correlation == 0:
        return rng.binomial(trials, rate), trials
    spread = (1 - correlation) / correlation
    own = rng.beta(rate * spread, (1 - rate) * spread, subjects)
    return rng.binomial(trials, own), trials


def coverage(subjects, rate, correlation, repeats):
    rng = np.random.default_rng(subjects)
    held = naive = 0
    for _ in range(repeats):
        errors, trials = beta_binomial(rng, subjects, rate, correlation)
        interval = clustered_rate(errors, trials)
        held += interval.low <= rate <= interval.high
        low, high = wilson(errors.sum(), trials.sum())
        naive += low <= rate <= high
    return held / repeats, naive / repeats


def test_intervals_of_clustered_data_hold_what_they_promise_and_naive_ones_do_not():
    ours, naive = coverage(subjects=200, rate=0.2, correlation=0.5, repeats=1500)
    assert 0.93 <= ours <= 0.97
    assert naive < 0.85


@pytest.mark.slow
@pytest.mark.parametrize("subjects", [50, 200])
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("correlation", [0.0, 0.1, 0.3, 0.6])
def test_coverage_over_the_range_an_audit_meets(subjects, rate, correlation):
    ours, _ = coverage(subjects, rate, correlation, repeats=4000)
    assert 0.93 <= ours <= 0.97
