"""The threshold that a report states is the one that it used: typed again, it gives its counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fairness import (
    AuditReport,
    AuditSettings,
    Cohort,
    EmbeddingScores,
    Sample,
    ScoresError,
    audit,
)
from fairness.report.summary import summarise
from fairness.report.writer import files
from fairness.verification import Kind, ListedScores, shortest_above
from fairness.words import exact_threshold

repeatable = settings(deadline=None, derandomize=True, max_examples=40)
NUMBER = r"(-?[0-9.]+(?:e[-+]?[0-9]+)?)"


def listed(
    rng: np.random.Generator,
    people: int = 12,
    *,
    unit: float = 1.0,
    decimals: int | None = 2,
    kind: Kind = "similarity",
) -> ListedScores:
    """All pairs of people with two photos each; scores of `unit`, rounded to some decimals."""
    samples = [
        Sample(f"{person:03}-{photo}", f"{person:03}", labels={"kind": "ab"[person % 2]})
        for person in range(people)
        for photo in range(2)
    ]
    cohort = Cohort.of(samples, name="made")
    left, right = np.array(list(combinations(range(len(cohort)), 2))).T
    mated = cohort.subject_codes[left] == cohort.subject_codes[right]
    score = unit * rng.normal(np.where(mated, 0.6, 0.2), 0.12)
    if decimals is not None:
        score = np.round(score, decimals)
    numbers = score.astype(np.float32)
    return ListedScores(cohort, left, right, numbers if kind == "similarity" else -numbers, kind)


def audited(scores: ListedScores, **choices: Any) -> AuditReport:
    chosen = {"factors": ("kind",), "draws": 2, **choices}
    return audit(scores, AuditSettings(**chosen), matcher={"model": "made"})


def counts(report: AuditReport) -> list[tuple[Any, ...]]:
    names = ("factor", "group", "metric", "errors", "trials")
    return [tuple(row[name] for name in names) for row in report.table("rates")]


def stated(report: AuditReport) -> Mapping[str, float]:
    """The threshold as each place of the report states it, read as a person would."""
    (sentence,) = [text for text in summarise(report).tested if "put forward" in text]
    found = re.search(rf"(?:or above|or below) {NUMBER}; ", sentence)
    on_card = re.match(NUMBER + ",", report.card["Threshold"])
    assert found, sentence
    assert on_card, report.card["Threshold"]
    return {
        "page": float(found[1]),
        "card": float(on_card[1]),
        "report": report.threshold,
        "facts": float(str(report.facts["threshold"])),
    }


@repeatable
@given(
    st.integers(0, 10**6),
    st.sampled_from([1e-9, 0.01, 1.0, 100.0, 3e7]),
    st.sampled_from([None, 0, 1, 2, 3]),
    st.sampled_from([0.001, 0.01, 0.05, 0.3]),
    st.sampled_from(["similarity", "distance"]),
)
def test_the_stated_threshold_typed_again_gives_the_same_counts(
    seed: int, unit: float, decimals: int | None, fmr: float, kind: Kind
) -> None:
    scores = listed(np.random.default_rng(seed), unit=unit, decimals=decimals, kind=kind)
    assume(len(np.unique(scores.score)) > 3)
    first = audited(scores, fmr=fmr)
    for place, threshold in stated(first).items():
        assert counts(audited(scores, fmr=fmr, threshold=threshold)) == counts(first), place


def test_scores_of_two_decimals_get_a_threshold_of_two_decimals() -> None:
    rng = np.random.default_rng(3)
    scores = listed(rng, 200)
    report = audited(scores, fmr=0.001)
    assert re.fullmatch(r"0\.\d\d?", exact_threshold(report.threshold))
    (row,) = report.table("rates").where(group="all", metric="FMR_random")
    assert re.search(rf"\({row['errors']:,} of {row['trials']:,} ", report.card["Threshold"])


def test_the_record_and_the_page_of_a_written_report_state_the_same_threshold() -> None:
    report = audited(listed(np.random.default_rng(1), 150, decimals=None), fmr=0.01)
    text = exact_threshold(report.threshold)
    contents = files(report)
    assert f'"threshold": {text},' in contents["run.json"].decode()
    assert f"at or above {text};" in contents["report.html"].decode()
    assert report.plot_det("kind").get_title("left").endswith(f"threshold {text}")
    assert f" threshold {text}" in [found.get_text() for found in report.plot_scores("kind").texts]


def test_a_threshold_of_distances_is_given_and_stated_as_a_distance() -> None:
    similar = listed(np.random.default_rng(2), 150)
    far = ListedScores(similar.cohort, similar.left, similar.right, similar.score - 1, "distance")
    report = audited(far, threshold=0.6)
    assert report.threshold == 0.6
    assert "distance is at or below 0.6;" in " ".join(summarise(report).tested)
    assert report.card["Side"].endswith("distance <= threshold")
    same = ListedScores(similar.cohort, similar.left, similar.right, similar.score - 1)
    assert counts(report) == counts(audited(same, threshold=-0.6))
    theirs, ours = audited(same, threshold=-0.6).table("shift"), report.table("shift")
    for one, other in zip(ours, theirs, strict=True):
        for ours_in, theirs_in in (("mean", "mean"), ("shift", "shift"), ("low", "high")):
            value = one[ours_in]
            assert (None if value is None else -float(value)) == other[theirs_in]
    assert all(curve.edges[0] > 0 for curve in report.curves.scores)


@repeatable
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_threshold_in_words_is_the_same_number(value: float) -> None:
    assert np.float32(float(exact_threshold(value))) == np.float32(value)


@repeatable
@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=9),
    st.integers(0, 8),
    st.sampled_from([0, 1, 2, 6]),
)
def test_the_shortest_threshold_separates_the_scores_as_the_lowest_does(
    values: list[float], place: int, decimals: int
) -> None:
    scores = np.round(np.array(values), decimals).astype(np.float32)
    reached = scores[place % len(scores)]
    threshold = shortest_above(reached, scores)
    assert np.array_equal(scores >= np.float32(threshold), scores > reached)
    assert float(exact_threshold(threshold)) == pytest.approx(threshold, rel=1e-6)
    assert np.float32(float(exact_threshold(threshold))) == np.float32(threshold)


@pytest.mark.parametrize(
    ("reached", "next_higher", "typed"),
    [
        (0.37, 0.38, "0.38"),
        (0.371, 0.379, "0.372"),
        (0.37, 0.375, "0.371"),
        (0.37, 0.61, "0.4"),
        (-0.62, -0.6, "-0.6"),
        (-0.6, 0.3, "0"),
        (37.2, 38.9, "38"),
        (0.7, 0.95, "0.8"),
        (0.96, None, "0.961"),
        (0, 1e-7, "1e-07"),
    ],
)
def test_the_shortest_threshold_between_two_scores(
    reached: float, next_higher: float | None, typed: str
) -> None:
    higher = np.array([] if next_higher is None else [next_higher], np.float32)
    assert exact_threshold(shortest_above(np.float32(reached), higher)) == typed


@pytest.mark.parametrize(
    ("unit", "kind", "threshold", "says"),
    [
        (100.0, "similarity", 150.0, "one above them all"),
        (100.0, "similarity", -90.0, "one below them all"),
        (1.0, "similarity", 1.5, "one above them all"),
        (1.0, "distance", -0.4, "Did you mean 0.4?"),
        (1.0, "distance", 3.0, "one above them all"),
        (1.0, "distance", -3.0, "one below them all"),
    ],
)
@pytest.mark.parametrize("compared", [False, True])
def test_a_threshold_outside_the_scores_is_refused_with_their_range(
    unit: float, kind: Kind, threshold: float, says: str, compared: bool
) -> None:
    scores = listed(np.random.default_rng(0), unit=unit)
    if kind == "distance":  # from 0.1 to 1.1 or so, the mated ones below
        scores = ListedScores(scores.cohort, scores.left, scores.right, scores.score - 1, kind)
    numbers = scores.score if kind == "similarity" else -scores.score
    judged = scores
    if compared:
        inside = float(np.median(numbers))
        audited(scores, threshold=inside)
        fmr = AuditSettings(factors=("kind",), draws=2, threshold=threshold)
        with pytest.raises(ScoresError) as found:
            audit(judged, fmr, matcher={"model": "made"}, baseline=scores)
    else:
        with pytest.raises(ScoresError) as found:
            audited(judged, threshold=threshold)
    assert says in str(found.value)
    for end in (numbers.min(), numbers.max()):
        assert exact_threshold(float(end)) in found.value.rule
    assert ("distances" in found.value.rule) == (kind == "distance")


def test_the_lowest_and_the_highest_score_are_thresholds() -> None:
    scores = listed(np.random.default_rng(0), decimals=None)
    low, high = (float(end) for end in (scores.score.min(), scores.score.max()))
    for end, beyond in ((low, low - 1e-5), (high, 1.02 * high)):
        audited(scores, threshold=end)
        with pytest.raises(ScoresError, match="lies among the scores"):
            audited(scores, threshold=beyond)
    caveat = "No score reaches the threshold"
    assert not audited(scores, threshold=high).caveats[0].startswith(caveat)
    assert audited(scores, threshold=1.001 * high).caveats[0].startswith(caveat)


@pytest.mark.parametrize("threshold", [1.01, -1.2, 36.0])
def test_a_threshold_that_no_cosine_has_is_refused_before_any_comparison(
    threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = listed(np.random.default_rng(0)).cohort
    scores = EmbeddingScores(cohort, np.eye(len(cohort), dtype=np.float32))
    monkeypatch.setattr(scores, "histogram", lambda _: pytest.fail("compared"))
    with pytest.raises(ScoresError, match="cosine similarities, from -1 to 1"):
        audit(scores, AuditSettings(threshold=threshold), matcher={})


def test_a_threshold_above_all_cosines_of_a_cohort_is_refused() -> None:
    rng = np.random.default_rng(0)
    cohort = listed(rng).cohort
    vectors = rng.normal(size=(len(cohort), 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = EmbeddingScores(cohort, vectors)
    highest = float(np.triu(vectors @ vectors.T, 1).max())
    settings = AuditSettings(factors=("kind",), draws=2, threshold=1.02 * highest)
    with pytest.raises(ScoresError, match="one above them all"):
        audit(scores, settings, matcher={})


@pytest.mark.parametrize("kind", ["similarity", "distance"])
def test_further_targets_have_the_rates_of_an_audit_of_their_own(kind: Kind) -> None:
    scores = listed(np.random.default_rng(6), 150, decimals=None, kind=kind)
    report = audited(scores, fmr=0.01, fmrs=(0.1, 0.001, 1e-5))
    table = report.table("thresholds")
    assert table.values("target") == (0.1, 0.001, 1e-5)
    assert report.table("rates").rows == audited(scores, fmr=0.01).table("rates").rows
    for target in (0.1, 0.001):
        own = audited(scores, fmr=target)
        rows = table.where(target=target)
        assert {row["threshold"] for row in rows} == {own.threshold}
        names = ("group", "metric", "status", "estimate", "low", "high", "errors", "trials")
        expected = [
            [row[name] for name in names]
            for row in own.table("rates")
            if row["metric"] in ("FMR_random", "FMR", "FNMR")
        ]
        assert [[row[name] for name in names] for row in rows] == expected
    (none,) = table.where(target=1e-5)
    assert (none["threshold"], none["estimate"], none["status"]) == (None, None, "insufficient")
    assert none["remark"] == (
        "not enough comparisons for 1 in 100000: 44,700 comparisons, of 300,000 needed"
    )
    page = report.to_html()
    assert "Error rates at further thresholds" in page
    assert exact_threshold(float(str(table.rows[0]["threshold"]))) in page


@pytest.mark.parametrize("fmrs", [(0.01,), (0.1, 0.1), (0.0,), (1.0,)])
def test_targets_are_rates_each_once(fmrs: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="each once"):
        AuditSettings(fmr=0.01, fmrs=fmrs)
