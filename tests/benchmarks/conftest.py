"""A benchmark that a test runs leaves the files of results of this checkout alone."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the results written elsewhere, and return where."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        recording = importlib.import_module("recording")
    folder = tmp_path / "results-of-benchmarks"
    monkeypatch.setattr(recording, "FOLDER", folder)
    return folder
