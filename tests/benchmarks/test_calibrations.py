"""The table of `benchmarks/calibrations.py` says what the record says."""

from __future__ import annotations

import importlib
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from fairness.calibration import calibrate
from fairness.cohort import Cohort, Sample
from matcher.testing import random_unit_vectors

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    calibrations = importlib.import_module("calibrations")
    recording = importlib.import_module("recording")


def test_a_band_has_its_score_and_its_galleries() -> None:
    people = 150
    samples = [Sample(f"{i}", f"{i}", age_at_capture=5.0) for i in range(people)]
    samples += [Sample(f"o{i}", f"o{i}", age_at_capture=20.0) for i in range(3)]
    vectors = random_unit_vectors(len(samples), 8, seed=3).astype(np.float32)
    model = {"name": "made", "weights_sha256": "ab" * 32}
    cohort = Cohort.of(samples, name="made")
    record = calibrate(cohort, vectors, model=model, made_on=date(2026, 11, 1))
    band, other = calibrations.bands(json.loads(record.to_json()))
    (kept,) = record.bands
    assert band[:4] == (kept.name, people, people, people * (people - 1) // 2)
    assert band[5:] == tuple(kept.largest_gallery.values())
    scores = vectors[:people] @ vectors[:people].T
    pairs = scores[np.triu_indices(people, 1)]
    assert np.mean(pairs >= float(band[4])) <= 1.2 * calibrations.RATE
    assert other[0] == "18 to under 30"
    assert "fewer than 11 people" in other[1]


def test_a_rate_that_is_not_reached_is_not_made_up() -> None:
    curve = {"scores": [0.1, 0.2], "rate": [0.5, 0.01]}
    band = {"name": "a", "subjects": 11, "photos": 11, "comparisons": 55, "false_matches": curve}
    band["largest_gallery"] = {"0.01": 0, "0.05": 1, "0.1": 2}
    ((*_, score, one, five, ten),) = calibrations.bands({"bands": [band], "not_calibrated": {}})
    assert score == "too few comparisons"
    assert (one, five, ten) == (0, 1, 2)


def test_a_calibration_that_fails_leaves_no_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "FOLDER", tmp_path)
    with pytest.raises(SystemExit) as ended:
        calibrations.main(["--record", "made", str(tmp_path / "nobody")])
    assert ended.value.code
    assert list(tmp_path.iterdir()) == []
