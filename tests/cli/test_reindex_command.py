"""Re-indexing as an operator types it: plan, run, compare, switch, roll back."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import typed_reindex
from rendered_cohort import SUBJECTS, Cohort
from typed_reindex import gallery, home, model_name

from matcher.embedding import DEFAULT_MODEL
from matcher.gallery.editions import names, read_pointer, shadow_of
from matcher.jobs import Outcome, ReindexOutcome

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def run(*words: object, code: int = 0) -> Any:
    result = typed_reindex.run(*words, code=code)
    assert "Notice" not in result.output
    return result


def test_a_plan_says_what_there_is_to_do_and_does_nothing(home: Path, gallery: Path) -> None:
    model = home / "new-model.toml"
    plan = json.loads(run(*planned(gallery, model), "--format", "jsonl").stdout)
    assert (plan["faces"], plan["to_do"], plan["missing"]) == (SUBJECTS, SUBJECTS, 0)
    assert plan["seconds"] > 0
    assert plan["bytes_needed"] < plan["bytes_free"]
    assert "faces" in run(*planned(gallery, model)).stdout
    assert names(gallery) == ["first"]


def planned(gallery: Path, model: Path) -> tuple[object, ...]:
    return "reindex", "plan", gallery, "--model", model, "--workers", 1


def test_the_night_of_an_operator(home: Path, gallery: Path, tmp_path: Path) -> None:
    model, report = home / "new-model.toml", tmp_path / "report.csv"
    again = ("reindex", "run", gallery, "--model", model, "--workers", 1)
    drift = run(*again, "--report", report, "--format", "csv").stdout
    assert "separation of mated from non-mated" in drift
    with report.open() as file:
        assert {row["status"] for row in csv.DictReader(file)} == {"done"}
    assert model_name(gallery) == DEFAULT_MODEL
    assert run("reindex", "compare", gallery, "--format", "csv").stdout == drift

    assert "Searches use new-model" in run("reindex", "switch", gallery).stderr
    assert model_name(gallery) == "new-model"
    assert "no photo changed" in run(*again).stderr
    assert read_pointer(gallery).kept == ("first",)

    back = run("reindex", "rollback", gallery).stderr
    assert DEFAULT_MODEL in back
    assert "`prune` deletes" in back
    assert model_name(gallery) == DEFAULT_MODEL
    for _ in range(2):
        again = run("reindex", "rollback", gallery, code=5).stderr
        assert "nothing earlier. `switch` goes to the later edition again" in again
        assert model_name(gallery) == DEFAULT_MODEL
    assert "1 later edition (`switch` goes there again)" in back
    assert "deleted: 1" in run("reindex", "prune", gallery, "--keep", 0).stderr
    run("gallery", "verify", gallery)


def test_missing_photos_are_named_and_stop_the_switch(
    home: Path, gallery: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(home / "photos", moved)
    gone = sorted((moved / "photos").iterdir())[0]
    gone.unlink()
    place = ("--photos", f"{home / 'photos'}={moved}", "--workers", 1)
    model = ("--model", home / "new-model.toml")
    result = run("reindex", "run", gallery, *model, *place, code=1)
    assert f"Missing: {home / 'photos' / 'photos' / gone.name}" in result.stderr
    refused = run("reindex", "switch", gallery, *model, *place, code=5)
    assert "1 face without a vector" in refused.stderr
    run("reindex", "switch", gallery, *model, *place, "--may-lose", 1)
    assert model_name(gallery) == "new-model"


def test_data_that_do_not_decide_a_bound_do_not_switch(
    home: Path, gallery: Path, cohort: Cohort
) -> None:
    bounds = gallery.parent / "bounds.toml"
    where = 'where = { factor = "sex", group = "all", metric = "FTA" }'
    bounds.write_text(f'[[bound]]\nname = "b"\ntable = "rates"\n{where}\nat_most = 0.9\n')
    model = ("--model", home / "new-model.toml")
    run("reindex", "run", gallery, *model, "--workers", 1)
    gate = ("--gate", bounds, "--cohort", cohort.manifest)
    judged = run("reindex", "switch", gallery, *model, *gate, code=8).stderr
    assert "Declared bounds: inconclusive" in judged
    assert "Not switched" in judged
    assert model_name(gallery) == DEFAULT_MODEL


def test_saved_probes_take_the_place_of_drawn_ones(
    home: Path, gallery: Path, cohort: Cohort
) -> None:
    model = ("--model", home / "new-model.toml")
    run("reindex", "run", gallery, *model, "--workers", 1)
    probes = ("--probes", cohort.folder / "late" / "manifest.csv")
    drift = run("reindex", "compare", gallery, *model, *probes, "--format", "csv").stdout
    assert f"of {SUBJECTS} probes" in drift
    run("reindex", "compare", gallery, *probes, code=2)


def test_the_executor_on_ray_without_ray_has_its_exit_code(
    home: Path, gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    options = ("--executor", "ray", "--address", "127.0.0.2:6399")
    model = ("--model", home / "new-model.toml")
    result = run("reindex", "run", gallery, *model, *options, code=6)
    assert 'pip install "ray>=2.60,<3"' in result.stderr
    assert shadow_of(gallery) is None


def test_what_was_begun_can_be_discarded(home: Path, gallery: Path) -> None:
    begun = ("reindex", "run", gallery, "--workers", 1, "--model")
    run(*begun, home / "new-model.toml")
    assert shadow_of(gallery) is not None
    run(*begun, "dlib-resnet", code=5)
    assert "The shadow was deleted" in run("reindex", "discard", gallery).stderr
    assert "no shadow" in run("reindex", "discard", gallery).stderr


def test_a_report_that_cannot_be_written_is_refused_before_the_job(
    home: Path, gallery: Path
) -> None:
    report = gallery / "no such folder" / "report.csv"
    begun = ("reindex", "run", gallery, "--model", home / "new-model.toml")
    assert "which is no folder" in run(*begun, "--report", report, code=3).output
    assert shadow_of(gallery) is None


def test_probes_that_cannot_be_read_are_refused_before_the_job(home: Path, gallery: Path) -> None:
    begun = ("reindex", "run", gallery, "--model", home / "new-model.toml")
    unread = gallery.parent / "probes.csv"
    assert "No such file" in run(*begun, "--probes", unread, code=3).output
    unread.write_text('photo,subject\n"a.png,C-1\n')
    assert "probes.csv" in run(*begun, "--probes", unread, code=3).output
    assert shadow_of(gallery) is None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run", "{gallery}"), 2),
        (("run",), 2),
        (("run", "{gallery}", "--model", "dlib-resnet", "--photos", "old"), 2),
        (("run", "{gallery}", "--model", "dlib-resnet", "--executor", "ray"), 2),
        (("run", "{gallery}", "--model", "dlib-resnet", "--address", "127.0.0.2:6399"), 2),
        (("run", "{gallery}", "--model", "no-such-model"), 4),
        (("plan", "{gallery}"), 2),
        (("switch", "{gallery}", "--model", "dlib-resnet", "--gate", "b.toml"), 2),
        (("switch", "{gallery}", "--gate", "b.toml", "--cohort", "c.csv"), 2),
        (("switch", "{gallery}"), 5),
        (("rollback", "{gallery}", "--gate", "b.toml"), 2),
        (("rollback", "{gallery}"), 5),
        (("compare", "{gallery}"), 5),
        (("discard", "{gallery}/nowhere"), 5),
        (("prune", "{gallery}", "--keep", "-1"), 2),
    ],
)
def test_what_makes_no_sense_has_its_exit_code(
    gallery: Path, words: tuple[str, ...], code: int
) -> None:
    run("reindex", *(word.format(gallery=gallery) for word in words), code=code)


def test_the_former_name_of_an_outcome_is_still_there() -> None:
    assert Outcome is ReindexOutcome
