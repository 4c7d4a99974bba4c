"""The benchmark of intervals, in small: photos of the subjects, and what a row says."""

import importlib
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    benchmark = importlib.import_module("interval_coverage")


@pytest.mark.parametrize(
    ("photos", "fewest", "most"),
    [("2 to 6", 2, 6), ("1 to 300", 1, 300), ("one of 50", 2, 50)],
)
def test_subjects_have_the_photos_that_a_setting_names(photos, fewest, most):
    setting = benchmark.Setting("misses", 0.1, 0.1, photos)
    drawn = benchmark.photos_of(setting, 5000, np.random.default_rng(0))
    assert (drawn.min(), drawn.max()) == (fewest, most)
    if photos == "one of 50":
        assert (drawn == 2).sum() == 4999


@pytest.mark.parametrize("errors", ["misses", "false matches", "lambs"])
@pytest.mark.parametrize("photos", ["2 to 6", "1 to 300", "one of 20"])
def test_the_rate_that_is_to_be_held_is_the_mean_over_datasets(errors, photos):
    setting = benchmark.Setting(errors, 0.05, 0.1, photos)
    rng = np.random.default_rng(1)
    drawn = [benchmark.dataset(setting, 60, rng).rate() for _ in range(300)]
    found = sum(rate.errors for rate in drawn) / sum(rate.trials for rate in drawn)
    assert found == pytest.approx(0.05, rel=0.2)


@pytest.mark.parametrize(
    ("setting", "subjects"),
    [
        (("misses", 0.05, 0.1, "2 to 6"), 50),
        (("misses", 0.05, 0.1, "1 to 300"), 12),
        (("false matches", 0.01, 0.3, "one of 20"), 121),
    ],
)
def test_each_dataset_has_a_rate_or_a_bound_or_not_enough_people(setting, subjects):
    row = benchmark.coverage(benchmark.Setting(*setting), subjects, datasets=20, draws=20)
    bounds = 1 - row.shown - row.not_enough
    assert -1e-9 <= bounds <= row.few + 1e-9
    assert math.isnan(row.held_shown) == (row.shown == 0)
    again = benchmark.coverage(benchmark.Setting(*setting), subjects, datasets=20, draws=20)
    assert row.held == pytest.approx(again.held, nan_ok=True)
    assert row.shown == again.shown


def test_the_rows_asked_for_are_run_and_recorded(results, monkeypatch):
    command = "interval_coverage.py --datasets 3 --draws 5 --photos one"
    monkeypatch.setattr(sys, "argv", command.split())
    benchmark.main()
    tables = json.loads((results / "interval_coverage.json").read_text())["tables"]
    for name in ("intervals", "statuses"):
        photos = [row[1] for row in tables[name]["rows"]]
        assert photos == ["one of 20", "one of 50", "one of 300"] * 2
    assert tables["size"]["rows"] == [["datasets of each row", 3]]
