"""An audit from scores to report: it finds what was planted, and tells nothing of small groups."""

from __future__ import annotations

import csv
import gc
import json
import math
import re
import weakref
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_cohort import MATCHER, Made, audited

from fairness import (
    AuditReport,
    AuditSettings,
    Bound,
    BoundsError,
    Cohort,
    CohortError,
    EmbeddingScores,
    Sample,
    ScoresError,
    audit,
    read_scores,
)
from fairness.identification import IdentificationPlan
from fairness.tables import OVERALL, Row
from fairness.verification import ListedScores


def without(scores: EmbeddingScores, photos: Collection[str]) -> EmbeddingScores:
    """Leave photos out."""
    cohort = scores.cohort
    kept = [sample.photo not in photos for sample in cohort.samples]
    return EmbeddingScores(cohort.without(photos, "left out"), scores.vectors[kept])


def one(report: AuditReport, name: str, **keys: Any) -> Row:
    (row,) = report.table(name).where(**keys)
    return row


EVEN = Made({"a": 60, "b": 60, "c": 60})


@pytest.fixture(scope="module")
def uneven() -> AuditReport:
    """One group's mates score worse, and people of another look alike."""
    return audited(replace(EVEN, noise={"b": 0.9}, crowd={"c": 0.8}).scores())


def test_a_group_with_worse_mated_scores_shows_in_rates_and_shift(uneven: AuditReport) -> None:
    missed = {row["group"]: row["errors"] for row in uneven.table("rates").where(metric="FNMR")}
    assert missed["b"] > 20 > 5 * (missed["a"] + missed["c"])
    assert sum(missed[group] for group in "abc") == missed[OVERALL]
    shift = one(uneven, "shift", group="b", kind="mated")
    assert shift["high"] < -0.1
    worst = uneven.table("worst_cells").where(metric="FNMR")
    assert [row["group"] for row in worst] == ["b"]


def test_a_crowded_group_shows_in_rates_differentials_and_tests(uneven: AuditReport) -> None:
    rate = {g: one(uneven, "rates", group=g, metric="FMR")["estimate"] for g in "abc"}
    assert rate["c"] > 10 * max(rate["a"], rate["b"])
    ratio = one(uneven, "differentials", metric="FMR", measure="max/min")
    assert ratio["value"] == pytest.approx(max(rate.values()) / min(rate.values()))
    assert ratio["low"] > ratio["expected_95"]
    every = one(uneven, "tests", metric="FMR", test="all groups have one rate")
    assert every["p"] < 0.05
    crossed = uneven.table("cross")
    (inside,) = crossed.where(group="c", other_group="c")
    (between,) = crossed.where(group="a", other_group="c")
    assert inside["low"] > between["high"]


def test_nothing_is_reported_where_nothing_is_planted() -> None:
    report = audited(replace(EVEN, noise=dict.fromkeys("abc", 0.8)).scores())
    for metric in ("FMR", "FNMR"):
        ratio = one(report, "differentials", metric=metric, measure="max/min")
        assert ratio["value"] <= ratio["expected_95"]
        adjusted = [row["holm"] for row in report.table("tests").where(metric=metric)]
        assert min(p for p in adjusted if p is not None) > 0.05


def test_photos_without_a_label_are_a_group_that_is_seen() -> None:
    report = audited(Made({"a": 60, "nobody knows": 20}).scores())
    row = one(report, "coverage", group="unknown")
    assert (row["subjects"], row["photos"], row["share"]) == (20, 40, 0.25)
    assert any("25 % of the photos have no label for kind" in text for text in report.caveats)


def test_with_one_group_there_is_nothing_to_compare() -> None:
    report = audited(Made({"a": 60}, noise={"a": 0.9}).scores())
    rows = {r["group"]: r for r in report.table("rates").where(metric="FNMR")}
    assert rows["a"]["errors"] == rows[OVERALL]["errors"] > 0
    for name in ("differentials", "tests", "cross"):
        assert not report.has(name)


