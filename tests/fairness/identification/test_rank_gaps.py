"""Miss rates by group, and gaps that are reported when they are there and only then."""

import math

import numpy as np
import pytest

from fairness import UNKNOWN
from fairness.identification import ProbeResult, group_gaps, rates_by_group
from fairness.identification.rank_gaps import _Blocks

BANDS = ("a light", "b medium", "c brown", "d dark")


def cohort(seed, miss, subjects=60, photos=4):
    """Draw searches of subjects in four bands, with a miss rate for each band."""
    rng = np.random.default_rng(seed)
    results = []
    for band, rate in zip(BANDS, miss, strict=True):
        own = rng.beta(4 * rate, 4 * (1 - rate), subjects)
        for number, chance in enumerate(own):
            for _ in range(rng.integers(1, photos + 1)):
                rank = None if rng.random() < chance else 1
                results.append(ProbeResult(f"{band}-{number}", rank, {"tone": band}))
    return results


# Ranks of the mates of eight searches, and the share found at each rank, counted by hand.
RANKS = [1, 1, 2, 1, 5, 1, 3, 1]


@pytest.mark.parametrize(("k", "found"), [(1, 0.625), (2, 0.75), (3, 0.875), (4, 0.875), (5, 1)])
def test_hit_rates_of_a_worked_example(k, found):
    results = [ProbeResult(str(i), rank) for i, rank in enumerate(RANKS)]
    (rates,) = rates_by_group(results, "tone", k=k)
    assert rates.group == UNKNOWN
    assert 1 - rates.missed.estimate == pytest.approx(found)


def test_refused_photos_are_a_column_of_their_own_and_never_lost():
    results = [
        ProbeResult("one", 1, {"tone": "x"}),
        ProbeResult("one", None, {"tone": "x"}, refused=True),
        ProbeResult("two", None, {"tone": "x"}),
        ProbeResult("two", 2, {"tone": "x"}),
        ProbeResult("three", None, {"tone": "x"}, refused=True),
        ProbeResult("four", 1),
    ]
    unknown, x = rates_by_group(results, "tone")
    assert (unknown.group, x.group) == (UNKNOWN, "x")
    assert (x.missed.errors, x.missed.trials, x.missed.subjects) == (2, 3, 2)
    both = x.missed_or_refused
    assert (both.errors, both.trials, both.subjects) == (4, 5, 3)
    assert (x.refused.errors, x.refused.trials) == (2, 5)
    assert sum(rates.refused.trials for rates in (unknown, x)) == len(results)


@pytest.mark.parametrize("options", [{"rank": 0}, {"rank": 1, "refused": True}])
def test_results_that_contradict_themselves_are_refused(options):
    with pytest.raises(ValueError, match="rank"):
        ProbeResult("one", **options)


@pytest.mark.parametrize("options", [{"k": 0}, {"alpha": 0.0}, {"alpha": 0.5}, {"shuffles": 0}])
def test_impossible_settings_are_refused(options):
    with pytest.raises(ValueError, match="need"):
        group_gaps(cohort(0, [0.2] * 4), "tone", **options)


def test_a_rank_below_one_is_refused():
    with pytest.raises(ValueError, match="rank k"):
        rates_by_group([], "tone", k=0)


def test_the_comparison_is_the_group_against_all_others():
    results = cohort(1, [0.1, 0.1, 0.3, 0.1])
    gaps = group_gaps(results, "tone", shuffles=99)
    assert [gap.group for gap in gaps] == list(BANDS)
    for gap in gaps:
        inside = [r.missed(1) for r in results if r.groups["tone"] == gap.group]
        outside = [r.missed(1) for r in results if r.groups["tone"] != gap.group]
        assert gap.rate.estimate == pytest.approx(np.mean(inside))
        assert gap.rest.estimate == pytest.approx(np.mean(outside))
        assert gap.difference == pytest.approx(np.mean(inside) - np.mean(outside))
        assert gap.low < gap.difference < gap.high


def test_the_statistic_is_that_of_a_regression_with_clustered_errors():
    rng = np.random.default_rng(8)
    results = [  # photos of one subject lie in different groups, as ages do
        ProbeResult(str(rng.integers(40)), rng.choice([1, 2]), {"age": rng.choice(["x", "y"])})
        for _ in range(200)
    ]
    blocks = _Blocks.of(results, "age", 1)
    ours = blocks._statistic((blocks.labels == "x")[None, :])[0]
    design = np.array([[1.0, result.groups["age"] == "x"] for result in results])
    missed = np.array([float(result.missed(1)) for result in results])
    bread = np.linalg.inv(design.T @ design)
    slope = bread @ design.T @ missed
    scores = design * (missed - design @ slope)[:, None]
    subjects = np.array([int(result.subject) for result in results])
    sums = np.array([scores[subjects == subject].sum(axis=0) for subject in set(subjects)])
    covariance = bread @ sums.T @ sums @ bread
    assert ours == pytest.approx(slope[1] / np.sqrt(covariance[1, 1]), rel=1e-9)


