"""Families of tests, and which differences between groups are reported."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.differentials import benjamini_hochberg, compare_groups, holm
from fairness.rates import CompleteTrials, PairCounts, SubjectCounts

repeatable = settings(deadline=None, derandomize=True)

P_VALUES = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205]


def test_holm_of_a_known_family():
    expected = [0.008, 0.056] + [0.234] * 6  # statsmodels 0.15, multipletests(method="holm")
    assert holm(P_VALUES) == pytest.approx(expected)
    assert holm(P_VALUES[::-1]) == pytest.approx(expected[::-1])
    assert holm([]).shape == (0,)


@repeatable
@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_holm_is_the_closed_test_of_bonferroni(p_values):
    """A hypothesis falls where every set of hypotheses that holds it falls (Marcus et al. 1976)."""
    indices = range(len(p_values))
    sets = [set(s) for size in indices for s in combinations(indices, size + 1)]
    for index, adjusted in enumerate(holm(p_values)):
        holding = [s for s in sets if index in s]
        closed = max(min(1.0, len(s) * min(p_values[i] for i in s)) for s in holding)
        assert adjusted == pytest.approx(closed)


@pytest.mark.parametrize("p_values", [[1.1], [-0.1], [math.nan], [[0.1]]])
def test_holm_refuses_what_are_no_p_values(p_values):
    with pytest.raises(ValueError, match="p-values"):
        holm(p_values)


def test_benjamini_hochberg_of_a_known_family():
    expected = [0.008, 0.032, 0.0672, 0.0672, 0.0672, 0.08, 0.0845714286, 0.205]
    assert benjamini_hochberg(P_VALUES) == pytest.approx(expected)
    assert benjamini_hochberg(P_VALUES[::-1]) == pytest.approx(expected[::-1])
    assert benjamini_hochberg([]).shape == (0,)
    with pytest.raises(ValueError, match="p-values"):
        benjamini_hochberg([1.1])


@repeatable
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_values_agree_with_statsmodels(p_values):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    for ours, method in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        theirs = multitest.multipletests(p_values, method=method)[1]
        assert ours(p_values) == pytest.approx(theirs, abs=1e-12)


def mated(rng, rates, subjects=150, correlation=0.2):
    """One SubjectCounts for each rate; subjects of one group are in no other."""
    spread = (1 - correlation) / correlation
    groups = {}
    for place, rate in enumerate(rates):
        errors, trials = np.zeros((2, subjects * len(rates)), np.int64)
        own = slice(place * subjects, (place + 1) * subjects)
        trials[own] = rng.integers(1, 7, subjects)
        errors[own] = rng.binomial(
            trials[own], rng.beta(rate * spread, (1 - rate) * spread, subjects)
        )
        groups[f"group {place}"] = SubjectCounts(errors, trials)
    return groups


def test_a_group_that_fares_worse_is_told_from_those_that_do_not():
    result = compare_groups(mated(np.random.default_rng(0), [0.1, 0.1, 0.1, 0.3]), draws=999)
    assert result.p_value == 1 / 1000
    worst = result.groups[3]
    assert (
        worst.difference == result.statistic == pytest.approx(worst.rate.estimate - result.pooled)
    )
    assert worst.holm <= 0.05
    assert all(test.p_value <= test.benjamini_hochberg <= test.holm for test in result.groups)


def test_the_same_seed_gives_the_same_p_values():
    groups = mated(np.random.default_rng(1), [0.1, 0.15])
    once, again = (compare_groups(groups, draws=200, seed=3) for _ in range(2))
    assert [t.p_value for t in once.groups] == [t.p_value for t in again.groups]
    assert once.p_value == again.p_value


def test_groups_with_little_data_are_shown_and_not_tested():
    rng = np.random.default_rng(2)
    groups = mated(rng, [0.1, 0.3, 0.2])
    few = np.zeros_like(groups["group 0"].trials)
    few[:5] = 3
    groups["few"] = SubjectCounts(np.zeros_like(few), few)
    result = compare_groups(groups, draws=200)
    shown = {test.group: test for test in result.groups}
    assert list(shown) == ["few", "group 0", "group 1", "group 2"]
    assert not shown["few"].tested
    assert math.isnan(shown["few"].holm)
    without = compare_groups({n: c for n, c in groups.items() if n != "few"}, draws=200)
    assert without.p_value == result.p_value


@pytest.mark.parametrize("rates", [[], [0.2]])
def test_one_group_is_compared_with_nothing(rates):
    result = compare_groups(mated(np.random.default_rng(3), rates), draws=50)
    assert math.isnan(result.p_value)
    assert not any(test.tested for test in result.groups)


def non_mated(rng, rates, subjects=60, spread=0.4):
    """One PairCounts for each rate, log-normal effects of subjects (mean 1)."""
    groups = {}
    for place, rate in enumerate(rates):
        photos = np.zeros(subjects * len(rates), np.int64)
        photos[place * subjects : (place + 1) * subjects] = rng.integers(1, 4, subjects)
        effect = np.exp(rng.normal(-spread * spread / 2, spread, len(photos)))
        left, right = np.triu_indices(len(photos), 1)
        chance = np.minimum(1, rate * effect[left] * effect[right])
        errors = rng.binomial(photos[left] * photos[right], chance)
        hit = errors > 0
        groups[f"group {place}"] = PairCounts(
            left[hit], right[hit], errors[hit], CompleteTrials(photos, photos, same=True)
        )
    return groups


def test_false_matches_are_compared_too():
    result = compare_groups(non_mated(np.random.default_rng(0), [0.02, 0.02, 0.2]), draws=999)
    assert result.p_value <= 0.002
    assert result.groups[2].holm <= 0.05


def share_reported(make, rates, repeats, draws=199, alpha=0.05):
    found = [
        compare_groups(make(np.random.default_rng(seed), rates), draws=draws, seed=seed).p_value
        for seed in range(repeats)
    ]
    return np.mean(np.array(found) <= alpha)


def test_equal_groups_are_seldom_reported():
    assert share_reported(mated, [0.15] * 4, repeats=150) <= 0.10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "rate", "least"), [(mated, 0.15, 0.02), (mated, 0.04, 0.02), (non_mated, 0.03, 0.0)]
)
def test_the_test_of_equality_keeps_its_level(make, rate, least):
    assert least <= share_reported(make, [rate] * 4, repeats=400) <= 0.08