def crossed(missed: Mapping[tuple[str, str], tuple[int, int]], pairs: int = 1) -> AuditReport:
    """Audit people of two labels: so many of them, of whom so many are missed."""
    samples, rows = [], []
    for (kind, place), (people, misses) in sorted(missed.items()):  # as a cohort sorts them
        for person in range(people):
            name = f"{kind}{place}{person:03}"
            labels = {"kind": kind, "place": place}
            rows.append((len(samples), len(samples) + 1, float(person >= misses)))
            samples += [Sample(f"{name}-{photo}", name, labels=labels) for photo in range(2)]
    rows += [(photo, other, 0.0) for photo, other in combinations(range(0, len(samples), 20), 2)]
    left, right, score = zip(*rows, strict=True)
    made = ListedScores(
        Cohort.of(samples, name="made"), np.array(left), np.array(right), np.float32(score)
    )
    factors = ("kind", "place", "kind*place")
    settings = AuditSettings(factors=factors, threshold=0.5, draws=999)
    return audit(made, settings, matcher=MATCHER)


def test_a_gap_of_one_factor_is_not_taken_for_one_of_another() -> None:
    """Only the place makes a difference; most people of one kind live in the worse one."""
    report = crossed(
        {
            ("a", "near"): (20, 1),
            ("a", "far"): (80, 32),
            ("b", "near"): (80, 4),
            ("b", "far"): (20, 8),
        }
    )
    alone = one(report, "tests", factor="kind", group="a", metric="FNMR")
    assert alone["result"] == "more than chance"
    keys = {"metric": "FNMR", "stratum": OVERALL}
    kind = one(report, "within", factor="kind", fixed="place", group="a", **keys)
    assert kind["result"] == "not told from chance"
    assert (kind["difference"], kind["strata"]) == (pytest.approx(0, abs=1e-12), 2)
    place = one(report, "within", factor="place", fixed="kind", group="far", **keys)
    assert place["result"] == "more than chance"
    assert place["difference"] == pytest.approx(0.35)
    there = one(report, "within", factor="place", stratum="a", group="far", metric="FNMR")
    assert (there["rate"], there["others"]) == (0.4, 0.05)


def test_a_gap_within_every_group_shows_although_the_groups_are_alike_together() -> None:
    report = crossed(
        {
            ("a", "near"): (70, 14),
            ("a", "far"): (30, 15),
            ("b", "near"): (30, 0),
            ("b", "far"): (70, 21),
        }
    )
    keys = {"factor": "kind", "group": "a", "metric": "FNMR"}
    assert one(report, "tests", **keys)["result"] == "not told from chance"
    assert one(report, "within", stratum=OVERALL, **keys)["result"] == "more than chance"


# --- small groups


def small() -> Made:
    return Made(
        {"a": 60, "b": 40, "few": 6, "few too": 5},
        noise={"few": 1.5, "a": 0.8},
        photos=3,
        labels={"skin_tone_monk": 2},
    )


@pytest.fixture(scope="module")
def with_few() -> AuditReport:
    """Two groups have six and five people; some of their photos were refused."""
    made = small()
    refused = {"few001-0.jpg": "no face", "a001-0.jpg": "no face", "b001-1.jpg": "no face"}
    scores = made.scores(refused)
    facts = {"exposure": np.linspace(0, 1, len(scores.cohort)).tolist()}
    return audit(
        scores,
        AuditSettings(factors=("kind", "age", "kind*age"), fmr=0.01, draws=40, gallery_size=200),
        matcher=MATCHER,
        facts=facts,
        baseline=replace(made, seed=1).scores(refused),
    )


