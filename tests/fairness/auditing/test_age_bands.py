"""Bands of months through an audit and a calibration: their labels, their order, their use."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from fairness import AuditSettings, Cohort, EmbeddingScores, Sample, audit, calibrate
from fairness.report.summary import summarise

EDGES = (0, 0.25, 0.75, 1)
LABELS = ("0 to under 3 months", "3 to under 9 months", "9 to under 12 months", "01 and over")
AGES = (0.1, 0.5, 0.8, 11.0)


@pytest.fixture(scope="module")
def babies() -> EmbeddingScores:
    """Thirty people of each band and sex, with two photos each."""
    rng = np.random.default_rng(0)
    sexes = ("female", "male")
    samples = [
        Sample(f"{p:03}-{k}", f"{p:03}", age_at_capture=AGES[p % 4], sex=sexes[p // 4 % 2])
        for p in range(240)
        for k in range(2)
    ]
    cohort = Cohort.of(samples, name="made")
    vectors = rng.normal(size=(240, 24))[cohort.subject_codes]
    vectors = vectors + 0.5 * rng.normal(size=(480, 24))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return EmbeddingScores(cohort, vectors.astype(np.float32))


def test_groups_of_months_are_in_order_everywhere(babies: EmbeddingScores) -> None:
    settings = AuditSettings(
        factors=("age", "age*sex"),
        age_edges=EDGES,
        fmr=0.05,
        reference=("age", LABELS[1:3]),
        draws=5,
    )
    report = audit(babies, settings, matcher={})
    assert "age 3 to under 9 months, 9 to under 12 months" in report.card["Threshold"]
    for name in ("coverage", "rates", "cross", "shift", "open_set"):
        groups = [row["group"] for row in report.table(name).where(factor="age")]
        groups = [group for group in dict.fromkeys(groups) if group in LABELS]
        assert groups == [label for label in LABELS if label in groups], name
    assert set(report.table("coverage").values("group")) >= set(LABELS)
    crossed = [row["group"] for row in report.table("coverage").where(factor="age*sex")][1:]
    assert crossed == [f"{label}, {sex}" for label in LABELS for sex in ("female", "male")]
    assert [c.group for c in report.curves.det if c.factor == "age"] == list(LABELS)
    rows = report.plot_cross("age").get_yticklabels()
    assert [row.get_text() for row in rows] == [*LABELS[:3], "1 and over"]
    assert summarise(report)


def test_a_calibration_of_months_has_their_limits(babies: EmbeddingScores) -> None:
    record = calibrate(
        babies.cohort,
        babies.vectors,
        model={"name": "made", "weights_sha256": "ab"},
        made_on=date(2026, 11, 1),
        age_edges=EDGES,
    )
    limits = [(band.name, band.at_least, band.below) for band in record.bands]
    assert limits == list(zip(LABELS, EDGES, [*EDGES[1:], None], strict=True))
