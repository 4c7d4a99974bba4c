"""What cannot end well is refused before the first photo is embedded."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import made_model
import pytest
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.embedding import Extractor
from matcher.gallery.editions import shadow_of

BOUNDS = """
[[bound]]
name = "b"
table = "rates"
where = { factor = "sex", group = "all", metric = "FTA" }
at_most = 0.9
"""


def run(*words: object, code: int) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    gallery = tmp_path_factory.mktemp("refused") / "g"
    run("enrol", gallery, cohort.manifest, code=0)
    return gallery


@pytest.fixture
def gallery(enrolled: Path, tmp_path: Path) -> Path:
    shutil.copytree(enrolled, tmp_path / "g")
    return tmp_path / "g"


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """No photo may be looked at."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a photo was looked at")

    monkeypatch.setattr(Extractor, "detect", refuse)
    monkeypatch.setattr(Extractor, "extract_many", refuse)


def gate(folder: Path, cohort: Cohort, fault: str) -> tuple[object, ...]:
    """Return options with a gate that cannot be judged."""
    bounds, people = folder / "bounds.toml", cohort.manifest
    bounds.write_text({"no TOML": "[[bound", "no bound": ""}.get(fault, BOUNDS), encoding="utf-8")
    if fault == "no file":
        bounds = folder / "nothing.toml"
    if fault == "no cohort":
        people = folder / "nothing.csv"
    if fault == "no labels":
        people = folder / "labels.csv"
        people.write_text("a,b\n1,2\n", encoding="utf-8")
    return "--gate", bounds, "--cohort", people


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("fault", ["no TOML", "no bound", "no file", "no cohort", "no labels"])
@pytest.mark.parametrize("former", [True, False], ids=["former flags", "switch"])
def test_a_gate_that_cannot_be_judged(
    gallery: Path, cohort: Cohort, fault: str, former: bool
) -> None:
    words = ("reindex", gallery, "--switch") if former else ("reindex", "switch", gallery)
    model = ("--model", "dlib-resnet")
    said = run(*words, *model, *gate(gallery.parent, cohort, fault), code=3)
    assert "Error: " in said.stderr
    assert shadow_of(gallery) is None


@pytest.mark.usefixtures("idle")
def test_a_switch_without_anything_to_switch_to(gallery: Path, cohort: Cohort) -> None:
    words = ("reindex", "switch", gallery, "--model", "dlib-resnet")
    said = run(*words, *gate(gallery.parent, cohort, "none"), code=5)
    assert "no shadow" in said.stderr


def test_a_switch_to_another_model_than_that_of_the_job(
    gallery: Path, cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    model = made_model.write(gallery.parent)
    run("reindex", "run", gallery, "--model", model, "--workers", 1, code=0)
    monkeypatch.setattr(Extractor, "extract_many", lambda *_, **__: pytest.fail("looked at"))
    judged = gate(gallery.parent, cohort, "none")
    run("reindex", "switch", gallery, "--model", "dlib-resnet", *judged, code=5)


@pytest.mark.usefixtures("idle")
def test_probes_for_a_comparison_of_nothing(gallery: Path, cohort: Cohort) -> None:
    probes = ("--probes", cohort.folder / "late" / "manifest.csv")
    run("reindex", "compare", gallery, "--model", "dlib-resnet", *probes, code=5)


def test_probes_for_a_gallery_whose_own_model_is_not_there(gallery: Path, cohort: Cohort) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    model = made_model.write(gallery.parent)
    run("reindex", "run", gallery, "--model", model, "--workers", 1, code=0)
    run("reindex", "switch", gallery, "--model", model, code=0)
    probes = ("--probes", cohort.folder / "late" / "manifest.csv")
    run("reindex", "run", gallery, "--model", "dlib-resnet", *probes, code=4)
    assert shadow_of(gallery) is None


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("ages", ["four", "5,10", "0,9,4"])
def test_age_bands_that_are_none(tmp_path: Path, cohort: Cohort, ages: str) -> None:
    out = tmp_path / "record.json"
    run("calibrate", cohort.manifest, "--out", out, "--ages", ages, code=2)
    run("audit", cohort.manifest, "--out", out, "--ages", ages, code=2)


@pytest.mark.usefixtures("idle")
def test_a_calibration_on_too_few_people(tmp_path: Path, cohort: Cohort) -> None:
    words = ("calibrate", cohort.manifest, "--out", tmp_path / "made" / "record.json")
    assert "11 people of one sex" in run(*words, code=3).stderr
    said = run(*words, "--dry-run", code=0).stderr
    assert "It would end without a record: " in said
    assert "11 people of one sex" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("fault", ["scores", "model", "baseline", "bounds", "groups", "out"])
def test_an_audit_that_could_not_end(tmp_path: Path, cohort: Cohort, fault: str) -> None:
    pytest.importorskip("matplotlib")
    broken = tmp_path / "broken"
    broken.write_text("a,b\n1,2\n", encoding="utf-8")
    options, code = {
        "scores": (("--scores", broken, "--baseline", "dlib-resnet"), 3),
        "model": (("--model", "no-such-model", "--baseline", "dlib-resnet"), 4),
        "baseline": (("--baseline", "no-such-model"), 4),
        "bounds": (("--bounds", broken), 3),
        "groups": (("--fmr-of", "sex=nobody"), 3),
        "out": ((), 3),
    }[fault]
    out = broken / "report" if fault == "out" else tmp_path / "report"
    run("audit", cohort.manifest, "--out", out, "--by", "sex", *options, code=code)
