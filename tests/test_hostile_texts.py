"""The functions that make a text harmless, in both packages: laws, and that both are alike."""

from __future__ import annotations

import csv
import io
import logging
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fairness.tables.spreadsheet
import fairness.words
import matcher.cells
from fairness.tables import Column, Table
from matcher.cells import guarded, write_csv
from matcher.words import visible

SEPARATORS = ";\t\r\n"
TEXTS = st.text(
    st.one_of(
        st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20;\t\r\n \u3000\ufeff\u202e'\",|"),
        st.characters(),
    )
)


@given(TEXTS)
def test_both_packages_treat_a_text_alike(text: str) -> None:
    assert fairness.tables.spreadsheet.guarded(text) == guarded(text)
    assert fairness.words.visible(text) == visible(text)
    assert fairness.words.visible(text, "\n\u200d") == visible(text, "\n\u200d")


def begins_formula(cell: str) -> bool:
    start = re.sub(r"^[\s\"\x00-\x1f\x7f-\x9f]+", "", cell)[:1]
    return unicodedata.normalize("NFKC", start) in {"=", "+", "-", "@"}


@given(TEXTS)
def test_no_part_of_a_guarded_text_begins_a_formula(text: str) -> None:
    whole = guarded(text)
    first, *others = re.split(f"[{SEPARATORS}]", whole)
    assert first.startswith('"') or not begins_formula(first)
    assert not any(map(begins_formula, others))
    assert whole.replace("'", "") == text.replace("'", "")


RUN = (
    *("=1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "\tx", "\rx", "  =1", "\u3000@x", "\xa0-1"),
    *("\ufeff=1", "\u200b=1", "\u202e=1", "\x00=1", "\uff1d1", " \uff0b1", "\uff0d1", "\uff20x"),
    *("\ufe63\u200b1", "=cmd|' /C calc'!A0", '+DDE("a";"b")', "-2+3+cmd|' /C calc'!A0"),
)


@pytest.mark.parametrize("text", RUN)
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert guarded(text).startswith("'")


@pytest.mark.parametrize(
    "text", ["", "a=b", "1-2", "a@b.c", "a;b", "x\ty", "'=1", "5 - 3", "é", "日本"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


def test_a_sign_behind_a_semicolon_is_no_formula_either() -> None:
    assert guarded("a;=1+1;b; @x") == "a;'=1+1;b;' @x"


def test_every_character_that_unicode_takes_for_a_sign_is_known() -> None:
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        if unicodedata.normalize("NFKC", sign) in {"=", "+", "-", "@"}:
            assert guarded(sign) == f"'{sign}", hex(code)


def test_numbers_are_written_as_they_are_and_texts_are_counted() -> None:
    file = io.StringIO(newline="")
    row = {"a": -1.5, "b": -2, "c": "-1.5", "d": ["x", "=1"]}
    assert write_csv(file, tuple("abcd"), [row]) == 2
    assert file.getvalue().splitlines()[1] == "-1.5,-2,'-1.5,x;'=1"


def test_a_table_of_an_audit_guards_its_cells_and_its_header() -> None:
    columns = (Column("=1", "x"), Column("rate", "y"))
    table = Table("t", "T", columns, ({"=1": "\uff1dx", "rate": -0.5},))
    assert list(csv.reader(io.StringIO(table.to_csv()))) == [["'=1", "rate"], ["'\uff1dx", "-0.5"]]


def test_what_cannot_be_seen_is_shown_and_all_else_stays() -> None:
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        category = unicodedata.category(sign)
        if category in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            assert visible(sign).startswith("\\"), hex(code)
            assert visible(sign).isascii()
        elif category[0] in "LMNPS" and sign not in "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0":
            assert visible(sign) == sign, hex(code)
    assert visible("a\x1b[31m\u202eb\n") == r"a\x1b[31m\u202eb" + r"\n"
    assert visible("a\nb", keep="\n") == "a\nb"


@pytest.mark.skipif(sys.platform == "win32", reason="no terminal of this kind there")
def test_a_csv_on_a_terminal_has_no_command_to_it(tmp_path: Path) -> None:
    from terminal import shown

    from matcher.embedding import load_extractor
    from matcher.gallery import Gallery

    path = tmp_path / "g\x1b[31m"
    Gallery.create(path, model=load_extractor().model).close()
    for style in ("table", "csv", "jsonl"):
        seen = shown(200, "gallery", "info", path, "--format", style)
        assert seen.code == 0
        assert "\x1b" not in "".join(seen.lines)
        assert "\x1b" not in seen.talk


def test_a_warning_in_the_log_is_shown_in_the_same_way() -> None:
    script = (
        "import logging, warnings; from matcher.cli.process import prepare; prepare(); "
        r"logging.getLogger('x').warning('a\x1b[2J\u202e%s', 'b\x9b'); "
        r"warnings.warn('c\x1b[2J')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    assert r"a\x1b[2J\u202eb\x9b" in done.stderr
    assert r"c\x1b[2J" in done.stderr
    assert "\x1b" not in done.stderr
    assert logging.getLogger().level == logging.WARNING


def test_a_cell_of_a_table_is_one_line() -> None:
    assert matcher.cells.table_cell("a\tb\nc\x1b") == r"a b c\x1b"
