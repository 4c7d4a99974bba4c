"""Sides that are compared take turns."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    throughput = importlib.import_module("throughput")


class Noted:
    """A side that notes its turns."""

    def __init__(self, name: str, seconds: float, turns: list[tuple[str, int]]) -> None:
        self.name = name
        self.report: Any = throughput.Report("float32", seconds={"all": 0.0})
        self._seconds = seconds
        self._turns = turns

    def work(self, paths: Sequence[Path]) -> None:
        self._turns.append((self.name, len(paths)))
        self.report.photos += len(paths)
        self.report.seconds["all"] += self._seconds * len(paths)


def test_every_side_does_every_batch_and_another_begins_each() -> None:
    turns: list[tuple[str, int]] = []
    sides = [Noted("a", 0.1, turns), Noted("b", 0.2, turns), Noted("c", 0.05, turns)]
    throughput.take_turns(sides, [Path(str(number)) for number in range(35)])
    assert turns == [
        *(("a", 16), ("b", 16), ("c", 16)),
        *(("b", 16), ("c", 16), ("a", 16)),
        *(("c", 3), ("a", 3), ("b", 3)),
    ]
    assert throughput.ratios(sides) == pytest.approx({"a / b": 2.0, "a / c": 0.5})
    options = argparse.Namespace()
    record = throughput.Record("none", options, "")
    throughput.show(record, sides)
    rows = {row[0]: row for row in record.tables["photos"]["rows"]}
    assert rows["b"][1:3] == ["float32", "0 of 35"]
    assert record.tables["ratios"]["rows"] == [["a / b", "2.00"], ["a / c", "0.50"]]
