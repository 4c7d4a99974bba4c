"""Re-indexing by the flags of version 0.1, which go on working for one version, with a notice."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import pytest
from rendered_cohort import SUBJECTS, Cohort
from typed_reindex import gallery, home, model_name, run

from matcher.embedding import DEFAULT_MODEL
from matcher.gallery.editions import names, read_pointer, shadow_of
from matcher.synthetic import CohortSpec, write_cohort

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def test_a_plan_says_what_there_is_to_do_and_does_nothing(home: Path, gallery: Path) -> None:
    model = home / "new-model.toml"
    result = run(
        "reindex", gallery, "--model", model, "--dry-run", "--workers", 1, "--format", "jsonl"
    )
    assert "Notice: these flags go with the next version" in result.stderr
    plan = json.loads(result.stdout)
    assert (plan["faces"], plan["to_do"], plan["missing"]) == (SUBJECTS, SUBJECTS, 0)
    assert plan["seconds"] > 0
    assert plan["bytes_needed"] < plan["bytes_free"]
    assert names(gallery) == ["first"]


def test_the_night_of_an_operator(home: Path, gallery: Path, tmp_path: Path) -> None:
    model, report = home / "new-model.toml", tmp_path / "report.csv"
    options = ("reindex", gallery, "--model", model, "--workers", 1)
    drift = run(*options, "--report", report, "--format", "csv").stdout
    assert "separation of mated from non-mated" in drift
    with report.open() as file:
        assert {row["status"] for row in csv.DictReader(file)} == {"done"}
    assert model_name(gallery) == DEFAULT_MODEL
    run("search", gallery, *(home / "photos" / "photos").iterdir(), "--policy", "off")

    assert "Searches use new-model" in run(*options, "--switch").stderr
    assert model_name(gallery) == "new-model"
    manifest = home / "photos" / "manifest.csv"
    run("enrol", gallery, manifest, "--model", DEFAULT_MODEL, code=5)  # the model before
    run("enrol", gallery, manifest, "--model", model)
    again = run(*options, "--switch")
    assert "no photo changed" in again.stderr
    assert read_pointer(gallery).kept == ("first",), "nothing was switched, nothing pruned"

    assert DEFAULT_MODEL in run("reindex", gallery, "--rollback").stderr
    assert model_name(gallery) == DEFAULT_MODEL
    assert "deleted: 1" in run("reindex", gallery, "--prune", "--keep", 0).stderr
    run("gallery", "verify", gallery)


def test_missing_photos_are_named_and_stop_the_switch(
    home: Path, gallery: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(home / "photos", moved)
    gone = sorted((moved / "photos").iterdir())[0]
    gone.unlink()
    place = f"{home / 'photos'}={moved}"
    options = ("reindex", gallery, "--model", home / "new-model.toml", "--workers", 1)
    result = run(*options, "--photos", place, code=1)
    assert f"Missing: {home / 'photos' / 'photos' / gone.name}" in result.stderr
    refused = run(*options, "--photos", place, "--switch", code=5)
    assert "1 face without a vector" in refused.stderr
    run(*options, "--photos", place, "--switch", "--may-lose", 1)
    assert model_name(gallery) == "new-model"


def switch_if_kept(
    home: Path, gallery: Path, people: Path, metric: str, at_most: float, code: int
) -> None:
    """Re-index, and check that the gallery is switched only if the bound is kept."""
    bounds = gallery.parent / "bounds.toml"
    where = f'where = {{ factor = "sex", group = "all", metric = "{metric}" }}'
    lines = ["[[bound]]", 'name = "b"', 'table = "rates"', where, f"at_most = {at_most}"]
    bounds.write_text("\n".join(lines))
    options = ("reindex", gallery, "--model", home / "new-model.toml", "--workers", 1)
    result = run(*options, "--gate", bounds, "--cohort", people, "--switch", code=code)
    assert "Declared bounds: " in result.stderr
    assert (model_name(gallery) == "new-model") == (code == 0)


def test_data_that_do_not_decide_a_bound_do_not_switch(
    home: Path, gallery: Path, cohort: Cohort
) -> None:
    switch_if_kept(home, gallery, cohort.manifest, "FTA", 0.9, code=8)
    options = ("reindex", gallery, "--model", home / "new-model.toml", "--workers", 1)
    bounds = ("--gate", gallery.parent / "bounds.toml", "--cohort", cohort.manifest)
    assert "Declared bounds: " in run(*options, *bounds, code=8).stderr, "judged without --switch"


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "at_most", "code"), [("FNMR", 0.01, 7), ("FTA", 0.9, 0)])
def test_bounds_decide_whether_it_switches(
    home: Path, gallery: Path, tmp_path: Path, metric: str, at_most: float, code: int
) -> None:
    spec = CohortSpec(64, ages=(8, 12), seed=5, size=128)
    people = write_cohort(spec, tmp_path / "people")
    switch_if_kept(home, gallery, people, metric, at_most, code)


def test_saved_probes_take_the_place_of_drawn_ones(
    home: Path, gallery: Path, cohort: Cohort
) -> None:
    options = ("reindex", gallery, "--model", home / "new-model.toml", "--workers", 1)
    manifest = cohort.folder / "late" / "manifest.csv"
    drift = run(*options, "--probes", manifest, "--format", "csv").stdout
    assert f"of {SUBJECTS} probes" in drift


def test_the_executor_on_ray_without_ray_has_its_exit_code(
    home: Path, gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    options = ("--executor", "ray", "--address", "127.0.0.2:6399")
    result = run("reindex", gallery, "--model", home / "new-model.toml", *options, code=6)
    assert 'pip install "ray>=2.60,<3"' in result.stderr
    assert shadow_of(gallery) is None


def test_what_was_begun_can_be_discarded(home: Path, gallery: Path) -> None:
    run("reindex", gallery, "--model", home / "new-model.toml", "--workers", 1)
    assert shadow_of(gallery) is not None
    run("reindex", gallery, "--model", "dlib-resnet", "--workers", 1, code=5)
    assert "The shadow was deleted" in run("reindex", gallery, "--discard").stderr
    assert "no shadow" in run("reindex", gallery, "--discard").stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 2),
        (("--switch", "--rollback"), 2),
        (("--model", "dlib-resnet", "--gate", "b.toml"), 2),
        (("--rollback", "--gate", "b.toml", "--cohort", "c.csv"), 2),
        (("--model", "dlib-resnet", "--photos", "old"), 2),
        (("--model", "dlib-resnet", "--executor", "ray"), 2),
        (("--model", "dlib-resnet", "--address", "127.0.0.2:6399"), 2),
        (("--model", "no-such-model"), 4),
        (("--rollback",), 5),
    ],
)
def test_what_makes_no_sense_has_its_exit_code(
    gallery: Path, options: tuple[str, ...], code: int
) -> None:
    run("reindex", gallery, *options, code=code)
