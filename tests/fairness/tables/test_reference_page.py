"""The reference page of the report's tables names every table, column and error rate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fairness.report.wording import MEASURES, RATES
from fairness.tables import RATE_COLUMNS, TABLE_NAMES, audit_table

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "report-tables.md"
TEXT = PAGE.read_text(encoding="utf-8")
_PARTS = re.split(r"^### `(\w+)`$", TEXT, flags=re.MULTILINE)
SECTIONS = {
    name: " ".join(text.split()) for name, text in zip(_PARTS[1::2], _PARTS[2::2], strict=True)
}
OF_A_RATE = {column.name for column in RATE_COLUMNS}


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_a_section_names_every_column_of_its_table(name: str) -> None:
    columns = {column.name for column in audit_table(name, ()).columns}
    if columns >= OF_A_RATE:
        assert "a rate" in SECTIONS[name]
        columns -= OF_A_RATE
    assert {column for column in columns if f"`{column}`" not in SECTIONS[name]} == set()


def test_the_page_has_no_table_that_no_audit_has() -> None:
    assert set(SECTIONS) - set(TABLE_NAMES) == {"imaging", "thresholds"}  # made by their rooms


def test_the_page_names_every_rate_and_measure() -> None:
    words = [word.replace("|", "\\|") for word in (*RATES, *MEASURES)]
    short = [word.replace(" (mean)", "") for word in words]
    assert [word for word in short if f"`{word}`" not in TEXT] == []


def test_the_page_names_the_columns_of_a_rate() -> None:
    assert [name for name in sorted(OF_A_RATE) if f"`{name}`" not in TEXT] == []