def test_no_table_or_curve_has_a_number_of_three_people(with_few: AuditReport) -> None:
    told = {"factor", "group", "other_group", "metric", "kind", "rank", "reason", "status", "fact"}
    told |= {"discarded", "test", "gallery", "rank_here", "basis"}
    for table in with_few.tables:
        for row in table:
            if any("few" in str(row.get(key)) for key in ("group", "other_group")):
                assert row["status"] == "suppressed", (table.name, dict(row))
                assert [v for k, v in row.items() if k not in told and v is not None] == []
    names = {table.name for table in with_few.tables}
    assert {"imaging", "changes", "refused", "discard", "cross", "open_set", "gallery"} <= names
    curves = with_few.curves
    drawn = [*curves.det, *curves.cmc, *curves.discard, *curves.scores]
    assert {"a", "04 to under 08"} <= {curve.group for curve in drawn}
    assert not [curve for curve in drawn if "few" in curve.group]


def test_the_photos_of_a_few_people_are_left_out_rather_than_a_large_group_withheld() -> None:
    made = Made({"a": 60, "b": 40, "few": 3}, noise=dict.fromkeys("ab", 0.9))
    baseline = replace(made, seed=1)
    facts = {"exposure": [0.5] * (2 * 103)}
    report = audit(
        made.scores(),
        AuditSettings(factors=("kind",), fmr=0.01, draws=40),
        matcher=MATCHER,
        facts=facts,
        baseline=baseline.scores(),
    )
    alone = audited(Made({"a": 60, "b": 40}, noise=dict.fromkeys("ab", 0.9)).scores())
    for group, people in (("a", 60), ("b", 40), (OVERALL, 100)):
        assert one(report, "coverage", group=group)["subjects"] == people
        for metric in ("FNMR", "FTA"):
            assert (
                one(report, "rates", group=group, metric=metric)["trials"]
                == (one(alone, "rates", group=group, metric=metric)["trials"])
            )
    for table in report.tables:
        assert not any("few" in map(str, row.values()) for row in table), table.name
    (said,) = [text for text in report.caveats if text.startswith("Left out of all numbers")]
    assert "few (kind)" in said
    assert report.card["Left out"].endswith("few (kind)")
    assert "103" not in report.to_html()


def test_a_group_of_which_few_could_be_compared_is_not_told_by_others() -> None:
    refused = {f"b{i:03}-{k}.jpg": "no face" for i in range(20) for k in (0, 1) if i > 2}
    report = audited(Made({"a": 60, "b": 20, "c": 60, "d": 60}).scores(refused), gallery_size=90)
    for row in report.table("cross"):
        if "b" in (row["group"], row["other_group"]):
            assert (row["status"], row["subjects"]) == ("suppressed", None)
    for metric in ("false_leads", "false_leads_own", "not_listed"):
        row = one(report, "gallery", group="b", metric=metric)
        assert (row["status"], row["errors"], row["subjects"]) == ("suppressed", None, None)


def test_the_page_says_that_three_people_are_not_shown() -> None:
    page = audited(small().scores(), draws=20).to_html()
    rows = re.findall(r"<tr.*?</tr>", page, re.DOTALL)
    cells = [re.findall(r">([^<>]+)<", row) for row in rows]
    few = [[text.strip() for text in row] for row in cells if "few" in map(str.strip, row)]
    assert len(few) > 10
    for row in few:
        assert "not shown" in row or not any(map(str.isdecimal, row)), row


def test_the_words_of_the_report_tell_no_share_of_three_people() -> None:
    made = Made({"a": 70, "nobody knows": 3})
    made.labels = {"sex_provenance": "annotator_perceived"}
    scores = made.scores()
    few = [replace(s, source="x") for s in scores.cohort.samples if not s.labels]
    rest = [s for s in scores.cohort.samples if s.labels]
    cohort = Cohort.of([*few, *rest], name="made")
    report = audited(EmbeddingScores(cohort, scores.vectors))
    words = " ".join([*report.caveats, *report.card.values()])
    assert "the photos of unknown (kind)" in words
    assert report.card["Sources"] == "unknown 100 %"
    for number in (6, 73, 146, 100 * 6 / 146, 100 * 140 / 146):
        assert f" {number:.3g} " not in words


# --- edges


