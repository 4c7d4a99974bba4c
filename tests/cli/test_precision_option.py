"""The precision of a model is chosen by an option, and every command that loads a model says it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.gallery import Gallery

QUICK = "flags\t: avx512_bf16\n"


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(params=["bfloat16", "float32"])
def faster(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make this a machine that has the instructions for bfloat16, or has them not."""
    file = tmp_path / "cpuinfo"
    file.write_text(QUICK if request.param == "bfloat16" else "flags\t: avx2\n")
    monkeypatch.setattr("matcher.embedding.networks.precision._CPUINFO", file)
    return str(request.param)


def test_a_command_says_which_precision_the_machine_takes(faster: str, cohort: Cohort) -> None:
    result = run("compare", *cohort.probes[:2], "--precision", "auto")
    assert f"youth-resnet computes in {faster}." in result.stderr.splitlines()


@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
def test_a_command_takes_the_precision_that_is_asked_for(
    faster: str, asked: str, cohort: Cohort
) -> None:
    result = run("compare", *cohort.probes[:2], "--model", "dlib-resnet", "--precision", asked)
    assert f"dlib-resnet computes in {asked}." in result.stderr.splitlines()


def test_another_precision_is_refused(cohort: Cohort) -> None:
    result = run("compare", *cohort.probes[:2], "--precision", "float16", code=2)
    assert "float16" in result.stderr


def test_a_gallery_is_searched_in_another_precision(gallery: Gallery, cohort: Cohort) -> None:
    words = ("search", gallery.path, cohort.probes[0], "--top", 3, "--format", "jsonl")
    found = [
        json.loads(run(*words, "--precision", precision).stdout)["candidates"]
        for precision in ("float32", "bfloat16")
    ]
    first, second = ([(c["subject"]["subject_id"], c["score"]) for c in one] for one in found)
    assert first[0][0] == second[0][0]
    assert first[0][1] == pytest.approx(second[0][1], abs=0.01)


def test_the_models_are_listed_with_the_precision_of_this_machine(faster: str) -> None:
    lines = run("models", "list", "--format", "jsonl").stdout.splitlines()
    listed = {row["name"]: row["precision here"] for row in map(json.loads, lines)}
    assert (listed["youth-resnet"], listed["sface"]) == (faster, "float32")
    facts = json.loads(run("models", "info", "youth-resnet", "--format", "jsonl").stdout)
    assert facts["precision on this machine"] == faster


def test_a_plan_says_the_precision(faster: str, gallery: Gallery) -> None:
    words = ("reindex", "plan", gallery.path, "--model", "dlib-resnet", "--format", "jsonl")
    words += ("--precision", "auto")
    assert json.loads(run(*words).stdout)["precision"] == faster
