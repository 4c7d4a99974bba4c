"""Plans of searches and the results that are judged by them: stories, and what is refused."""

import math
from datetime import date

import numpy as np
import pytest

from fairness.cohort import Cohort, Sample
from fairness.errors import CohortError, ScoresError
from fairness.identification import IdentificationPlan, SearchResult, judge_lists, search_plan


def cohort_of(*samples):
    return Cohort.of(samples, name="test")


def total(counts):
    return int(counts.errors.sum()), int(counts.trials.sum())


def four_people():
    """Two enrolled at five, one of them with a sister who is not; photos at ten."""
    return cohort_of(
        *(
            Sample(f"{name} {age}", name, age_at_capture=float(age), family=family)
            for name, family in (("ann", "x"), ("bob", None))
            for age in (10, 5)
        ),
        Sample("cat 10", "cat", age_at_capture=10.0, family="x"),
        Sample("dan 10", "dan", age_at_capture=10.0),
    )


def test_relatives_are_counted_apart():
    plan = IdentificationPlan.drawn(four_people(), share=1.0)
    samples = plan.cohort.samples
    assert [samples[photo].photo for photo in plan.gallery] == ["ann 5", "bob 5"]
    assert [samples[photo].photo for photo in plan.mated] == ["ann 10", "bob 10"]
    assert [samples[photo].photo for photo in plan.non_mated] == ["cat 10", "dan 10"]
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 0], [1, 0]], np.float32)
    found = search_plan(plan, vectors, thresholds=(0.5,))
    whole = plan.cohort.grouping("source")
    assert total(found.non_mated.fpir(whole, threshold=0.5)["unknown"]) == (1, 2)  # dan as ann
    assert total(found.kin.fpir(whole, threshold=0.5)["unknown"]) == (1, 1)  # cat as her sister
    assert found.non_mated.selectivity(whole, threshold=0.5)["unknown"].enrolled == 1.5
    gaps = plan.gaps()
    assert [gaps.names[code] for code in gaps.codes[plan.mated]] == ["05 to under 08"] * 2
    assert gaps.names[gaps.codes[plan.gallery[0]]] == "unknown"


def test_a_photo_that_was_not_enrolled_makes_its_subject_a_miss():
    plan = IdentificationPlan.drawn(four_people(), share=1.0)
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 0], [0, 1]], np.float32)
    reasons = ["", "no face", "", "", "", "not readable"]  # ann at five, dan
    found = search_plan(plan, vectors, reasons)
    whole = plan.cohort.grouping("source")
    assert found.enrolled == 1
    misses = found.mated.fnir(whole, rank=1)["unknown"]
    assert (total(misses.missed), total(misses.missed_or_refused)) == ((0, 1), (1, 2))
    assert total(found.failed_enrolments(whole)["unknown"]) == (1, 2)
    assert found.mated.refused.tolist() == [False, False]
    assert found.non_mated.made.tolist() == [True, False]  # cat, dan
    assert total(found.non_mated.fpir(whole, threshold=0)["unknown"]) == (1, 1)


def test_a_tie_goes_against_the_matcher():
    plan = IdentificationPlan.drawn(four_people(), share=1.0)
    found = search_plan(plan, np.ones((6, 1), np.float32))
    assert found.mated.rank.tolist() == [2, 2]
    found = judge_lists(
        plan,
        [
            SearchResult("ann 10", (("ann", 0.5), ("bob", 0.5))),
            *(SearchResult(name) for name in ("bob 10", "cat 10", "dan 10")),
        ],
        enrolled=2,
        depth=2,
    )
    assert found.mated.rank.tolist() == [2, 0]


