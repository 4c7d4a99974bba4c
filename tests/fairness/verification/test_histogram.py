"""Thresholds for a false match rate: exact, and never above what was asked for."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import audits, cohort_of, rounded_units

from fairness.errors import ScoresError
from fairness.verification import (
    EmbeddingScores,
    GroupPairs,
    ListedScores,
    Verification,
    allowed_errors,
    everybody,
    threshold_at,
)
from fairness.verification.histogram import ScoreCounts

repeatable = settings(deadline=None, derandomize=True, max_examples=80)

GENUINE = [0.9, 0.8, 0.7, 0.6, 0.4]
IMPOSTOR = [0.1, 0.2, 0.3, 0.5, 0.6]


def published():
    """Five people with two photos each: as many mated and non-mated scores as the example has."""
    cohort = cohort_of([person for person in "abcde" for _ in range(2)])
    left, right = np.array([0, 2, 4, 6, 8, 0, 0, 0, 0, 2]), np.array([1, 3, 5, 7, 9, 2, 4, 6, 8, 4])
    return ListedScores(cohort, left, right, np.array(GENUINE + IMPOSTOR, np.float32))


def float_above(value):
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


@pytest.mark.parametrize(
    ("threshold", "fmr", "fnmr"),
    [(0.3, 0.6, 0), (0.5, 0.4, 0.2), (0.6, 0.2, 0.2), (0.61, 0, 0.4)],
)
def test_rates_at_published_thresholds(threshold, fmr, fnmr):
    verification = Verification(published(), threshold)
    grouping = everybody(10)
    assert verification.false_matches(grouping).overall().rate().estimate == pytest.approx(fmr)
    missed = verification.false_non_matches(grouping)["everybody"]
    assert missed.rate().estimate == pytest.approx(fnmr)


@pytest.mark.parametrize(
    ("target", "just_above", "typed", "achieved"),
    [
        (0, 0.6, 0.7, 0),
        (0.2, 0.5, 0.6, 0.2),
        (0.4, 0.3, 0.4, 0.4),
        (0.5, 0.3, 0.4, 0.4),
        (0.99, 0.1, 0.2, 0.8),
    ],
)
def test_thresholds_for_published_targets(target, just_above, typed, achieved):
    scores = published()
    threshold = threshold_at(scores, scores.histogram(everybody(10)), target)
    assert threshold.value == typed
    assert threshold.value > np.float32(just_above)
    assert threshold.fmr == pytest.approx(achieved)
    assert threshold.trials == 5


@repeatable
@given(audits(), st.sampled_from([0, 0.01, 0.1, 1 / 3, 0.5, 0.9]))
def test_threshold_is_the_lowest_that_keeps_the_target(audit, target):
    scores = EmbeddingScores(*audit, side=4)
    grouping = scores.cohort.grouping("group")
    histogram = scores.histogram(grouping)
    if not histogram.overall().trials:
        return
    threshold = threshold_at(scores, histogram, target)
    assert threshold.fmr <= target
    tail = scores.tail(-np.inf).score
    below = tail[tail < np.float32(threshold.value)].max()
    assert np.mean(tail >= below) > target
    assert len(scores.tail(threshold.value)) == threshold.false_matches


def test_threshold_may_be_set_on_some_groups_or_within_groups():
    rng = np.random.default_rng(5)
    groups = ["adult"] * 60 + ["child"] * 40
    cohort = cohort_of([f"s{i}" for i in range(100)], groups=groups)
    scores = EmbeddingScores(cohort, rounded_units(rng, 100))
    grouping = cohort.grouping("group")
    histogram = scores.histogram(grouping)
    every = scores.vectors @ scores.vectors.T
    adult = np.arange(100) < 60
    for pairs, allowed in (
        (GroupPairs.among(grouping, ["adult"]), adult[:, None] & adult),
        (GroupPairs.yoked(grouping), adult[:, None] == adult),
        (GroupPairs.between(grouping, "child", "adult"), adult[:, None] != adult),
        (GroupPairs.every(grouping), np.ones((100, 100), bool)),
    ):
        compared = np.sort(every[np.triu(allowed, 1)])
        threshold = threshold_at(scores, histogram, 0.02, pairs=pairs)
        assert threshold.trials == len(compared)
        reached = compared[-1 - int(0.02 * len(compared))]
        lowest = float_above(reached)
        assert lowest <= np.float32(threshold.value)
        for of_all in (every[np.triu_indices(100, 1)], scores.mated().score):
            assert np.sum(of_all >= np.float32(threshold.value)) == np.sum(of_all >= lowest)


@repeatable
@given(st.integers(1, 10**10), st.floats(0, 1, exclude_max=True))
def test_allowed_errors_are_the_most_whose_share_is_at_most_the_target(trials, target):
    allowed = allowed_errors(target, trials)
    assert allowed / trials <= target < (allowed + 1) / trials


def test_no_comparison_allows_no_threshold():
    scores = EmbeddingScores(cohort_of(["a", "a"]), np.ones((2, 1), np.float32))
    with pytest.raises(ScoresError, match="at least one comparison"):
        threshold_at(scores, scores.histogram(everybody(2)), 0.1)


@pytest.mark.parametrize("target", [-0.1, 1, math.nan])
def test_a_rate_that_is_none_is_refused(target):
    with pytest.raises(ValueError, match="false match rate"):
        allowed_errors(target, 10)


def test_mean_and_quantiles_are_those_of_the_scores_to_half_a_bin():
    rng = np.random.default_rng(6)
    scores = EmbeddingScores(cohort_of([f"s{i}" for i in range(80)]), rounded_units(rng, 80))
    counts, exact = scores.histogram(everybody(80)).overall(), scores.tail(-1).score
    assert counts.mean() == pytest.approx(exact.mean(), abs=2.5e-4)
    for share in (0, 0.1, 0.5, 0.99, 1):
        wanted = np.quantile(exact, share, method="inverted_cdf")
        assert counts.quantile(share) == pytest.approx(wanted, abs=2.5e-4)


def test_a_rate_between_edges_is_never_too_low():
    counts = ScoreCounts(np.array([0, 1, 2], np.float32), np.array([3, 1]))
    assert [counts.fmr(t) for t in (-1, 0, 0.5, 1, 1.9, 2, 3)] == [1, 1, 1, 0.25, 0.25, 0, 0]


def test_sums_of_groups_are_the_whole():
    cohort = cohort_of([f"s{i}" for i in range(30)], groups=["u", "v", "w"] * 10)
    scores = EmbeddingScores(cohort, rounded_units(np.random.default_rng(7), 30))
    histogram = scores.histogram(cohort.grouping("group"))
    parts = [histogram.between(a, b).trials for a, b in ("uu", "uv", "uw", "vv", "vw", "ww")]
    assert sum(parts) == histogram.overall().trials == 30 * 29 // 2
    assert histogram.yoked().trials == sum(histogram.within(name).trials for name in "uvw")
    assert histogram.between("w", "u").trials == histogram.between("u", "w").trials


def test_a_group_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no group"):
        GroupPairs.among(everybody(3), ["adult"])
