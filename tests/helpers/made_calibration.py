"""A calibration of made vectors that lie as those of faces do, for tests that search."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairness.calibration import CalibrationRecord, calibrate
from fairness.cohort import Cohort, Sample
from matcher.embedding import ModelIdentity
from matcher.testing import clustered_unit_vectors

PEOPLE = 120
AGES = (6.0, 10.0)


def record(model: ModelIdentity, *, people: int = PEOPLE, seed: int = 1) -> CalibrationRecord:
    """Return the calibration of people of 6, who are alike, and of 10, who are less so."""
    samples = [
        Sample(f"{age:02.0f}/{number:04d}", f"{age:02.0f}-{number:04d}", age_at_capture=age)
        for age in AGES
        for number in range(people)
    ]
    crowded = clustered_unit_vectors(2 * people, 1, model.dimension, seed)
    common = crowded.mean(axis=0)
    vectors = _unit(crowded - common)
    vectors[:people] = _unit(vectors[:people] + 0.5 * common)
    return calibrate(
        Cohort.of(samples, name="made people"),
        vectors,
        model={name: str(value) for name, value in model.facts().items()},
        made_on=date(2026, 11, 1),
    )


def write(path: Path, model: ModelIdentity) -> Path:
    """Write that calibration into a file."""
    record(model).write(path)
    return path


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