def test_scores_and_thresholds_are_compared_in_single_precision():
    plan = IdentificationPlan.drawn(four_people(), share=1.0)
    tilted = [0.7, math.sqrt(1 - 0.49)]
    vectors = np.array([[1, 0], [1, 0], [1, 0], [1, 0], tilted, tilted], np.float32)
    above = float(np.nextafter(np.float32(0.7), np.float32(1)))
    found = search_plan(plan, vectors, thresholds=(0.7, above))
    assert found.non_mated.alarms(0.7).tolist() == [True, True]
    assert found.non_mated.alarms(above).tolist() == [False, False]
    assert found.non_mated.candidates.tolist() == [[1, 0], [2, 0]]
    whole = plan.cohort.grouping("source")
    assert found.non_mated.selectivity(whole, threshold=0.7)["unknown"].mean == 1.5


def test_photos_without_an_age_come_after_those_with_one_and_dates_decide_otherwise():
    cohort = cohort_of(
        Sample("a", "x"),
        Sample("b", "x", taken_on=date(2015, 1, 1)),
        Sample("c", "x", age_at_capture=9.0),
        Sample("d", "y", taken_on=date(2015, 1, 1)),
        Sample("e", "y", taken_on=date(2011, 7, 2)),
    )
    plan = IdentificationPlan.drawn(cohort, share=1.0)
    assert [cohort.samples[photo].photo for photo in plan.gallery] == ["c", "e"]
    gaps = plan.gaps()
    assert [gaps.names[code] for code in gaps.codes[plan.mated]] == [
        "unknown",
        "unknown",
        "03 to under 05",
    ]


def test_one_subject_and_no_non_mated_probe_give_rates_that_say_so():
    cohort = cohort_of(Sample("a", "x"), Sample("b", "x"))
    found = search_plan(IdentificationPlan.of(cohort), np.ones((2, 1)), thresholds=(0.5,))
    whole = cohort.grouping("source")
    missed = found.mated.fnir(whole, rank=1)["unknown"].missed.rate()
    assert (missed.errors, missed.trials, missed.status) == (0, 1, "suppressed")
    alarms = found.non_mated.fpir(whole, threshold=0.5)["unknown"].rate()
    assert (alarms.trials, alarms.status) == (0, "suppressed")
    assert math.isnan(alarms.estimate)
    chosen = found.non_mated.selectivity(whole, threshold=0.5)["unknown"]
    assert math.isnan(chosen.mean)
    assert math.isnan(chosen.enrolled)
    assert total(found.mated.fnir(whole, rank=1, threshold=0.5)["unknown"].missed) == (0, 1)
    with pytest.raises(ScoresError, match="not enrolled; got none"):
        found.non_mated.threshold_at(0.01)


def roles(*given_roles):
    return cohort_of(
        *(
            Sample(f"{i}", subject, labels={"role": role})
            for i, (subject, role) in enumerate(given_roles)
        )
    )


@pytest.mark.parametrize(
    ("cohort", "words"),
    [
        pytest.param(cohort_of(Sample("a", "x")), "has a subject with more than 1", id="one photo"),
        pytest.param(roles(("x", "probe")), "each is one of gallery", id="role misspelt"),
        pytest.param(roles(("x", "mated_probe")), "enrols one photo", id="nothing enrolled"),
        pytest.param(
            roles(("x", "gallery"), ("y", "mated_probe")), "of each mated probe", id="no mate"
        ),
        pytest.param(
            roles(("x", "gallery"), ("x", "non_mated_probe")), "any non-mated probe", id="a mate"
        ),
    ],
)
def test_plans_that_cannot_be_are_refused(cohort, words):
    with pytest.raises(CohortError, match=words):
        IdentificationPlan.of(cohort)


def test_a_photo_has_one_role_in_a_plan():
    cohort, zero, none = roles(("x", "gallery")), np.zeros(1, np.int64), np.zeros(0, np.int64)
    with pytest.raises(CohortError, match="once"):
        IdentificationPlan(cohort, zero, zero, none)


@pytest.mark.parametrize("options", [{"share": 0.0}, {"share": 1.1}, {"photos": 0}])
def test_impossible_lots_are_refused(options):
    with pytest.raises(ValueError, match="share"):
        IdentificationPlan.drawn(four_people(), **options)


