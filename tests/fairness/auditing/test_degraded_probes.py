"""An audit of degraded probes: each rate is of probes and enrolled photos, and the page says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audited import TWO, Made, Person

from fairness import AuditReport, AuditSettings, EmbeddingScores, Probes, audit
from fairness.errors import ScoresError
from fairness.identification import IdentificationPlan
from fairness.report.summary import summarise
from fairness.tables import OVERALL

SETTINGS: dict[str, Any] = {"factors": ("sex",), "fmr": 0.01, "draws": 100}
WORDS = "a face of 24 pixels"
SHARES = ("FNMR", "FNMR_counted", "FTA", "FNIR", "FNIR_counted", "FNIR_ranks", "FPIR", "FTE")


def audited(scores: EmbeddingScores, **more: Any) -> AuditReport:
    baseline = more.pop("baseline", None)
    settings = AuditSettings(**(SETTINGS | more))
    return audit(scores, settings, matcher={"model": "made"}, baseline=baseline)


def with_probes(scores: EmbeddingScores, probes: np.ndarray, lost: list[str]) -> EmbeddingScores:
    seen = Probes(probes.astype(np.float32), lost, WORDS)
    return EmbeddingScores(scores.cohort, scores.vectors, scores.enrolment, probes=seen)


@pytest.fixture(scope="module")
def clear() -> EmbeddingScores:
    """Two groups, a twentieth of whose photos have no vector."""
    return TWO.scores()


@pytest.fixture(scope="module")
def degraded(clear: EmbeddingScores) -> EmbeddingScores:
    """Noisy probes of the photos; those of girls are noisier, and more often lost."""
    rng = np.random.default_rng(3)
    girls = np.array([sample.sex == "female" for sample in clear.cohort.samples])
    noise = rng.normal(size=clear.vectors.shape) * np.where(girls, 0.2, 0.1)[:, None]
    seen = clear.vectors + noise
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    gone = rng.random(len(seen)) < np.where(girls, 0.3, 0.1)
    seen[gone] = np.nan
    lost = [
        of_photo or ("no face, in the picture" if one else "")
        for of_photo, one in zip(clear.enrolment, gone, strict=True)
    ]
    return with_probes(clear, seen, lost)


@pytest.fixture(scope="module")
def plain(clear: EmbeddingScores) -> AuditReport:
    return audited(clear, gallery_size=5000)


@pytest.fixture(scope="module")
def report(degraded: EmbeddingScores) -> AuditReport:
    return audited(degraded, gallery_size=5000)


def numbers(report: AuditReport, table: str, *names: str) -> list[tuple[Any, ...]]:
    keys = ("factor", "metric", "group", "rank")
    return [
        tuple(row.get(name) for name in (*keys, *names))
        for row in report.table(table)
        if row["metric"] in SHARES
    ]


def test_probes_that_are_the_photos_as_they_are_have_the_rates_of_the_plain_audit(
    clear: EmbeddingScores, plain: AuditReport
) -> None:
    same = audited(with_probes(clear, clear.vectors, list(clear.enrolment)), gallery_size=5000)
    assert same.threshold == plain.threshold
    for table in ("rates", "open_set"):
        assert numbers(same, table, "errors", "trials", "low") == numbers(
            plain, table, "errors", "trials", "low"
        )
    for metric in ("FMR", "FMR_random"):
        for one, two in zip(
            plain.table("rates").where(metric=metric),
            same.table("rates").where(metric=metric),
            strict=True,
        ):
            assert (two["errors"], two["trials"]) == (2 * one["errors"], 2 * one["trials"])
            assert two["estimate"] == pytest.approx(one["estimate"])
            assert two["low"] == pytest.approx(one["low"], rel=0.01)
    before, after = (r.table("gallery").where(metric="false_leads") for r in (plain, same))
    assert [row["estimate"] for row in after] == pytest.approx([row["estimate"] for row in before])
    tested = {
        name: [(row["metric"], row["group"], row["p"]) for row in one.table("tests")]
        for name, one in (("plain", plain), ("same", same))
    }
    assert tested["same"] == tested["plain"]


def table_of(scores: EmbeddingScores) -> np.ndarray:
    """Return the scores of all enrolled photos with all probes, nan where there is none."""
    assert scores.probes is not None
    table = scores.vectors @ scores.probes.vectors.T
    table[[why != "" for why in scores.enrolment]] = np.nan
    table[:, [why != "" for why in scores.acquisition]] = np.nan
    return table


def test_rates_are_those_of_a_table_of_all_probes_and_all_enrolled_photos(
    degraded: EmbeddingScores, report: AuditReport
) -> None:
    table, samples = table_of(degraded), degraded.cohort.samples
    subjects = np.array([sample.subject for sample in samples])
    sexes = np.array([sample.sex for sample in samples])
    others = (subjects[:, None] != subjects) & ~np.isnan(table)
    reached = table >= np.float32(report.threshold)
    rates = report.table("rates")
    for sex in ("female", "male"):
        inside = others & (sexes[:, None] == sex) & (sexes == sex)
        (row,) = rates.where(metric="FMR", group=sex)
        assert (row["errors"], row["trials"]) == (int((reached & inside).sum()), int(inside.sum()))
        (leads,) = report.table("gallery").where(metric="false_leads", group=sex)
        of_probes = others & (sexes == sex)
        share = (reached & of_probes).sum() / of_probes.sum()
        assert leads["estimate"] == pytest.approx(5000 * share)
        (lost,) = rates.where(metric="FTA", group=sex)
        refused = [why != "" for why in np.array(degraded.acquisition)[sexes == sex]]
        assert (lost["errors"], lost["trials"]) == (sum(refused), len(refused))
    (everybody,) = rates.where(metric="FMR_random", group=OVERALL)
    assert (everybody["errors"], everybody["trials"]) == (
        int((reached & others).sum()),
        int(others.sum()),
    )
    assert everybody["estimate"] <= 0.01
    # each subject has two photos, the first of them the earlier one
    mated = table[0::2, 1::2].diagonal()
    (missed,) = rates.where(metric="FNMR_counted", group=OVERALL)
    assert missed["trials"] == len(mated)
    assert missed["errors"] == int((~(mated >= np.float32(report.threshold))).sum())


def test_searches_are_with_degraded_probes_in_galleries_of_photos_as_they_are(
    degraded: EmbeddingScores, report: AuditReport
) -> None:
    table, subjects = table_of(degraded), degraded.cohort.subject_codes
    missed = trials = refused = 0
    for plan in IdentificationPlan.in_turn(degraded.cohort, seed=0):
        for probe in plan.mated:
            scores = table[plan.gallery, probe]
            mate = scores[subjects[plan.gallery] == subjects[probe]]
            refused += bool(np.isnan(mate).all())
            ahead = np.nansum(scores >= mate.max())
            trials += 1
            missed += not (mate.max() >= np.float32(report.threshold) and ahead <= 20)
    (row,) = report.table("open_set").where(metric="FNIR_counted", group=OVERALL)
    assert (row["errors"], row["trials"]) == (missed, trials)
    (without,) = report.table("open_set").where(metric="FNIR", group=OVERALL)
    assert without["trials"] == trials - refused
    (enrolled,) = report.table("open_set").where(metric="FTE", group=OVERALL)
    assert enrolled["errors"] == sum(
        degraded.enrolment[photo] != ""
        for plan in IdentificationPlan.in_turn(degraded.cohort, seed=0)
        for photo in plan.gallery
    )


def test_the_group_whose_probes_are_worse_is_named_for_misses_and_refusals(
    report: AuditReport,
) -> None:
    tests = report.table("tests").where(group="female", result="more than chance")
    assert {"FTA", "FNMR_counted"} <= {row["metric"] for row in tests}
    assert {row["reason"] for row in report.table("refused")} == {
        "no face",
        "no face, in the picture",
    }


def test_a_threshold_of_clear_photos_can_be_held_against_degraded_probes(
    degraded: EmbeddingScores, plain: AuditReport
) -> None:
    held = audited(degraded, threshold=plain.threshold)
    before, after = (
        one.table("rates").where(metric="FNMR", group=OVERALL)[0] for one in (plain, held)
    )
    assert held.threshold == plain.threshold
    assert after["estimate"] > before["estimate"]


def test_card_first_page_caveats_and_record_say_what_the_probes_are(
    report: AuditReport, plain: AuditReport, tmp_path: Path
) -> None:
    assert report.card["Degraded probes"] == WORDS
    assert "the later photo is the probe" in report.card["Compared"]
    assert report.facts["degraded_probes"] == WORDS
    assert any(WORDS in line for line in summarise(report).tested)
    assert any(WORDS in line for line in summarise(report).limits)
    assert WORDS in report.caveats[0]
    report.write(tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert page.count(WORDS) >= 3
    assert not {"Degraded probes", "Compared"} & set(plain.card)
    assert "degraded_probes" not in plain.facts
    assert "degraded" not in plain.to_html()


def test_labels_are_not_doubted_by_degraded_probes(report: AuditReport) -> None:
    assert report.suspicious == ()
    assert report.card["Suspicious pairs"].startswith("not looked for: the probes are degraded")


def test_a_baseline_is_of_the_same_probes(
    clear: EmbeddingScores, degraded: EmbeddingScores
) -> None:
    compared = audited(degraded, baseline=degraded)
    assert {row["difference"] for row in compared.table("changes") if row["difference"]} == set()
    for one, other, says in ((degraded, clear, "as they are"), (clear, degraded, WORDS)):
        with pytest.raises(ScoresError, match="of the same probes") as caught:
            audited(one, baseline=other)
        assert says in str(caught.value)


def test_small_groups_are_left_out_and_their_probes_with_them() -> None:
    scores = Made({"female": Person(40), "male": Person(40), "other": Person(3)}).scores()
    report = audited(with_probes(scores, scores.vectors, list(scores.enrolment)))
    assert "Left out" in report.card
    (everybody,) = report.table("coverage").where(group=OVERALL)
    assert everybody["photos"] == 160
    assert report.card["Degraded probes"] == WORDS


def test_a_group_all_of_whose_probes_are_lost_has_refusals_and_no_rates(
    clear: EmbeddingScores,
) -> None:
    girls = [sample.sex == "female" for sample in clear.cohort.samples]
    lost = [
        "no face, in the picture" if girl else why
        for girl, why in zip(girls, clear.enrolment, strict=True)
    ]
    report = audited(with_probes(clear, clear.vectors, lost))
    rates = report.table("rates")
    (refused,) = rates.where(metric="FTA", group="female")
    assert refused["estimate"] == 1.0
    assert [row for row in rates.where(metric="FMR", group="female") if row["errors"]] == []
    (missed,) = rates.where(metric="FNMR_counted", group="female")
    assert missed["estimate"] == 1.0
