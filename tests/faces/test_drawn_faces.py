"""A drawn face is found by the detector, and refused as a drawing wherever a photo is due."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.faces import POLICIES, load_detector, refusals
from matcher.faces.quality_measures import shading
from matcher.photos import load_photo

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    drawn_faces = importlib.import_module("drawn_faces")

EVERYWHERE = np.ones((128, 128), bool)


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawings")
    for seed, kind in enumerate(("areas", "lines", "areas on paper"), start=1):
        name = kind.replace(" ", "-")
        (folder / name).mkdir()
        drawn_faces.drawing(seed, kind).save(folder / name / f"page.{('png', 'jpg')[seed % 2]}")
    return folder


def test_a_drawing_is_not_enrolled_and_its_reason_is_read(drawings: Path, tmp_path: Path) -> None:
    gallery, report = tmp_path / "g", tmp_path / "report.csv"
    result = run("enrol", gallery, drawings, "--report", report, code=1)
    assert report.read_text("utf-8").count("it may be a drawing") == 3
    assert "3 failed; 3 people without any face" in result.stderr
    assert run("enrol", gallery, drawings, "--policy", "off")


def test_a_drawing_is_refused_as_a_probe(drawings: Path, cohort: Cohort, tmp_path: Path) -> None:
    gallery = tmp_path / "g"
    run("enrol", gallery, cohort.manifest)
    probe = drawings / "lines" / "page.png"
    result = run("search", gallery, probe, "--format", "jsonl", code=1)
    (found,) = map(json.loads, result.stdout.splitlines())
    assert "it may be a drawing" in found["reasons"][0]
    assert found["candidates"] == []


def test_rendered_faces_are_shaded(cohort: Cohort) -> None:
    faces = load_detector().detect(list(map(load_photo, cohort.probes)))
    for (face,) in faces:
        assert "unshaded" not in {one.code for one in refusals(face.quality, POLICIES["strict"])}


@given(level=st.floats(0, 1), grain=st.floats(0, 0.02), seed=st.integers(0, 99))
@settings(max_examples=30)
def test_an_even_area_has_hardly_any_shading_however_bright_and_grainy(
    level: float, grain: float, seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(0, grain, (128, 128))
    assert shading(np.clip(level + noise, 0, 1), EVERYWHERE) < POLICIES["standard"].shading


@given(slope=st.floats(0.5, 2), level=st.floats(0.1, 0.4))
def test_a_steady_change_of_light_is_its_own_shading(slope: float, level: float) -> None:
    light = level + slope * np.mgrid[0:128, 0:128][1] / 320
    mean = light[40:108, 34:94].mean()
    assert shading(light, EVERYWHERE) == pytest.approx(slope / 80 / np.sqrt(mean + 0.02))


def test_what_lies_beyond_the_photo_does_not_count() -> None:
    across = np.mgrid[0:128, 0:128][1]
    light = 0.3 + across / 400
    cut = across < 60
    assert shading(np.where(cut, 0, light), ~cut) == pytest.approx(
        shading(light, EVERYWHERE), rel=0.1
    )
    assert shading(np.zeros((128, 128)), ~EVERYWHERE) == 1.0
