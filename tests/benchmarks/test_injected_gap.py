"""The benchmark of an injected gap, in small: made-up vectors instead of rendered people."""

import importlib
import json
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    benchmark = importlib.import_module("injected_gap")
    reading = importlib.import_module("audit_findings")

SUBJECTS, BANDS = 240, ["monk 3", "monk 9"]


def made_up(noise: float, rng):
    """Vectors of people at two ages; those of the second band are `noise` times as blurred."""
    own = rng.normal(size=(SUBJECTS, 32))
    blur = np.where(np.arange(SUBJECTS) % 2 == 1, noise, 1.0)[:, None]
    later = own + 1.5 * blur * rng.normal(size=own.shape)
    return _units(own), _units(later)


def _units(vectors):
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / lengths).astype(np.float32)


def labels():
    return [BANDS[subject % 2] for subject in range(SUBJECTS)]


def test_the_audit_names_the_band_whose_probes_are_worse():
    enrolled, probes = made_up(1.5, np.random.default_rng(0))
    said = reading.findings(
        benchmark.audited(enrolled, probes, labels(), seed=0, draws=199), benchmark.FACTOR
    )
    arm = benchmark._arm(said)
    assert ("FNMR", "monk 9") in arm.tests
    assert "monk 3" not in {band for metric, band in arm.tests if metric in benchmark.MISSES}


def test_a_probe_without_a_face_is_refused_and_everybody_is_enrolled():
    enrolled, probes = made_up(1.0, np.random.default_rng(0))
    probes[3] = 0
    report = benchmark.audited(enrolled, probes, labels(), seed=0, draws=99)
    (refused,) = report.table("rates").where(group="all", metric="FTA")
    assert (refused["errors"], refused["trials"]) == (1, 2 * SUBJECTS)
    (searched,) = report.table("open_set").where(group="all", metric="FNIR_counted")
    assert (searched["trials"], searched["gallery"]) == (SUBJECTS, SUBJECTS)
    assert benchmark._misses(report, "monk 9").startswith("FNMR, all ")


def test_vectors_that_are_kept_are_not_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "load_extractor", None)
    enrolled, probes = made_up(1.0, np.random.default_rng(0))
    kept = {"enrolled": enrolled, "probes": probes, "halved": -probes}
    np.savez(tmp_path / f"{SUBJECTS}-people-seed-2.npz", **kept)
    found = benchmark.run_seed(SUBJECTS, 99, 2, tmp_path)
    assert found.injected_band == "monk 7"
    assert found.gap.startswith("FNMR, all ")
    assert f"monk 7 {SUBJECTS // 4} of {SUBJECTS // 4}" in found.gap


def outcome(seed: int, injected=(), page=(), shuffled=(), none=()):
    arms = {
        "injected": benchmark.Arm(list(injected), list(page)),
        "none": benchmark.Arm(list(none), []),
        "shuffled": benchmark.Arm(list(shuffled), []),
    }
    return benchmark.Outcome(8, 99, seed, "monk 9", arms, "FNMR, all 3 of 8, monk 9 3 of 4")


def shown(found, capsys) -> str:
    """Return the tables as printed."""
    benchmark.show(benchmark.Record("injected_gap", Namespace(), ""), found)
    return capsys.readouterr().out


def test_the_table_counts_seeds_by_arm_and_by_what_was_named(capsys):
    found = [
        outcome(0, injected=[("FNMR", "monk 9"), ("FNIR", "monk 9")], page=[("FNMR", "monk 9")]),
        outcome(1, injected=[("FNIR", "monk 9"), ("FNIR", "monk 3")], shuffled=[("FMR", "monk 5")]),
    ]
    text = shown(found, capsys)
    for row in (
        "| injected | that band, for FNMR | 1 of 2 (1 to 99 %) | 1 of 2 (1 to 99 %) |",
        "| injected | that band, for any rate of misses | 2 of 2 (16 to 100 %) | 1 of 2",
        "| injected | another band, not named without the gap | 1 of 2 (1 to 99 %) | 0 of 2",
        "| none | any band, for any rate of misses | 0 of 2",
        "| shuffled | any band, for FNMR | 0 of 2",
        "| shuffled | any band, for FMR | 1 of 2",
    ):
        assert row in text


def test_a_band_that_is_named_without_the_gap_is_not_counted_against_the_audit(capsys):
    found = outcome(0, injected=[("FNIR", "monk 3")], none=[("FNMR", "monk 3")])
    text = shown([found], capsys)
    assert "| injected | another band, not named without the gap | 0 of 1" in text
    assert "| none | any band, for any rate of misses | 1 of 1" in text


def test_seeds_that_are_saved_are_not_run_again(tmp_path, monkeypatch, capsys):
    out = tmp_path / "gap.json"
    out.write_text(json.dumps([benchmark.asdict(outcome(seed)) for seed in range(2)]))
    command = f"injected_gap.py --seeds 2 --subjects 8 --draws 99 --out {out}"
    monkeypatch.setattr(sys, "argv", command.split())
    monkeypatch.setattr(benchmark, "run_seed", None)
    benchmark.main()
    assert "| injected | that band, for FNMR | 0 of 2" in capsys.readouterr().out
