"""Tables as a person sees them: at every width, on a terminal and in a file."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from rendered_cohort import SUBJECTS, Cohort
from terminal import shown
from typer.testing import CliRunner

from matcher.cli.commands import app

WIDTHS = (40, 60, 80, 120, 200)
LONGEST = 36


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, cohort: Cohort) -> Path:
    """A gallery of people with long identifiers, and text that is awkward in a table."""
    folder = tmp_path_factory.mktemp("long")
    manifest = folder / "manifest.csv"
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["photo", "subject", "tags", "region", "note", "date_of_birth", "sex"])
        for number, name in enumerate(identifiers()):
            writer.writerow(
                [cohort.probes[number], name, "b;a", "北海道", "tall,\nbrown", "2010-01-02", "male"]
            )
    words = ["enrol", str(folder / "g"), str(manifest)]
    assert CliRunner().invoke(app, words).exit_code == 0
    return folder / "g"


def identifiers() -> list[str]:
    return [f"case-2026-0000{number}-".ljust(LONGEST, "x") for number in range(SUBJECTS)]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_row_is_one_line_with_its_identifier_whole(gallery: Path, width: int) -> None:
    seen = shown(width, "gallery", "list", gallery)
    assert len(seen.lines) == SUBJECTS + 2
    for line, name in zip(seen.lines[2:], identifiers(), strict=True):
        assert line.startswith(name)
        assert len(line) <= width
    columns = seen.lines[0].split()
    left = [
        name for name in ("date_of_birth", "tags", "case_reference", "note") if name not in columns
    ]
    assert bool(left) == ("Not shown for lack of width:" in seen.talk)
    for name in left:
        assert name in seen.talk
    assert ("--format csv" in seen.talk) == bool(left)


def test_a_wide_terminal_shows_dates_lists_and_line_breaks_in_one_line(gallery: Path) -> None:
    line = shown(200, "gallery", "list", gallery).lines[2]
    assert line.split("  ")[0] == identifiers()[0]
    for text in ("2010-01-02", "a;b", "tall, brown", "北海道"):
        assert text in line


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_a_lead_is_one_line_with_rank_subject_and_score(
    gallery: Path, cohort: Cohort, tmp_path: Path, width: int
) -> None:
    missing = tmp_path / "none.jpg"
    seen = shown(width, "search", gallery, cohort.probes[0], missing, "--top", 2)
    text = "\n".join(seen.lines)
    assert f"{cohort.probes[0]}: leads" in text
    assert f"{missing}: probe not good enough: " in text
    assert identifiers()[0] in text
    table = [line for line in seen.lines if identifiers()[0] in line]
    assert len(table) == 1
    if width >= 60:
        assert table[0].split()[:3] == ["1", identifiers()[0], "1.000"]
        assert len(table[0]) <= width
    assert "Not shown for lack of width:" in seen.talk


def test_in_a_file_the_table_is_as_wide_as_it_needs(gallery: Path) -> None:
    result = CliRunner().invoke(app, ["gallery", "list", str(gallery)])
    assert result.stdout.split("\n")[0].split() == [
        "subject_id",
        "photos",
        "date_of_birth",
        "recorded_sex",
        "region",
        "tags",
        "source",
        "case_reference",
        "note",
        "hidden_because",
    ]
    assert result.stderr == ""


@pytest.mark.parametrize("width", [40, 200])
def test_a_table_of_facts_leaves_none_of_them_out(gallery: Path, width: int) -> None:
    for words in (("gallery", "info", gallery), ("models", "info", "dlib-resnet")):
        seen = shown(width, *words)
        assert seen.talk == ""
        text = "\n".join(seen.lines)
        assert "{'" not in text
        assert "None" not in text
        assert "datetime" not in text
    assert "CC0" in text


def test_columns_that_must_be_compared_stand_below_each_other_where_it_is_narrow() -> None:
    from matcher.cli.printing import chosen, fit, record_lines, table_lines

    rows = [{"what": "model", "old": "o" * 30, "new": "n" * 30, "more": "m"}]
    names = ("what", "old", "new")
    assert chosen((*names, "more"), rows, names, 40) == list(names)
    assert not fit(names, rows, 40)
    assert record_lines(names, rows) == ["what: model", f"  old: {'o' * 30}", f"  new: {'n' * 30}"]
    assert chosen((*names, "more"), rows, names, 80) == [*names, "more"]
    assert max(map(len, table_lines((*names, "more"), rows))) <= 80
