"""The options that say which picture of a file is meant, and how large a photo may be."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rendered_cohort import Cohort
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.cli.options import MEGAPIXELS, limits_of
from matcher.gallery import Gallery
from matcher.photos import DecodeLimits


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def album(tmp_path: Path, cohort: Cohort) -> Path:
    """A scan of two people on two pages."""
    first, second = (Image.open(path).convert("RGB") for path in cohort.probes[:2])
    path = tmp_path / "album.tif"
    first.save(path, save_all=True, append_images=[second])
    return path


def test_the_page_of_a_probe_is_searched_for(
    album: Path, gallery: Gallery, cohort: Cohort, tmp_path: Path
) -> None:
    words = (gallery.path, "--top", 3, "--format", "jsonl")
    alone = run("search", *words, cohort.probes[1])
    sheet = tmp_path / "leads.html"
    paged = run("search", *words, album, "--page", 2, "--sheet", sheet)
    expected, found = json.loads(alone.stdout), json.loads(paged.stdout)
    assert found["candidates"] == expected["candidates"]
    assert found["probe"]["notes"] == ["picture 2 of 2 in the file, as asked"]
    assert "album.tif" in sheet.read_text()
    assert "Not on the sheet" not in paged.stderr


def test_a_search_says_which_picture_it_read(album: Path, gallery: Gallery) -> None:
    result = run("search", gallery.path, album)
    assert "picture 1 of 2 in the file" in result.stderr


def test_a_page_that_is_not_there_is_refused_before_the_search(
    album: Path, tmp_path: Path, cohort: Cohort
) -> None:
    no_gallery = tmp_path / "not.there"
    for words in (("search", no_gallery, album), ("compare", album, cohort.probes[0])):
        result = run(*words, "--page", 3, code=3)
        assert "got 3, in a file of 2 pictures" in result.stderr
        assert str(album) in result.stderr


def test_a_page_is_of_one_probe(album: Path, tmp_path: Path) -> None:
    result = run("search", tmp_path / "not.there", album, album, "--page", 1, code=3)
    assert "is for one probe" in result.stderr


def test_a_page_of_the_first_photo_is_compared(album: Path, cohort: Cohort) -> None:
    words = ("compare", album, cohort.probes[1], "--format", "csv")
    other, same = (run(*words, "--page", page) for page in (1, 2))
    scores = [
        float(next(csv.DictReader(one.stdout.splitlines()))["score"]) for one in (other, same)
    ]
    assert scores[1] > 0.999 > scores[0]
    assert "album.tif: picture 2 of 2 in the file, as asked" in same.stderr


def test_a_photo_above_the_limit_is_enrolled_when_the_limit_is_raised(
    tmp_path: Path, cohort: Cohort
) -> None:
    face = Image.open(cohort.probes[0]).convert("RGB")
    wide = Image.new("RGB", (1600, 1250), (90, 110, 130))  # two megapixels
    wide.paste(face, (20, 20))
    (tmp_path / "photos" / "C-1").mkdir(parents=True)
    wide.save(tmp_path / "photos" / "C-1" / "wide.png")
    words = ("enrol", tmp_path / "g", tmp_path / "photos", "--max-megapixels")
    refused = run(*words, 1, code=1)
    assert "at most 1000000 pixels" in refused.stderr
    assert "--max-megapixels" in refused.stderr
    run(*words, 2)
    found = run("search", tmp_path / "g", cohort.probes[0], "--max-megapixels", 2)
    assert "1 lead to review" in found.stderr
    refused = run("search", tmp_path / "g", cohort.probes[0], "--max-megapixels", 1001, code=2)


def test_the_report_of_an_enrolment_has_the_notes(
    album: Path, tmp_path: Path, cohort: Cohort
) -> None:
    manifest, report = tmp_path / "manifest.csv", tmp_path / "report.csv"
    manifest.write_text(f"photo,subject\n{album},C-1\n{cohort.probes[2]},C-2\n")
    run("enrol", tmp_path / "g", manifest, "--report", report)
    with report.open(newline="") as file:
        notes = [row["notes"] for row in csv.DictReader(file)]
    assert notes == ["picture 1 of 2 in the file", ""]
    said = run("enrol", tmp_path / "other", manifest)
    assert "Photos with notes on how they were read: 1." in said.stderr


def test_the_commands_have_the_limit_of_the_library() -> None:
    assert limits_of(MEGAPIXELS) == DecodeLimits()
    assert np.isclose(limits_of(200).max_pixels, 2e8)
