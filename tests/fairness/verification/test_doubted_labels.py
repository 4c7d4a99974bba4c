"""Wrong labels that scores give away: found, listed in private, and counted on the first page."""

from __future__ import annotations

import csv
import importlib
import io
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fairness import AuditReport, AuditSettings, Cohort, EmbeddingScores, audit, read_scores
from fairness.verification import suspicious_ranges

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    made_up = importlib.import_module("label_noise")

found_in, judged, noisy = made_up.found_in, made_up.judged, made_up.noisy
SETTINGS = AuditSettings(factors=("sex",), draws=10)


@pytest.fixture(scope="module")
def report() -> AuditReport:
    return audit(noisy(1).scores, SETTINGS, matcher={})


def test_misfiled_photos_reused_identifiers_and_photos_encoded_anew_are_found() -> None:
    for seed in range(3):
        counts = judged(noisy(seed))
        assert counts["misfiled"] == 8
        assert counts["reused"] >= 4
        assert counts["anew"] == 5
        assert counts["false"] <= 1


def test_right_labels_raise_few_alarms() -> None:
    assert sum(judged(noisy(seed, wrong=False))["false"] for seed in range(10)) <= 10


def test_the_kinds_say_what_is_wrong() -> None:
    made = noisy(1)
    found = found_in(made)
    alone = [pair for pair in found if pair.kind == "misfiled"]
    assert {pair.photo for pair in alone} == made.misfiled | made.anew  # which are misfiled too
    assert all(pair.subject == pair.other_subject for pair in alone)
    twice = [pair for pair in found if pair.kind == "two people"]
    assert {pair.subject for pair in twice} == made.reused
    shared = [pair for pair in found if pair.kind == "one face"]
    assert all(pair.subject != pair.other_subject for pair in shared)
    assert found == tuple(sorted(found, key=lambda pair: (pair.kind, pair.photo, pair.other_photo)))


def test_the_first_page_counts_them_and_no_file_of_the_report_names_them(
    report: AuditReport, tmp_path: Path
) -> None:
    assert "13 photos may be of another person than its label says" in report.caveats[0]
    report.write(tmp_path / "audit")
    page = (tmp_path / "audit" / "report.html").read_text()
    limits = page[page.index("13 photos may be of another person") :]
    assert limits
    for file in (tmp_path / "audit").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            for photo in sorted(noisy(1).misfiled):
                assert photo.encode() not in content, file


def test_the_private_file_is_for_its_owner_and_for_a_spreadsheet(
    report: AuditReport, tmp_path: Path
) -> None:
    path = tmp_path / "audit.suspicious.csv"
    first = replace(report.suspicious[0], photo="=cmd()|x.jpg")
    assert replace(report, suspicious=(first, *report.suspicious[1:])).write_suspicious(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert len(rows) == len(report.suspicious)
    assert rows[0]["photo"] == "'=cmd()|x.jpg"
    assert {row["kind"] for row in rows} == {"misfiled", "two people", "one face"}
    assert not replace(report, suspicious=()).write_suspicious(path)
    assert not path.exists()


def test_right_labels_give_no_file_and_the_card_says_so(tmp_path: Path) -> None:
    clean = audit(noisy(2, wrong=False).scores, SETTINGS, matcher={})
    assert clean.suspicious == ()
    assert clean.card["Suspicious pairs"] == "none found"
    assert not any("contradict" in text for text in clean.caveats)
    assert not clean.write_suspicious(tmp_path / "none.csv")
    assert list(tmp_path.iterdir()) == []


def test_too_few_scores_or_a_matcher_that_cannot_tell_people_apart_list_nothing() -> None:
    cohort = Cohort.of(noisy(0).scores.cohort.samples, name="made")
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(len(cohort), 16)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    blind = EmbeddingScores(cohort, noise)
    assert suspicious_ranges(blind) is None
    assert audit(blind, SETTINGS, matcher={}).card["Suspicious pairs"].startswith("not looked for")
    few = Cohort.of(cohort.samples[:40], name="few")
    assert suspicious_ranges(EmbeddingScores(few, noise[:40])) is None


def test_listed_scores_of_another_matcher_are_looked_at_too(tmp_path: Path) -> None:
    made = noisy(3)
    kept = [place for place, s in enumerate(made.scores.cohort.samples) if s.photo < "060"]
    cohort = Cohort.of([made.scores.cohort.samples[place] for place in kept], name="part")
    vectors = made.scores.vectors[kept]
    photos = [sample.photo for sample in cohort.samples]
    table = 100 * (vectors @ vectors.T)
    rows = ["probe,reference,score"] + [
        f"{photos[i]},{photos[j]},{table[i, j]:.4f}"
        for i in range(len(photos))
        for j in range(i + 1, len(photos))
    ]
    (tmp_path / "scores.csv").write_text("\n".join(rows))
    listed = audit(read_scores(tmp_path / "scores.csv", cohort), SETTINGS, matcher={})
    direct = audit(EmbeddingScores(cohort, vectors), SETTINGS, matcher={})
    of_photos = [{(p.kind, p.photo, p.other_photo) for p in r.suspicious} for r in (listed, direct)]
    assert of_photos[0] == of_photos[1]
    assert of_photos[0]
