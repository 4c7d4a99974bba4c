"""Whatever the umask is, only the owner can read galleries, vectors, records and reports."""

from __future__ import annotations

import logging
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_calibration
import made_model
import pytest
from job_builders import NEW, SETTINGS, made
from made_report import small_report
from rendered_cohort import Cohort
from typer.testing import CliRunner

import fairness.private_files
from matcher.cli.commands import app
from matcher.embedding import Extractor, embed_cached
from matcher.gallery import Gallery
from matcher.jobs import reindex, switch
from matcher.jobs.executors.shards import write_shard
from matcher.jobs.lock import job_lock
from matcher.private_files import open_private, write_private


@pytest.fixture(autouse=True)
def everybody_may_read() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def open_to_others(place: Path) -> list[Path]:
    """Return what somebody else could look into, at a place and below it."""
    assert place.exists()
    found = [place, *place.rglob("*")]
    return [path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_a_gallery_its_editions_and_its_jobs_are_closed(tmp_path: Path) -> None:
    gallery = made(tmp_path, 8)
    assert open_to_others(gallery) == []
    with Gallery.open(gallery) as opened:
        opened.remove_subject("subject-001")  # writes a log beside the store
        assert open_to_others(gallery) == []
    reindex(gallery, NEW, settings=SETTINGS)
    with job_lock(gallery):
        assert open_to_others(gallery) == []
    switch(gallery)
    with Gallery.open(gallery) as opened:
        opened.rebuild("exact")
    assert {path.name for path in gallery.rglob("*")} >= {"current.json", "editions", "index.bin"}
    assert open_to_others(gallery) == []


def test_files_of_results_and_caches_of_vectors_are_closed(
    tmp_path: Path, cohort: Cohort, extractor: Extractor
) -> None:
    write_shard(tmp_path / "one.shard", [])
    embed_cached(extractor, cohort.probes[:1], tmp_path / "vectors.sqlite")
    for name in ("one.shard", "vectors.sqlite"):
        assert open_to_others(tmp_path / name) == []


def test_reports_of_commands_are_closed(tmp_path: Path, cohort: Cohort) -> None:
    enrolled, outcomes = tmp_path / "enrolled.csv", tmp_path / "outcomes.csv"
    for report in (enrolled, outcomes):
        report.write_text("of an earlier run, open to everybody and longer than the next\n" * 99)
        report.chmod(0o666)
    run("enrol", tmp_path / "g", cohort.manifest, "--report", enrolled)
    made_model.write(tmp_path)
    model = ("--model", tmp_path / "new-model.toml", "--workers", 1)
    run("reindex", "run", tmp_path / "g", *model, "--report", outcomes)
    for report in (enrolled, outcomes):
        assert open_to_others(report) == []
        assert "earlier run" not in report.read_text()
    assert open_to_others(tmp_path / "g") == []


def test_records_and_reports_of_an_audit_are_closed(
    tmp_path: Path, cohort: Cohort, extractor: Extractor
) -> None:
    record = made_calibration.write(tmp_path / "record.json", extractor.model)
    assert open_to_others(record) == []
    report = small_report()
    report.write(tmp_path / "audit")
    assert len(list((tmp_path / "audit").rglob("*"))) > 3
    assert open_to_others(tmp_path / "audit") == []


def test_a_place_that_is_no_file_keeps_its_rights(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    pipe = folder / "pipe"
    os.mkfifo(pipe, 0o644)
    pipe.chmod(0o644)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_private(pipe, "text")
        assert os.read(reader, 100) == b"text"
        fairness.private_files.write_private(pipe, b"bytes")
        assert os.read(reader, 100) == b"bytes"
    finally:
        os.close(reader)
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o644


@pytest.mark.parametrize("package", ["matcher", "fairness"])
def test_a_disk_without_rights_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, package: str
) -> None:
    file = tmp_path / "file"
    file.write_text("before")
    file.chmod(0o644)

    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with caplog.at_level(logging.WARNING):
        if package == "matcher":
            with open_private(file, encoding="utf-8") as opened:
                opened.write("after")
        else:
            fairness.private_files.write_private(file, b"after")
    assert file.read_text() == "after"
    assert "could not be closed to other users" in caplog.text
    assert str(file) not in caplog.text


def test_a_copied_gallery_that_others_could_read_is_closed_by_its_next_writes(
    tmp_path: Path,
) -> None:
    gallery = made(tmp_path, 4)
    shutil.copytree(gallery, tmp_path / "copy")
    (tmp_path / "copy" / "index.bin").chmod(0o644)
    with Gallery.open(tmp_path / "copy") as opened:
        opened.rebuild("exact")
    assert open_to_others(tmp_path / "copy" / "index.bin") == []
