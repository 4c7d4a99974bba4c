"""`matcher audit --lists`: the searches of another matcher, and what does not follow from them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audit_command import rows, run

from fairness import AuditSettings, EmbeddingScores, audit, audit_lists, read_cohort, read_lists
from fairness.errors import AuditError

PEOPLE, ENROLLED, LENGTH = 160, 100, 10
Lines = list[tuple[object, ...]]


def write(
    path: Path, lines: Sequence[Sequence[object]], head: str = "probe,candidate,score"
) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head.split(","), *lines])
    return path


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 people with two photos; the first photo of 100 of them is enrolled."""
    folder = tmp_path_factory.mktemp("people")
    lines = [
        (
            f"{p:03}-{k}",
            f"{p:03}",
            "fm"[p % 2],
            ("mated_probe" if k else "gallery") if p < ENROLLED else "non_mated_probe",
        )
        for p in range(PEOPLE)
        for k in range(2)
    ]
    return write(folder / "people.csv", lines, "photo,subject,kind,role")


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    rng = np.random.default_rng(1)
    made = np.repeat(rng.normal(size=(PEOPLE, 24)), 2, axis=0)
    made += rng.normal(0, 0.9, size=made.shape)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return np.asarray(made, np.float32)


@pytest.fixture(scope="module")
def lines(vectors: np.ndarray) -> Lines:
    """The ten closest of the gallery for each probe, as a matcher would return them."""
    gallery = np.arange(0, 2 * ENROLLED, 2)
    found: Lines = []
    for probe in (*range(1, 2 * ENROLLED, 2), *range(2 * ENROLLED, 2 * PEOPLE)):
        scores = vectors[gallery] @ vectors[probe]
        for place in np.argsort(-scores)[:LENGTH]:
            name = f"{gallery[place] // 2:03}-0"
            found.append((f"{probe // 2:03}-{probe % 2}", name, float(scores[place])))
    return found


OPTIONS = ("--by", "kind", "--draws", 5, "--rank", 5)


def test_lists_give_the_rates_of_the_searches_that_made_them(
    tmp_path: Path, people: Path, lines: Lines, vectors: np.ndarray
) -> None:
    file, out = write(tmp_path / "lists.csv", lines), tmp_path / "report"
    words = ("--lists", file, "--threshold", 0.6, "--name", "Vendor 3.1")
    run("audit", people, "--out", out, *OPTIONS, *words)
    cohort = read_cohort(people)
    settings = AuditSettings(factors=("kind",), draws=5, rank=5, threshold=0.6)
    whole = audit(EmbeddingScores(cohort, vectors), settings, matcher={})
    names = ("group", "metric", "rank", "gallery", "errors", "trials")
    theirs = [
        tuple("" if row[name] is None else str(row[name]) for name in names)
        for row in whole.table("open_set")
    ]
    ours = [tuple(row[name] for name in names) for row in rows(out, "open_set")]
    assert ours == theirs
    assert {row["metric"] for row in rows(out, "open_set")} >= {"FNIR", "FPIR", "selectivity"}
    assert sorted(path.stem for path in (out / "tables").glob("*.csv")) == [
        "coverage",
        "open_set",
        "tests",
    ]
    record = json.loads((out / "run.json").read_text())
    assert (record["threshold"], record["card"]["Model"]) == (0.6, "Vendor 3.1")
    assert record["card"]["Searches"] == "100 for enrolled people, 120 for others"
    assert "No false match rate" in (out / "report.html").read_text()


def test_a_gallery_in_a_file_states_the_same_searches(
    tmp_path: Path, people: Path, lines: Lines
) -> None:
    cohort = read_cohort(people)
    plain = [(s.photo, s.subject, s.labels["kind"]) for s in cohort.samples]
    bare = read_cohort(write(tmp_path / "bare.csv", plain, "photo,subject,kind"))
    gallery = write(tmp_path / "gallery.csv", [(f"{p:03}-0",) for p in range(ENROLLED)], "photo")
    file = write(tmp_path / "lists.csv", lines)
    settings = AuditSettings(factors=("kind",), draws=5, rank=5, threshold=0.6)
    by_roles, by_file = (
        audit_lists(read_lists(file, of, gallery=path), settings, matcher={}).table("open_set").rows
        for of, path in ((cohort, None), (bare, gallery))
    )
    assert by_roles == by_file
    with pytest.raises(AuditError, match="--gallery"):
        read_lists(file, bare)


def test_distances_ranks_subjects_and_the_order_of_rows_change_nothing(
    tmp_path: Path, people: Path, lines: Lines
) -> None:
    cohort = read_cohort(people)
    plain = read_lists(write(tmp_path / "a.csv", lines), cohort)
    ranked = [
        (*(probe, str(name)[:3], 1 - score), place % LENGTH + 1)
        for place, (probe, name, score) in enumerate(lines)
    ]
    turned = write(tmp_path / "b.csv", ranked[::-1], "probe,candidate,score,rank")
    far = read_lists(turned, cohort, kind="distance")
    tables = [
        audit_lists(
            lists,
            AuditSettings(factors=("kind",), draws=5, rank=5, threshold=at),
            matcher={},
        )
        for lists, at in ((plain, 0.6), (far, 0.4))
    ]
    assert tables[0].table("open_set").rows == tables[1].table("open_set").rows
    assert tables[1].threshold == 0.4
    assert tables[1].card["Side"].endswith("distance <= threshold")