def test_shuffling_gives_the_exact_probability_in_a_case_that_can_be_counted():
    """Ten of twenty subjects are missed, all in one group: one labelling in 184756 is as bad."""
    results = [ProbeResult(str(i), 1 + (i < 10), {"g": "ab"[i >= 10]}) for i in range(20)]
    bad, good = group_gaps(results, "g", shuffles=9999)
    assert bad.reported
    assert bad.p_value <= 2 / 10_000
    assert not good.reported
    assert good.p_value == 1.0
    # Nine of ten against one of ten: 1 + 100 labellings of 184756 are as bad or worse.
    results = [
        ProbeResult(str(i), 1 + (i % 10 != 9 if i < 10 else i == 10), {"g": "ab"[i >= 10]})
        for i in range(20)
    ]
    bad, _ = group_gaps(results, "g", shuffles=20_000)
    assert bad.p_value == pytest.approx(101 / 184_756, rel=0.6)


def test_the_same_seed_gives_the_same_report_and_order_plays_no_part():
    results = cohort(3, [0.2, 0.2, 0.2, 0.35])
    assert group_gaps(results, "tone", shuffles=199) == group_gaps(
        results[::-1], "tone", shuffles=199
    )


def test_small_groups_are_named_but_not_tested():
    results = [
        *cohort(2, [0.1] * 4),
        *(ProbeResult(f"e{i}", None, {"tone": "e"}) for i in range(9)),
    ]
    gaps = {gap.group: gap for gap in group_gaps(results, "tone", shuffles=199)}
    assert math.isnan(gaps["e"].p_value)
    assert not gaps["e"].reported
    assert gaps["e"].rate.status == "suppressed"
    assert "not tested" in str(gaps["e"])
    four = [gap.p_value for gap in gaps.values() if not math.isnan(gap.p_value)]
    smallest = min(gaps.values(), key=lambda gap: gap.p_value if gap.group != "e" else 2)
    assert smallest.adjusted_p == pytest.approx(min(1, len(four) * min(four)))


@pytest.mark.parametrize(
    "results",
    [
        pytest.param([], id="no photo"),
        pytest.param([ProbeResult(str(i), 1, {"tone": "x"}) for i in range(50)], id="one group"),
    ],
)
def test_without_two_groups_nothing_is_tested(results):
    assert all(math.isnan(gap.p_value) for gap in group_gaps(results, "tone"))


@pytest.mark.parametrize("rank", [1, None])
def test_where_all_are_alike_no_gap_is_reported(rank):
    results = [
        ProbeResult(str(i), rank, {"tone": BANDS[i % 4]}) for i in range(200) for _ in range(3)
    ]
    assert [gap.p_value for gap in group_gaps(results, "tone", shuffles=199)] == [1.0] * 4


def test_an_injected_gap_is_reported_with_its_interval_and_no_other_group_is():
    for seed in range(20):
        gaps = group_gaps(cohort(seed, [0.15, 0.15, 0.15, 0.40]), "tone", shuffles=999, seed=seed)
        assert [gap.group for gap in gaps if gap.reported] == ["d dark"]
        worst = gaps[-1]
        assert 0 < worst.low < worst.difference < worst.high
        assert "fares worse than the others" in str(worst)
        assert "subjects" in str(worst)


def test_without_injection_reports_stay_within_the_stated_error_rate_over_twenty_seeds():
    false_reports = sum(
        any(gap.reported for gap in group_gaps(cohort(seed, [0.15] * 4), "tone", shuffles=999))
        for seed in range(20)
    )
    assert false_reports <= 3  # exceeded with probability 0.016 if the true rate is 0.05


def family_wise_error(draw, repeats, alpha=0.05):
    reports = sum(
        any(gap.reported for gap in group_gaps(draw(seed), "tone", alpha=alpha, shuffles=199))
        for seed in range(repeats)
    )
    return reports / repeats


def unbalanced_cohort(seed):
    """Equal miss rates, but twelve subjects in one group and many photos in another."""
    rng = np.random.default_rng(seed)
    results = []
    for band, subjects, photos in zip(BANDS, (12, 40, 80, 60), (2, 2, 2, 8), strict=True):
        for number, chance in enumerate(rng.beta(0.6, 3.4, subjects)):
            for _ in range(rng.integers(1, photos + 1)):
                rank = None if rng.random() < chance else 1
                results.append(ProbeResult(f"{band}-{number}", rank, {"tone": band}))
    return results


def cohort_of_growing_children(seed):
    """Equal miss rates; each subject has photos under several labels."""
    rng = np.random.default_rng(seed)
    return [
        ProbeResult(str(number), None if rng.random() < chance else 1, {"tone": rng.choice(BANDS)})
        for number, chance in enumerate(rng.beta(0.6, 3.4, 80))
        for _ in range(rng.integers(1, 7))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda seed: cohort(seed, [0.15] * 4, subjects=30), id="thirty each"),
        pytest.param(lambda seed: cohort(seed, [0.02] * 4, subjects=30), id="few misses"),
        pytest.param(unbalanced_cohort, id="unbalanced"),
        pytest.param(cohort_of_growing_children, id="several labels a subject"),
    ],
)
def test_false_reports_stay_at_the_stated_rate(draw):
    repeats = 1000
    allowed = 0.05 + 3 * math.sqrt(0.05 * 0.95 / repeats)
    assert family_wise_error(draw, repeats) <= allowed
