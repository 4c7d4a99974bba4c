"""Families of tests, and which differences between groups are reported."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from fairness.differentials import (
    at_least_times,
    benjamini_hochberg,
    compare_groups,
    compare_matchers,
    compare_within,
    holm,
)
from fairness.differentials.permutation import Strata, dealings
from fairness.rates import (
    CellPairs,
    CompleteTrials,
    PairCells,
    PairCounts,
    SubjectCells,
    SubjectCounts,
)

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


def cells(rng, rates, **kind):
    return SubjectCells.of(mated(rng, rates, **kind))


def test_a_group_that_fares_worse_is_told_from_those_that_do_not():
    result = compare_groups(cells(np.random.default_rng(0), [0.1, 0.1, 0.1, 0.3]), draws=999)
    worst = result.groups[3]
    assert worst.p_value == 2 / 1000 < worst.p_limit < 0.02
    assert result.p_value == worst.holm == 8 / 1000
    assert worst.statistic == result.statistic
    assert worst.rate > 2 * worst.others
    assert worst.holm <= 0.05
    assert all(test.p_value <= test.benjamini_hochberg <= test.holm for test in result.groups)


def test_a_small_group_that_fares_worse_is_found_although_none_of_it_may_fail_by_chance():
    """Thirty people, six of whom are missed, and 200 of whom four are."""
    errors = np.r_[np.arange(30) < 6, np.arange(200) < 4].astype(np.int64)
    groups = np.repeat([0, 1], [30, 200])
    some = SubjectCells(("few", "many"), np.arange(230), groups, errors, np.ones(230, np.int64))
    result = compare_groups(some, draws=4999)
    assert result.p_value < 0.005


@settings(repeatable, max_examples=15)
@given(st.integers(0, 999), st.integers(1, 4))
def test_of_dealings_without_an_error_in_a_group_none_counts_as_farther_than_another(seed, failed):
    """A few errors, all in one group: that another group has none is told by chance alone."""
    rng = np.random.default_rng(seed)
    strata = [few_errors_of_one_group(rng, failed) for _ in range(2)]
    without = [dealings_without_error(some, 999, seed) for seed, some in enumerate(strata)]
    alone, within = compare_groups(strata[0], draws=999), compare_within(strata, draws=999)
    for place in (1, 2, 3):
        assert alone.groups[place].rate == 0
        assert alone.groups[place].p_value >= min(1, 2 * without[0][place].mean())
        both = without[0][place] & without[1][place]
        assert within[place].p_value >= min(1, 2 * both.mean())


def few_errors_of_one_group(rng, failed):
    trials, errors = rng.integers(1, 9, 240), np.zeros(240, np.int64)
    errors[4 * rng.choice(60, failed, replace=False)] = 1
    people, of = np.repeat(np.arange(60), 4), np.tile(np.arange(4), 60)
    return SubjectCells(tuple("abcd"), people, of, errors, trials)


def dealings_without_error(some, draws, seed):
    """Return which of the dealings that a test draws leave a group without an error."""
    (dealt,) = dealings(some, Strata.by_size(some), draws, seed)
    return [~np.any((dealt == group) & (some.errors[:, None] > 0), axis=0) for group in range(4)]


@pytest.mark.parametrize(("people", "rate"), [(60, 0.2), (30, 0.3), (12, 0.7)])
def test_a_group_without_any_error_hides_no_gap(people, rate):
    errors = np.zeros(2 * people, np.int64)
    errors[: round(rate * people)] = 1
    groups = {
        name: SubjectCounts(errors * inside, inside)
        for name, inside in (
            ("worse", (np.arange(2 * people) < people).astype(np.int64)),
            ("better", (np.arange(2 * people) >= people).astype(np.int64)),
        )
    }
    result = compare_groups(SubjectCells.of(groups), draws=4999)
    assert {test.group: test.rate for test in result.groups}["better"] == 0
    exact = fisher_exact([[errors.sum(), people - errors.sum()], [0, people]]).pvalue
    assert result.p_value == pytest.approx(exact, abs=0.004)
    assert result.p_value <= 0.01


def test_two_groups_are_one_hypothesis():
    result = compare_groups(cells(np.random.default_rng(5), [0.1, 0.2]), draws=400)
    (first, second) = result.groups
    assert first.p_value == second.p_value == first.holm == second.holm == result.p_value
    assert first.statistic == pytest.approx(-second.statistic)


def test_the_same_seed_gives_the_same_p_values():
    groups = cells(np.random.default_rng(1), [0.1, 0.15])
    once, again = (compare_groups(groups, draws=200, seed=3) for _ in range(2))
    assert once == again


def test_one_group_and_no_error_are_compared_with_nothing():
    rng = np.random.default_rng(3)
    assert compare_groups(cells(rng, [0.2]), draws=50) is None
    none = np.zeros(10, np.int64)
    some = SubjectCells(("a", "b"), np.arange(10), np.arange(10) % 2, none, none + 1)
    assert compare_groups(some, draws=50) is None
    assert compare_groups(replace(some, errors=some.trials), draws=50) is None
    few = replace(some, people=np.arange(10), groups=np.arange(10) // 9, errors=np.arange(10) % 2)
    assert compare_groups(few, draws=50) is None


def test_ages_are_dealt_out_anew_within_a_person_too():
    """Each person has photos at two ages; all misses are of the earlier one."""
    people = np.arange(25)
    early = SubjectCounts((people < 12).astype(np.int64), np.ones(25, np.int64))
    late = SubjectCounts(np.zeros(25, np.int64), np.ones(25, np.int64))
    some = SubjectCells.of({"early": early, "late": late})
    for dealt in dealings(some, Strata.by_size(some), 40, seed=0):
        for person in people:
            assert set(map(tuple, np.sort(dealt[some.people == person], axis=0).T)) == {(0, 1)}
    assert compare_groups(some, draws=4999).p_value == pytest.approx(2**-11, abs=0.002)


@repeatable
@given(st.integers(0, 10_000), st.integers(1, 4), st.booleans())
def test_a_dealing_moves_people_of_like_size_and_keeps_the_groups(seed, groups, several):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 300, 80) if several else np.ones(80, np.int64)
    of = rng.integers(0, groups, 80)
    some = SubjectCells(tuple("abcd"[:groups]), np.arange(80), of, np.zeros(80, np.int64), sizes)
    strata = Strata.by_size(some)
    left_out = strata.of < 0
    for dealt in dealings(some, strata, 7, seed):
        assert np.array_equal(dealt[left_out], np.repeat(of[left_out, None], dealt.shape[1], 1))
        for part in strata.members:
            members = part.ravel()
            for draw in range(dealt.shape[1]):
                assert sorted(dealt[members, draw]) == sorted(of[members])
    for part in strata.members:
        assert len(part) >= 10
        assert not several or sizes[part].max() < 4 * sizes[part].min()


# --- comparisons of two people


def non_mated(rng, rates, subjects=60, spread=0.4, across=1.0):
    """People in groups of these rates; between groups the rate is `across` times the mean."""
    people = subjects * len(rates)
    groups = np.repeat(np.arange(len(rates)), subjects)
    photos = rng.integers(1, 4, people)
    effect = np.exp(rng.normal(-spread * spread / 2, spread, people))
    left, right = np.triu_indices(people, 1)
    own = np.where(
        groups[left] == groups[right], np.array(rates)[groups[left]], across * np.mean(rates)
    )
    chance = np.minimum(1, own * effect[left] * effect[right])
    errors = rng.binomial(photos[left] * photos[right], chance)
    hit = errors > 0
    names = tuple(f"group {place}" for place in range(len(rates)))
    found = CellPairs(people, left[hit], right[hit], errors[hit])
    return PairCells(names, np.arange(people), groups, photos, found, None)


def test_false_matches_are_compared_too():
    result = compare_groups(non_mated(np.random.default_rng(0), [0.02, 0.02, 0.2]), draws=999)
    assert result.p_value <= 0.006
    assert result.groups[2].holm <= 0.05


def test_false_matches_of_one_group_and_none_of_the_other_are_told_apart():
    some = non_mated(np.random.default_rng(1), [0.0, 0.03], across=0.0)
    result = compare_groups(some, draws=999)
    assert result.groups[0].rate == 0
    assert result.p_value <= 0.01


@repeatable
@given(st.integers(0, 10_000))
def test_comparisons_within_groups_are_those_counted_one_by_one(seed):
    rng = np.random.default_rng(seed)
    some = non_mated(rng, [0.1, 0.3, 0.2], subjects=5)
    left, right = np.triu_indices(15, 1)
    kin = rng.random(len(left)) < 0.1
    made = some.photos[left] * some.photos[right]
    relatives = CellPairs(15, left[kin], right[kin], made[kin])
    listed = CellPairs(15, left[~kin], right[~kin], made[~kin])
    apart = ~np.isin(some.errors.left * 15 + some.errors.right, left[kin] * 15 + right[kin])
    errors = CellPairs(15, *(getattr(some.errors, k)[apart] for k in ("left", "right", "numbers")))
    complete = replace(some, errors=errors, kin=relatives)
    by_list = replace(some, errors=errors, trials=listed)
    dealt = rng.integers(0, 3, (15, 4))
    found = [kind.counts(dealt) for kind in (complete, by_list)]
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for draw in range(4):
        for cell in range(15):
            same = dealt[left, draw] == dealt[right, draw]
            mine = ((left == cell) | (right == cell)) & same & ~kin
            assert found[0][1][cell, draw] == made[mine].sum()
            hit = (errors.left == cell) | (errors.right == cell)
            hit &= dealt[errors.left, draw] == dealt[errors.right, draw]
            assert found[0][0][cell, draw] == errors.numbers[hit].sum()


# --- the level of the tests


def of_subjects(rng, rates):
    return cells(rng, rates)


def few_across(rng, rates):
    return non_mated(rng, rates, across=0.2)


def unlike_sizes(rng, rates):
    """One group with a pair each, the other with up to 300 photos a person."""
    photos = np.r_[np.full(60, 2), np.clip(rng.pareto(1.2, 60) + 2, 2, 300).astype(np.int64)]
    trials = photos - 1
    own = rng.beta(rates[0] * 4, (1 - rates[0]) * 4, 120)
    errors = rng.binomial(trials, own)
    return SubjectCells(("a", "b"), np.arange(120), np.repeat([0, 1], 60), errors, trials)


def share_reported(make, rates, repeats, draws=199, alpha=0.05):
    found = [
        compare_groups(make(np.random.default_rng(seed), rates), draws=draws, seed=seed)
        for seed in range(repeats)
    ]
    return np.mean([test is not None and test.p_value <= alpha for test in found])


def test_equal_groups_are_seldom_reported():
    assert share_reported(of_subjects, [0.15] * 4, repeats=150) <= 0.10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "rates"),
    [
        (of_subjects, [0.15] * 4),
        (of_subjects, [0.04] * 4),
        (non_mated, [0.03] * 4),
        (few_across, [0.03] * 2),
        (few_across, [0.03] * 4),
        (unlike_sizes, [0.2]),
        (unlike_sizes, [0.05]),
    ],
)
def test_the_test_of_equality_keeps_its_level(make, rates):
    assert share_reported(make, rates, repeats=400) <= 0.08


# --- two matchers on the same people


def test_a_matcher_that_misses_nobody_is_told_from_one_that_does():
    trials = np.ones(80, np.int64)
    before = SubjectCounts(np.zeros(80, np.int64), trials)
    after = SubjectCounts((np.arange(80) < 9).astype(np.int64), trials)
    test = compare_matchers(before, after, draws=9999)
    assert test.difference == 9 / 80
    assert test.changed == 9
    assert test.p_value == pytest.approx(2**-8, abs=0.003)  # McNemar's exact test
    back = compare_matchers(after, before, draws=9999)
    assert (back.difference, back.p_value) == (-test.difference, test.p_value)
    assert compare_matchers(after, after).p_value == 1


def matchers(rng, rate, people=40):
    """False matches of two matchers that differ by chance, with people whom both mistake."""
    left, right = np.triu_indices(people, 1)
    effect = np.exp(rng.normal(0, 0.5, people))
    chance = np.minimum(1, rate * effect[left] * effect[right])
    trials = CompleteTrials(*[np.ones(people, np.int64)] * 2, same=True)
    found = [rng.random(len(left)) < chance for _ in range(2)]
    return [PairCounts(left[hit], right[hit], hit[hit].astype(np.int64), trials) for hit in found]


@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_matchers_that_differ_by_chance_are_seldom_told_apart(rate):
    found = [
        compare_matchers(*matchers(np.random.default_rng(seed), rate), draws=199, seed=seed)
        for seed in range(200)
    ]
    assert np.mean([test.p_value <= 0.05 for test in found]) <= 0.09


# --- at least so many times


@pytest.mark.parametrize(("errors", "trials"), [((13, 1), (142, 162)), ((12, 0), (60, 60))])
def test_a_ratio_has_a_lower_limit_where_the_smaller_rate_is_nothing(errors, trials):
    rates = [made_rate(k, n) for k, n in zip(errors, trials, strict=True)]
    low = at_least_times(*rates)
    assert 1 < low < (errors[0] / trials[0]) / max(errors[1] / trials[1], 1e-9)
    assert at_least_times(rates[1], rates[0]) < 1


def made_rate(errors, trials):
    made = np.zeros(trials, np.int64)
    made[:errors] = 1
    return SubjectCounts(made, np.ones(trials, np.int64)).rate()


def test_the_lower_limit_of_a_ratio_holds_as_often_as_it_says():
    rng = np.random.default_rng(0)
    for p, q in ((0.2, 0.05), (0.1, 0.1), (0.3, 0.02)):
        held = [
            at_least_times(*(made_rate(rng.binomial(80, rate), 80) for rate in (p, q))) <= p / q
            for _ in range(400)
        ]
        assert np.mean(held) >= 0.95
