"""Plots of an audit: rates with intervals, error trade-off, ranks, discard, scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fairness.report.figure_style import GroupLabels, canvas, curve_style, legend_below, legend_rows
from fairness.report.formatting import short_percent
from fairness.report.wording import rate_name
from fairness.tables import (
    OVERALL,
    CmcCurve,
    DetCurve,
    DiscardCurve,
    Row,
    ScoreDistribution,
    Value,
)
from fairness.words import counted, exact_threshold

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from fairness.report.result import AuditResult

GroupCurve = DetCurve | CmcCurve | DiscardCurve | ScoreDistribution
AnyCurve = TypeVar("AnyCurve", bound=GroupCurve)

_BOTH_RATES: tuple[Row, ...] = ({"metric": "FMR"}, {"metric": "FNMR"})
_RATED_BY: Mapping[str, tuple[str, tuple[Row, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "det": ("rates", _BOTH_RATES, ("estimate",)),
        "cmc": ("open_set", ({"metric": "FNIR_ranks", "rank": 1},), ("estimate",)),
        "discard": ("discard", ({"discarded": 0.0},), ("estimate",)),
        # Where scores lie needs people, but no errors.
        "scores": ("rates", _BOTH_RATES, ("estimate", "bound")),
    }
)
"""For each kind of curve: a table, the rows that count, and the columns one of which is filled."""

_INK, _GREY = "#0072B2", "#777777"


def forest(report: AuditResult, factor: str, metric: str, ax: Axes | None = None) -> Axes:
    """Plot the rates of the groups of a factor with their intervals."""
    rows = report.table("rates").where(factor=factor, metric=metric)
    if not rows:
        raise KeyError(f"no {metric} by {factor!r} in the table of rates")
    rows = tuple(sorted(rows, key=lambda row: row["group"] != OVERALL))
    labels = GroupLabels.of(report, factor)
    with canvas(ax, 0.8 + 0.27 * len(rows)) as ax:
        floor = _scale(ax, rows)
        for place, row in enumerate(rows):
            _forest_row(ax, place, row, floor)
        ax.set_yticks(range(len(rows)), [_with_subjects(row, labels) for row in rows])
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(f"{rate_name(metric)} with its {short_percent(report.level)} interval")
        ax.set_title(f"{rate_name(metric)} by {labels.title}")
        _percents(ax.xaxis)
    return ax


def _scale(ax: Axes, rows: Sequence[Row]) -> float:
    """Set a logarithmic axis if rates differ by more than a factor of ten; return its left end."""
    names = ("estimate", "low", "high", "bound")
    values = [v for row in rows for v in map(row.get, names) if isinstance(v, float) and v > 0]
    if not values:
        ax.set_xlim(0, 1)
        return 0.0
    low, high = min(values), max(values)
    if high / low <= 10:
        ax.set_xlim(0, high * 1.08)
        return 0.0
    ax.set_xscale("log")
    ax.set_xlim(low / 1.6, min(1.0, high * 1.6))
    _thirds(ax.xaxis, high / low)
    return low / 1.6


def _forest_row(ax: Axes, place: int, row: Row, floor: float) -> None:
    estimate, low, high, bound = (_number(row, k) for k in ("estimate", "low", "high", "bound"))
    if bound is not None:
        ax.plot([floor, bound], [place, place], color=_GREY, linestyle=(0, (1, 1.5)))
        ax.plot([bound], [place], marker="<", color=_GREY, markersize=6, linestyle="none")
    elif estimate is None or low is None or high is None:
        ax.annotate(
            _no_rate(row),
            (0, place),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color="#555555",
            fontsize="small",
            style="italic",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    else:
        overall = row["group"] == OVERALL
        colour = "black" if overall else _INK
        ax.plot([max(low, floor), high], [place, place], color=colour)
        face = colour if row["status"] == "ok" else "white"
        ax.plot(
            [estimate],
            [place],
            marker="D" if overall else "o",
            color=colour,
            markerfacecolor=face,
            markersize=5.5,
            linestyle="none",
        )
        if overall:
            ax.axvline(estimate, color=_GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)


def _no_rate(row: Row) -> str:
    if row["status"] == "suppressed":
        return "not shown, to protect people in small groups"
    return f"not enough data ({counted(int(row['subjects'] or 0), 'subject')})"


def _with_subjects(row: Row, labels: GroupLabels) -> str:
    group, subjects = labels[str(row["group"])], row["subjects"]
    return group if subjects is None else f"{group}  ({counted(int(subjects), 'subject')})"


def _number(row: Row, name: str) -> float | None:
    value: Value = row.get(name)
    return float(value) if isinstance(value, int | float) else None


def det(report: AuditResult, factor: str, ax: Axes | None = None) -> Axes:
    """Plot FNMR against FMR by group, with the points at the global threshold."""
    curves = _rated(report, "det", report.curves.det, factor)
    labels = GroupLabels.of(report, factor)
    named = [f"{labels[curve.group]} ({curve.subjects:,})" for curve in curves]
    with canvas(ax, 3.5 + 0.17 * legend_rows(named)) as ax:
        for place, (curve, name) in enumerate(zip(curves, named, strict=True)):
            style = curve_style(place)
            marker = style.pop("marker")
            shown = (curve.fmr > 0) & (curve.fnmr > 0)
            ax.plot(curve.fmr[shown], curve.fnmr[shown], **style)
            point = curve.at_threshold
            shown_point = [point] if point is not None and min(point) > 0 else []
            sign = {"marker": marker, "markersize": 8, "markeredgecolor": "white"}
            fmr, fnmr = ([values[side] for values in shown_point] for side in (0, 1))
            ax.plot(fmr, fnmr, label=name, **style, **sign)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel("FMR: different people who reach the threshold")
        ax.set_ylabel("FNMR: one person, not reaching it")
        ax.set_title(
            f"Error trade-off by {labels.title}; signs: at the threshold "
            f"{exact_threshold(report.threshold)}"
        )
        for axis in (ax.xaxis, ax.yaxis):
            ends = axis.get_view_interval()
            _thirds(axis, ends[1] / ends[0])
            _percents(axis)
        legend_below(ax, named)
    return ax


def cmc(report: AuditResult, factor: str, ax: Axes | None = None) -> Axes:
    """Plot the share of mated searches with the mate at or above a rank."""
    curves = _rated(report, "cmc", report.curves.cmc, factor)
    labels = GroupLabels.of(report, factor)
    named = [f"{labels[curve.group]} ({curve.subjects:,})" for curve in curves]
    with canvas(ax, 2.7 + 0.17 * legend_rows(named)) as ax:
        from matplotlib.ticker import MaxNLocator

        for place, (curve, name) in enumerate(zip(curves, named, strict=True)):
            style = curve_style(place)
            ax.plot(curve.ranks, curve.hit_rate, label=name, markersize=3.5, **style)
            if curve.low is not None and curve.high is not None and len(curves) <= 4:
                ax.fill_between(
                    curve.ranks, curve.low, curve.high, color=style["color"], alpha=0.12, lw=0
                )
        ax.set_ylim(0, 1.02)
        ax.set_xlabel("candidates looked at")
        ax.set_ylabel("searches that list the mate")
        ax.set_title(f"Rank hit rate (CMC) by {labels.title}")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        _percents(ax.yaxis)
        legend_below(ax, named)
    return ax


def discard(report: AuditResult, factor: str, ax: Axes | None = None) -> Axes:
    """Plot the FNMR that remains after the worst photos are discarded."""
    curves = _rated(report, "discard", report.curves.discard, factor)
    labels = GroupLabels.of(report, factor)
    named = [f"{labels[curve.group]} ({curve.subjects:,})" for curve in curves]
    with canvas(ax, 2.7 + 0.17 * legend_rows(named)) as ax:
        for place, (curve, name) in enumerate(zip(curves, named, strict=True)):
            style = curve_style(place) | {"marker": ""}
            ax.step(curve.discarded, curve.fnmr, where="post", label=name, **style)
        ax.set_ylim(bottom=0)
        ax.set_xlabel("comparisons put aside, lowest quality first")
        ax.set_ylabel("FNMR of the others")
        ax.set_title(f"Error versus discard (EDC) by {labels.title}")
        _percents(ax.xaxis)
        _percents(ax.yaxis)
        legend_below(ax, named)
    return ax


def scores(report: AuditResult, factor: str, ax: Axes | None = None) -> Axes:
    """Plot the distributions of mated and non-mated scores by group, with the threshold."""
    curves = _rated(report, "scores", report.curves.scores, factor)
    labels = GroupLabels.of(report, factor)
    named = [f"{labels[curve.group]} ({curve.subjects:,})" for curve in curves]
    with canvas(ax, 2.7 + 0.17 * legend_rows(named)) as ax:
        for place, (curve, name) in enumerate(zip(curves, named, strict=True)):
            colour = curve_style(place)["color"]
            for counts, dash in ((curve.mated, "-"), (curve.non_mated, (0, (2, 1.5)))):
                density = counts / max(1, counts.sum()) / np.diff(curve.edges)
                label = name if dash == "-" else None
                ax.stairs(density, curve.edges, color=colour, linestyle=dash, label=label)
        ax.axvline(report.threshold, color="black", linewidth=1)
        ax.annotate(
            f" threshold {exact_threshold(report.threshold)}",
            (report.threshold, 1),
            xycoords=("data", "axes fraction"),
            va="top",
        )
        number = "score" if report.kind == "similarity" else "distance"
        ax.set_xlabel(f"{number}; solid: one person, dotted: different people")
        ax.set_ylabel("density")
        ax.set_title(f"Scores by {labels.title}")
        legend_below(ax, named)
    return ax


def unrated(report: AuditResult, kind: str, factor: str) -> dict[str, str]:
    """Return the groups of a factor that a kind of curve must not show, because no table does.

    Parameters
    ----------
    report
        The report.
    kind
        "det", "cmc", "discard" or "scores".
    factor
        The factor.

    Returns
    -------
    dict[str, str]
        The status that says why, by group. It is empty if the report has no such table.
    """
    name, wanted, enough = _RATED_BY[kind]
    if not report.has(name):
        return {}
    rows = [row for keys in wanted for row in report.table(name).where(factor=factor, **keys)]
    return {
        str(row["group"]): str(row["status"])
        for row in rows
        if row["group"] != OVERALL and all(row.get(column) is None for column in enough)
    }


def _rated(
    report: AuditResult, kind: str, curves: Sequence[AnyCurve], factor: str
) -> list[AnyCurve]:
    """Return the curves of the groups of a factor that the tables rate."""
    refused = unrated(report, kind, factor)
    chosen = [c for c in curves if c.factor == factor and c.group not in refused]
    if not chosen:
        raise KeyError(f"no {kind} curves by {factor!r} of groups with a rate in this report")
    return chosen


def _percents(axis: Axis) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: short_percent(value)))
    axis.set_minor_formatter(NullFormatter())


def _thirds(axis: Axis, ratio: float) -> None:
    """Label 1, 3, 10, 30, … if labels at powers of ten alone would be too few."""
    from matplotlib.ticker import LogLocator

    if ratio < 1000:
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