def finite(report: AuditReport) -> bool:
    content = [json.loads(table.to_json()) for table in report.tables]
    json.dumps([content, dict(report.facts), report.threshold], allow_nan=False)
    return math.isfinite(report.threshold)


def test_without_any_error_there_are_bounds_and_nothing_infinite() -> None:
    made = Made({"a": 60, "b": 60}, noise={"a": 0.05, "b": 0.05})
    report = audited(made.scores(), threshold=0.95, fmr=0.11)
    for group in "ab":
        for metric in ("FMR", "FNMR"):
            row = one(report, "rates", group=group, metric=metric)
            assert (row["status"], row["errors"], row["estimate"]) == ("bound_only", 0, None)
            assert 0 < row["bound"] < 0.2
    assert report.curves.det == ()
    assert finite(report)


def test_without_mates_the_report_says_nothing_of_misses() -> None:
    report = audited(replace(EVEN, photos=1).scores())
    assert {row["metric"] for row in report.table("rates")} == {"FMR_random", "FMR", "FTA"}
    for name in ("open_set", "age_gap", "discard"):
        assert not report.has(name)
    assert report.table("shift").values("kind") == ("non-mated",)
    assert any("nothing can be said of misses" in text for text in report.caveats)
    assert finite(report)


def test_a_group_without_mates_suppresses_no_other() -> None:
    scores = Made({"a": 60, "b": 60}, noise={"a": 0.9}).scores()
    report = audited(without(scores, {f"b{person:03}-1.jpg" for person in range(60)}))
    for name, metric in (("rates", "FNMR"), ("open_set", "FNIR"), ("open_set", "FTE")):
        groups = report.table(name).where(metric=metric)
        assert [row["group"] for row in groups] == [OVERALL, "a"]
        assert all(row["trials"] for row in groups)
    report = audited(EVEN.scores(), factors=("age",))
    assert one(report, "shift", kind="mated")["status"] != "suppressed"


def test_refused_photos_count_as_misses_and_as_failures() -> None:
    refused = {f"a{i:03}-0.jpg": "no face" for i in range(0, 12, 2)}
    report = audited(EVEN.scores(refused))
    plain, counted = (one(report, "rates", group="a", metric=m) for m in ("FNMR", "FNMR_counted"))
    assert (plain["trials"], counted["trials"]) == (54, 60)
    assert counted["errors"] == plain["errors"] + 6
    assert one(report, "rates", group="a", metric="FTA")["errors"] == 6
    assert one(report, "refused", group="a", reason="no face")["errors"] == 6
    assert one(report, "refused", group="b", reason="no face")["errors"] == 0


def test_a_threshold_that_is_given_is_taken() -> None:
    report = audited(EVEN.scores(), threshold=0.5)
    assert report.threshold == 0.5
    assert "as given" in report.card["Threshold"]
    assert not any("set on the same photos" in text for text in report.caveats)


@pytest.mark.parametrize("fmr", [0.1, 0.01, 1e-3, 1e-9])
def test_a_threshold_set_on_everybody_keeps_its_target(fmr: float) -> None:
    row = one(audited(EVEN.scores(), fmr=fmr), "rates", group=OVERALL, metric="FMR_random")
    assert row["errors"] == math.floor(fmr * row["trials"])


@pytest.mark.parametrize("groups", [("a",), ("a", "b")])
def test_a_threshold_set_on_reference_groups_keeps_its_target_there(
    groups: tuple[str, ...],
) -> None:
    made = replace(EVEN, crowd={"c": 0.8})
    report = audited(made.scores(), reference=("kind", groups))
    crossed = [one(report, "cross", group=g, other_group=h) for g, h in combinations(groups, 2)]
    inside = [one(report, "cross", group=g, other_group=g) for g in groups]
    errors, trials = (sum(row[n] for row in (*inside, *crossed)) for n in ("errors", "trials"))
    assert errors == math.floor(0.01 * trials)
    assert one(report, "rates", group="c", metric="FMR")["estimate"] > 0.05
    assert f"kind {', '.join(groups)} with each other" in report.card["Threshold"]


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"factors": ("nonesuch",)}, "kind"),
        ({"factors": ("kind*nonesuch",)}, "kind"),
        ({"reference": ("kind", ("nonesuch",))}, "nonesuch"),
        ({"reference": ("nonesuch", ("a",))}, "nonesuch"),
        ({"reference": ("kind", ("few",))}, "10 people"),
    ],
)
def test_unknown_factors_and_groups_end_with_what_there_is(
    choices: dict[str, Any], says: str
) -> None:
    with pytest.raises(CohortError, match=says):
        audited(small().scores(), **choices)


