"""The tables of rendered faces, of made-up summaries."""

from __future__ import annotations

import importlib
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    benchmark = importlib.import_module("synthetic_faces")
    tables = importlib.import_module("synthetic_faces_tables")
    recording = importlib.import_module("recording")


def arm(found: int, **more: Any) -> dict[str, Any]:
    """Return the summary of a cohort of 1,000 photos."""
    by_tone = {
        f"age {age}, L* {tone}": f"{found // 4}/250"
        for age in ("4", "16")
        for tone in ("20 to 40", "40 to 55")
    }
    return {
        "detected": {"all": f"{found}/1000", "by_age_and_tone": by_tone},
        "same": {"mean": 0.9604},
        "different": {"mean": 0.917},
        "auc": 0.9271,
        "rank1": {"mean": 0.52, "8->12": 0.82, "4->25": 0.125, "4->8": 0.9},
        **more,
    }


def recorded(arms: dict[str, dict[str, Any]]) -> dict[str, Any]:
    record = recording.Record("synthetic_faces", Namespace(), "")
    tables.show(record, 0.389, arms)
    return {name: {row[0]: row[1:] for row in it["rows"]} for name, it in record.tables.items()}


def test_a_column_for_each_cohort_and_faces_of_the_natural_ones_together() -> None:
    kin = {"relatives": {"mean": 0.939}, "auc_relatives": 0.8}
    arms = {
        "natural, seed 0": arm(1000),
        "natural, seed 1": arm(996),
        "families of three": arm(800, **kin),
    }
    found = recorded(arms)
    assert found["likeness"]["faces found"][:3] == [
        "1,000 of 1,000",
        "996 of 1,000",
        "800 of 1,000",
    ]
    assert found["likeness"]["cosine, relatives"] == ["", "", "0.939", ""]
    assert found["likeness"]["AUC"] == ["0.927", "0.927", "0.927", "0.902"]
    assert found["likeness"]["rank-1, from 4 to 25 years"][0] == "0.12"
    assert found["faces found"]["20 to 40"] == ["499 of 500", "499 of 500"]
    assert found["rendering"]["one photo of 256 pixels, processor time"] == ["0.39 s"]


def test_dark_and_light_skin_have_a_table_of_their_own() -> None:
    found = recorded({"natural, seed 0": arm(1000), "physical/blur:0.4/dark": arm(900)})
    assert found["dark and light skin"]["physical"] == [
        *("blur:0.4", "dark", "900 of 1,000", "0.960", "0.917", "0.927")
    ]
    assert len(found["likeness"]["AUC"]) == 2


def test_every_degraded_cohort_is_named_so_that_the_tables_tell_it_apart() -> None:
    names = benchmark.sensitivity_arms(1)
    assert len(names) == 16
    assert {name.count("/") for name in names} == {2}
