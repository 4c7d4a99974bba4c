"""Names of groups in any script and of any length: whole in the page, never a box or cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from audited import AGES, NAMES, Made, Person
from matplotlib.axes import Axes
from matplotlib.text import Text

from fairness import AuditReport
from fairness.report import figure_style
from fairness.report.figure_style import GroupLabels, is_drawn
from fairness.report.figures import draw_all

STRANGE = "\U0010fffd"  # private use: no font has it


@pytest.fixture(scope="module")
def names() -> AuditReport:
    return NAMES.audit()


def drawn(report: AuditReport) -> Iterator[tuple[str, Text]]:
    """Yield all texts of all plots that are not empty, with the name of the plot."""
    for picture in draw_all(report):
        for text in picture.figure.findobj(Text):
            if text.get_text().strip() and text.get_visible():
                yield picture.name, text


def test_no_plot_has_a_letter_without_a_glyph(names: AuditReport) -> None:
    assert [text.get_text() for _, text in drawn(names) if not is_drawn(text.get_text())] == []


@pytest.mark.parametrize("made", [AGES, NAMES], ids=["ages", "names"])
def test_no_text_of_a_plot_is_cut_off(made: Made) -> None:
    for picture in draw_all(made.audit()):
        inked, (width, height) = picture.figure.get_tightbbox(), picture.figure.get_size_inches()
        spare = (inked.x0, inked.y0, width - inked.x1, height - inked.y1)
        assert min(spare) >= 0, (picture.name, spare)


@pytest.mark.parametrize("made", [AGES, NAMES], ids=["ages", "names"])
def test_the_rates_of_a_map_stay_in_their_squares(made: Made) -> None:
    for picture in draw_all(made.audit()):
        if picture.kind in ("cross", "age_gap"):
            ax = picture.figure.axes[0]
            square = ax.get_window_extent().width / len(ax.get_xticks())
            assert max(text.get_window_extent().width for text in ax.texts) <= square


def test_a_name_that_does_not_fit_has_a_number_that_the_page_explains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(figure_style, "_letters", lambda: frozenset(range(0x900)))
    report = NAMES.audit()
    captions = {p.name: p.caption for p in draw_all(report) if p.key[0] == "origin"}
    labels = GroupLabels.of(report, "origin")
    number = re.escape(labels["日本 北海道"])
    assert re.fullmatch(r"no\. \d", labels["日本 北海道"])
    for name in ("forest_origin_FMR", "cross_origin", "det_origin", "scores_origin"):
        assert re.search(f"{number} = 日本 北海道", captions[name]), name
        assert "= Foster children of the northern and the north-western districts" in captions[name]
    assert "日本 北海道" in report.to_html()


def test_long_names_that_begin_alike_have_labels_of_their_own(names: AuditReport) -> None:
    labels = GroupLabels.of(names, "origin")
    shown = [labels[group] for group in labels.groups]
    assert len(set(shown)) == len(shown) == len(NAMES.groups)
    assert max(map(len, shown)) <= 40


def test_a_number_means_one_group_in_all_plots_of_a_factor(names: AuditReport) -> None:
    meanings: dict[str, set[str]] = {}
    for picture in draw_all(names):
        for number, name in re.findall(r"(no\. \d+) = ([^;]+?)(?:;|\. |\.$)", picture.caption):
            meanings.setdefault(number, set()).add(name)
    assert meanings
    assert {len(found) for found in meanings.values()} == {1}


def test_a_name_that_begins_with_an_underscore_is_in_the_legend() -> None:
    report = Made({"_a": Person(80, 1.3), "_b": Person(80, 1.3)}, factor="origin").audit()
    names = legend(report.plot_det("origin"))
    assert [name.split(" (")[0].endswith(("_a", "_b")) for name in names] == [True, True]


def legend(ax: Axes) -> list[str]:
    return ax.get_legend_handles_labels()[1]


def test_a_factor_in_letters_that_no_font_has_is_called_the_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = Made({"a": Person(80, 1.3), "b": Person(80, 1.3)}, factor="出身").audit()
    monkeypatch.setattr(figure_style, "_letters", lambda: frozenset(range(0x900)))
    titles = [text.get_text() for _, text in drawn(report)]
    assert not any("出身" in title for title in titles)
    assert "FMR by group" in titles
    assert "By 出身" in report.to_html()


def test_common_letters_are_drawn_and_private_ones_are_not() -> None:
    assert all(map(is_drawn, ("female", "Ålesund", "Ελλάδα", "4 to under 8")))
    assert not is_drawn(f"a{STRANGE}")