def test_settings_that_cannot_be_are_refused() -> None:
    for choices in (
        {"factors": ()},
        {"factors": ("age", "age")},
        {"threshold": math.nan},
        {"fmr": 1.0},
        {"rank": 0},
        {"age_edges": (4.0, 8.0)},
        {"age_edges": (0.0, 8.0, 4.0)},
        {"gap_edges": ()},
    ):
        with pytest.raises(ValueError, match="need"):
            AuditSettings(**choices)  # type: ignore[arg-type]


# --- baseline, bounds, files


def test_the_same_scores_differ_from_themselves_by_nothing() -> None:
    made = Made({"a": 60, "b": 60, "tiny": 12}, noise={"a": 0.9, "b": 0.9})
    rows = list(audited(made.scores(), baseline=made.scores()).table("changes"))
    kinds = {"FMR", "FNMR", "FNMR_counted", "FNIR", "FPIR", "selectivity", "FTA", "FTE"}
    assert kinds <= {row["metric"] for row in rows if row["difference"] is not None}
    for row in rows:
        if row["status"] == "suppressed":
            continue
        assert row["difference"] == 0
        assert row["low"] <= 0 <= row["high"]
        assert (row["p"], row["result"]) == (1, "not told from chance")


def test_a_better_matcher_shows_as_a_difference_below_zero() -> None:
    made = Made({"a": 60, "b": 60}, noise={"a": 0.9, "b": 0.9})
    better = replace(made, noise={"a": 0.6, "b": 0.9})
    report = audited(better.scores(), baseline=made.scores())
    change = one(report, "changes", group="a", metric="FNMR")
    assert change["high"] < 0
    assert change["after"] - change["before"] == pytest.approx(change["difference"])


def test_a_baseline_of_other_photos_is_refused() -> None:
    with pytest.raises(ScoresError, match="another content"):
        audited(EVEN.scores(), baseline=replace(EVEN, groups={"a": 60, "b": 61}).scores())


def test_bounds_reach_the_report_with_each_outcome() -> None:
    made = replace(EVEN, crowd={"c": 0.8})
    bounds = [
        Bound(name, "rates", {"group": (group,), "metric": (metric,)}, at_most)
        for name, group, metric, at_most in (
            ("kept", "a", "FMR", 0.05),
            ("broken", "c", "FMR", 0.01),
            ("open", "a", "FNMR", 1e-4),
        )
    ]
    report = audited(made.scores(), bounds=bounds)
    outcomes = {row["bound_name"]: row["outcome"] for row in report.table("acceptance")}
    assert outcomes == {"kept": "pass", "broken": "fail", "open": "inconclusive"}
    wrong = Bound("wrong", "nonesuch", {"group": ("a",)}, 0.1)
    with pytest.raises(BoundsError, match="nonesuch"):
        audited(made.scores(), bounds=[wrong])