@pytest.mark.parametrize(
    ("vectors", "reasons", "words"),
    [
        pytest.param(np.full((6, 2), np.nan), None, "finite", id="nan"),
        pytest.param(np.ones((6, 2)), None, "unit length; got 6", id="not unit"),
        pytest.param(np.ones((5, 1)), None, "shape", id="too few"),
        pytest.param(np.ones((6, 1)), [""], "whether it has one", id="too few reasons"),
        pytest.param(np.ones((6, 1)), ["no face"] * 6, "holds one photo", id="nothing acquired"),
    ],
)
def test_vectors_that_cannot_be_are_refused(vectors, reasons, words):
    with pytest.raises(ScoresError, match=words):
        search_plan(IdentificationPlan.drawn(four_people()), vectors, reasons)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"candidates": (("x", math.nan),)}, id="nan"),
        pytest.param({"candidates": (("x", 0.1), ("y", 0.2))}, id="out of order"),
        pytest.param({"candidates": (("x", 0.2), ("x", 0.1))}, id="a subject twice"),
        pytest.param({"candidates": (("x", 0.2),), "refused": True}, id="refused"),
    ],
)
def test_lists_that_cannot_be_are_refused(settings):
    with pytest.raises(ScoresError, match="lists of candidates"):
        SearchResult("photo", **settings)


PROBES = ("ann 10", "bob 10", "cat 10", "dan 10")


@pytest.mark.parametrize(
    ("results", "words"),
    [
        pytest.param([SearchResult(name) for name in PROBES[:3]], "1 without one", id="missing"),
        pytest.param([SearchResult(name) for name in PROBES * 2], "another one", id="twice"),
        pytest.param([SearchResult("ann 5")], "another one", id="of the gallery"),
        pytest.param([SearchResult("eve 10")], "another one", id="of nobody"),
        pytest.param(
            [SearchResult("ann 10", (("a", 1.0), ("b", 0.9), ("c", 0.8)))], "2 cand", id="too long"
        ),
        pytest.param(
            [*map(SearchResult, PROBES[:3]), SearchResult("dan 10", (("dan", 0.9),))],
            "who is not enrolled",
            id="found without being enrolled",
        ),
        pytest.param(
            [*map(SearchResult, PROBES[:3]), SearchResult("dan 10", (("a", 0.9), ("b", 0.5)))],
            "end at or above 0.5",
            id="too short for a threshold",
        ),
    ],
)
def test_results_that_do_not_fit_the_plan_are_refused(results, words):
    plan = IdentificationPlan.drawn(four_people(), share=1.0)
    with pytest.raises(ScoresError, match=words):
        judge_lists(plan, results, enrolled=9, depth=2, thresholds=(0.5,))


def test_what_lists_do_not_reach_is_refused():
    plan = IdentificationPlan.drawn(four_people(), share=1.0)
    listed = [SearchResult("cat 10", (("ann", 0.9), ("eve", 0.8)))]
    results = [*listed, *(SearchResult(name) for name in PROBES if name != "cat 10")]
    found = judge_lists(plan, results, enrolled=9, depth=2)
    whole = plan.cohort.grouping("source")
    with pytest.raises(ScoresError, match="rank 3 of lists of 2"):
        found.mated.fnir(whole, rank=3)
    assert found.non_mated.alarms(0.1).tolist() == [True, False]  # whatever else, eve is listed
    results[0] = SearchResult("cat 10", (("ann", 0.9),))
    found = judge_lists(plan, results, enrolled=9, depth=1)
    assert found.non_mated.alarms(0.91).tolist() == [False, False]
    for threshold in (0.9, 0.7):  # somebody else may have the score at which the list ends
        with pytest.raises(ScoresError, match="1 list that ends at or above"):
            found.non_mated.alarms(threshold)
