"""A job that processes share, as an operator types it: share, run --shard, merge, switch."""

# ruff: noqa: F401, F811 - fixtures are imported by name

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
from rendered_cohort import SUBJECTS
from shared_jobs import rows_of
from typed_reindex import gallery, home, run

from matcher.gallery import Gallery
from matcher.gallery.editions import shadow_of

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture
def model(home: Path) -> tuple[object, ...]:
    return "--model", home / "new-model.toml", "--batch", 2


def test_the_night_of_two_machines(gallery: Path, model: Any, tmp_path: Path) -> None:
    shutil.copytree(gallery, tmp_path / "alone")
    folder, report = tmp_path / "shares", tmp_path / "outcomes.csv"
    told = run("reindex", "share", gallery, folder, *model, "--of", 2).stderr
    assert f"{SUBJECTS} photos in 2 shares, 2 not empty" in told
    assert "--shard I/2" in told
    assert "Share 1/2: " in run("reindex", "run", folder, *model, "--shard", "1/2").stderr
    early = run("reindex", "merge", gallery, "--report", report, code=1).stderr
    assert "of 1 share." in early
    assert "Nothing yet of: 2." in early
    assert not report.exists()
    refused = run("reindex", "switch", gallery, *model, "--may-lose", 99, code=5).stderr
    assert "all its shares merged before the switch" in refused
    again = run("reindex", "run", folder, *model, "--shard", "1/2").stderr
    assert "Share 1/2: 0 photos in this run" in again
    run("reindex", "run", folder, *model, "--shard", "2/2", "--workers", 2)
    late = run("reindex", "merge", gallery, "--report", report)
    assert f"In all: {SUBJECTS} done." in late.stderr
    assert "separation of mated" in late.stdout
    with report.open() as file:
        assert {row["status"] for row in csv.DictReader(file)} == {"done"}
    run("reindex", "run", tmp_path / "alone", *model, "--workers", 1)
    assert rows_of(gallery) == rows_of(tmp_path / "alone")
    run("reindex", "switch", gallery)
    with Gallery.open(gallery) as opened:
        assert opened.model.name == "new-model"
    assert "reindex share" in run("reindex", "merge", gallery, code=5).stderr


def test_a_damaged_file_is_named_with_its_share(gallery: Path, model: Any, tmp_path: Path) -> None:
    folder = tmp_path / "shares"
    run("reindex", "share", gallery, folder, *model, "--of", 1)
    run("reindex", "run", folder, *model, "--shard", "1/1")
    file = sorted(folder.glob("shards-*/results/*.shard"))[0]
    file.write_bytes(b"not a shard")
    told = run("reindex", "merge", gallery, code=1).stderr
    assert f"Refused: {file.name} (damaged); run share 1 again." in told
    assert "Not complete: 1 (2 left)." in told


@pytest.mark.parametrize("shard", ["0/16", "17/16", "3/0", "a/b", "3"])
def test_what_is_no_share_is_a_wrong_option(home: Path, model: Any, shard: str) -> None:
    told = run("reindex", "run", home, *model, "--shard", shard, code=2).output
    assert "--shard must be" in " ".join(told.replace("│", " ").split())


@pytest.mark.parametrize(
    "more",
    [
        ("--executor", "ray", "--address", "127.0.0.2:6399"),
        ("--executor", "ray"),
        ("--report", "outcomes.csv"),
        ("--probes", "probes.csv"),
    ],
)
def test_what_does_not_go_with_a_share(home: Path, model: Any, more: tuple[str, ...]) -> None:
    run("reindex", "run", home, *model, "--shard", "1/2", *more, code=2)


def test_shares_of_another_plan_have_the_exit_code_of_a_gallery(
    gallery: Path, model: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "shares"
    run("reindex", "run", folder, *model, "--shard", "1/2", code=5)
    run("reindex", "share", gallery, folder, *model, "--of", 2)
    work = ("reindex", "run", folder, "--shard")
    assert "number of shares" in run(*work, "1/3", *model, code=5).stderr
    assert "the model" in run(*work, "1/2", "--model", "dlib-resnet", "--batch", 2, code=5).stderr
    assert "setting `batch`" in run(*work, "1/2", *model, "--batch", 3, code=5).stderr
    assert "setting `salvage`" in run(*work, "1/2", *model, "--salvage", code=5).stderr
    run("reindex", "share", gallery, gallery / "x", *model, "--of", 2, code=3)
    run("reindex", "share", gallery, folder, *model, "--of", 0, code=2)


def test_the_gallerys_own_model_leaves_nothing_to_switch_to(gallery: Path, tmp_path: Path) -> None:
    run("reindex", "share", gallery, tmp_path / "s", "--model", "youth-resnet", "--of", 2)
    assert "no photo changed" in run("reindex", "merge", gallery).stderr
    assert shadow_of(gallery) is None


def test_a_run_in_one_process_takes_shares_back(gallery: Path, model: Any, tmp_path: Path) -> None:
    folder = tmp_path / "shares"
    run("reindex", "share", gallery, folder, *model, "--of", 2)
    run("reindex", "run", folder, *model, "--shard", "1/2")
    run("reindex", "run", gallery, *model, "--workers", 1)
    run("reindex", "run", folder, *model, "--shard", "2/2", code=5)
    run("reindex", "switch", gallery)
