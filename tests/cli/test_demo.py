"""The demonstration: the main job from start to end, on a dozen rendered people."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.gallery import Gallery

PEOPLE = 12


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("demo") / "demo"
    result = CliRunner().invoke(app, ["demo", "--subjects", str(PEOPLE), "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out, result.stdout + result.stderr


def test_it_enrols_everybody_and_prints_counts_with_intervals(demo: tuple[Path, str]) -> None:
    out, text = demo
    with Gallery.open(out / "demo.gallery") as gallery:
        assert gallery.info().subjects == PEOPLE
    assert f"of {PEOPLE} (" in text
    assert "too few subjects" in text  # three people for each quality
    assert "no error rates of anybody" in text


def test_every_picture_and_the_sheet_say_that_they_are_rendered(demo: tuple[Path, str]) -> None:
    out, _ = demo
    pictures = sorted(out.rglob("*.png"))
    assert len(pictures) == 3 * PEOPLE
    for path in pictures:
        with Image.open(path) as image:
            assert image.info["Description"] == "rendered, not a photograph"
    sheet = (out / "leads.html").read_text(encoding="utf-8")
    assert "rendered, not photographs" in sheet
    assert "(mate)" in sheet


def test_an_earlier_demo_is_not_overwritten(demo: tuple[Path, str]) -> None:
    out, _ = demo
    result = CliRunner().invoke(app, ["demo", "--subjects", "1", "--out", str(out)])
    assert result.exit_code == 3
    assert "earlier demo" in result.stderr
