"""Error rates by group at one threshold, with and without photos that were refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from made_scores import Counted, audits, cohort_of, rounded_units

from fairness.cohort import UNKNOWN
from fairness.verification import EmbeddingScores, Verification, det_points, everybody, score_shifts

repeatable = settings(deadline=None, derandomize=True, max_examples=60)


def totals(counts):
    return int(counts.errors.sum()), int(counts.trials.sum())


def of_photos(cohort, vectors, reasons=None):
    return EmbeddingScores(cohort, np.asarray(vectors, np.float32), reasons)


@repeatable
@given(audits())
def test_misses_are_those_that_loops_find(audit):
    cohort, counted = audit[0], Counted(*audit)
    grouping = cohort.grouping("group")
    verification = Verification(EmbeddingScores(*audit), 0.5)
    for code, name in enumerate(grouping.names):
        rows = [score for i, _, score in counted.mated if grouping.codes[i] == code]
        made = [score for score in rows if score is not None]
        compared = sum(score < 0.5 for score in made), len(made)
        everything = compared[0] + len(rows) - len(made), len(rows)
        assert totals(verification.false_non_matches(grouping)[name]) == compared
        assert totals(verification.misses(grouping)[name]) == everything


@repeatable
@given(audits())
def test_kin_are_counted_on_their_own(audit):
    rows = [score for *_, score in Counted(*audit).kin if score is not None]
    kin = Verification(EmbeddingScores(*audit), 0.5).kin()
    assert (kin.total, kin.trials.total) == (sum(score >= 0.5 for score in rows), len(rows))


def test_a_pair_is_of_the_group_of_its_earlier_photo():
    cohort = cohort_of(["a", "a"], groups=["teen", "child"], age_at_capture=[14.0, 6.0])
    found = Verification(of_photos(cohort, np.eye(2)), 0.5).false_non_matches(
        cohort.grouping("group")
    )
    assert {name: totals(counts) for name, counts in found.items()} == {
        "child": (1, 1),
        "teen": (0, 0),
    }


def test_refused_photos_are_left_out_or_counted_as_missed():
    cohort = cohort_of(["a", "a", "a", "b", "b"])
    scores = of_photos(cohort, np.ones((5, 1)), ["", "", "no face", "quality refused", ""])
    verification = Verification(scores, 0.5)
    grouping = everybody(5)
    assert totals(verification.false_non_matches(grouping)["everybody"]) == (0, 1)
    assert totals(verification.misses(grouping)["everybody"]) == (3, 4)
    assert totals(verification.failures_to_acquire(grouping)["everybody"]) == (2, 5)
    reasons = verification.failures_by_reason(grouping)
    assert {why: totals(counts["everybody"]) for why, counts in reasons.items()} == {
        "no face": (1, 5),
        "quality refused": (1, 5),
    }


def test_misses_by_age_and_gap():
    cohort = cohort_of(
        ["a", "a", "a", "b", "b", "c", "c"],
        age_at_capture=[5.0, 5.75, 9.0, 2.0, 15.0, None, 3.0],
    )
    scores = of_photos(cohort, [[1, 0], [1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [1, 0]])
    table = Verification(scores, 0.5).false_non_matches_by_gap(cohort.grouping("age"))
    found = {
        (gap, age): totals(counts)
        for gap, row in table.items()
        for age, counts in row.items()
        if counts.trials.sum()
    }
    assert found == {
        ("6 to under 12 months", "04 to under 08"): (0, 1),
        ("03 to under 05", "04 to under 08"): (2, 2),
        ("12 and over", "01 to under 04"): (1, 1),
        (UNKNOWN, UNKNOWN): (0, 1),
    }
    assert list(table)[-1] == UNKNOWN
    assert Verification(scores, 0.5).misses_by_gap(cohort.grouping("age")).keys() == table.keys()


def test_one_group_is_the_whole():
    rng = np.random.default_rng(9)
    cohort = cohort_of([f"s{i // 3}" for i in range(60)])
    verification = Verification(of_photos(cohort, rounded_units(rng, 60)), 0.1)
    matches = verification.false_matches(cohort.grouping("group"))
    assert matches.within("all").rate() == matches.overall().rate()
    assert verification.scores.histogram(everybody(60)).overall().trials == 60 * 57 // 2


def clustered(rng, subjects, spread):
    centres = rng.standard_normal((subjects, 16))
    photos = np.repeat(centres, 3, axis=0) + spread * rng.standard_normal((3 * subjects, 16))
    return photos / np.linalg.norm(photos, axis=1, keepdims=True)


def test_shift_is_what_sums_by_subject_give():
    rng = np.random.default_rng(10)
    people = [f"s{i // 3:02}" for i in range(90)]
    groups = ["u" if i < 30 else "v" for i in range(90)]
    cohort = cohort_of(people, groups=groups)
    vectors = np.concatenate([clustered(rng, 10, 0.9), clustered(rng, 20, 0.4)])
    scores = of_photos(cohort, vectors)
    grouping = cohort.grouping("group")
    mated = scores.mated()
    whole = mated.score.astype(float).mean()
    shifts = {(s.group, s.kind): s for s in score_shifts(scores, scores.histogram(grouping))}
    shift = shifts["u", "mated"]
    own = mated.score[mated.left < 30].astype(float)
    terms = []
    for subject in range(30):
        score = mated.score[scores.cohort.subject_codes[mated.left] == subject].astype(float)
        inside = (score - own.mean()).sum() / len(own) if subject < 10 else 0.0
        terms.append(inside - (score - whole).sum() / len(mated))
    half = 2.2621571627 * np.sqrt(np.sum(np.square(terms)) * 10 / 9)
    assert shift.mean == pytest.approx(own.mean())
    assert shift.median == pytest.approx(np.median(own))
    assert (shift.low, shift.high) == pytest.approx(
        (own.mean() - whole - half, own.mean() - whole + half)
    )
    assert (shift.trials, shift.subjects) == (30, 10)
    assert shifts["v", "mated"].low > 0 > shift.high
    other = shifts["v", "non-mated"]
    assert (other.trials, other.subjects) == (60 * 57 // 2, 20)
    exact = scores.tail(-1)
    inside = exact.score[(exact.left >= 30)]
    assert other.mean == pytest.approx(inside.mean(), abs=2.5e-4)
    assert other.shift == pytest.approx(inside.mean() - exact.score.mean(), abs=5e-4)
    assert np.isnan(other.low)


def test_limits_of_a_shift_cover_it():
    """True shift 0: two groups made alike, photos of a subject alike."""
    rng = np.random.default_rng(11)
    cohort = cohort_of([f"s{i // 3:03}" for i in range(180)], groups=["u"] * 60 + ["v"] * 120)
    grouping = cohort.grouping("group")
    shifts = []
    for _ in range(300):
        spread = np.repeat(rng.uniform(0.2, 1.0, 60), 3)[:, None]
        photos = np.repeat(rng.standard_normal((60, 16)), 3, axis=0)
        photos += spread * rng.standard_normal((180, 16))
        scores = of_photos(cohort, photos / np.linalg.norm(photos, axis=1, keepdims=True))
        shifts.append(score_shifts(scores, scores.histogram(grouping))[0])
    covered = np.mean([shift.low <= 0 <= shift.high for shift in shifts])
    assert 0.92 <= covered <= 0.98


def test_groups_without_mates_have_no_shift_but_are_there():
    cohort = cohort_of(["a", "a", "b"], groups=["u", "u", "v"])
    scores = of_photos(cohort, np.eye(3))
    shifts = score_shifts(scores, scores.histogram(cohort.grouping("group")))
    found = {(s.group, s.kind): s for s in shifts}
    assert found.keys() == {(g, k) for g in "uv" for k in ("mated", "non-mated")}
    assert np.isnan(found["v", "mated"].mean)
    assert np.isnan(found["v", "non-mated"].mean)
    assert np.isnan(found["u", "mated"].low)


@repeatable
@given(audits())
def test_trade_off_is_exact_at_its_thresholds(audit):
    scores = EmbeddingScores(*audit)
    grouping = scores.cohort.grouping("group")
    histogram = scores.histogram(grouping)
    points = det_points(scores.mated(), histogram)
    for name, det in points.items():
        for threshold, fmr, fnmr in zip(det.thresholds, det.fmr, det.fnmr, strict=True):
            verification = Verification(scores, float(threshold))
            matches = verification.false_matches(grouping).within(name)
            assert fmr == pytest.approx(matches.total / matches.trials.total)
            errors, trials = totals(verification.false_non_matches(grouping)[name])
            assert fnmr == pytest.approx(errors / trials)
        assert (det.fmr[0], det.fnmr[0], det.fmr[-1], det.fnmr[-1]) == (1, 0, 0, det.fnmr.max())
    made = scores.mated().where(~np.isnan(scores.mated().score))
    assert points.keys() == {
        name
        for code, name in enumerate(grouping.names)
        if histogram.within(name).trials and np.any(grouping.codes[made.left] == code)
    }
