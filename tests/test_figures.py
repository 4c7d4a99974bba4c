"""No figure in the documentation is typed and old: tables come from files of results.

Every other number in a page is in a file of results that the page names, or the page says what
kind of number it is.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(ROOT / "tools")
    rendering: ModuleType = importlib.import_module("render_results")
    typed: ModuleType = importlib.import_module("typed_numbers")

PAGES: list[Path] = list(rendering.PAGES)
RESULTS = sorted((ROOT / "benchmarks" / "results").glob("*.json"))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of results of a benchmark that there is not."""
    facts: dict[str, Any] = {
        "command": "python benchmarks/search.py",
        "seconds": 12.3,
        "commit": "0123456789abcdef",
        "date": "2026-11-30",
        "machine": {"processor": "made", "cores": 2},
        "tables": {
            "times": {
                "columns": ["kind", "p50", "share"],
                "rows": [["exact", "12.8 ms", 0.9982], ["coded", "2,345 ms", None]],
            },
            "more times": {
                "columns": ["kind", "p50", "share"],
                "rows": [["coded, small", "7 ms", None], ["coded, large", "9 ms", None]],
            },
            "bytes": {"columns": ["kind, bytes"], "rows": [["exact"]]},
        },
    }
    (tmp_path / "made.json").write_text(json.dumps(facts), encoding="utf-8")
    monkeypatch.setattr(rendering, "RESULTS", tmp_path)
    rendering.results.cache_clear()
    yield tmp_path
    rendering.results.cache_clear()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tables_of_results_are_those_of_the_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert rendering.rendered(text) == text, "run tools/render_results.py"
    assert text.count("<!-- results:") == text.count("<!-- end of results -->")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_number_is_typed_without_a_result_or_a_mark(page: Path) -> None:
    assert typed.unexplained(page) == []


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_file_of_results_says_what_was_measured_with_what(path: Path) -> None:
    facts = json.loads(path.read_text(encoding="utf-8"))
    assert facts["name"] == path.stem
    assert re.fullmatch(r"[0-9a-f]{40}", facts["commit"]), "measure a commit, without changes"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", facts["date"])
    script = re.search(r"\bpython (benchmarks/\w+\.py)", facts["command"])
    assert script
    assert (ROOT / script[1]).is_file()
    assert facts["machine"]["processor"]
    assert facts["versions"]["python"]
    assert facts["tables"]
    assert not re.search(r"/(root|home|tmp|work)/", path.read_text(encoding="utf-8"))


def test_a_table_is_rendered_with_where_it_comes_from(made: Path) -> None:
    mark = "<!-- results: made times; columns: kind, p50; rows: coded -->\n"
    wanted = (
        f"a\n\n{mark}\n"
        "| kind | p50 |\n| --- | --- |\n| coded | 2,345 ms |\n\n"
        "`python benchmarks/search.py`, 2026-11-30, commit `012345678`, made, 2 cores\n\n"
        "<!-- end of results -->\nb\n"
    )
    assert rendering.rendered(f"a\n\n{mark}old\n<!-- end of results -->\nb\n") == wanted
    assert rendering.rendered(wanted) == wanted


def test_a_brief_table_has_no_empty_lines_around_it(made: Path) -> None:
    mark = "<!-- results: made bytes; columns: kind, bytes |; brief -->\n"
    wanted = f"a\n\n{mark}| kind, bytes |\n| --- |\n| exact |\n<!-- end of results -->\n"
    assert rendering.rendered(f"a\n\n{mark}\nold\n\n<!-- end of results -->\n") == wanted
    assert rendering.rendered(wanted) == wanted


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("made times + more times; rows: coded, large | exact", ["coded, large", "exact"]),
        ("made times + more times; rows: coded, |", ["coded, small", "coded, large"]),
        ("made bytes; columns: kind, bytes |", ["exact"]),
    ],
)
def test_tables_are_joined_and_names_may_hold_commas(
    made: Path, asked: str, shown: list[str]
) -> None:
    lines = rendering.block(f"{asked}; brief").splitlines()[2:]
    assert [line.split("|")[1].strip() for line in lines] == shown


def test_every_quoted_command_is_listed_also_without_a_file(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = {"made": "search.py", "other": "age_gap.py {fgnet}"}
    monkeypatch.setattr(rendering, "COMMANDS", commands)
    *_, first, second = rendering.block("every benchmark").splitlines()
    assert first.startswith("| made | `python benchmarks/search.py` | 2026-11-30 | `012345678` |")
    assert second.startswith("| other | `python benchmarks/age_gap.py FGNET` | no file yet |")


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [
        ("search.py {lfw}/images --top 5", "search.py LFW/images --top 5"),
        ("search.py {lfw}/images --top 6", "search.py IMAGES --top 5"),
    ],
)
def test_the_command_shown_is_the_one_that_ran(
    monkeypatch: pytest.MonkeyPatch, quoted: str, shown: str
) -> None:
    ran = "OMP_NUM_THREADS=1 python benchmarks/search.py IMAGES --top 5"
    monkeypatch.setattr(rendering, "results", lambda _: {"command": ran})
    monkeypatch.setattr(rendering, "COMMANDS", {"made": quoted})
    assert rendering._command("made") == f"OMP_NUM_THREADS=1 python benchmarks/{shown}"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("gone times", "there is no file of results"),
        ("made gone", "made has times"),
        ("made times + bytes", "the columns of these tables differ"),
        ("made times; rows: flat", "there is no such row"),
        ("made times; columns: p99", "there is no column p99"),
        ("made times; sorted", "cannot read sorted"),
    ],
)
def test_what_cannot_be_rendered_is_said(made: Path, asked: str, message: str) -> None:
    monkey = pytest.MonkeyPatch()
    monkey.setattr(rendering, "ROOT", made)
    with pytest.raises(rendering.ResultsError, match=message):
        rendering.block(asked)
    monkey.undo()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It takes 12.8 ms.", ["12.8"]),
        ("<!-- figures: made -->\n\nIt takes 12.8 ms, or 2,345 ms.", []),
        ("<!-- figures: made -->\nIt finds 0.998 of them, not 0.997.", ["0.997"]),
        ("<!-- setting: 20 0.5 -->\nThe first 20 above 0.5, of 21.", ["21"]),
        ("<!-- guess: 20 -->\nThe first 20.", ["20"]),
        ("<!-- setting: 20 -->\n\nThe first 20.\n\nThe next 20.", ["20"]),
        ("`--top 20` of [a list](b.md#2) in ISO/IEC 19795-1:2021, SHA-256, px32.", []),
        ("1. one step\n2. another, of 3", ["3"]),
        ("Measured on 2026-11-27.\n\n<!-- measured: 2026-11-27 -->\n\nIt took 5 s.", []),
        ("<!-- measured: 2026-11-27 -->\n\nIt took 5 s.", ["5"]),
        ("```text\n5 leads\n```\n\n| 6 |\n|---|\n| 7 |", ["6", "7"]),
    ],
)
def test_a_typed_number_needs_a_file_or_a_mark(
    made: Path, tmp_path: Path, text: str, left: list[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert [line.partition(":")[0] for line in typed.unexplained(page)] == left


def test_only_reference_pages_say_that_all_numbers_are_settings(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- page of settings -->\n\n5 seconds", encoding="utf-8")
    assert typed.unexplained(page) == ["<!-- page of settings --> is for pages in docs/reference"]
