"""Heat maps of rates: between groups, and over age and age gap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import in_order
from fairness.report.figure_style import WIDTH, GroupLabels, canvas
from fairness.report.formatting import percent, short_percent, without_sign
from fairness.report.wording import group_title, rate_name
from fairness.tables import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fairness.report.result import AuditResult

_NOT_SHOWN = "\N{MULTIPLICATION SIGN}"
_KEY = (
    f"per cent; ○ limited data, ≤ upper bound only,\nfew: not enough data, {_NOT_SHOWN}: not shown"
)
_MANY = 10  # groups; more need a wider map, so that the rates stay readable
_COLOURS = "cividis"  # lightness rises evenly for all kinds of colour vision
HeatmapCells = dict[tuple[str, str], Row]


def cross(report: AuditResult, factor: str, ax: Axes | None = None) -> Axes:
    """Plot the false match rate between groups as a heat map on a logarithmic scale."""
    rows = report.table("cross").where(factor=factor)
    if not rows:
        raise KeyError(f"no rates between groups of {factor!r} in this report")
    cells: HeatmapCells = {}
    for row in rows:
        a, b = str(row["group"]), str(row["other_group"])
        cells[a, b] = row
        cells.setdefault((b, a), row)
    names = sorted({name for pair in cells for name in pair}, key=in_order)
    labels = GroupLabels.of(report, factor)
    with canvas(ax, min(8.2, 1.5 + 0.36 * len(names)), _width(len(names))) as ax:
        down, across = [labels[name] for name in names], [labels.short(name) for name in names]
        _ticks(ax, down, across)
        _draw(ax, cells, names, names, logarithmic=True)
        ax.set_title(f"FMR between groups of {labels.title}\n{_KEY}")
    return ax


def age_gap(report: AuditResult, metric: str, ax: Axes | None = None) -> Axes:
    """Plot a false non-match rate over age at enrolment and age gap as a heat map."""
    rows = report.table("age_gap").where(metric=metric)
    if not rows:
        raise KeyError(f"no {metric} over age and age gap in this report")
    cells = {(str(row["age"]), str(row["gap"])): row for row in rows}
    ages, gaps = (sorted({pair[side] for pair in cells}, key=in_order) for side in (0, 1))
    with canvas(ax, 1.6 + 0.3 * len(ages)) as ax:
        _ticks(ax, list(map(group_title, ages)), list(map(group_title, gaps)))
        _draw(ax, cells, ages, gaps, logarithmic=False)
        ax.set_xlabel("years between the photos")
        ax.set_ylabel("age in the earlier photo")
        ax.set_title(f"{rate_name(metric)} over age and age gap\n{_KEY}")
    return ax


def _draw(
    ax: Axes, cells: HeatmapCells, down: Sequence[str], across: Sequence[str], *, logarithmic: bool
) -> None:
    from matplotlib.colors import LogNorm, Normalize

    rates = np.array([[_rate(cells.get((a, b))) for b in across] for a in down])
    known = rates[rates > 0] if logarithmic else rates[~np.isnan(rates)]
    low, high = (known.min(), known.max()) if known.size else (0.001, 1.0)
    norm = LogNorm(low, max(high, low * 1.01)) if logarithmic else Normalize(0, max(high, 1e-9))
    shown = np.ma.masked_invalid(np.where(rates > 0, rates, low) if logarithmic else rates)
    shown.mask = np.isnan(rates)
    ax.set_facecolor("#f2f2f2")
    image = ax.imshow(shown, cmap=_COLOURS, norm=norm, aspect="auto")
    _label(ax, cells, down, across, np.asarray(norm(rates), dtype=np.float64))
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.8, pad=0.02)
    ends = norm.vmin or 0.0, norm.vmax or 1.0
    ticks = (np.geomspace if logarithmic else np.linspace)(*ends, 5).tolist()
    bar.set_ticks(ticks, labels=[short_percent(tick) for tick in ticks])
    bar.ax.minorticks_off()
    bar.set_label("log scale" if logarithmic else "linear scale")


def _label(
    ax: Axes,
    cells: HeatmapCells,
    down: Sequence[str],
    across: Sequence[str],
    lightness: NDArray[np.float64],
) -> None:
    texts = [[_text(cells.get((a, b))) for b in across] for a in down]
    size = _fitting(texts, max(len(label.get_text()) for label in ax.get_yticklabels()))
    for i, line in enumerate(texts):
        for j, text in enumerate(line):
            ink = "white" if lightness[i, j] < 0.5 else "black"
            ax.text(j, i, text, ha="center", va="center", fontsize=size, color=ink)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)


def _ticks(ax: Axes, down: Sequence[str], across: Sequence[str]) -> None:
    ax.set_xticks(range(len(across)), across, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(down)), down)


def _width(columns: int) -> float:
    return WIDTH if columns < _MANY else 1.3 * WIDTH


def _fitting(texts: Sequence[Sequence[str]], label: int) -> float:
    """Return the largest font size, up to 7.5 pt, at which each text fits into its square.

    `label` is the length of the longest label of a row, in letters: the squares have what it and
    the bar of colours leave.
    """
    square = (72 * _width(len(texts[0])) - 5 * label - 85) / len(texts[0])
    return min(7.5, square / (0.66 * max(1, *(len(text) for line in texts for text in line))))


def _rate(row: Row | None) -> float:
    estimate = row["estimate"] if row else None
    return float(estimate) if isinstance(estimate, int | float) else math.nan


def _text(row: Row | None) -> str:
    if row is None:
        return ""
    estimate, bound = row["estimate"], row["bound"]
    if isinstance(estimate, float):
        mark = "○" if row["status"] == "limited" else ""
        return without_sign(percent(estimate)) + mark
    if isinstance(bound, float):
        return "≤" + without_sign(percent(bound))
    return "few" if row["status"] == "insufficient" else _NOT_SHOWN
