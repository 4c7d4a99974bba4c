"""The command as a person types it: output, exit codes, and nothing lost on the way."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import made_calibration
import pytest
from older_store import format_1_gallery, format_of
from PIL import Image
from rendered_cohort import SUBJECTS, Cohort
from typer.testing import CliRunner

import matcher
from matcher.cli.commands import app
from matcher.cli.options import DEFAULT_MODEL
from matcher.embedding import Extractor
from matcher.embedding.models import registry
from matcher.gallery import Gallery
from matcher.gallery.store import FORMAT_VERSION


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def enrolled(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    """A gallery that the command made."""
    folder = tmp_path_factory.mktemp("galleries")
    run("enrol", folder / "g", cohort.manifest, "--report", folder / "report.csv")
    with (folder / "report.csv").open() as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["enrolled"] * SUBJECTS
    return folder / "g"


def test_enrolling_again_changes_nothing(enrolled: Path, cohort: Cohort) -> None:
    assert f"{SUBJECTS} already there" in run("enrol", enrolled, cohort.manifest).stderr


def test_a_dry_run_makes_no_gallery(tmp_path: Path, cohort: Cohort) -> None:
    result = run("enrol", tmp_path / "g", cohort.manifest, "--dry-run")
    assert f"Would enrol {SUBJECTS} photos of {SUBJECTS} subjects" in result.stderr
    assert not (tmp_path / "g").exists()


def test_a_failed_photo_is_reported_and_changes_the_exit_code(
    tmp_path: Path, cohort: Cohort
) -> None:
    manifest = tmp_path / "manifest.csv"
    (tmp_path / "bad.jpg").write_text("not a picture")
    manifest.write_text(f"photo,subject\nbad.jpg,C-1\n{cohort.probes[0]},C-2\n,C-3\n")
    report = tmp_path / "report.csv"
    run("enrol", tmp_path / "g", manifest, "--report", report, code=1)
    with report.open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["status"], row["code"]) for row in rows] == [
        ("failed", "photo_format"),
        ("enrolled", ""),
        ("failed", "manifest"),
    ]


def test_search_prints_rows_on_stdout_and_talk_on_stderr(enrolled: Path, cohort: Cohort) -> None:
    result = run("search", enrolled, *cohort.probes[:2], "--format", "csv", "--top", 3)
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert [row["rank"] for row in rows] == ["1", "2", "3"] * 2
    assert "leads to review" in result.stderr
    assert "leads to review" not in result.stdout


def test_search_prints_one_json_object_for_each_probe(enrolled: Path, cohort: Cohort) -> None:
    result = run("search", enrolled, *cohort.probes[:2], "--format", "jsonl", "--age", 12)
    lists = [json.loads(line) for line in result.stdout.splitlines()]
    assert [item["probe_path"] for item in lists] == [str(path) for path in cohort.probes[:2]]
    assert lists[0]["candidates"][0]["photos"][0]["age_gap"] == pytest.approx(3)


def test_search_filters_say_what_they_left_out(enrolled: Path, cohort: Cohort) -> None:
    options = ("--subject", cohort.subjects[0], "--min-age", 1, "--age-on", "2020-01-01")
    result = run("search", enrolled, cohort.probes[0], "--format", "csv", *options)
    assert len(result.stdout.splitlines()) == 2
    assert f"{SUBJECTS - 1} subjects left out" in result.stderr


def test_no_lead_and_a_poor_probe_have_their_own_exit_code(
    enrolled: Path, cohort: Cohort, tmp_path: Path
) -> None:
    run("search", enrolled, cohort.probes[0], "--threshold", 1, code=1)
    result = run("search", enrolled, tmp_path / "none.jpg", code=1)
    assert "Probe not good enough" in result.stderr


def test_the_sheet_is_one_file_without_outside_references(
    enrolled: Path, cohort: Cohort, tmp_path: Path
) -> None:
    sheet = tmp_path / "leads.html"
    filters = ("--subject", cohort.subjects[0], "--subject", cohort.subjects[1])
    result = run("search", enrolled, cohort.probes[0], *filters, "--top", 2, "--sheet", sheet)
    page = sheet.read_text(encoding="utf-8")
    assert page.count('"data:image/jpeg') == 6  # a face and a whole photo of three photos
    assert page.count("aligned on the eyes; face") == 3
    assert ", ".join(cohort.subjects[:2]) in page
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    assert f"The sheet is {sheet} ({sheet.stat().st_size / 1e6:.1f} MB)." in result.stderr
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert "for a person to review" in page


def test_search_with_a_calibration_says_how_many_false_leads_to_expect(
    enrolled: Path, cohort: Cohort, extractor: Extractor, tmp_path: Path
) -> None:
    record = made_calibration.write(tmp_path / "record.json", extractor.model)
    options = ("--calibration", record, "--age", 10)
    result = run("search", enrolled, cohort.probes[0], *options, "--format", "csv")
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert all(float(row["expected_false_leads_high"]) > 0 for row in rows)
    assert "calibrated on made people, 2026-11-01" in result.stderr
    cut = ("search", enrolled, cohort.probes[0], *options, "--max-fpir", 0.1, "--format", "jsonl")
    (document,) = map(json.loads, run(*cut).stdout.splitlines())
    assert document["calibration"]["max_fpir"] == 0.1
    assert all(lead["score"] >= document["threshold"] for lead in document["candidates"])


def test_gallery_commands_look_check_and_rebuild(enrolled: Path) -> None:
    (facts,) = csv.DictReader(
        run("gallery", "info", enrolled, "--format", "csv").stdout.splitlines()
    )
    assert (facts["subjects"], facts["faces"]) == (str(SUBJECTS), str(SUBJECTS))
    assert "0 faults" in run("gallery", "verify", enrolled).stderr
    run("gallery", "rebuild", enrolled)
    assert len(run("gallery", "list", enrolled, "--format", "jsonl").stdout.splitlines()) == 6


def test_remove_asks_for_known_subjects_and_can_be_tried_first(
    tmp_path: Path, cohort: Cohort
) -> None:
    path = tmp_path / "g"
    run("enrol", path, cohort.manifest)
    subject = cohort.subjects[0]
    assert "Would remove" in run("gallery", "remove", path, subject, "--dry-run").stderr
    run("gallery", "remove", path, subject, "nobody", code=5)
    assert subject in run("gallery", "list", path).stdout
    run("gallery", "remove", path, subject)
    assert subject not in run("gallery", "list", path).stdout
    run("gallery", "remove", path, subject, code=5)


def test_verify_finds_a_damaged_index(tmp_path: Path, cohort: Cohort) -> None:
    path = tmp_path / "g"
    run("enrol", path, cohort.manifest)
    index = path / "index.bin"
    content = bytearray(index.read_bytes())
    content[-1] ^= 0xFF
    index.write_bytes(content)
    assert "Fault" in run("gallery", "verify", path, code=1).stderr
    run("gallery", "rebuild", path)
    run("gallery", "verify", path)


def test_a_gallery_keeps_the_model_it_was_made_with(cohort: Cohort, tmp_path: Path) -> None:
    run("enrol", tmp_path / "g", cohort.manifest, "--model", "dlib-resnet")
    assert f"{SUBJECTS} already there" in run("enrol", tmp_path / "g", cohort.manifest).stderr
    assert "dlib-resnet" in run("gallery", "info", tmp_path / "g").stdout
    refused = run("enrol", tmp_path / "g", cohort.manifest, "--model", DEFAULT_MODEL, code=5)
    assert "dlib-resnet" in refused.stderr
    assert DEFAULT_MODEL in refused.stderr


def test_compare_gives_a_score_and_no_verdict(cohort: Cohort) -> None:
    result = run("compare", cohort.probes[0], cohort.probes[0], "--format", "csv")
    first, second = csv.DictReader(result.stdout.splitlines())
    assert float(first["score"]) == float(second["score"]) == pytest.approx(1, abs=1e-4)
    assert "not a probability" in result.stderr


def test_models_are_listed_with_licence_and_state() -> None:
    rows = list(csv.DictReader(run("models", "list", "--format", "csv").stdout.splitlines()))
    states = {row["name"]: row["weights"] for row in rows}
    assert states["youth-resnet"] == states["dlib-resnet"] == "present"
    assert rows[0]["name"] == DEFAULT_MODEL == registry.DEFAULT_MODEL
    assert states["facenet-vggface2"] == "missing"
    assert all(row["licence"] for row in rows)
    assert "CC0" in run("models", "info", "dlib-resnet").stdout
    run("models", "verify", "dlib-resnet")
    run("models", "verify", "facenet-vggface2", code=4)


def test_synth_writes_what_enrol_reads(tmp_path: Path) -> None:
    run("synth", "--subjects", 1, "--ages", "8", "--seed", 3, "--out", tmp_path / "c")
    run("enrol", tmp_path / "g", tmp_path / "c" / "manifest.csv")
    run("synth", "--subjects", 1, "--ages", "8,x", "--out", tmp_path / "d", code=2)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("search", "{tmp}/none", "{probe}"), 5, "gallery"),
        (("search", "{tmp}", "{probe}"), 5, "gallery"),
        (("enrol", "{tmp}/g", "{tmp}/none.csv"), 3, "No such file"),
        (("enrol", "{probe}/g", "{manifest}"), 5, "gallery"),
        (("compare", "{probe}", "{tmp}/none.jpg"), 3, "none.jpg"),
        (("compare", "{probe}", "{probe}", "--model", "nonesuch"), 4, "dlib-resnet"),
        (("compare", "{probe}", "{probe}", "--device", "cuda"), 4, "cuda"),
        (("enrol", "{tmp}/g", "{manifest}", "--model", "facenet-vggface2"), 4, "fetch"),
        (("search", "{tmp}/g"), 2, "Missing argument"),
        (("search", "{tmp}/g", "{probe}", "--calibration", "{tmp}/none.json"), 3, "none.json"),
    ],
)
def test_wrong_input_ends_with_a_message_and_its_exit_code(
    tmp_path: Path, cohort: Cohort, words: tuple[str, ...], code: int, says: str
) -> None:
    places = {"tmp": tmp_path, "probe": cohort.probes[0], "manifest": cohort.manifest}
    result = run(*(word.format(**places) for word in words), code=code)
    assert says in result.stderr
    assert "Traceback" not in result.output


def test_a_download_without_network_ends_kindly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATCHER_CACHE", str(tmp_path))
    mirror = ("--mirror", "http://127.0.0.1:9")
    result = run("models", "fetch", "facenet-vggface2", *mirror, code=4)
    assert "facenet-vggface2" in result.stderr
    assert "--from" in result.stderr
    assert [path for path in tmp_path.rglob("*") if path.stat().st_size and path.is_file()] == []


def test_the_installed_command_starts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from matcher.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in ("models", "enrol", "search", "gallery", "compare", "synth", "demo"):
        assert name in done.stdout


@pytest.mark.parametrize(
    "command", [["-m", "matcher"], ["-c", "from matcher.cli import main; main()"]]
)
def test_the_version_is_told_by_the_command_and_by_the_module(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command, "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"matcher {matcher.__version__}"
    assert done.stdout.strip() == run("--version").stdout.strip()


def test_the_version_is_that_of_the_installed_package() -> None:
    assert importlib.metadata.version("missing-child-matcher") == matcher.__version__


def test_the_free_text_of_a_manifest_is_kept_and_listed(tmp_path: Path, cohort: Cohort) -> None:
    manifest, gallery = tmp_path / "manifest.csv", tmp_path / "g"
    manifest.write_text(
        "photo,subject,case_reference,note,captured_with,source\n"
        f'{cohort.probes[0]},C-1,2026/117,"tall, brown eyes",phone,a shop\n'
    )
    run("enrol", gallery, manifest)
    (row,) = csv.DictReader(run("gallery", "list", gallery, "--format", "csv").stdout.splitlines())
    assert (row["case_reference"], row["note"]) == ("2026/117", "tall, brown eyes")
    with Gallery.open(gallery) as opened:
        (photo,) = opened.photos("C-1")
    assert (photo.captured_with, photo.source) == ("phone", "a shop")


def test_an_older_gallery_is_searched_as_it_is_and_migrated_when_asked(tmp_path: Path) -> None:
    old = format_1_gallery(tmp_path / "old")
    assert "subject-0" in run("gallery", "list", old, "--format", "csv").stdout
    assert format_of(old) == 1
    assert f"of format {FORMAT_VERSION}, before of 1" in run("gallery", "migrate", old).stderr
    assert format_of(old) == FORMAT_VERSION
    assert (
        run("gallery", "migrate", old).stderr.strip()
        == f"The gallery is of format {FORMAT_VERSION}."
    )
    run("gallery", "verify", old)


def test_a_sheet_never_shows_a_photo_that_changed_since_enrolment(
    tmp_path: Path, cohort: Cohort
) -> None:
    enrolled, manifest = tmp_path / "enrolled.png", tmp_path / "manifest.csv"
    shutil.copy(cohort.probes[0], enrolled)
    manifest.write_text("photo,subject\nenrolled.png,C-1\n")
    run("enrol", tmp_path / "g", manifest)
    shutil.copy(cohort.probes[1], enrolled)  # somebody else at the same place
    options = (cohort.probes[2], "--sheet", tmp_path / "leads.html")
    result = run("search", tmp_path / "g", *options, code=1)
    assert f"Not on the sheet: Subject C-1, {enrolled}: changed since enrolment." in result.stderr
    page = (tmp_path / "leads.html").read_text(encoding="utf-8")
    assert page.count('"data:image/jpeg') == 2  # the probe: its face and the whole photo


def test_probes_of_one_name_and_probes_read_in_part_are_told(
    tmp_path: Path, enrolled: Path, cohort: Cohort
) -> None:
    probes = [tmp_path / folder / "front.jpg" for folder in ("q1", "q2")]
    for number, probe in enumerate(probes):
        probe.parent.mkdir()
        with Image.open(cohort.probes[number]) as image:
            image.convert("RGB").save(probe, quality=95)
    whole = probes[1].read_bytes()
    probes[1].write_bytes(whole[: len(whole) * 9 // 10])
    options = ("--salvage", "--top", 1, "--format", "csv", "--sheet", tmp_path / "leads.html")
    result = run("search", enrolled, *probes, *options)
    rows = csv.DictReader(result.stdout.splitlines())
    assert [row["probe"] for row in rows] == [str(path) for path in probes]
    page = (tmp_path / "leads.html").read_text(encoding="utf-8")
    assert "Probe <bdi>q1/front.jpg</bdi>" in page
    assert "Probe <bdi>q2/front.jpg</bdi>" in page
    assert page.count("shown as far as it can be decoded; salvaged from a truncated JPEG") == 1


def test_people_without_any_face_are_named_at_the_end(tmp_path: Path, cohort: Cohort) -> None:
    manifest, report = tmp_path / "manifest.csv", tmp_path / "report.csv"
    (tmp_path / "bad.jpg").write_text("no picture")
    manifest.write_text(
        f"photo,subject,sex\nbad.jpg,C-1,\n{cohort.probes[0]},C-2,\nbad.jpg,C-2,\n"
        f"{cohort.probes[1]},C-3,girl\n"
    )
    result = run("enrol", tmp_path / "g", manifest, "--report", report, code=1)
    assert "No face is enrolled of: C-1" in result.stderr
    assert "No face is enrolled of: C-3" in result.stderr
    assert "C-2" not in result.stderr
    assert "2 people without any face" in result.stderr.splitlines()[-1]
    with report.open() as file:
        refused = [row for row in csv.DictReader(file) if row["code"] == "manifest"]
    assert [(row["photo"], row["subject"]) for row in refused] == [(str(cohort.probes[1]), "C-3")]


def test_columns_that_are_not_read_are_said(tmp_path: Path, cohort: Cohort) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"photo,subject,hair\n{cohort.probes[0]},C-1,red\n")
    for words in ((), ("--dry-run",)):
        result = run("enrol", tmp_path / "g", manifest, *words)
        assert "Columns that are not read: hair." in result.stderr


@pytest.mark.parametrize("place", ["no folder/file", "."])
def test_a_place_that_cannot_hold_results_is_refused_before_the_work(
    tmp_path: Path, enrolled: Path, cohort: Cohort, place: str
) -> None:
    file = tmp_path / place
    run("enrol", tmp_path / "g", cohort.manifest, "--report", file, code=3)
    assert not (tmp_path / "g").exists()
    run("search", enrolled, cohort.probes[0], "--sheet", file, code=3)
    assert not (tmp_path / "no folder").exists()


def test_an_unknown_factor_and_a_full_place_are_refused_before_the_audit(
    tmp_path: Path, cohort: Cohort
) -> None:
    for words in (("--by", "age,sexx"), ("--by", "sexx", "--dry-run"), ("--fmr-of", "sexx=a")):
        result = run("audit", cohort.manifest, "--out", tmp_path / "a", *words, code=3)
        assert "sexx" in result.output
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    run("audit", cohort.manifest, "--out", tmp_path / "full", code=3)
    assert not list(tmp_path.glob("*.sqlite"))


def test_help_names_types_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    commands = ((), ("search",), ("enrol",), ("gallery",), ("gallery", "list"), ("reindex", "run"))
    for words in commands:
        text = run(*words, "--help").output
        for sign in ("<bool>", "<path>", "list[", "<str>", "<%Y"):
            assert sign not in text, words
    assert "YYYY-MM-DD" in run("search", "--help").output


def test_one_of_a_kind_has_no_plural(tmp_path: Path, cohort: Cohort) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text(f"photo,subject\n{cohort.probes[0]},C-1\n")
    dry = run("enrol", tmp_path / "g", manifest, "--dry-run").stderr
    assert "Would enrol 1 photo of 1 subject;" in dry
    run("enrol", tmp_path / "g", manifest)
    found = run("search", tmp_path / "g", cohort.probes[1]).stderr
    assert "1 lead to review; 1 subject (1 face) searched" in found
    assert "1 face checked, 0 faults." in run("gallery", "verify", tmp_path / "g").stderr
