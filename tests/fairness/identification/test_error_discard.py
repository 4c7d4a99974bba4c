"""Error versus discard: a worked example, brute force, laws, and who is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.cohort import Cohort, Sample
from fairness.errors import CohortError
from fairness.identification import JudgedPairs
from fairness.identification.error_discard import ErrorVersusDiscard, refused_by_group
from fairness.verification import Pairs

repeatable = settings(deadline=None, derandomize=True)

# Ten comparisons from the lowest quality to the highest; rates and areas were worked out by hand.
QUALITY = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
MISSED = [1, 1, 0, 1, 0, 0, 0, 0, 0, 0]


def test_the_worked_example():
    curve = ErrorVersusDiscard.of(QUALITY, MISSED)
    expected = {0: 0.3, 0.1: 0.222222, 0.2: 0.125, 0.3: 0.142857, 0.4: 0, 0.9: 0, 1: 0}
    for share, rate in expected.items():
        assert curve.at(share) == pytest.approx(rate, abs=1e-6)
    assert curve.at(0.19) == curve.at(0.1) == curve.at(1 - 0.9)  # 0.09999999999999998
    assert curve.area(0.3) == pytest.approx(0.06472222, abs=5e-9)
    assert curve.discarded == pytest.approx(np.arange(10) / 10)


def test_equals_go_together():
    curve = ErrorVersusDiscard.of([1, 1, 1, 2], [1, 0, 0, 1])
    assert curve.kept.tolist() == [4, 1]
    assert curve.errors.tolist() == [2, 1]
    assert (curve.at(0.7), curve.at(0.75), curve.at(1)) == (0.5, 1.0, 1.0)
    assert curve.area(1) == pytest.approx(0.75 * 0.5 + 0.25 * 1.0)
    one_level = ErrorVersusDiscard.of([5, 5], [1, 0])
    assert one_level.area(0.4) == pytest.approx(0.2)


pairs = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=40)


@repeatable
@given(pairs, st.floats(0, 1))
def test_steps_agree_with_counting(pairs, share):
    quality, missed = map(np.array, zip(*pairs, strict=True))
    gone = np.zeros(len(pairs), bool)
    for level in np.unique(quality)[:-1]:
        if np.sum(quality <= level) <= share * len(pairs) + 1e-9:
            gone = quality <= level
    curve = ErrorVersusDiscard.of(quality, missed)
    assert curve.at(share) == pytest.approx(missed[~gone].mean())
    grid = (np.arange(len(pairs)) + 0.5) / len(pairs)  # steps lie between these
    assert curve.area(1) == pytest.approx(np.mean([curve.at(place) for place in grid]))


@repeatable
@given(pairs, st.floats(0, 1))
def test_no_measure_of_quality_does_better_than_one_that_knows_the_errors(pairs, share):
    quality, missed = map(np.array, zip(*pairs, strict=True))
    curve = ErrorVersusDiscard.of(quality, missed)
    whole, gone = missed.mean(), np.arange(len(pairs))
    assert curve.at(0) == pytest.approx(whole)
    for d, rate in zip(curve.discarded, curve.rate, strict=True):
        assert rate >= max(0, (whole - d) / (1 - d)) - 1e-12
    errors_first = np.maximum(missed.sum() - gone, 0) / (len(pairs) - gone)
    widths = np.clip(share - gone / len(pairs), 0, 1 / len(pairs))
    assert curve.area(share) >= widths @ errors_first - 1e-12
    told = ErrorVersusDiscard.of(~missed, missed)
    assert told.rate[-1] == missed.all()


@pytest.mark.parametrize(
    ("quality", "missed"),
    [
        pytest.param([], [], id="none"),
        pytest.param([1.0], [True, False], id="shapes"),
        pytest.param([math.nan], [True], id="nan"),
        pytest.param([[1.0]], [[True]], id="table"),
    ],
)
def test_comparisons_that_cannot_be_are_refused(quality, missed):
    with pytest.raises(ValueError, match="need"):
        ErrorVersusDiscard.of(quality, missed)


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_shares_out_of_range_are_refused(share):
    curve = ErrorVersusDiscard.of(QUALITY, MISSED)
    for method in (curve.at, curve.area, judged(cohort()).cut):
        with pytest.raises(ValueError, match="share"):
            method(share)


def cohort(subjects=40):
    """Two photos of each subject; those of group b are worse, and the later one the worst."""
    samples = []
    for subject in range(subjects):
        group = "ab"[subject % 2]
        for photo in range(2):
            quality = float(subject // 2 + (10 if group == "a" else 5 - photo))
            name = f"{subject:02d}-{photo}"
            samples.append(
                Sample(name, f"s{subject:02d}", quality=quality, labels={"group": group})
            )
    return Cohort.of(samples, name="test")


def scores_of(pairs):
    """Scores that have nothing to do with the quality, some of them at the threshold of 0.5."""
    return ((np.arange(pairs) * 7 % pairs) // 4 / 8).astype(np.float32)


def judged(cohort, threshold=0.5):
    left = np.arange(0, len(cohort), 2)
    score = scores_of(len(left))
    return JudgedPairs.of(cohort, Pairs(left, left + 1, score), threshold=threshold)


def total(counts):
    return int(counts.errors.sum()), int(counts.trials.sum())


def test_one_cut_refuses_more_of_the_worse_group_and_that_is_not_lost():
    people = cohort()
    grouping, pairs = people.grouping("group"), judged(people)
    cut = pairs.cut(0.25)
    assert np.sum(pairs.quality < cut) <= 10
    refused = refused_by_group(people, grouping, cut=cut)
    quality = {"a": np.arange(20) + 10, "b": np.r_[np.arange(20) + 5, np.arange(20) + 4]}
    assert total(refused["a"]) == (2 * np.sum(quality["a"] < cut), 40)
    assert total(refused["b"]) == (np.sum(quality["b"] < cut), 40)
    assert refused["b"].rate().estimate > refused["a"].rate().estimate
    after = pairs.missed_after(grouping, cut=cut)
    for name, offset in (("a", 10), ("b", 4)):
        own = [i for i in range(40) if "ab"[i % 2] == name]
        kept = [i for i in own if i // 2 + offset >= cut]
        below = scores_of(40) < 0.5
        assert total(after[name].missed) == (sum(below[kept]), len(kept))
        errors = sum(below[i] or i not in kept for i in own)
        assert total(after[name].missed_or_refused) == (errors, 20)


def test_without_a_cut_nothing_is_refused():
    people = cohort()
    grouping, pairs = people.grouping("group"), judged(people)
    assert pairs.cut(0) == pairs.quality.min()
    assert pairs.cut(1) == math.inf
    before = pairs.missed_after(grouping, cut=pairs.cut(0))
    for misses in before.values():
        assert total(misses.missed) == total(misses.missed_or_refused)
    everything = pairs.missed_after(grouping, cut=math.inf)
    assert [total(misses.missed) for misses in everything.values()] == [(0, 0), (0, 0)]


def test_curves_add_up_to_all_comparisons():
    people = cohort()
    grouping, pairs = people.grouping("group"), judged(people)
    curves = pairs.curves(grouping)
    assert {name: int(curve.kept[0]) for name, curve in curves.items()} == {"a": 20, "b": 20}
    assert sum(curve.errors[0] for curve in curves.values()) == pairs.missed.sum()


def test_the_label_of_the_later_photo_counts_and_a_comparison_at_the_cut_is_kept():
    people = Cohort.of(
        [
            Sample(f"{i:02d}{half}", f"s{i}", quality=float(i), labels={"half": half})
            for i in range(11)
            for half in "ab"
        ],
        name="test",
    )
    pairs, grouping = judged(people), people.grouping("half")
    for cut in range(12):
        after = pairs.missed_after(grouping, cut=float(cut))
        below = scores_of(11)[cut:] < 0.5
        assert total(after["b"].missed) == (below.sum(), 11 - cut)
        assert total(after["a"].missed) == total(after["a"].missed_or_refused) == (0, 0)


def test_photos_without_a_vector_or_a_quality_are_left_out_and_counted():
    people = Cohort.of(
        [
            Sample("a", "x", quality=3.0),
            Sample("b", "x", quality=1.0),
            Sample("c", "x"),
            Sample("d", "x", quality=2.0),
        ],
        name="test",
    )
    left, right = np.array([0, 0, 0]), np.array([1, 2, 3])
    score = np.array([0.1, 0.9, np.nan], np.float32)
    compared = Pairs(left, right, score)
    pairs = JudgedPairs.of(people, compared, threshold=0.5)
    assert (pairs.quality.tolist(), pairs.missed.tolist(), pairs.left_out) == ([1.0], [True], 2)
    refused = refused_by_group(people, people.grouping("source"), cut=3.0)["unknown"]
    assert total(refused) == (2, 3)
    with pytest.raises(CohortError, match="Give a quality"):
        JudgedPairs.of(people, compared.where(np.array([False, True, True])), threshold=0.5)


def test_groups_without_a_comparison_have_no_curve_but_a_row():
    people = Cohort.of([*cohort().samples, Sample("z", "z", labels={"group": "c"})], name="test")
    pairs, grouping = judged(Cohort.of(people.samples[:80], name="test")), people.grouping("group")
    pairs = JudgedPairs(people, pairs.photos, pairs.quality, pairs.missed, 0)
    assert set(pairs.curves(grouping)) == {"a", "b"}
    assert total(pairs.missed_after(grouping, cut=0)["c"].missed) == (0, 0)
