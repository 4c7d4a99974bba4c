"""A lever of `benchmarks/detection_levers.py` moves something."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from matcher.faces.detection import cascade

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    detection_levers = importlib.import_module("detection_levers")


def read_by(module: ModuleType) -> set[str]:
    """Return the names that the functions of a module look up when they run."""

    def names(code: CodeType) -> set[str]:
        inner = [one for one in code.co_consts if isinstance(one, CodeType)]
        return set(code.co_names).union(*map(names, inner))

    whole = compile(inspect.getsource(module), "module", "exec")
    functions = [one for one in whole.co_consts if isinstance(one, CodeType)]
    return set().union(*map(names, functions))


def test_a_constant_that_a_lever_sets_is_read_when_the_detector_runs() -> None:
    """A constant that is only a default of an argument was read before the lever sets it."""
    levers = [lever for lever in detection_levers.LEVERS if lever.values]
    assert len(levers) >= 6
    for lever in levers:
        assert set(lever.values) <= read_by(lever.module), lever.name


def test_a_lever_is_put_back() -> None:
    lever = next(one for one in detection_levers.LEVERS if "PYRAMID_STEP" in one.values)
    before = cascade.PYRAMID_STEP
    with lever.set():
        assert lever.values["PYRAMID_STEP"] == cascade.PYRAMID_STEP != before
    assert before == cascade.PYRAMID_STEP
