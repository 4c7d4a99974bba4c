"""Comparisons of all photos, tile by tile, against explicit loops over pairs."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from made_scores import (
    EXACT,
    Counted,
    as_rows,
    audits,
    by_dyad,
    cohort_of,
    dyads,
    rounded_units,
)

from fairness.errors import ScoresError
from fairness.verification import EmbeddingScores, Pairs, everybody, years_between
from fairness.verification import scores as scores_module
from fairness.verification.pairs import kin_subjects
from fairness.verification.tiles import Tiles

repeatable = settings(deadline=None, derandomize=True, max_examples=60)

THRESHOLDS = (-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5)


@repeatable
@given(audits())
def test_mates_and_kin_are_all_pairs_of_their_kind(audit):
    made, counted = EmbeddingScores(*audit), Counted(*audit)
    assert as_rows(made.mated()) == sorted(counted.mated, key=str)
    assert as_rows(made.kin()) == sorted(counted.kin, key=str)


@repeatable
@given(audits())
def test_histogram_counts_what_loops_count(audit):
    cohort, counted = audit[0], Counted(*audit)
    grouping = cohort.grouping("group")
    histogram = EmbeddingScores(*audit, side=3).histogram(grouping)
    for a in grouping.names:
        for b in grouping.names:
            found, wanted = histogram.between(a, b), counted.between(grouping, a, b)
            assert found.trials == len(wanted)
            for threshold in THRESHOLDS:
                reached = sum(score >= threshold for *_, score in wanted)
                assert found.fmr(threshold) == pytest.approx(
                    reached / len(wanted) if wanted else np.nan, nan_ok=True
                )
    assert histogram.overall().trials == len(counted.others)


@repeatable
@given(audits())
def test_false_matches_are_those_that_loops_find(audit):
    cohort, counted = audit[0], Counted(*audit)
    grouping = cohort.grouping("group")
    made = EmbeddingScores(*audit, side=2)
    for threshold in THRESHOLDS:
        found = made.false_matches(threshold, grouping)
        assert dyads(found.overall()) == by_dyad(cohort, counted.others, threshold)
        assert found.overall().trials.total == len(counted.others)
        for a in grouping.names:
            for b in grouping.names:
                rows = counted.between(grouping, a, b)
                assert dyads(found.between(a, b)) == by_dyad(cohort, rows, threshold)
                assert found.between(a, b).trials.total == len(rows)
            assert dyads(found.within(a)) == dyads(found.between(a, a))
            probes = [
                row
                for row in counted.others
                for photo in row[:2]
                if grouping.names[grouping.codes[photo]] == a
            ]
            assert dyads(found.against_all(a)) == by_dyad(cohort, probes, threshold)
            assert found.against_all(a).trials.total == len(probes)


@pytest.mark.parametrize("side", [1, 7, 64, 100, 5000])
def test_size_of_a_tile_changes_nothing(side):
    rng = np.random.default_rng(1)
    people = [f"s{n}" for n in rng.integers(0, 60, 230)]
    families = {f"s{n}": f"f{n % 5}" for n in range(0, 60, 4)}
    groups = list(rng.choice(["u", "v", "w"], 230, p=[0.6, 0.3, 0.1]))
    cohort = cohort_of(people, families=families, groups=groups)
    vectors = rounded_units(rng, 230)
    grouping = cohort.grouping("group")
    usual, other = EmbeddingScores(cohort, vectors), EmbeddingScores(cohort, vectors, side=side)
    assert np.array_equal(usual.histogram(grouping).counts, other.histogram(grouping).counts)
    assert as_rows(usual.tail(0.2)) == as_rows(other.tail(0.2))
    assert len(usual.tail(0.2)) > 100


def test_histogram_and_false_matches_agree_at_every_edge():
    rng = np.random.default_rng(2)
    cohort = cohort_of([f"s{n}" for n in rng.integers(0, 40, 120)])
    made = EmbeddingScores(cohort, rounded_units(rng, 120))
    counts = made.histogram(everybody(120)).overall()
    for edge in counts.edges[1800:2600:50]:
        total = made.false_matches(float(edge), everybody(120)).overall().total
        assert total == counts.at_or_above[np.searchsorted(counts.edges, edge)]


def test_the_same_input_gives_the_same_scores():
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((900, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cohort = cohort_of([f"s{i // 2}" for i in range(900)])
    one, two = (EmbeddingScores(cohort, vectors, side=128).tail(0.4) for _ in range(2))
    assert len(one) > 1000
    for side in ("left", "right", "score"):
        assert np.array_equal(getattr(one, side), getattr(two, side))


def test_a_pass_for_each_lower_threshold_and_none_for_groups_or_higher_ones(monkeypatch):
    passes = []
    sweep = Tiles.sweep
    monkeypatch.setattr(Tiles, "sweep", lambda *args: (passes.append(1), sweep(*args))[1])
    cohort = cohort_of(list("aabbcc"), groups=list("uuvvww"))
    made = EmbeddingScores(cohort, np.eye(6, dtype=np.float32))
    for threshold in (0.5, 0.7, 0.5, 0.9):
        made.false_matches(threshold, cohort.grouping("group"))
        made.false_matches(threshold, everybody(6))
    assert len(passes) == 1
    made.false_matches(0.4, everybody(6))
    assert len(passes) == 2


def test_scores_at_the_threshold_count():
    cohort = cohort_of(["a", "b"])
    made = EmbeddingScores(cohort, EXACT[[0, 8]].astype(np.float32))
    assert made.false_matches(0.5, everybody(2)).overall().total == 1
    above = float(np.nextafter(np.float32(0.5), np.float32(1)))
    assert made.false_matches(above, everybody(2)).overall().total == 0


def test_zero_errors_everywhere_give_rates_with_bounds():
    cohort = cohort_of([f"s{n}" for n in range(60)], groups=["u", "v"] * 30)
    made = EmbeddingScores(cohort, np.eye(60, dtype=np.float32))
    matches = made.false_matches(0.5, cohort.grouping("group"))
    rate = matches.within("u").rate(target=0.5)
    assert (rate.errors, rate.trials, rate.subjects) == (0, 30 * 29 // 2, 30)
    assert rate.high > 0


def test_three_people_are_suppressed_not_refused():
    cohort = cohort_of(["a", "b", "c"])
    made = EmbeddingScores(cohort, np.eye(3, dtype=np.float32))
    assert made.false_matches(0.5, everybody(3)).overall().rate().status == "suppressed"


def test_nobody_acquired_and_one_photo_alone_are_no_comparisons():
    nothing = EmbeddingScores(cohort_of(["a", "b"]), np.zeros((2, 4), np.float32), ["no face"] * 2)
    alone = EmbeddingScores(cohort_of(["a"]), np.eye(1, dtype=np.float32))
    for made in (nothing, alone):
        grouping = everybody(len(made.cohort))
        assert made.histogram(grouping).overall().trials == 0
        assert made.false_matches(0.5, grouping).overall().trials.total == 0
        assert np.isnan(made.histogram(grouping).overall().fmr(0.5))


def test_the_earlier_photo_is_left():
    cohort = cohort_of(
        ["a"] * 4 + ["b"] * 2,
        age_at_capture=[9.0, 4.0, 4.0, None, None, None],
        taken_on=[None, date(2020, 5, 2), date(2020, 5, 1), date(2001, 1, 1), None, None],
    )
    mated = EmbeddingScores(cohort, np.eye(6, dtype=np.float32)).mated()
    pairs = set(zip(mated.left.tolist(), mated.right.tolist(), strict=True))
    assert pairs == {(1, 0), (2, 0), (2, 1), (3, 1), (3, 2), (0, 3), (4, 5)}


def test_years_between_come_from_dates_then_ages():
    cohort = cohort_of(
        ["a"] * 4,
        age_at_capture=[4.0, 9.0, None, None],
        taken_on=[date(2015, 1, 1), date(2019, 12, 31), date(2025, 1, 1), None],
    )
    pairs = Pairs(np.array([0, 0, 0]), np.array([1, 2, 3]), np.zeros(3, np.float32))
    assert years_between(cohort, pairs) == pytest.approx([5.0, 10.0, np.nan], abs=0.01, nan_ok=True)


def test_a_family_named_once_makes_all_photos_kin():
    people = ["a", "a", "b", "c"]
    cohort = cohort_of(people, families={"a": "x", "b": "x"})
    assert kin_subjects(cohort).tolist() == [[0, 1]]
    made = EmbeddingScores(cohort, np.ones((4, 1), np.float32))
    assert len(made.kin()) == 2
    assert dyads(made.false_matches(0.5, everybody(4)).overall()) == {(0, 2): 2, (1, 2): 1}


@pytest.mark.parametrize(
    ("vectors", "rule"),
    [
        (np.eye(3), "float32"),
        (np.eye(2, dtype=np.float32), "one for each of its 3 photos"),
        (np.ones(3, np.float32), "float32 array of shape"),
        (2 * np.eye(3, dtype=np.float32), "each row of length 1"),
        (np.full((3, 4), np.nan, np.float32), "each row of length 1"),
        (np.full((3, 4), np.inf, np.float32), "each row of length 1"),
        (np.zeros((3, 0), np.float32), "each row of length 1"),
    ],
)
def test_vectors_that_cannot_be_compared_are_refused(vectors, rule):
    with pytest.raises(ScoresError, match=rule):
        EmbeddingScores(cohort_of(["a", "b", "c"]), vectors)


def test_a_reason_is_wanted_for_each_photo():
    with pytest.raises(ScoresError, match="acquisition"):
        EmbeddingScores(cohort_of(["a", "b"]), np.eye(2, dtype=np.float32), ["no face"])


def test_too_many_false_matches_are_refused_with_the_threshold(monkeypatch):
    monkeypatch.setattr(scores_module, "MOST_FALSE_MATCHES", 5)
    cohort = cohort_of([f"s{n}" for n in range(5)])
    made = EmbeddingScores(cohort, np.ones((5, 1), np.float32), side=2)
    with pytest.raises(ScoresError, match=r"threshold 0\.25.*Raise the threshold"):
        made.false_matches(0.25, everybody(5))


def test_too_many_groups_are_refused(monkeypatch):
    monkeypatch.setattr("fairness.verification.histogram.MOST_COUNTS", 10_000)
    cohort = cohort_of(["a", "b", "c"], groups=["u", "v", "w"])
    with pytest.raises(ScoresError, match="Merge groups"):
        EmbeddingScores(cohort, np.eye(3, dtype=np.float32)).histogram(cohort.grouping("group"))
