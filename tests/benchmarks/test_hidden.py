"""The benchmark of the hide list compares two searches of one gallery."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    hidden = importlib.import_module("hidden")


def test_it_prints_a_ratio_and_how_many_were_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ("--subjects", "200", "--hidden", "100", "--queries", "5")
    monkeypatch.setattr(sys, "argv", ["hidden.py", *sizes])
    hidden.main()
    *_, ratio, _, left_out = capsys.readouterr().out.splitlines()
    assert float(ratio.rpartition(" ")[2]) > 0
    assert int(left_out.rpartition(" ")[2]) > 0
