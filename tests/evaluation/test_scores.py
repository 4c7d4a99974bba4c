"""What an audit is given: scores of a rendered cohort, its facts, and which model made them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rendered_ages

from fairness import AuditReport, AuditSettings, Cohort, audit
from matcher.embedding import Extractor
from matcher.evaluation import EmbeddedScores, embed_cohort, embedded_scores
from matcher.faces import POLICIES
from matcher.testing import FakeDetector, FakeEmbedder

EXTRACTOR = Extractor(FakeDetector(), FakeEmbedder(16, "3"))
PEOPLE, PHOTOS = 12, 24
SETTINGS = AuditSettings(factors=("exposure", "age"), fmr=0.1, draws=20)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Twelve rendered people at two ages, one of whose photos cannot be read."""
    return rendered_ages.with_a_bad_photo(tmp_path_factory.mktemp("people"), PEOPLE)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "vectors.sqlite"


@pytest.fixture(scope="module")
def made(people: Cohort, cache: Path) -> EmbeddedScores:
    return embedded_scores(people, EXTRACTOR, cache)


@pytest.fixture(scope="module")
def report(made: EmbeddedScores) -> AuditReport:
    return audit(made.scores, SETTINGS, matcher=made.matcher, facts=made.facts)


def test_the_scores_are_of_the_vectors_of_the_cohort(
    people: Cohort, cache: Path, made: EmbeddedScores
) -> None:
    vectors = embed_cohort(people, EXTRACTOR, cache)
    np.testing.assert_array_equal(made.scores.vectors, vectors.vectors)
    assert made.scores.cohort.samples == vectors.cohort.samples
    assert tuple(made.scores.acquisition) == vectors.acquisition
    assert made.scores.acquisition[0] == "photo format"
    assert set(made.facts) == set(vectors.facts)


def test_the_matcher_is_named_so_that_it_can_be_found_again(made: EmbeddedScores) -> None:
    assert made.matcher == {
        "model": "fake 3",
        "weights_sha256": EXTRACTOR.model.weights_sha256,
        "precision": "float32",
        "detector": "not one of the library",
        "policy": "off",
    }


def test_the_policy_is_part_of_the_matcher(people: Cohort, cache: Path) -> None:
    policy = replace(POLICIES["off"], name="nothing is good enough", sharpness=2.0)
    strict = embedded_scores(people, EXTRACTOR, cache, policy)
    assert strict.matcher["policy"] == "nothing is good enough"
    assert all(strict.scores.acquisition)
    assert not strict.scores.vectors.any()


def test_an_audit_takes_them_as_they_are(report: AuditReport) -> None:
    for factor in SETTINGS.factors:
        (everyone,) = report.table("coverage").where(factor=factor, group="all")
        assert (everyone["subjects"], everyone["photos"]) == (PEOPLE, PHOTOS)
    thirds = {row["group"] for row in report.table("coverage").where(factor="exposure")}
    assert {"exposure 1 of 3 (darkest)", "exposure 3 of 3 (lightest)"} <= thirds


def test_an_audit_counts_the_photo_that_could_not_be_read(report: AuditReport) -> None:
    (everyone,) = report.table("rates").where(metric="FTA", factor="age", group="all")
    assert (everyone["errors"], everyone["trials"]) == (1, PHOTOS)


def test_the_same_photos_audit_the_same_twice(
    people: Cohort, cache: Path, report: AuditReport
) -> None:
    again = embedded_scores(people, EXTRACTOR, cache)
    other = audit(again.scores, SETTINGS, matcher=again.matcher, facts=again.facts)
    for name in ("rates", "coverage"):
        assert other.table(name).rows == report.table(name).rows
