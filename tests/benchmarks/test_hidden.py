"""The benchmark of the hide list compares two searches of one gallery."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    hidden = importlib.import_module("hidden")


def test_it_writes_a_ratio_and_how_many_were_left_out(results: Path) -> None:
    hidden.main(["--subjects", "200", "--hidden", "100", "--queries", "5"])
    tables = json.loads((results / "hidden.json").read_text(encoding="utf-8"))["tables"]
    *_, (what, left_out) = tables["gallery"]["rows"]
    assert what == "hidden subjects left out of all lists"
    assert left_out > 0
    assert float(tables["time of a search"]["rows"][1][-2]) > 0
