"""Nothing that a case file holds reaches a terminal, a log or a spreadsheet as a command to it."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from command_story import Names, Run, Story, commands

HOSTILE = (
    "=cmd|' /C calc'!A0\x1b[2J\x1b]8;;http://a.invalid\x07x\x9b31m\u202egpj.\u2066y\u200b"
    "\u2028line\u2029end\x08\x08;=1+1\t-2 :smile: [red]$x$<b>&"
)
NOTE = f"{HOSTILE}\r\n+3"  # only a note may have line breaks
LABEL = "".join(sign for sign in HOSTILE if unicodedata.category(sign) != "Cc")
"""Labels and identifiers are compared with what somebody types; they have no control characters."""
SUBJECTS = ("=1+1", "\uff1d2;@x\u202e", "-3 :smile: [bold]")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    name = HOSTILE.replace("/", "\u2215")
    story = Story(
        tmp_path_factory.mktemp("hostile"), Names(name, name, SUBJECTS, LABEL, HOSTILE, NOTE)
    )
    story.tell()
    return story


def hidden(text: str) -> list[str]:
    return [s for s in text if not s.isprintable() and unicodedata.category(s) != "Zs"]


def formulas(text: str) -> list[str]:
    """Return the cells that begin a formula, wherever a program may split a line into cells."""
    return [
        cell
        for row in csv.reader(io.StringIO(text, newline=""))
        for cell in row
        for part in (cell, *re.split(r"[;\t\r\n]", cell))
        if unicodedata.normalize("NFKC", part.strip(' "'))[:1] in ("=", "+", "-", "@")
        and not re.fullmatch(r"[-+]?\d+(\.\d+)?(e-?\d+)?", part)
    ]


def of_style(story: Story, style: str) -> list[Run]:
    found = [run for run in story.runs if run.style == style]
    assert found
    return found


def test_every_command_has_a_run(told: Story) -> None:
    assert {run.command for run in told.runs} >= set(commands())
    for name in commands():
        assert any(r.code in (0, 1, 8) for r in told.runs if r.command == name), name


def test_nothing_that_a_terminal_obeys_reaches_it(told: Story) -> None:
    for run in told.runs:
        assert set(hidden(run.stderr)) <= {"\n"}, run
        if run.style == "table":
            assert set(hidden(run.stdout)) <= {"\n"}, run


def test_the_texts_are_shown_as_they_are_otherwise(told: Story) -> None:
    shown = "".join(run.stdout + run.stderr for run in told.runs if run.style == "table")
    for text in (r"\x1b[2J", r"\x9b31m", r"\u202egpj.", r"\u2028line", ":smile: [red]$x$<b>&"):
        assert text in shown


def test_no_cell_of_a_csv_is_a_formula(told: Story) -> None:
    printed = [run.stdout for run in of_style(told, "csv")]
    written = [path.read_text(encoding="utf-8") for path in written_tables(told.work)]
    assert any("'=cmd|" in text for text in printed)
    assert any("'=cmd|" in text for text in written)
    for text in (*printed, *written):
        assert formulas(text) == []


def written_tables(work: Path) -> list[Path]:
    found = sorted(work.rglob("*.csv"))
    names = {path.name for path in found}
    assert {"enrolled.csv", "outcomes.csv", "manifest.csv", "rates.csv"} <= names
    return found


def test_each_line_of_json_is_the_text_itself(told: Story) -> None:
    texts = set()
    for run in of_style(told, "jsonl"):
        assert set(hidden(run.stdout)) <= {"\n"}, run
        for line in run.stdout.splitlines():
            texts |= set(strings(json.loads(line)))
    assert {HOSTILE, LABEL, NOTE, *SUBJECTS} <= texts


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


class Isolated(HTMLParser):
    """Notes texts with marks of direction that are not in an element of their own direction."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.loose: list[str] = []
        self.marked = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loose += [value for _, value in attrs if value and hidden(value)]
        if tag not in ("meta", "img", "image", "use"):
            self.open.append(tag == "bdi" or ("dir", "auto") in attrs)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - so named by its base
        if self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "\u202e" in data:
            self.marked += 1
            if not any(self.open):
                self.loose.append(data)


def test_pages_and_plots_keep_marks_of_direction_to_themselves(told: Story) -> None:
    pages, plots = list(told.work.rglob("*.html")), list(told.work.rglob("*.svg"))
    assert len(pages) == 10
    assert plots
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert Isolated(text).loose == [], page.name
        assert "[red]$x$<b>" not in text
    sheet = next(page for page in pages if page.name.startswith("sheet"))
    assert Isolated(sheet.read_text(encoding="utf-8")).marked > 10
    for plot in plots:
        assert set(hidden(plot.read_text(encoding="utf-8"))) <= {"\n"}, plot.name


def test_a_search_that_finds_nobody_to_search_says_so_in_every_format(told: Story) -> None:
    nobody = [run for run in told.runs if run.command == "search" and "none" in run.words]
    assert {run.style for run in nobody} == {"table", "jsonl", "csv"}
    for run in nobody:
        assert "No subject to search" in run.stderr
        assert run.code == 1


def test_a_wrong_choice_is_answered_by_a_plain_sentence(told: Story) -> None:
    story = Story(told.folder)
    story("gallery edit", told.gallery, "x", "--sex", "fmale")
    story("search", told.gallery, "x", "--top", "few")
    wrong_sex, wrong_number = (
        " ".join(re.sub("[│╭╮╰╯─]", " ", r.stderr).split()) for r in story.runs
    )
    assert "Invalid value for '--sex': 'fmale' is not one of 'female', 'male'" in wrong_sex
    assert "Invalid value for '--top': 'few' is not a valid integer." in wrong_number
    assert "Value error" not in wrong_sex
