"""Galleries in which everybody is enrolled in turn: who is counted, how often, how surely."""

import numpy as np
import pytest

from fairness import AuditSettings, EmbeddingScores, audit
from fairness.cohort import Cohort, Sample
from fairness.errors import ScoresError
from fairness.identification import IdentificationPlan, OpenSet, search_plan, search_plans
from fairness.tables import OVERALL


def made(people, photos=2, *, singles=0, noise=0.5, seed=0, dimension=16, **labels):
    """People of some photos each, and people of one photo: a cohort and its vectors."""
    rng = np.random.default_rng(seed)
    numbers = [photos] * people + [1] * singles
    names = [f"p{place:03}" for place, number in enumerate(numbers) for _ in range(number)]
    samples = [
        Sample(f"{place:05}", name, age_at_capture=5.0 + place % photos, **labels)
        for place, name in enumerate(names)
    ]
    faces = np.repeat(rng.normal(size=(len(numbers), dimension)), numbers, axis=0)
    vectors = faces + noise * rng.normal(size=faces.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Cohort.of(samples, name="made"), vectors.astype(np.float32)


def whole(cohort):
    return cohort.grouping("source")


def total(counts):
    return int(counts.errors.sum()), int(counts.trials.sum())


def subjects(plan, photos):
    return [plan.cohort.samples[photo].subject for photo in photos]


@pytest.mark.parametrize(
    ("share", "sizes"),
    [(0.5, [20, 21]), (0.4, [20, 21]), (1 / 3, [14, 13, 14]), (0.25, [10, 10, 11, 10])],
)
def test_everybody_is_enrolled_once_and_a_stranger_in_every_other_gallery(share, sizes):
    cohort, _ = made(41, 3, singles=7)
    plans = IdentificationPlan.in_turn(cohort, share=share, seed=5)
    assert [len(plan.gallery) for plan in plans] == sizes
    enrolled = [name for plan in plans for name in subjects(plan, plan.gallery)]
    assert sorted(enrolled) == [f"p{place:03}" for place in range(41)]
    strange = np.sum([np.bincount(plan.non_mated, minlength=len(cohort)) for plan in plans], axis=0)
    assert strange.tolist() == [len(plans) - 1] * (41 * 3) + [len(plans)] * 7
    searched = np.concatenate([plan.mated for plan in plans])
    assert len(np.unique(searched)) == len(searched) == 41 * 2


def test_the_first_of_two_galleries_is_the_drawn_one_and_the_names_decide():
    cohort, _ = made(41, singles=5)
    first, second = IdentificationPlan.in_turn(cohort, seed=3)
    again = IdentificationPlan.in_turn(Cohort.of(reversed(cohort.samples), name="other"), seed=3)
    for part in ("gallery", "mated", "non_mated"):
        drawn = getattr(IdentificationPlan.drawn(cohort, seed=3), part)
        np.testing.assert_array_equal(getattr(first, part), drawn)
        np.testing.assert_array_equal(getattr(second, part), getattr(again[1], part))


@pytest.mark.parametrize("share", [0.6, 0.75, 1.0])
def test_a_share_above_one_half_has_one_gallery(share):
    cohort, _ = made(40, singles=5)
    (plan,) = IdentificationPlan.in_turn(cohort, share=share)
    assert len(plan.gallery) == round(40 * share)


def test_one_person_with_two_photos_is_a_gallery():
    cohort, vectors = made(1, singles=3)
    (plan,) = IdentificationPlan.in_turn(cohort)
    assert search_plan(plan, vectors).galleries == (1,)


def test_stated_roles_stay_as_they_are():
    samples = [
        Sample("a", "x", labels={"role": "gallery"}),
        Sample("b", "x", labels={"role": "mated_probe"}),
        Sample("c", "y", labels={"role": "non_mated_probe"}),
        Sample("d", "y"),
    ]
    cohort = Cohort.of(samples, name="stated")
    (plan,) = IdentificationPlan.in_turn(cohort)
    assert [part.tolist() for part in (plan.gallery, plan.mated, plan.non_mated)] == [[0], [1], [2]]


@pytest.mark.parametrize("seed", range(4))
def test_pooled_counts_are_the_sums_by_person(seed):
    cohort, vectors = made(21, 3, singles=6, seed=seed)
    reasons = ["no face" if place % 11 == seed else "" for place in range(len(cohort))]
    plans = IdentificationPlan.in_turn(cohort, seed=seed)
    parts = [search_plan(plan, vectors, reasons, thresholds=(0.4,)) for plan in plans]
    found = search_plans(plans, vectors, reasons, thresholds=(0.4,))
    assert found.galleries == tuple(part.enrolled for part in parts)
    assert found.enrolled == min(found.galleries)

    def counts(one):
        misses = one.mated.fnir(whole(cohort), rank=2, threshold=0.4)["unknown"]
        yield from (misses.missed, misses.missed_or_refused)
        yield one.non_mated.fpir(whole(cohort), threshold=0.4)["unknown"]
        yield one.non_mated.selectivity(whole(cohort), threshold=0.4)["unknown"].share
        yield one.failed_enrolments(whole(cohort))["unknown"]
        yield one.kin.fpir(whole(cohort), threshold=0.4)["unknown"]

    for pooled, *of_parts in zip(counts(found), *map(counts, parts), strict=True):
        for name in ("errors", "trials"):
            summed = np.sum([getattr(part, name) for part in of_parts], axis=0)
            np.testing.assert_array_equal(getattr(pooled, name), summed)
    results = found.mated.probe_results(whole(cohort))
    assert len(results) == sum(len(plan.mated) for plan in plans)


def test_nobody_is_a_false_lead_for_a_relative_in_either_gallery():
    samples = [
        Sample(f"{name}{photo}", name, family=family, age_at_capture=float(photo))
        for name, family in (("ann", "x"), ("bea", "x"), ("cat", "y"), ("dan", "y"))
        for photo in (0, 1)
    ]
    cohort = Cohort.of(samples, name="families")
    vectors = np.repeat(np.eye(2, dtype=np.float32), 4, axis=0)  # each family looks like one
    for seed in range(6):
        plans = IdentificationPlan.in_turn(cohort, seed=seed)
        found = search_plans(plans, vectors, thresholds=(0.5,))
        alarms = total(found.non_mated.fpir(whole(cohort), threshold=0.5)["unknown"])
        kin = total(found.kin.fpir(whole(cohort), threshold=0.5)["unknown"])
        apart = {"ann", "bea"} - set(subjects(plans[0], plans[0].gallery))
        assert alarms == (0, 8)
        assert kin == ((8, 8) if len(apart) == 1 else (0, 0))


def test_a_gallery_in_which_nobody_could_be_enrolled_has_misses_and_no_searches_in_vain():
    cohort, vectors = made(4)
    first, second = IdentificationPlan.in_turn(cohort)
    reasons = ["no face" if photo in first.gallery else "" for photo in range(len(cohort))]
    found = search_plans((first, second), vectors, reasons, thresholds=(0.5,))
    assert found.galleries == (2,)
    misses = found.mated.fnir(whole(cohort), rank=1)["unknown"]
    assert total(misses.missed)[1] == 2
    assert total(misses.missed_or_refused)[1] == 4
    assert misses.missed_or_refused.errors.sum() == misses.missed.errors.sum() + 2
    assert total(found.failed_enrolments(whole(cohort))["unknown"]) == (2, 4)
    assert total(found.non_mated.fpir(whole(cohort), threshold=0.5)["unknown"])[1] == 2
    with pytest.raises(ScoresError, match="holds one photo"):
        search_plans((first, second), vectors, ["no face"] * len(cohort))


def test_searches_with_other_thresholds_are_not_pooled():
    cohort, vectors = made(4)
    plans = IdentificationPlan.in_turn(cohort)
    parts = [
        search_plan(plan, vectors, thresholds=(threshold,))
        for plan, threshold in zip(plans, (0.4, 0.5), strict=True)
    ]
    with pytest.raises(ValueError, match="same thresholds"):
        OpenSet.pooled(parts)


def test_a_comparison_that_is_an_alarm_from_both_sides_is_evidence_once():
    cohort, vectors = made(120, singles=20, noise=0.3)
    pooled = search_plans(IdentificationPlan.in_turn(cohort), vectors)
    alone = search_plan(IdentificationPlan.drawn(cohort), vectors)
    both, one = (
        found.non_mated.fpir(whole(cohort), threshold=0.6)["unknown"] for found in (pooled, alone)
    )
    assert (both.repeats, one.repeats) == (2, 1)
    assert np.count_nonzero(both.trials) == 140
    rate = both.rate()
    assert rate.effective <= rate.trials / 2
    assert rate.estimate == pytest.approx(both.errors.sum() / both.trials.sum())
    misses = pooled.mated.fnir(whole(cohort), rank=1)["unknown"].missed
    assert misses.repeats == 1  # a mate is compared in one gallery only


@pytest.mark.parametrize(("people", "threshold"), [(82, 0.6), (82, 0.5)])
def test_intervals_of_searches_in_vain_hold_the_rate_of_their_galleries(people, threshold):
    rng = np.random.default_rng(1)
    strangers = rng.normal(size=(5000, 16))
    strangers /= np.linalg.norm(strangers, axis=1, keepdims=True)
    held = []
    for seed in range(500):
        cohort, vectors = made(people, seed=seed)
        plans = IdentificationPlan.in_turn(cohort)
        found = search_plans(plans, vectors)
        rate = found.non_mated.fpir(whole(cohort), threshold=threshold)["unknown"].rate()
        true = np.mean(
            [
                (strangers @ vectors[plan.gallery].T >= threshold).any(axis=1).mean()
                for plan in plans
            ]
        )
        held.append(rate.low <= true <= rate.high)
    assert np.mean(held) >= 0.93


@pytest.fixture(scope="module")
def report():
    """An audit of 82 people, as many as FG-NET has."""
    cohort, vectors = made(82, 6, noise=1.1, sex="female")
    settings = AuditSettings(factors=("sex",), fmr=0.01, draws=20)
    return audit(EmbeddingScores(cohort, vectors), settings, matcher={"model": "made"})


def test_eighty_two_people_are_all_counted_in_searches(report):
    rows = {row["metric"]: row for row in report.table("open_set").where(group=OVERALL, rank=None)}
    rows |= {row["metric"]: row for row in report.table("open_set").where(group=OVERALL, rank=20)}
    assert (rows["FNIR"]["subjects"], rows["FNIR"]["trials"]) == (82, 82 * 5)
    assert (rows["FPIR"]["subjects"], rows["FPIR"]["trials"]) == (82, 82 * 6)
    assert (rows["FTE"]["subjects"], rows["FTE"]["trials"]) == (82, 82)
    assert {row["gallery"] for row in rows.values()} == {41}
    assert rows["FNIR"]["status"] in ("limited", "ok")
    assert rows["FNIR"]["low"] < rows["FNIR"]["estimate"] < rows["FNIR"]["high"]


def test_the_report_states_the_size_of_each_gallery(report):
    assert report.card["Gallery"] == "2 galleries of 41 and 41 subjects; lists of 20 candidates"
    note = report.table("open_set").note
    assert "2 galleries of 41 and 41 subjects" in note
    assert "Intervals hold for these galleries" in note


def test_curves_are_of_all_galleries_together(report):
    curve = next(c for c in report.curves.cmc if c.factor == "sex")
    (first,) = report.table("open_set").where(group="female", metric="FNIR_ranks", rank=1)
    assert curve.subjects == 82
    assert curve.hit_rate[0] == pytest.approx(1 - first["errors"] / first["trials"])
    assert curve.ranks.tolist() == list(range(1, len(curve.ranks) + 1))
    assert 10 < len(curve.ranks) <= 41
