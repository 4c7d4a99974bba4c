"""The figures on ageing are of people whom the fit did not see, and are plain counts."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from fairness import Cohort, Sample
from matcher.embedding import FaceVectors

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    ageing = importlib.import_module("ageing")
    rows = importlib.import_module("accuracy_rows")

D = 16


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def grown(people=30, seed=0):
    """Return people at 3, 9 and 25 years, moved along one direction by age, and their vectors."""
    rng = np.random.default_rng(seed)
    ages, codes = np.tile([3.0, 9.0, 25.0], people), np.repeat(np.arange(people), 3)
    samples = [
        Sample(f"{n:03}.jpg", f"s{who:02}", age_at_capture=age, labels={"stage": stage})
        for n, (who, age) in enumerate(zip(codes, ages, strict=True))
        for stage in ["child" if age < 18 else "grown"]
    ]
    own = rng.normal(size=(people, D))[codes] + 0.3 * rng.normal(size=(3 * people, D))
    own[:, 0] += 4 * np.log((ages + 2) / 10)
    return Cohort.of(samples, name="made"), unit(own)


def test_a_fit_depends_on_the_chosen_people_alone():
    cohort, vectors = grown()
    chosen = cohort.subject_codes < 15
    changed = np.where(chosen[:, None], vectors, unit(np.ones_like(vectors)))
    one, other = (ageing.fitted_to(cohort, each, chosen) for each in (vectors, changed))
    assert one.to_bytes() == other.to_bytes()
    assert ageing.fitted_to(cohort, vectors, ~chosen).to_bytes() != one.to_bytes()


def test_people_left_out_are_found_more_often_where_everybody_moves_with_age():
    cohort, vectors = grown()
    chosen = cohort.subject_codes < 15
    fitted = ageing.fitted_to(cohort, vectors, chosen)
    own = FaceVectors.of_one_kind(vectors)
    found = np.arange(len(vectors)) % 4 > 0
    again = {"48px-q40": (found, ageing.some_of(own, found))}
    seen = ageing.Seen(cohort, own, again).where(~chosen)
    before, after = (
        {row.name: row.value for row in ageing.rows_of_half(each, 10, 0)}
        for each in (seen, seen.mapped(fitted))
    )
    far = "rank-1, photos {}, mate 5 years or more apart"
    assert after[far.format("48px-q40")] < after[far.format("clean")]  # not found counts as missed
    assert after["TMR at FMR 1e-3"] > before["TMR at FMR 1e-3"] + 0.2
    assert after["rank-1, clean"] >= before["rank-1, clean"]


def test_pairs_of_a_child_and_a_grown_person_are_counted_plainly():
    cohort, vectors = grown()
    row = ageing.pairs_across(cohort, vectors, rows.weights_of(30, 5, 0))
    child = [n for n, sample in enumerate(cohort.samples) if sample.labels["stage"] == "child"]
    adult = [n for n, sample in enumerate(cohort.samples) if sample.labels["stage"] == "grown"]
    codes = cohort.subject_codes
    scores = [(float(vectors[c] @ vectors[a]), codes[c] == codes[a]) for c in child for a in adult]
    strangers = sorted((score for score, same in scores if not same), reverse=True)
    threshold = strangers[len(strangers) // 1000]
    found = [score > threshold + 1e-6 for score, same in scores if same]
    assert row.count == len(found) == 60
    assert row.value == pytest.approx(np.mean(found), abs=1e-9)
