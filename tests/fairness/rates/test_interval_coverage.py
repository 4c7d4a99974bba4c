"""A small run of the coverage benchmark: our intervals hold the true rate, naive ones do not."""

import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    benchmark = importlib.import_module("interval_coverage")


@pytest.mark.parametrize("subjects", [50, 200])
@pytest.mark.parametrize(
    ("errors", "rate", "spread"),
    [("misses", 0.05, 0.1), ("misses", 0.2, 0.3), ("false matches", 0.01, 0.3), ("lambs", 0.01, 0)],
)
def test_our_intervals_hold_the_rate_and_drawn_comparisons_do_not(errors, rate, spread, subjects):
    setting = benchmark.Setting(errors, rate, spread)
    found = benchmark.coverage(setting, subjects, datasets=600, draws=100)
    assert found.few < 0.05
    assert 0.93 <= found.held["ours"] <= 0.97
    assert found.held["draw comparisons"] < 0.87
    assert found.held["independent"] < 0.87
