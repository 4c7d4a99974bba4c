"""Searches with enrolled and non-enrolled probes: a worked example, brute force, laws."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness import group_gaps
from fairness.cohort import Cohort, Sample
from fairness.identification import IdentificationPlan, SearchResult, judge_lists, search_plan

repeatable = settings(deadline=None, derandomize=True)

# Eight searches for enrolled people and ten for others; the rates were counted by hand.
MATE_RANKS = [1, 1, 2, 1, 5, 1, 3, 1]
MATE_SCORES = [0.90, 0.80, 0.70, 0.65, 0.40, 0.55, 0.50, 0.30]
TOP_SCORES = [0.20, 0.35, 0.45, 0.52, 0.60, 0.25, 0.31, 0.28, 0.40, 0.33]


def cohort_of(*samples):
    return Cohort.of(samples, name="test")


def worked_example(thresholds=(0.3, 0.5), depth=10):
    """The example as lists of candidates, with strangers above the mates."""
    photos, results = [], []
    for i, (rank, score) in enumerate(zip(MATE_RANKS, MATE_SCORES, strict=True)):
        photos.append(Sample(f"g{i}", f"s{i}", labels={"role": "gallery"}))
        photos.append(Sample(f"m{i}", f"s{i}", labels={"role": "mated_probe"}))
        strangers = tuple((f"stranger {place}", score + 0.01) for place in range(rank - 1))
        results.append(SearchResult(f"m{i}", (*strangers, (f"s{i}", score))))
    for i, score in enumerate(TOP_SCORES):
        photos.append(Sample(f"n{i}", f"other {i}", labels={"role": "non_mated_probe"}))
        results.append(SearchResult(f"n{i}", (("s0", score), ("s1", 0.1))))
    plan = IdentificationPlan.of(cohort_of(*photos))
    return judge_lists(plan, results, enrolled=20, depth=depth, thresholds=thresholds)


def everybody(found):
    return found.cohort.grouping("age")  # nobody has an age, so that all are in one group


@pytest.mark.parametrize(
    ("threshold", "at_rank_1", "at_rank_5", "fpir"),
    [(0, 0.375, 0, 1), (0.3, 0.375, 0, 0.7), (0.5, 0.5, 0.25, 0.2), (0.6, 0.625, 0.5, 0.1)],
)
def test_rates_of_the_worked_example(threshold, at_rank_1, at_rank_5, fpir):
    found = worked_example()
    for rank, expected in ((1, at_rank_1), (5, at_rank_5)):
        misses = found.mated.fnir(everybody(found), rank=rank, threshold=threshold)["unknown"]
        assert misses.missed.rate().estimate == pytest.approx(expected)
        assert misses.missed_or_refused.rate().estimate == pytest.approx(expected)
    alarms = found.non_mated.fpir(everybody(found), threshold=threshold)["unknown"]
    assert alarms.rate().estimate == pytest.approx(fpir)


def test_hit_rates_of_the_worked_example():
    found = worked_example()
    missed = found.mated.cmc(everybody(found), ranks=(1, 2, 3, 5))["unknown"]
    hits = [1 - misses.missed.rate().estimate for misses in missed]
    assert hits == pytest.approx([0.625, 0.75, 0.875, 1])


def test_selectivity_and_threshold_of_the_worked_example():
    found = worked_example()
    chosen = found.non_mated.selectivity(everybody(found), threshold=0.3)["unknown"]
    assert (chosen.mean, chosen.searches, chosen.enrolled) == (0.7, 10, 20)
    rate = chosen.share.rate()
    assert rate.estimate * chosen.enrolled == pytest.approx(0.7)
    assert rate.low * chosen.enrolled < 0.7 < rate.high * chosen.enrolled
    threshold = found.non_mated.threshold_at(0.2)
    assert threshold == 0.5
    assert found.non_mated.alarms(threshold).mean() == 0.2
    assert found.non_mated.threshold_at(1) == -math.inf


def drawn_cohort(rng, subjects=14, families=4):
    """Subjects with one to four photos at known ages, some of them relatives."""
    samples = []
    for subject in range(subjects):
        family = f"f{subject % families}" if subject % 3 == 0 else None
        for photo in range(rng.integers(1, 5)):
            samples.append(
                Sample(
                    f"{subject:02d}-{photo}",
                    f"s{subject:02d}",
                    age_at_capture=float(rng.integers(1, 30)),
                    sex="female" if subject % 2 else "male",
                    family=family,
                )
            )
    return cohort_of(*samples)


def coarse_vectors(rng, photos, acquired):
    """Unit vectors with many equal scores, exact in single precision."""
    vectors = np.eye(6, dtype=np.float32)[rng.integers(0, 6, photos)]
    half = rng.random(photos) < 0.5
    vectors[half] = 0.5 * np.where(rng.random((half.sum(), 6)) < 0.5, 1, -1)
    vectors[half, 4:] = 0
    vectors[~acquired] = np.nan
    return vectors


def by_hand(plan, vectors, acquired, rank, threshold):
    """Count misses and alarms, search by search, with loops and sets."""
    samples = plan.cohort.samples
    missed, refused_too, alarms, candidates = [], [], [], []
    for photo in (*plan.mated, *plan.non_mated):
        own, family = samples[photo].subject, samples[photo].family
        best = {}
        for enrolled in plan.gallery:
            if acquired[photo] and acquired[enrolled]:
                score = float(vectors[photo].astype(float) @ vectors[enrolled].astype(float))
                name = samples[enrolled].subject
                best[name] = max(best.get(name, -9.0), score)
        if photo in plan.mated:
            possible = own in best
            worse = [s for s, score in best.items() if possible and score >= best[own]]
            miss = not possible or len(worse) > rank or best[own] < threshold
            refused_too.append(miss)
            missed += [miss] if possible else []
        elif acquired[photo]:
            strangers = {
                s: v
                for s, v in best.items()
                if family is None or family != next(x.family for x in samples if x.subject == s)
            }
            alarms.append(any(score >= threshold for score in strangers.values()))
            candidates += [[score >= threshold for score in strangers.values()]]
    return missed, refused_too, alarms, candidates


@pytest.mark.parametrize("seed", range(30))
def test_searches_in_blocks_agree_with_counting_by_hand(seed, monkeypatch):
    monkeypatch.setattr("fairness.identification.open_set._AT_ONCE", 20)
    rng = np.random.default_rng(seed)
    cohort = drawn_cohort(rng)
    plan = IdentificationPlan.drawn(cohort, seed=seed, photos=1 + seed % 2)
    acquired = rng.random(len(cohort)) < 0.8
    acquired[plan.gallery[0]] = True
    vectors = coarse_vectors(rng, len(cohort), acquired)
    reasons = ["" if have else "no face" for have in acquired]
    for threshold in (-0.5, 0.0, 0.5, 0.7, 1.0):
        found = search_plan(plan, vectors, reasons, thresholds=(threshold,))
        whole = found.cohort.grouping("source")
        for rank in {1, min(2, found.enrolled), found.enrolled}:
            missed, refused_too, alarms, candidates = by_hand(
                plan, vectors, acquired, rank, threshold
            )
            misses = found.mated.fnir(whole, rank=rank, threshold=threshold)["unknown"]
            assert total(misses.missed) == (sum(missed), len(missed))
            assert total(misses.missed_or_refused) == (sum(refused_too), len(refused_too))
            fpir = found.non_mated.fpir(whole, threshold=threshold)["unknown"]
            assert total(fpir) == (sum(alarms), len(alarms))
            chosen = found.non_mated.selectivity(whole, threshold=threshold)["unknown"]
            assert chosen.searches == len(candidates)
            assert total(chosen.share) == (sum(map(sum, candidates)), sum(map(len, candidates)))


def total(counts):
    return int(counts.errors.sum()), int(counts.trials.sum())


@pytest.mark.parametrize("seed", range(5))
def test_lists_of_all_candidates_give_what_vectors_give(seed):
    rng = np.random.default_rng(seed)
    cohort = drawn_cohort(rng)
    plan = IdentificationPlan.drawn(cohort, seed=seed)
    vectors = coarse_vectors(rng, len(cohort), np.ones(len(cohort), bool))
    from_vectors = search_plan(plan, vectors, thresholds=(0.0, 0.5))
    results = []
    for photo in (*plan.mated, *plan.non_mated):
        scores = [float(vectors[photo] @ vectors[enrolled]) for enrolled in plan.gallery]
        names = [cohort.samples[enrolled].subject for enrolled in plan.gallery]
        ranked = sorted(zip(names, scores, strict=True), key=lambda item: -item[1])
        results.append(SearchResult(cohort.samples[photo].photo, tuple(ranked)))
    from_lists = judge_lists(
        plan, results, enrolled=len(plan.gallery), depth=len(plan.gallery), thresholds=(0.0, 0.5)
    )
    for name in ("mated", "non_mated", "kin"):
        one, other = (getattr(found, name) for found in (from_vectors, from_lists))
        for field in dataclasses.fields(one):
            if field.name != "cohort":
                np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


@st.composite
def searched(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    cohort = drawn_cohort(rng, subjects=draw(st.integers(6, 20)))
    plan = IdentificationPlan.drawn(cohort, seed=draw(st.integers(0, 99)), share=0.5)
    vectors = rng.normal(size=(len(cohort), 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    acquired = rng.random(len(cohort)) < draw(st.sampled_from([0.6, 1.0]))
    acquired[plan.gallery[0]] = True
    reasons = ["" if have else "refused" for have in acquired]
    return search_plan(plan, vectors, reasons, thresholds=np.linspace(-1, 1, 9))


@repeatable
@given(searched())
def test_misses_fall_with_the_rank_and_rise_with_the_threshold(found):
    mated = found.mated
    levels = (-math.inf, *np.linspace(-1, 1, 9))
    missed = np.array(
        [[mated.missed(r, t).sum() for t in levels] for r in range(1, found.enrolled + 1)]
    )
    assert np.all(np.diff(missed, axis=0) <= 0)
    assert np.all(np.diff(missed, axis=1) >= 0)
    last = mated.fnir(found.cohort.grouping("source"), rank=found.enrolled)["unknown"]
    assert last.missed.errors.sum() == 0
    assert last.missed_or_refused.errors.sum() == np.sum(mated.refused | mated.unenrolled)


@repeatable
@given(searched())
def test_alarms_fall_with_the_threshold_and_are_no_more_than_candidates(found):
    whole = found.cohort.grouping("source")
    alarms = []
    for threshold in found.non_mated.thresholds:
        fpir = found.non_mated.fpir(whole, threshold=threshold)["unknown"]
        chosen = found.non_mated.selectivity(whole, threshold=threshold)["unknown"]
        assert chosen.share.errors.sum() >= fpir.errors.sum()
        assert chosen.searches == fpir.trials.sum()
        alarms.append(fpir.errors.sum())
    assert np.all(np.diff(alarms) <= 0)


@repeatable
@given(searched(), st.sampled_from(["sex", "age", "age*sex"]))
def test_groups_add_up_to_everybody(found, factor):
    whole, grouping = found.cohort.grouping("source"), found.cohort.grouping(factor)
    for count in (
        lambda grouping: found.non_mated.fpir(grouping, threshold=0.3),
        lambda grouping: {k: m.missed for k, m in found.mated.fnir(grouping, rank=1).items()},
        found.failed_enrolments,
    ):
        parts = count(grouping)
        assert list(parts) == list(grouping.names)
        for side in ("errors", "trials"):
            added = sum(getattr(part, side) for part in parts.values())
            np.testing.assert_array_equal(added, getattr(count(whole)["unknown"], side))


@repeatable
@given(searched(), st.floats(0, 1))
def test_a_threshold_keeps_its_fpir_and_a_lower_one_does_not(found, target):
    searches = found.non_mated
    if not searches.made.any():
        return
    threshold = searches.threshold_at(target)
    assert searches.alarms(threshold)[searches.made].mean() <= target + 1e-12
    if threshold > -math.inf:
        top = searches.top[searches.made]
        lower = top[top < np.float32(threshold)].max()
        assert np.mean(top >= lower) > target


def test_results_go_on_to_the_test_for_gaps():
    found = worked_example()
    results = found.mated.probe_results(everybody(found))
    assert [result.rank for result in results] == MATE_RANKS
    (gap,) = group_gaps(results, "age")
    assert gap.rate.errors == 3


def test_settings_out_of_range_are_refused():
    found = worked_example()
    with pytest.raises(ValueError, match="rank"):
        found.mated.missed(0)
    with pytest.raises(ValueError, match="counted at"):
        found.non_mated.selectivity(everybody(found), threshold=0.4)
    with pytest.raises(ValueError, match="FPIR"):
        found.non_mated.threshold_at(1.1)
    with pytest.raises(ValueError, match="depth"):
        worked_example(depth=0)


def test_the_lot_depends_on_names_and_seed_only():
    cohort = drawn_cohort(np.random.default_rng(1), subjects=40)
    again = IdentificationPlan.of(Cohort.of(reversed(cohort.samples), name="other"), seed=3)
    plan = IdentificationPlan.of(cohort, seed=3)
    for part in ("gallery", "mated", "non_mated"):
        np.testing.assert_array_equal(getattr(plan, part), getattr(again, part))
    other = IdentificationPlan.of(cohort, seed=4)
    assert plan.gallery.tolist() != other.gallery.tolist()
    used = sorted([*plan.gallery, *plan.mated, *plan.non_mated])
    assert used == list(range(len(cohort)))
    able = sum(np.bincount(cohort.subject_codes) > 1)
    for share in (0.01, 0.25, 0.3, 0.5, 1.0):
        plan = IdentificationPlan.drawn(cohort, share=share)
        assert len(plan.enrolled) == max(1, round(share * able))
