"""The demonstration: the main job from start to end, on a dozen rendered people."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from matcher.cli.commands import app
from matcher.gallery import Gallery

PEOPLE = 12
README = Path(__file__).parents[2] / "README.md"


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
    assert len(pictures) == 4 * PEOPLE + 1
    for path in pictures:
        with Image.open(path) as image:
            assert image.info["Description"] == "rendered, not a photograph"
    sheet = (out / "leads.html").read_text(encoding="utf-8")
    assert "rendered, not photographs" in sheet
    assert "(mate)" in sheet


def test_the_readme_runs_on_what_the_demo_leaves(
    demo: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, text = demo
    assert "photos/ and probe.png are there" in text
    monkeypatch.chdir(out)
    (lines,) = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    names: dict[str, Any] = {}
    exec(compile(lines, "README.md", "exec"), names)  # noqa: S102 - our own page
    assert [outcome.status for outcome in names["outcomes"]] == ["enrolled"] * PEOPLE
    first = sorted(path.name for path in (out / "photos").iterdir())[0]
    assert names["leads"].rank_of(first) == 1


def test_an_earlier_demo_is_not_overwritten(demo: tuple[Path, str]) -> None:
    out, _ = demo
    result = CliRunner().invoke(app, ["demo", "--subjects", "1", "--out", str(out)])
    assert result.exit_code == 3
    assert "earlier demo" in result.stderr
