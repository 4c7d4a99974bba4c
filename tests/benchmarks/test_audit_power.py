"""The benchmark of an audit's tests, in small: cohorts, the reference, and what a reader sees."""

import html
import importlib
import json
import re
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import permutation_test

from fairness import AuditSettings, audit
from fairness.cohort import Grouping
from fairness.verification import Verification

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    cohorts = importlib.import_module("audit_cohorts")
    reading = importlib.import_module("audit_findings")
    power = importlib.import_module("audit_power")
    permuting = importlib.import_module("permutation_test")
    scenarios = importlib.import_module("audit_scenarios")

ONE_OF_EACH_KIND = (
    "misses: 10 and 30 %, 1 to 300 photos",
    "misses: equal 10 %, one person has 300 photos",
    "misses: five groups of 30, equal 10 %",
    "refusals: refused 0 and 35 %, 30 people",
    "false matches: 0.1 and 2 %, 30 people",
    "false matches: equal 0.5 %, 50 and 150 people",
)


@pytest.mark.parametrize("row", ONE_OF_EACH_KIND)
def test_the_audit_counts_the_errors_that_were_drawn(row):
    scenario = scenarios.SCENARIOS[row]
    drawn = cohorts.draw(scenario, np.random.default_rng(3))
    grouping = drawn.scores.cohort.grouping(cohorts.FACTOR)
    checked = Verification(drawn.scores, cohorts.THRESHOLD)
    for metric, known in drawn.errors.items():
        for place, name in enumerate(scenario.groups):
            member = (drawn.group == place).astype(float)[None, :]
            wanted = [float(part[0]) for part in known.sums(member)]
            assert _counted(checked, metric, grouping, name) == wanted, (metric, name)


def _counted(checked: Verification, metric: str, grouping: Grouping, name: str) -> list[float]:
    if metric == "FMR":
        within = checked.false_matches(grouping).within(name)
        return [within.total, within.trials.total]
    count = {
        "FNMR": checked.false_non_matches,
        "FNMR_counted": checked.misses,
        "FTA": checked.failures_to_acquire,
    }[metric]
    return [count(grouping)[name].errors.sum(), count(grouping)[name].trials.sum()]


def test_the_rates_of_a_scenario_are_those_drawn():
    scenario = cohorts.Scenario("many", (400, 400), (0.02, 0.2), spread=0.3)
    drawn = cohorts.draw(scenario, np.random.default_rng(0)).errors["FNMR"]
    errors, trials = (part.reshape(2, 400).sum(axis=1) for part in (drawn.errors, drawn.trials))
    assert errors / trials == pytest.approx([0.02, 0.2], abs=0.03)
    photos = cohorts.heavy_tail(10_000, 300, np.random.default_rng(0))
    assert (photos.min(), photos.max()) == (1, 300)
    assert np.mean(photos >= 10) == pytest.approx(0.1, abs=0.01)


def test_the_reference_agrees_with_scipy():
    rng = np.random.default_rng(5)
    errors, group = rng.binomial(1, 0.3, 40), np.repeat([0, 1], 20)
    errors[group == 1] = rng.binomial(1, 0.6, 20)
    counts = permuting.PersonErrors(errors, np.ones(40, np.int64))
    ours = permuting.permutation_p(counts, group, draws=9999, rng=rng)
    theirs = permutation_test(
        (errors[:20], errors[20:]),
        lambda a, b, axis: abs(a.mean(axis=axis) - b.mean(axis=axis)),
        vectorized=True,
        alternative="greater",
        n_resamples=9999,
        rng=rng,
    ).pvalue
    assert ours == pytest.approx(theirs, abs=0.02)


def test_the_reference_of_pairs_moves_people_with_their_comparisons():
    group = np.repeat([0, 1], 5)
    inside = [(a, b) for a in range(5) for b in range(a)]
    left, right = np.array(inside).T
    counts = permuting.PairErrors(left, right, np.ones(10, np.int64), np.ones(10, np.int64))
    p = permuting.permutation_p(counts, group, draws=4999, rng=np.random.default_rng(0))
    assert p == pytest.approx(2 / 252, abs=0.005)  # of the 252 ways to choose 5 of 10 people


def test_rows_are_counted_saved_and_not_run_again(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)  # where the other process looks, too
    out = tmp_path / "power.json"
    rows = ["misses: 10 and 30 %", "refusals: refused 10 % of both"]
    found = power.run(rows, cohorts=4, draws=99, seed=0, out=out, workers=1)
    assert [line.metric for line in found] == ["FNMR", "FTA", "FNMR_counted", "FNMR"]
    assert found[0].reference == 4
    assert all(
        line.audit - line.audit_only == line.reference - line.reference_only for line in found
    )
    saved = json.loads(out.read_text())
    for line in saved:
        line["audit"] = 3
    out.write_text(json.dumps(saved))
    again = power.run(rows, cohorts=4, draws=99, seed=0, out=out, workers=1)
    assert [line.audit for line in again] == [3, 3, 3, 3]
    record = power.Record("made", Namespace(), "python made.py")
    power.tables(again, record)
    (difference,) = record.tables["differences found"]["rows"]
    assert difference[:2] == [rows[0], "FNMR"]
    alarms = record.tables["false alarms"]["rows"]
    assert alarms[0][:3] == [rows[1], "FTA", "75.0 (19.4 to 99.4)"]
    assert len(alarms) == 3


def test_a_cohort_is_judged_alike_wherever_it_runs():
    scenario = scenarios.SCENARIOS["misses: 2 and 20 %"]
    first, again = (power.judge(scenario, 1, 99, 0)["FNMR"] for _ in range(2))
    assert (first.audit, first.reference) == (again.audit, again.reference)


def test_a_gap_in_the_table_of_tests_is_read():
    scenario = cohorts.Scenario("wide", (120, 120), (0.1, 0.5))
    drawn = cohorts.draw(scenario, np.random.default_rng(1))
    settings = AuditSettings(factors=(cohorts.FACTOR,), threshold=cohorts.THRESHOLD, draws=199)
    said = reading.findings(audit(drawn.scores, settings, matcher={}), cohorts.FACTOR)
    assert scenario.worst in said.groups("FNMR")
    assert not said.groups("FMR")
    assert said.on_page <= said.in_tests


def test_the_lines_that_are_read_are_on_the_page():
    drawn = cohorts.draw(cohorts.Scenario("wide", (60, 60), (0.1, 0.5)), np.random.default_rng(1))
    settings = AuditSettings(factors=(cohorts.FACTOR,), threshold=cohorts.THRESHOLD, draws=99)
    report = audit(drawn.scores, settings, matcher={"model": "made up"})
    page = " ".join(re.sub(r"<[^>]*>", " ", html.unescape(report.to_html())).split())
    lines = [line for line in reading._page(report) if line]
    assert lines
    for line in lines:
        assert " ".join(line.split()) in page
