"""Summaries of differences between groups: known vectors, laws, and what a reader is told."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.differentials import combined_differentials, differentials
from fairness.differentials.measures import (
    ALPHAS,
    equalised_odds_difference,
    equalised_odds_ratio,
    fdr,
    garbe,
    geometric_mean,
    gini,
    inequity_ratio,
    max_minus_min,
    max_over_geometric_mean,
    max_over_mean,
    max_over_min,
    mean_log10_from_geometric_mean,
    positive_rates,
)
from fairness.rates import CompleteTrials, PairCounts, SubjectCounts

repeatable = settings(deadline=None, derandomize=True)

FMR = np.array([1e-4, 2e-4, 4e-4, 8e-4])
FNMR = np.array([0.02, 0.03, 0.05, 0.04])

RATIOS = (
    max_over_min,
    max_over_mean,
    max_over_geometric_mean,
    mean_log10_from_geometric_mean,
    gini,
)
positive = st.lists(st.floats(1e-6, 1), min_size=2, max_size=8).map(np.array)


@pytest.mark.parametrize(
    ("measure", "of_fmr", "of_fnmr"),
    [
        (geometric_mean, 0.000282842712, 0.0330975092),
        (max_over_min, 8, 2.5),
        (max_minus_min, 0.0007, 0.03),
        (max_over_mean, 2.133333333, 1.428571429),
        (max_over_geometric_mean, 2.828427125, 1.510687699),
        (mean_log10_from_geometric_mean, 0.301029996, 0.130719687),
        (lambda x: gini(x, corrected=False), 0.383333333, 0.178571429),
        (gini, 0.511111111, 0.238095238),
    ],
)
def test_summaries_of_known_rates(measure, of_fmr, of_fnmr):
    assert measure(FMR) == pytest.approx(of_fmr, rel=1e-8)
    assert measure(FNMR) == pytest.approx(of_fnmr, rel=1e-8)


@pytest.mark.parametrize(
    ("alpha", "discrepancy", "inequity", "coefficient"),
    [
        (0, 0.97, 2.5, 0.238095238),
        (0.25, 0.977325, 3.343701525, 0.306349206),
        (0.5, 0.98465, 4.472135955, 0.374603175),
        (0.75, 0.991975, 5.981395125, 0.442857143),
        (1, 0.9993, 8, 0.511111111),
    ],
)
def test_aggregates_of_known_rates(alpha, discrepancy, inequity, coefficient):
    assert fdr(FMR, FNMR, alpha) == pytest.approx(discrepancy, rel=1e-9)
    assert inequity_ratio(FMR, FNMR, alpha) == pytest.approx(inequity, rel=1e-9)
    assert garbe(FMR, FNMR, alpha) == pytest.approx(coefficient, rel=1e-8)


@pytest.mark.parametrize(
    ("rates", "corrected", "raw"),
    [([0.1] * 3, 0, 0), ([0, 0, 0, 0.4], 1, 0.75), ([0.01, 0.03], 0.5, 0.25), ([0, 0], 0, 0)],
)
def test_gini_at_its_edges(rates, corrected, raw):
    assert gini(rates) == pytest.approx(corrected)
    assert gini(rates, corrected=False) == pytest.approx(raw)


def test_groups_without_errors_are_not_dropped():
    rates = positive_rates([0, 1, 2, 4], [10_000] * 4)
    assert max_over_min(rates) == pytest.approx(9)
    assert max_over_geometric_mean(rates) == pytest.approx(2.640335, abs=5e-7)
    assert positive_rates([1, 2], [10, 10]) == pytest.approx([0.1, 0.2])
    assert np.isnan(positive_rates([0, 2], [0, 10])[0])


def test_what_is_undefined_is_never_infinite():
    for measure in (max_over_min, max_over_geometric_mean, mean_log10_from_geometric_mean):
        assert math.isnan(measure([0.0, 0.1]))
    assert math.isnan(max_over_mean([0.0, 0.0]))
    for alpha in ALPHAS[1:]:
        assert math.isnan(inequity_ratio([0.0, 0.1], FNMR[:2], alpha))
    assert math.isnan(equalised_odds_ratio([0.0, 0.0], [0.1, 0.2]))
    with pytest.raises(ValueError, match="at least one group"):
        gini([])


@repeatable
@given(positive, st.randoms(use_true_random=False), st.floats(0.01, 1))
def test_ratios_know_neither_order_nor_unit(rates, random, factor):
    shuffled = list(rates)
    random.shuffle(shuffled)
    for measure in RATIOS:
        assert measure(shuffled) == pytest.approx(measure(rates), rel=1e-9, abs=1e-12)
        assert measure(rates * factor) == pytest.approx(measure(rates), rel=1e-9, abs=1e-9)
        assert measure(np.stack([rates, rates], axis=1)) == pytest.approx(
            [float(measure(rates))] * 2
        )


@repeatable
@given(positive)
def test_gini_is_the_mean_difference_of_pairs(rates):
    apart = np.abs(rates[:, None] - rates).sum()
    n = len(rates)
    assert gini(rates, corrected=False) == pytest.approx(
        apart / (2 * n * n * rates.mean()), abs=1e-12
    )
    assert -1e-12 <= gini(rates) <= 1 + 1e-12


@repeatable
@given(st.floats(1e-6, 0.9), st.integers(2, 6))
def test_equal_rates_differ_by_nothing(rate, groups):
    rates = np.full(groups, rate)
    assert [max_over_min(rates), max_over_mean(rates)] == pytest.approx([1, 1])
    assert max_over_geometric_mean(rates) == pytest.approx(1)
    for alpha in ALPHAS:
        assert fdr(rates, rates, alpha) == pytest.approx(1)
        assert inequity_ratio(rates, rates, alpha) == pytest.approx(1)
        assert garbe(rates, rates, alpha) == pytest.approx(0, abs=1e-9)


def test_equalised_odds_of_the_worked_example():
    fmr, fnmr = [0.25, 0.5], [0.25, 0.5]
    for aggregate in ("worst_case", "mean"):
        assert equalised_odds_difference(fmr, fnmr, aggregate) == pytest.approx(0.25)
    assert equalised_odds_ratio(fmr, fnmr) == pytest.approx(0.5)


@pytest.mark.parametrize("aggregate", ["worst_case", "mean"])
def test_equalised_odds_agree_with_fairlearn(aggregate):
    metrics = pytest.importorskip("fairlearn.metrics")
    rng = np.random.default_rng(0)
    truth, group = rng.integers(0, 2, 600), rng.integers(0, 3, 600)
    said = np.where(rng.random(600) < 0.2 + 0.1 * group, 1 - truth, truth)
    rates = [
        [np.mean(said[(truth == value) & (group == g)] != value) for g in range(3)]
        for value in (0, 1)
    ]
    theirs = {"sensitive_features": group, "agg": aggregate}
    assert equalised_odds_difference(*rates, aggregate) == pytest.approx(
        metrics.equalized_odds_difference(truth, said, **theirs)
    )
    assert equalised_odds_ratio(*rates, aggregate) == pytest.approx(
        metrics.equalized_odds_ratio(truth, said, **theirs)
    )


def mated(rates, subjects=200, trials=4, seed=0):
    """Counts of groups that share no subject, in a cohort of all of them."""
    rng = np.random.default_rng(seed)
    counts = {}
    for place, rate in enumerate(rates):
        own = np.arange(subjects * len(rates)) // subjects == place
        each = np.where(own, trials, 0)
        counts[f"group {place}"] = SubjectCounts(rng.binomial(each, rate), each)
    return counts


def non_mated(rates, subjects=200, seed=0):
    rng = np.random.default_rng(seed)
    left, right = np.triu_indices(subjects * len(rates), 1)
    counts = {}
    for place, rate in enumerate(rates):
        photos = (np.arange(subjects * len(rates)) // subjects == place).astype(np.int64)
        errors = rng.binomial(photos[left] * photos[right], rate)
        hit = errors > 0
        trials = CompleteTrials(photos, photos, same=True)
        counts[f"group {place}"] = PairCounts(left[hit], right[hit], errors[hit], trials)
    return counts


def named(found):
    return {(d.measure, d.alpha): d for d in found}


def test_every_summary_has_its_interval_and_what_equality_looks_like():
    groups = mated([0.1, 0.1, 0.3])
    found = named(differentials(groups, draws=500))
    rates = [counts.rate().estimate for counts in groups.values()]
    assert found["max/min", None].value == pytest.approx(max(rates) / min(rates))
    assert found["Gini", None].value == pytest.approx(float(gini(rates)))
    assert len(found) == 7
    for summary in found.values():
        assert summary.low < summary.value < summary.high
        assert summary.expected < summary.expected_limit < summary.low
        assert summary.used == ("group 0", "group 1", "group 2")
        assert summary.excluded == summary.flags == ()


def test_summaries_know_neither_the_order_of_groups_nor_more_than_the_seed():
    groups = mated([0.1, 0.2])
    turned = dict(reversed(groups.items()))
    assert differentials(groups, draws=100) == differentials(turned, draws=100)
    again = named(differentials(groups, draws=100, seed=1))
    assert again["Gini", None].value == named(differentials(groups, draws=100))["Gini", None].value


def test_a_group_without_errors_is_no_smallest_one_but_counts_everywhere_else():
    found = named(differentials(mated([0.1, 0.2, 0.0]), draws=200))
    ratio, mean = found["max/min", None], found["max/geomean", None]
    assert ratio.used == ("group 0", "group 1")
    assert ratio.excluded == (("group 2", "bound_only"),)
    assert any("left out of the ratio: group 2" in flag for flag in ratio.flags)
    assert mean.used == ("group 0", "group 1", "group 2")
    assert any("(k + 0.5)" in flag for flag in mean.flags)
    assert mean.low is None
    assert found["Gini", None].low is not None
    assert mean.value > found["max/mean", None].value


def test_groups_with_little_data_are_named_and_left_out():
    groups = mated([0.1, 0.2])
    few = np.zeros(400, np.int64)
    few[:20] = 1
    few[0] = 20
    groups["few"] = SubjectCounts(few * (np.arange(400) == 0), few)
    groups["hidden"] = SubjectCounts(few * 0, few * (np.arange(400) < 5))
    for summary in differentials(groups, draws=100):
        assert summary.excluded == (("few", "insufficient"), ("hidden", "suppressed"))
        assert summary.used == ("group 0", "group 1")


def test_a_group_without_errors_leaves_a_lower_limit_of_the_ratio():
    groups = mated([0.2, 0.2, 0.0])
    found = named(differentials(groups, draws=100))["max/min", None]
    assert (found.value, found.high) == (None, None)
    assert 2 < found.low < 100
    assert found.flags[0].endswith("few errors or people: group 2")
    usual = named(differentials(mated([0.2, 0.2, 0.1]), draws=100))["max/min", None]
    assert usual.value > 1


def test_limited_data_are_marked():
    (first, *_) = differentials(mated([0.1, 0.2], subjects=60), draws=100)
    assert first.flags == ("limited data: group 0; group 1",)


def test_no_errors_anywhere_are_said_and_never_a_number_from_nowhere():
    nothing = mated([0.0, 0.0])
    found = named(differentials(nothing, draws=50))
    assert found["Gini", None].value == 0
    assert "no errors observed" in found["Gini", None].flags
    assert found["max/mean", None].value is None
    assert found["max/min", None].value is None
    joint = named(combined_differentials(nothing, nothing, draws=50))
    assert joint["GARBE", 0.5].value == 0
    assert "no errors observed" in joint["GARBE", 0.5].flags
    assert joint["IR", 0.5].value is None
    assert all(summary.low is None for summary in (*found.values(), *joint.values()))


def test_one_group_differs_from_nothing():
    for summary in differentials(mated([0.2]), draws=50):
        assert summary.value is summary.expected is None
        assert summary.flags == ("fewer than two groups with enough data",)
    with pytest.raises(ValueError, match="at least one group"):
        differentials({})


def test_both_rates_of_a_group_are_summarised_in_the_same_draws():
    fmr, fnmr = non_mated([0.01, 0.02, 0.05]), mated([0.1, 0.1, 0.3])
    found = named(combined_differentials(fmr, fnmr, draws=300))
    rates = [[counts.rate().estimate for counts in kind.values()] for kind in (fmr, fnmr)]
    for alpha in ALPHAS:
        assert found["FDR", alpha].value == pytest.approx(float(fdr(*rates, alpha)))
        assert found["IR", alpha].value == pytest.approx(float(inequity_ratio(*rates, alpha)))
        assert found["GARBE", alpha].value == pytest.approx(float(garbe(*rates, alpha)))
    for (measure, _), summary in found.items():
        assert summary.low < summary.value < summary.high
        if measure in ("FDR", "equalised odds ratio"):
            assert summary.value < summary.expected_limit < summary.expected
        elif measure in ("IR", "GARBE", "equalised odds difference"):
            assert summary.value > summary.expected_limit > summary.expected
    assert found["equalised odds difference", None].value == pytest.approx(
        float(equalised_odds_difference(*rates))
    )


def test_a_group_enters_with_both_its_rates_or_with_none():
    fmr, fnmr = non_mated([0.01, 0.02, 0.05]), mated([0.1, 0.1, 0.3])
    few = fnmr["group 1"].trials * (np.arange(600) < 215)
    fnmr["group 1"] = SubjectCounts(few * (np.arange(600) == 207), few)
    for summary in combined_differentials(fmr, fnmr, draws=50, alphas=[0.5]):
        assert summary.excluded == (("group 1", "insufficient"),)
    with pytest.raises(ValueError, match="same groups"):
        combined_differentials(fmr, {"group 0": fnmr["group 0"]})
    with pytest.raises(ValueError, match="weights"):
        combined_differentials(fmr, fnmr, alphas=[1.5])


@pytest.mark.slow
def test_equal_groups_stay_within_the_limit_of_equality():
    """Nineteen in twenty times, whatever the summary; subjects here are independent."""
    within = {}
    for seed in range(300):
        for summary in differentials(mated([0.15] * 4, trials=1, seed=seed), draws=400):
            within.setdefault(summary.measure, []).append(summary.value <= summary.expected_limit)
    for share in within.values():
        assert 0.91 <= np.mean(share) <= 0.985
