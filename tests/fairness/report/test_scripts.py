"""Labels in any script: drawn if a font has them, and else named in the page and its tables."""

from __future__ import annotations

import pytest
from made_report import _cross, _group_rates, small_report

from fairness.report import AuditReport, figure_style
from fairness.report.figures import draw_all
from fairness.report.html_page import render
from fairness.tables import audit_table

NAMES = ("日本", "北海道")
SAID = "No font on the machine that made this report has some letters"


@pytest.fixture
def report() -> AuditReport:
    from dataclasses import replace

    rates = audit_table("rates", _group_rates("origin", NAMES))
    return replace(small_report(), tables=(rates, audit_table("cross", _cross("origin", NAMES))))


def page_of(report: AuditReport) -> str:
    return render(report, draw_all(report))


def test_labels_that_no_font_has_are_named_and_stand_in_the_tables(
    report: AuditReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    latin = frozenset(range(0x3000))
    monkeypatch.setattr(figure_style, "_letters", lambda: latin)
    page = page_of(report)
    assert f"{SAID} of these labels: {'; '.join(NAMES)}." in page
    for name in NAMES:
        assert f">{name}<" in page


def test_nothing_is_said_where_every_label_is_drawn(
    report: AuditReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SAID not in page_of(small_report())
    monkeypatch.setattr(figure_style, "_letters", lambda: frozenset(range(0x10000)))
    assert SAID not in page_of(report)


def test_what_is_said_is_what_the_fonts_hold() -> None:
    assert figure_style.undrawn(["female", "Ålesund", "Ελλάδα", "4 to under 8"]) == ()
    strange = "\U0010fffd"  # private use: no font has it
    assert figure_style.undrawn(["a", strange, strange]) == (strange,)
