"""Plots: what is drawn where, what is kept back, and that nothing global changes."""

import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from made_cohort import Made, audited
from made_report import AGES, RACE_SEX, made_report, small_report
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fairness.report.audit_report import AuditReport
from fairness.report.figure_style import png, svg
from fairness.report.figures import draw_all
from fairness.tables import CmcCurve, DetCurve, DiscardCurve, ScoreDistribution, factors

HIDDEN = "not shown, to protect people in small groups"


@pytest.fixture(scope="module")
def report() -> AuditReport:
    return made_report()


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def ticks(ax: Axes) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def test_forest_has_a_line_for_each_group_with_everyone_on_top(report: AuditReport) -> None:
    ax = report.plot_forest("age", "FNMR")
    groups = report.table("rates").where(factor="age", metric="FNMR")
    assert len(ticks(ax)) == len(groups) == 11
    assert ticks(ax)[0] == "all  (82 subjects)"
    assert "4 to under 8  (70 subjects)" in ticks(ax)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_forest_puts_estimate_and_limits_where_they_are(report: AuditReport) -> None:
    ax = report.plot_forest("age", "FNMR")
    place = ticks(ax).index("4 to under 8  (70 subjects)")
    row = report.table("rates").where(factor="age", metric="FNMR", group=AGES[2])[0]
    drawn = [line.get_xdata() for line in ax.lines if place in np.asarray(line.get_ydata())]
    assert [list(np.asarray(x)) for x in drawn] == [[row["low"], row["high"]], [row["estimate"]]]


def test_forest_says_where_there_is_not_enough_data_or_nothing_to_show(
    report: AuditReport,
) -> None:
    ax = report.plot_forest("age", "FNMR")
    assert "not enough data (12 subjects)" in texts(ax)
    assert texts(ax).count(HIDDEN) == 2
    assert {"50 to under 65", "65 and over"} <= set(ticks(ax))


def test_forest_marks_limited_data_by_an_open_sign_and_a_bound_by_an_arrow() -> None:
    rates = small_report().plot_forest("sex", "FMR")
    faces = [line.get_markerfacecolor() for line in rates.lines if line.get_marker() in "oD"]
    assert faces == ["black", "white", "white"]
    bounds = made_report().plot_forest("age", "FTA")
    arrows = [line for line in bounds.lines if line.get_marker() == "<"]
    assert len(arrows) == 6


def test_forest_takes_a_logarithm_only_of_rates_that_differ_tenfold(report: AuditReport) -> None:
    assert report.plot_forest("age", "FMR").get_xscale() == "log"
    alike = audited(Made({"a": 60, "b": 60}).scores())
    assert alike.plot_forest("kind", "FMR").get_xscale() == "linear"


def test_det_marks_the_global_threshold_once_for_each_group(report: AuditReport) -> None:
    ax = report.plot_det("age")
    rows = report.table("rates").where(factor="age")
    read = {(row["metric"], row["group"]) for row in rows if row["estimate"] is not None}
    rated = {group for _, group in read if {("FMR", group), ("FNMR", group)} <= read}
    points = {c.at_threshold for c in report.curves.det if c.factor == "age" and c.group in rated}
    assert len(points) >= 5
    marked = {
        (float(np.asarray(line.get_xdata())[0]), float(np.asarray(line.get_ydata())[0]))
        for line in ax.lines
        if len(np.asarray(line.get_xdata())) == 1
    }
    assert marked == points
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert "0.612" in ax.get_title(loc="left")


def test_fourteen_curves_can_be_told_apart_without_colour(report: AuditReport) -> None:
    ax = report.plot_det("race*sex")
    signs = {
        (line.get_linestyle(), line.get_marker()) for line in ax.lines if line.get_label()[0] != "_"
    }
    assert len(signs) == len(RACE_SEX) == 14
    looks = {
        (line.get_color(), line.get_linestyle(), line.get_marker())
        for line in ax.lines
        if line.get_label()[0] != "_"
    }
    assert len(looks) == 14


def test_map_between_groups_reads_the_same_from_both_sides() -> None:
    ax = small_report().plot_cross("sex")
    shown = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert shown.shape == (2, 2)
    np.testing.assert_array_equal(shown, shown.T)
    assert "log" in [a.get_ylabel() for a in ax.figure.axes][1]


def test_map_has_no_number_for_a_suppressed_cell(report: AuditReport) -> None:
    ax = report.plot_cross("age")
    cells = np.reshape(texts(ax), (9, 9))
    assert set(cells[:, 8]) == {"×"}  # noqa: RUF001 - the sign of the plot
    assert np.ma.getmaskarray(ax.images[0].get_array())[:, 8].all()


def test_map_of_age_and_gap_says_few_and_leaves_out_what_was_not_compared(
    report: AuditReport,
) -> None:
    ax = report.plot_age_gap()
    assert "few" in texts(ax)
    assert "" in texts(ax)
    assert "56.1○" in texts(ax)
    assert [label.get_text() for label in ax.get_yticklabels()][1] == "1 to under 4"


def test_cmc_discard_and_scores_have_a_curve_for_each_group(report: AuditReport) -> None:
    for ax in (report.plot_cmc("age"), report.plot_discard("age"), report.plot_scores("age")):
        labels = ax.get_legend_handles_labels()[1]
        assert labels == ["4 to under 8 (60)", "8 to under 13 (60)", "13 to under 18 (60)"]


