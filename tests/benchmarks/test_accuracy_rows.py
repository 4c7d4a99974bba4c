"""The rows of the accuracy table, against examples worked out by hand and slow, plain counting."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness import Cohort, EmbeddingScores, Sample
from fairness.verification import Pairs, everybody, threshold_at
from matcher.embedding import FACE, LOW_RESOLUTION, FaceVectors

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CHILDREN = "FMR under 18 where that of adults is 1e-3, times 1e-3"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    rows = importlib.import_module("accuracy_rows")


def vectors_at(*degrees):
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def plain(vectors):
    """Return vectors of a model that makes one of a face."""
    return FaceVectors.of_one_kind(vectors)


def random_vectors(count, seed=0, size=64):
    drawn = np.random.default_rng(seed).standard_normal((count, size))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def cohort_of(*people):
    """Make a cohort of lists of ages, one list for each subject."""
    samples = [
        Sample(f"{subject:03d}-{place:03d}", f"{subject:03d}", age_at_capture=float(age))
        for subject, ages in enumerate(people)
        for place, age in enumerate(ages)
    ]
    return Cohort.of(samples, name="made")


def by_name(found):
    return {row.name: row for row in found}


def test_the_nearest_other_photo_decides():
    subjects = np.array([0, 0, 1, 1])
    photos = vectors_at(0, 10, 15, 90)  # 10 is nearer to 15 than to 0; 90 is nearest to 15
    assert rows.rank_one(photos @ photos.T, subjects).tolist() == [True, False, False, True]


def test_a_degraded_probe_does_not_find_its_own_clean_photo():
    subjects = np.array([0, 1, 1])
    gallery = vectors_at(0, 50, 80)
    probes = vectors_at(1, 2, 79)  # the second would find subject 0, the third its mate at 50
    assert rows.rank_one(probes @ gallery.T, subjects).tolist() == [False, False, True]


def test_degraded_probes_only_are_compared_with_the_low_resolution_vectors():
    kept = {FACE: vectors_at(0, 90), LOW_RESOLUTION: vectors_at(60, 30)}
    gallery = FaceVectors(kept, vectors_at(0, 90), (FACE, FACE), (None, None))
    seen, by = vectors_at(10, 50, 70), vectors_at(10, 50, 50)
    probes = FaceVectors({FACE: seen}, by, (FACE, FACE, LOW_RESOLUTION), (False, False, True))
    degrees = [[10, 80], [50, 40], [10, 20]]
    found = rows.searched(probes, gallery)
    np.testing.assert_allclose(found, np.cos(np.deg2rad(degrees)), atol=1e-6)
    without = rows.searched(probes, FaceVectors.of_one_kind(gallery.vectors))
    np.testing.assert_allclose(
        without, np.cos(np.deg2rad([[10, 80], [50, 40], [50, 40]])), atol=1e-6
    )


def test_error_rates_of_degraded_probes_by_hand():
    subjects = np.array([0, 0, 1])
    scores = np.array([[1.0, 0.6, 0.2], [0.4, 1.0, 0.7], [0.1, 0.8, 1.0]], np.float32)
    pairs = rows._all_pairs(scores)
    weights = np.array([[1.0, 2.0], [1.0, 1.0]])
    mated, others = rows.searched_rows("x", pairs, subjects, np.array([0.5, 0.75]), weights)
    assert (mated.count, others.count) == (2, 4)
    np.testing.assert_allclose(mated.values, [1 / 2, 0])
    np.testing.assert_allclose(others.values * 1e-3, [2 / 4, 1 / 4])


def test_probes_without_a_mate_are_left_out_and_the_chosen_counted():
    subjects = np.array([0, 0, 0, 1, 2, 2])
    hits = np.array([True, True, False, True, True, False])
    chosen = np.array([True, False, True, True, True, True])
    weights = np.array([[1.0, 2.0, 0.0], [1.0, 1.0, 3.0], [1.0, 0.0, 0.0]])
    row = rows.rank_one_row("r", hits, chosen, subjects, weights)
    assert (row.count, row.of) == (4, "probes")
    np.testing.assert_allclose(row.values, [2 / 4, 1 / 2, np.nan])


def test_three_probe_photos_find_whom_each_alone_does_not():
    cohort = cohort_of([5, 20, 21, 22], [6, 30])
    gallery = np.eye(3, dtype=np.float32)[:2]  # of subject 0, then of subject 1
    later = np.array([[0.5, 0.6, 0.62], [0.5, 0.6, -0.62], [0.5, 0.0, 0.0]], np.float32)
    later /= np.linalg.norm(later, axis=1, keepdims=True)
    vectors = np.stack([gallery[0], *later, gallery[1], gallery[1]])
    one, _, three = rows.several_rows(cohort, vectors, np.ones((2, 2)), 0)
    assert [row.count for row in (one, three)] == [1, 1]  # subject 1 has too few later photos
    assert three.name == "rank-1, three probe photos, enrolled before the age of 10"
    np.testing.assert_allclose(three.values, [1.0, 1.0])
    assert 0 < one.value < 1  # one of the three finds its subject alone; which one is drawn


def test_threes_are_later_photos_of_one_person_who_is_enrolled_none_used_twice():
    cohort = cohort_of([5, *range(20, 27)], range(12, 20), [3, 4], [9, 10, 11, 12])
    subjects, early = cohort.subject_codes, rows.ages_of(cohort) < 10
    threes = rows._threes(subjects, early, np.random.default_rng(1))
    assert subjects[threes].tolist() == [[0, 0, 0], [0, 0, 0], [3, 3, 3]]
    assert rows.people_with_threes(cohort) == 2
    assert not early[threes].any()
    assert len(np.unique(threes)) == threes.size


def test_nobody_with_three_later_photos_leaves_the_row_undefined():
    cohort = cohort_of([5, 20], [6, 30])
    for row in rows.several_rows(cohort, random_vectors(4), np.ones((2, 3)), 0):
        assert row.count == 0
        assert np.isnan(row.values).all()


def test_true_match_rates_by_hand():
    mated = rows.Mated(np.array([0.9, 0.5, 0.1], np.float32), np.array([0, 0, 1]))
    weights = np.array([[1.0, 2.0, 0.0, 1.0], [1.0, 1.0, 0.0, 1.0]])
    rates = mated.rates(np.array([0.5, 0.6, 0.6, np.nan]), weights)
    np.testing.assert_allclose(rates, [2 / 3, 2 / 5, np.nan, np.nan])


def made_pairs(scores, left, right):
    photos = np.asarray(left), np.asarray(right)
    return Pairs(*photos, np.asarray(scores, np.float32))


def test_non_mated_pairs_count_as_often_as_both_subjects_are_drawn():
    pairs = made_pairs([0.2, 0.8, 0.5], [0, 0, 1], [1, 2, 2])
    non_mated = rows.NonMated.of(pairs, np.arange(3))
    weights = np.array([[1.0, 3.0, 0.0], [1.0, 1.0, 0.0], [1.0, 2.0, 1.0]])
    rates = non_mated.rates(np.array([0.5, 0.8, 0.5]), weights)
    np.testing.assert_allclose(rates, [2 / 3, 6 / 11, np.nan])


@given(
    scores=st.lists(st.integers(-8, 8), min_size=1, max_size=30),
    fmr=st.sampled_from([0.0, 1e-3, 0.1, 0.25, 0.5]),
    data=st.data(),
)
def test_thresholds_are_those_of_pairs_written_out_as_often_as_drawn(scores, fmr, data):
    codes = st.tuples(st.integers(0, 2), st.integers(3, 5))
    places = np.array(data.draw(st.lists(codes, min_size=len(scores), max_size=len(scores))))
    weights = np.array(data.draw(st.lists(st.integers(0, 3), min_size=6, max_size=6)), float)
    pairs = made_pairs(np.array(scores) / 8, places[:, 0], places[:, 1])
    non_mated = rows.NonMated.of(pairs, np.arange(6))
    found = non_mated.thresholds([fmr], weights[:, None])[0, 0]
    times = (weights[places[:, 0]] * weights[places[:, 1]]).astype(int)
    written_out = np.repeat(pairs.score, times)
    if not len(written_out):
        assert np.isnan(found)
        return
    assert np.mean(written_out >= found) <= fmr
    below = np.nextafter(np.float32(found), np.float32(-np.inf))
    assert np.mean(written_out >= below) > fmr


@pytest.mark.parametrize("fmr", [1e-3, 1e-2])
def test_the_observed_threshold_is_that_of_the_audit(fmr):
    cohort = cohort_of(*[[5, 15, 25]] * 40)
    scores = EmbeddingScores(cohort, random_vectors(120))
    own = rows.NonMated.of(scores.tail(-2.0), cohort.subject_codes)
    histogram = scores.histogram(everybody(len(cohort)))
    found = own.thresholds([fmr], np.ones((40, 1)))[0, 0]
    of_the_audit = np.float32(threshold_at(scores, histogram, fmr).value)
    assert found <= of_the_audit
    assert np.sum(own.scores >= found) == np.sum(own.scores >= of_the_audit)


def test_a_model_that_knows_everybody_makes_no_error():
    cohort = cohort_of(*[[3, 10, 20, 30]] * 12)
    known = np.eye(12, dtype=np.float32)[cohort.subject_codes]
    versions = {"clean": plain(known), "px32-q30": plain(known)}
    weights = rows.weights_of(12, 20, 0)
    for row in rows.rows_of_cohort(cohort, versions, weights, ["px32-q30"]):
        wanted = 0.0 if row.name.startswith("FMR") else 1.0
        assert np.all(row.values == wanted), row.name


def test_a_model_that_knows_nobody_does_as_chance_does():
    cohort = cohort_of(*[[3, 10, 20, 30]] * 100)
    weights = np.ones((100, 1))
    found = by_name(rows.rows_of_cohort(cohort, {"clean": plain(random_vectors(400))}, weights))
    assert found["rank-1, clean"].value < 0.03  # 3 of 399
    assert found["TMR at FMR 1e-2, 10 years or more apart"].value < 0.03
    assert found["TMR at FMR 1e-3"].value < 0.01
    assert 0.5 < found[CHILDREN].value < 2.0


def test_children_who_look_alike_are_told_in_multiples():
    cohort = cohort_of(*[[4, 30]] * 20)
    vectors = random_vectors(40)
    children = np.array([sample.age_at_capture < 18 for sample in cohort.samples])
    vectors[children] = vectors[0]
    row = rows.children_row(EmbeddingScores(cohort, vectors), rows.weights_of(20, 10, 0))
    assert row.count == 190
    np.testing.assert_allclose(row.values, 1000.0)


def test_ages_and_gaps_choose_what_they_say():
    cohort = cohort_of([5, 6, 15], [0, 5, 40], [20])
    found = rows.rows_of_cohort(cohort, {"clean": plain(random_vectors(7))}, np.ones((3, 1)))
    counts = {row.name: row.count for row in found}
    assert counts == {
        "rank-1, clean": 6,
        "rank-1, clean, aged 5 or less": 3,
        "TMR at FMR 1e-3": 6,
        "TMR at FMR 1e-2, 10 years or more apart": 3,  # 5 to 15, 0 to 40, 5 to 40
        CHILDREN: 6,
    }


def test_rows_that_nothing_can_be_said_of_are_undefined():
    cohort, weights = cohort_of([10, 11], [12, 13]), rows.weights_of(2, 20, 0)
    found = by_name(rows.rows_of_cohort(cohort, {"clean": plain(random_vectors(4))}, weights))
    assert np.isnan(found["rank-1, clean, aged 5 or less"].value)
    assert np.isnan(found[CHILDREN].value)
    assert found[CHILDREN].limits is None


def test_draws_are_those_of_the_seed_and_keep_the_number_of_subjects():
    first, again, other = (rows.weights_of(30, 8, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.all(first[:, 0] == 1)
    assert np.all(first.sum(axis=0) == 30)


def test_draws_within_folds_keep_the_size_of_each():
    folds = np.arange(30) // 3
    drawn = rows.weights_of(30, 8, 1, folds)
    for fold in range(10):
        assert np.all(drawn[folds == fold].sum(axis=0) == 3)


def test_the_difference_is_of_the_same_draws():
    first = rows.Row("r", 9, "pairs", np.array([0.5, 0.2, 0.9, 0.4]))
    second = rows.Row("r", 9, "pairs", np.array([0.4, 0.1, 0.8, 0.3]))
    difference = first.less(second)
    np.testing.assert_allclose(difference.values, 0.1)
    assert difference.limits is None  # all draws say the same
    assert first.limits is not None


def test_the_interval_holds_95_percent_of_the_draws_and_not_the_observation():
    row = rows.Row("r", 9, "pairs", np.array([7.0, *np.linspace(0, 1, 1001)]))
    assert row.value == 7.0
    assert row.limits == pytest.approx((0.025, 0.975))


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=25))
def test_no_threshold_does_better_than_the_best(made):
    scores = np.array([score for score, _ in made], np.float32)
    same = np.array([same for _, same in made])

    def rightly(threshold):
        return np.count_nonzero((scores >= threshold) == same)

    best = rows.best_threshold(scores, same)
    assert best in scores
    assert rightly(best) == max(map(rightly, scores))
    assert all(rightly(lower) < rightly(best) for lower in scores[scores < best])


def test_a_fold_is_judged_at_the_threshold_of_the_others():
    folds = np.repeat(np.arange(10), 2)
    same = np.tile([True, False], 10)
    scores = np.tile([0.8, 0.2], 10).astype(np.float32)
    scores[folds == 9] = [0.5, 0.1]  # its own best threshold would be 0.5, the others' is 0.8
    right = rows.judged_by_fold(scores, same, folds)
    assert right.tolist() == [True] * 18 + [False, True]
    later, all_ten = rows.rows_of_folds(scores, same, folds, np.ones((20, 1)))
    assert (later.value, later.count) == (0.9, 10)
    assert (all_ten.value, all_ten.count) == (0.95, 20)
