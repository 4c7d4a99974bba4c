"""A few spoilt photos go through enrolment, search and upload; each way of failing is counted."""

from __future__ import annotations

import importlib
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LIMIT = 600.0
"""Seconds for one step: far more than any takes, so that a busy machine fails no test."""

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    hostile_uploads = importlib.import_module("hostile_uploads")


def ran(out: Path, count: int) -> tuple[int, dict[str, Any]]:
    state = hostile_uploads.run(count, 3, LIMIT, out)
    assert json.loads(out.read_text()) == state
    record = hostile_uploads.Record("made", Namespace(), "python made.py")
    hostile_uploads.tables(record, state, LIMIT)
    return sum(number for _, number in record.tables["what may never happen"]["rows"]), state


def test_spoilt_photos_are_refused_or_taken_whole_and_a_run_goes_on(tmp_path: Path) -> None:
    ran(tmp_path / "out.json", 20)
    bad, state = ran(tmp_path / "out.json", 40)
    counts = state["counts"]
    assert (bad, state["examples"]) == (0, [])
    for step in ("enrolment", "search", "upload"):
        assert sum(n for name, n in counts.items() if name.startswith(f"{step}: ")) == 40
    assert counts["enrolment: enrolled"] == counts["search: leads"] == counts["upload: 303"] > 0


def test_what_may_never_happen_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = hostile_uploads.enrol

    def lossy(*given: Any, **named: Any) -> Any:
        return whole(*given, **named)[:0]

    def failing(*_: Any, **__: Any) -> None:
        raise RuntimeError("not the library's own")

    monkeypatch.setattr(hostile_uploads, "enrol", lossy)
    monkeypatch.setattr(hostile_uploads.Searcher, "search", failing)
    bad, state = ran(tmp_path / "out.json", 6)
    counts = state["counts"]
    assert counts["no outcome"] == counts["untyped"] == 6
    assert bad == 12 + counts.get("partial", 0)