def test_a_plot_goes_where_the_caller_says(report: AuditReport) -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert report.plot_forest("age", "FMR", ax=left) is left
    assert report.plot_cmc("age", ax=right) is right
    assert right.get_title(loc="left") or right.get_title()


@pytest.mark.parametrize(
    ("plot", "arguments"),
    [
        ("plot_forest", ("age", "FPIR")),
        ("plot_forest", ("shoe size", "FMR")),
        ("plot_det", ("shoe size",)),
        ("plot_cross", ("shoe size",)),
        ("plot_age_gap", ("FMR",)),
        ("plot_cmc", ("sex",)),
        ("plot_discard", ("sex",)),
        ("plot_scores", ("sex",)),
    ],
)
def test_what_the_report_does_not_have_is_named(
    report: AuditReport, plot: str, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(KeyError, match=r"no .* (in|over)"):
        getattr(report, plot)(*arguments)


def test_a_report_without_tables_has_nothing_to_draw() -> None:
    empty = AuditReport(title="Empty", card={}, threshold=0.5, tables=())
    assert draw_all(empty) == ()
    with pytest.raises(KeyError, match="rates"):
        empty.plot_forest("age", "FMR")


def test_settings_of_matplotlib_stay_as_they_are(report: AuditReport) -> None:
    with mpl.rc_context({"font.size": 31.0, "lines.linewidth": 9.0}):
        before = dict(mpl.rcParams)
        ours = svg(small_report().plot_forest("sex", "FMR").figure)  # type: ignore[arg-type]
        assert dict(mpl.rcParams) == before
    assert ours == svg(small_report().plot_forest("sex", "FMR").figure)  # type: ignore[arg-type]


def test_files_of_a_plot_have_the_same_bytes_and_no_date() -> None:
    first, second = draw_all(small_report()), draw_all(small_report())
    for one, other in zip(first, second, strict=True):
        assert one.svg == other.svg == svg(one.figure)
        assert one.png == other.png == png(one.figure)
        assert b"<dc:date>" not in one.svg
        assert b"Software" not in one.png


def test_pictures_have_files_and_words_of_their_own(report: AuditReport) -> None:
    pictures = draw_all(report)
    names = [picture.name for picture in pictures]
    assert len(set(names)) == len(names) == 15
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzFMRNTA_-") for name in names)
    assert len({picture.alt for picture in pictures}) == 15


def test_factors_that_differ_in_signs_only_do_not_share_a_file() -> None:
    curve = small_report().curves.det[0]
    curves = tuple(replace(curve, factor=factor) for factor in ("a b", "a*b", "a/b"))
    report = replace(small_report(), tables=(), curves=replace(small_report().curves, det=curves))
    assert [p.name for p in draw_all(report)] == ["det_a-b", "det_a-b-2", "det_a-b-3"]


RATES = np.array([0.1, 0.2])


def test_a_curve_of_nine_people_is_refused() -> None:
    with pytest.raises(ValueError, match="10 subjects, got 9"):
        DetCurve("age", "04 to under 08", RATES, RATES, 9)


@pytest.mark.parametrize("wrong", [np.array([0.1]), np.array([0.1, 1.2]), np.array([0.1, np.nan])])
def test_a_curve_that_is_none_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a curve needs"):
        DetCurve("age", "a", RATES, wrong, 30)
    with pytest.raises(ValueError, match="a curve needs"):
        DiscardCurve("age", "a", RATES, wrong, 30)
    with pytest.raises(ValueError, match="a curve needs"):
        CmcCurve("age", "a", np.array([1, 2]), RATES, 30, wrong, RATES)


def test_ranks_and_bins_have_to_fit() -> None:
    with pytest.raises(ValueError, match="ranks"):
        CmcCurve("age", "a", np.array([1, 2, 3]), RATES, 30)
    with pytest.raises(ValueError, match="one edge more"):
        ScoreDistribution("age", "a", RATES, np.array([1, 2]), np.array([1, 2]), 30)


def test_factors_of_curves_keep_their_order(report: AuditReport) -> None:
    assert factors(report.curves.det) == ("age", "race*sex")


BLOCKED = """
import sys
sys.path.insert(0, "tests/helpers")
sys.modules["matplotlib"] = None
from made_report import small_report, small_report
from fairness.errors import MissingExtraError
report = small_report()
assert report.table("rates").to_csv()
draw = (lambda: report.plot_forest("sex", "FMR"), lambda: report.plot_cross("sex"), report.to_html)
for call in draw:
    try:
        call()
    except MissingExtraError as error:
        assert 'pip install "matplotlib>=3.11"' in str(error), error
    else:
        raise SystemExit("no error")
"""


def test_without_matplotlib_the_error_says_what_to_install() -> None:
    subprocess.run([sys.executable, "-c", BLOCKED], check=True)


def test_plotting_needs_no_pyplot_and_reading_needs_no_plotting() -> None:
    script = """
import sys
sys.path.insert(0, "tests/helpers")
from made_report import small_report, small_report
report = small_report()
heavy = {"matplotlib", "pandas", "jinja2", "PIL", "pyarrow"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
report.to_html()
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
