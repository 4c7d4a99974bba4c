"""Subjects drawn again: what a draw keeps, what it repeats, and how far rates stray."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.differentials import draw_weights, observed, percentile_limits, resample, resampling
from fairness.differentials.measures import gini, max_over_geometric_mean, max_over_min
from fairness.differentials.resampling import under_equality
from fairness.rates import CompleteTrials, PairCounts, Rate, SubjectCounts

repeatable = settings(deadline=None, derandomize=True)


def whole(chunks):
    return np.concatenate(list(chunks), axis=1)


@repeatable
@given(st.lists(st.integers(0, 3), min_size=1, max_size=20), st.integers(0, 99))
def test_a_draw_keeps_the_size_of_every_stratum(strata, seed):
    weights = whole(draw_weights(len(strata), 5, seed, strata))
    assert weights.shape == (len(strata), 5)
    for stratum in set(strata):
        members = np.array(strata) == stratum
        assert np.all(weights[members].sum(axis=0) == members.sum())


def test_draws_do_not_depend_on_the_memory_they_are_made_in(monkeypatch):
    at_once = whole(draw_weights(30, 40, seed=7))
    monkeypatch.setattr(resampling, "AT_ONCE", 100)
    chunks = list(draw_weights(30, 40, seed=7))
    assert max(chunk.size for chunk in chunks) <= 100
    assert np.array_equal(np.concatenate(chunks, axis=1), at_once)
    assert not np.array_equal(whole(draw_weights(30, 40, seed=8)), at_once)


@pytest.mark.parametrize(
    "make",
    [
        lambda: draw_weights(0, 5, 0),
        lambda: draw_weights(5, 0, 0),
        lambda: draw_weights(5, 5, 0, [1, 2]),
    ],
)
def test_nothing_can_be_drawn_of_nothing(make):
    with pytest.raises(ValueError, match="need"):
        list(make())
    with pytest.raises(ValueError, match="need"):
        resample([], draws=5, seed=0)


def cohort(rng, subjects, spread):
    """Mated and non-mated counts of the same subjects, whose effects have a spread."""
    photos = rng.integers(1, 4, subjects)
    effect = np.exp(rng.normal(-spread * spread / 2, spread, subjects))
    left, right = np.triu_indices(subjects, 1)
    errors = rng.binomial(photos[left] * photos[right], 0.1 * effect[left] * effect[right] % 1)
    hit = errors > 0
    pairs = PairCounts(
        left[hit], right[hit], errors[hit], CompleteTrials(photos, photos, same=True)
    )
    return SubjectCounts(rng.binomial(photos, 0.2), photos), pairs


def test_all_groups_are_counted_in_the_same_draws():
    mated, pairs = cohort(np.random.default_rng(0), 60, 0.3)
    sample = resample([mated, pairs, mated], draws=300, seed=1)
    assert sample.errors.shape == (3, 300)
    assert np.array_equal(sample.rates[0], sample.rates[2])
    weights = whole(draw_weights(60, 300, 1))
    assert sample.rates[1] == pytest.approx(pairs.resampled(weights))
    assert observed([mated, pairs]).rates[:, 0] == pytest.approx(
        [mated.rate().estimate, pairs.rate().estimate]
    )
    assert sample.of([1]).rates[0] == pytest.approx(sample.rates[1])
    assert sample.scaled(np.array([2.0, 3.0, 1.0])).rates == pytest.approx(sample.rates)


def test_rates_stray_as_far_as_the_variance_says():
    """Where subjects differ much; where they do not, draws of pairs stray too far."""
    mated, pairs = cohort(np.random.default_rng(2), 300, 0.6)
    weights = whole(draw_weights(300, 3000, 5))
    spread = mated.resampled(weights).std()
    p, n = mated.rate().estimate, mated.rate().trials
    assert spread == pytest.approx(math.sqrt(p * (1 - p) / n), rel=0.25)
    assert pairs.resampled(weights).std() == pytest.approx(math.sqrt(pairs.variance), rel=0.12)


def test_percentiles_of_ratios_are_taken_on_the_log_scale():
    values = np.exp(np.random.default_rng(0).normal(0, 1, 4000))
    low, high = percentile_limits(values, scale="log")
    assert math.log(low) == pytest.approx(-math.log(high), abs=0.15)
    assert percentile_limits(values, level=0.5)[0] > low


@pytest.mark.parametrize(
    "values", [np.zeros(50), np.full(50, np.nan), np.r_[np.arange(40.0), np.full(10, np.nan)]]
)
def test_draws_that_say_nothing_give_no_limits(values):
    assert percentile_limits(values) is None
    assert percentile_limits(values, scale="log") is None


def test_no_errors_give_no_limits_but_a_bound():
    counts = SubjectCounts(np.zeros(100, np.int64), np.ones(100, np.int64))
    assert percentile_limits(resample([counts], draws=50, seed=0).rates[0]) is None
    assert counts.rate().status == "bound_only"


# Simulated once with NumPy: groups, trials, rate; mean and 95th percentile of each summary.
EQUAL = [
    (4, 10_000, 1e-3, (2.04, 3.44), (1.38, 1.77), (0.170, 0.300)),
    (8, 10_000, 1e-3, (2.63, 4.43), (1.52, 1.90), (0.170, 0.250)),
    (8, 2_000, 1e-2, (1.93, 2.68), (1.35, 1.59), (0.122, 0.180)),
    (50, 10_000, 1e-3, (4.80, 7.80), (1.83, 2.15), None),
]


@pytest.mark.parametrize(("groups", "trials", "rate", "ratio", "geometric", "coefficient"), EQUAL)
def test_extremes_of_equal_groups_differ(groups, trials, rate, ratio, geometric, coefficient):
    errors = round(trials * rate)
    equal = Rate(errors, trials, trials, rate, 0, 1, "ok", float(trials))
    sample = under_equality([equal] * groups, draws=20_000, seed=0)
    rates = (sample.errors + 0.5) / (sample.trials + 1)
    for measure, expected in (
        (max_over_min, ratio),
        (max_over_geometric_mean, geometric),
        (gini, coefficient),
    ):
        if expected is not None:
            values = measure(rates)
            seen = values.mean(), np.quantile(values, 0.95)
            assert seen == pytest.approx(expected, rel=0.025)


def test_equality_is_drawn_with_effective_trials():
    few = Rate(100, 1000, 100, 0.1, 0, 1, "ok", 50.0)
    many = Rate(100, 1000, 1000, 0.1, 0, 1, "ok", 1000.0)
    spread = under_equality([few, many], draws=4000, seed=0).rates.std(axis=1)
    assert spread == pytest.approx(np.sqrt(0.09 / np.array([50, 1000])), rel=0.05)