def test_what_the_lists_do_not_hold_is_said_and_not_guessed(
    tmp_path: Path, people: Path, lines: Lines
) -> None:
    cohort = read_cohort(people)
    lists = read_lists(write(tmp_path / "a.csv", lines), cohort)
    low = AuditSettings(factors=("kind",), draws=5, rank=20, threshold=0.2)
    report = audit_lists(lists, low, matcher={})
    metrics = set(report.table("open_set").values("metric"))
    assert "selectivity" not in metrics
    assert {"FPIR", "FNIR"} <= metrics
    text = " ".join(report.caveats)
    assert "is not estimated" in text
    assert "fewer than the 20 candidates" in text
    assert set(report.table("open_set").values("rank")) == {1, LENGTH}


def test_refused_probes_empty_lists_and_strangers(
    tmp_path: Path, people: Path, lines: Lines
) -> None:
    cohort = read_cohort(people)
    probes = list(dict.fromkeys(probe for probe, *_ in lines))
    refused, nobody = probes[0], probes[-1]
    kept: Lines = [(*line, "") for line in lines if line[0] not in (refused, nobody)]
    kept += [(refused, "", "", ""), (nobody, "", "", 0)]
    last = kept[LENGTH - 1]
    kept[LENGTH - 1] = (last[0], "somebody else", last[2], "")
    file = write(tmp_path / "a.csv", kept, "probe,candidate,score,rank")
    with pytest.raises(AuditError, match="--enrolled"):
        read_lists(file, cohort)
    with pytest.raises(AuditError, match="holds all their candidates"):
        read_lists(file, cohort, enrolled=ENROLLED)
    lists = read_lists(file, cohort, enrolled=5000)
    settings = AuditSettings(factors=("kind",), draws=5, rank=5, threshold=0.6)
    report = audit_lists(lists, settings, matcher={})
    assert report.card["Candidates outside the cohort"] == "1"
    assert report.card["Gallery"].startswith("1 gallery of 5,000 subjects")
    trials = {
        row["metric"]: row["trials"] for row in report.table("open_set").where(group="all", rank=5)
    }
    assert (trials["FNIR"], trials["FNIR_counted"]) == (ENROLLED - 1, ENROLLED)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows[LENGTH:], "1 without one"),
        (lambda rows: [("lost.jpg", *rows[0][1:]), *rows], "photos of the cohort as probes"),
        (lambda rows: [(rows[0][0], rows[0][0], 0.9), *rows], "only if they are in the gallery"),
        (lambda rows: [(*rows[0][:2], "high"), *rows[1:]], "numbers as scores"),
        (lambda rows: [(*rows[0][:2], "inf"), *rows[1:]], "finite score"),
        (lambda rows: [(*rows[0][:2], ""), *rows[1:]], "finite score"),
        (lambda rows: [rows[0], *rows], "once for a probe"),
        (lambda rows: [(rows[0][0], "", ""), *rows], "beside an empty row"),
        (lambda rows: [(*rows[0], "extra"), *rows[1:]], "in each row"),
        (lambda _: [], "have a row"),
    ],
)
def test_lists_that_contradict_themselves_are_refused(
    tmp_path: Path, people: Path, lines: Lines, change: Any, says: str
) -> None:
    file, out = write(tmp_path / "lists.csv", change(lines)), tmp_path / "report"
    words = ("--lists", file, "--threshold", 0.6)
    assert says in run("audit", people, "--out", out, *OPTIONS, *words, code=3).stderr
    assert not out.exists()


def test_ranks_that_contradict_the_scores_are_refused(
    tmp_path: Path, people: Path, lines: Lines
) -> None:
    ranked = [(*line, LENGTH - place % LENGTH) for place, line in enumerate(lines)]
    file = write(tmp_path / "lists.csv", ranked, "probe,candidate,score,rank")
    with pytest.raises(AuditError, match="the closest first"):
        read_lists(file, read_cohort(people))


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--threshold", 150), 3, "from "),
        ((), 2, "--lists needs --threshold"),
        (("--threshold", 0.6, "--scores", "x"), 2, "audited alone"),
        (("--threshold", 0.6, "--fmr", 0.01), 2, "audited alone"),
        (("--threshold", 0.6, "--baseline", "sface"), 2, "--baseline"),
    ],
)
def test_options_that_lists_do_not_go_with(
    tmp_path: Path, people: Path, lines: Lines, words: tuple[object, ...], code: int, says: str
) -> None:
    file = write(tmp_path / "lists.csv", lines)
    out = ("--out", tmp_path / "report")
    talk = run("audit", people, *out, *OPTIONS, "--lists", file, *words, code=code).stderr
    assert says in " ".join(talk.replace("│", "").split())