def test_a_file_of_scores_gives_the_rates_of_its_vectors(tmp_path: Path) -> None:
    made = replace(EVEN, noise={"b": 0.9}, family_size=2)
    scores = made.scores({"a003-1.jpg": "no face"})
    names = [sample.photo for sample in scores.cohort.samples]
    pairs = [scores.mated(), scores.kin(), scores.tail(-1)]
    with (tmp_path / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["probe", "reference", "score"])
        for some in pairs:
            for left, right, score in zip(some.left, some.right, some.score, strict=True):
                cell = "" if np.isnan(score) else repr(float(score))
                writer.writerow([names[left], names[right], cell])
    listed = read_scores(tmp_path / "scores.csv", scores.cohort)
    threshold = audited(scores).threshold
    ours, theirs = (audited(some, threshold=threshold) for some in (scores, listed))
    for name in ("rates", "cross", "kin", "age_gap", "differentials"):
        shared = set(theirs.table(name).values("metric"))
        rows = [row for row in ours.table(name) if row.get("metric") in {None, *shared}]
        for own, other in zip(rows, theirs.table(name), strict=True):
            assert list(other) == list(own)
            for column, value in own.items():
                near = pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
                assert other[column] == near, (name, column)
    assert ours.has("open_set")
    assert not theirs.has("open_set")
    assert not theirs.curves.cmc
    assert audited(listed).threshold == threshold


def test_relatives_are_compared_on_a_line_of_their_own() -> None:
    apart, together = (audited(replace(EVEN, family_size=size).scores()) for size in (1, 2))
    kin = one(together, "kin", metric="FMR")
    assert (kin["trials"], kin["subjects"]) == (90 * 4, 180)
    assert not apart.has("kin")
    everybody = [
        one(r, "rates", group=OVERALL, metric="FMR_random")["trials"] for r in (apart, together)
    ]
    assert everybody[0] - everybody[1] == 90 * 4


def test_the_same_inputs_give_the_same_bytes_and_no_place_on_a_disk(tmp_path: Path) -> None:
    made = Made({"a": 55, "b": 55}, noise={"a": 0.9, "b": 0.8})
    folders = [tmp_path / "one" / "report", tmp_path / "two"]
    for folder in folders:
        scores = made.scores()
        cohort = Cohort.of(scores.cohort.samples, name="made", folder=folder)
        audited(EmbeddingScores(cohort, scores.vectors), draws=20).write(folder)
    first, second = (
        {
            path.relative_to(f).as_posix(): path.read_bytes()
            for path in f.rglob("*")
            if path.is_file()
        }
        for f in folders
    )
    assert first == second
    assert {"report.html", "run.json", "tables/rates.csv"} <= set(first)
    for name, content in first.items():
        assert str(tmp_path).encode() not in content, name
        assert str(Path.cwd()).encode() not in content, name


def test_selectivity_is_the_mean_number_of_candidates_of_a_search_in_vain() -> None:
    scores = Made({"a": 240, "b": 240}).scores()
    report = audited(scores, threshold=0.3)
    plans = IdentificationPlan.in_turn(scores.cohort, seed=0, share=0.5)
    candidates = np.concatenate(
        [scores.vectors[plan.non_mated] @ scores.vectors[plan.gallery].T >= 0.3 for plan in plans]
    )
    row = one(report, "open_set", group=OVERALL, metric="selectivity")
    assert row["estimate"] == pytest.approx(candidates.sum(axis=1).mean())
    assert row["low"] < row["estimate"] < row["high"]
    assert row["estimate"] > 1
    assert (row["errors"], row["trials"]) == (candidates.sum(), candidates.size)
    assert "candidates" in report.to_html()


def test_the_largest_less_the_smallest_selectivity_is_a_number_of_candidates() -> None:
    report = audited(Made({"a": 240, "b": 240}, crowd={"a": 0.5}).scores(), threshold=0.3)
    rows = report.table("open_set").where(metric="selectivity")
    means = [float(str(row["estimate"])) for row in rows if row["group"] != OVERALL]
    found = one(report, "differentials", metric="selectivity", measure="max-min")
    assert len(means) == 2
    assert found["value"] == pytest.approx(max(means) - min(means))
    assert 0 <= found["low"] <= found["value"] <= found["high"]


def test_an_audit_is_forgotten_when_it_is_done() -> None:
    """Somebody audits many cohorts in one process."""
    scores = EVEN.scores()
    alive = weakref.ref(scores)
    audited(scores)
    del scores
    gc.collect()
    assert alive() is None
