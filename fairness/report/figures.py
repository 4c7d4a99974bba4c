"""All pictures of a report, each with a text that describes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from fairness.report import heatmaps, plots
from fairness.report.figure_style import png, settled, svg
from fairness.report.wording import factor_title, rate_name, slug
from fairness.tables import Row, factors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairness.report.result import AuditResult


@dataclass(frozen=True, eq=False)
class Picture:
    """One plot.

    Parameters
    ----------
    kind
        "forest", "det", "cross", "age_gap", "cmc", "discard" or "scores".
    name
        File stem.
    alt
        Text that describes the plot for a reader who does not see it.
    figure
        The plot.
    key
        Factor, and metric if the plot has one.
    """

    kind: str
    name: str
    alt: str
    figure: Figure
    key: tuple[str, ...]

    @cached_property
    def svg(self) -> bytes:
        """The plot as SVG."""
        return svg(self.figure)

    @cached_property
    def png(self) -> bytes:
        """The plot as PNG."""
        return png(self.figure)


def draw_all(report: AuditResult) -> tuple[Picture, ...]:
    """Draw every plot that the report has data for.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    drawn = (*_forests(report), *_curves(report), *_maps(report))
    names = [picture.name for picture in drawn]
    return tuple(
        replace(picture, name=f"{picture.name}-{earlier + 1}")
        if (earlier := names[:place].count(picture.name))
        else picture
        for place, picture in enumerate(drawn)
    )


def _forests(report: AuditResult) -> Iterator[Picture]:
    if not report.has("rates"):
        return
    table = report.table("rates")
    for factor, metric in dict.fromkeys((row["factor"], row["metric"]) for row in table):
        rows = table.where(factor=factor, metric=metric)
        if sum(_has_limits(row) for row in rows) >= 2:
            f, m = str(factor), str(metric)
            alt = f"{rate_name(m)} of {len(rows)} groups by {factor_title(f)} with intervals"
            yield _picture("forest", alt, plots.forest(report, f, m), f, m)


def _curves(report: AuditResult) -> Iterator[Picture]:
    curves = report.curves
    for factor in factors(curves.det):
        alt = f"FNMR against FMR over all thresholds by {factor_title(factor)}"
        yield _picture("det", alt, plots.det(report, factor), factor)
    for factor in factors(curves.cmc):
        alt = f"Share of searches with the mate at or above a rank by {factor_title(factor)}"
        yield _picture("cmc", alt, plots.cmc(report, factor), factor)
    for factor in factors(curves.discard):
        alt = f"FNMR against the share put aside by {factor_title(factor)}"
        yield _picture("discard", alt, plots.discard(report, factor), factor)
    for factor in factors(curves.scores):
        alt = f"Spread of mated and non-mated scores by {factor_title(factor)}"
        yield _picture("scores", alt, plots.scores(report, factor), factor)


def _maps(report: AuditResult) -> Iterator[Picture]:
    if report.has("cross"):
        for factor in map(str, report.table("cross").values("factor")):
            alt = f"FMR between each two groups of {factor_title(factor)}"
            yield _picture("cross", alt, heatmaps.cross(report, factor), factor)
    if report.has("age_gap"):
        for metric in map(str, report.table("age_gap").values("metric")):
            alt = f"{rate_name(metric)} by age in the earlier photo and years between photos"
            yield _picture("age_gap", alt, heatmaps.age_gap(report, metric), "age", metric)


def _picture(kind: str, alt: str, ax: Axes, *key: str) -> Picture:
    stem = "_".join((kind, *key)) if kind != "age_gap" else "_".join((kind, *key[1:]))
    alt = f"{alt}. The numbers are in a table beside it."
    return Picture(kind, slug(stem), alt, settled(ax), key)


def _has_limits(row: Row) -> bool:
    return row["estimate"] is not None or row["bound"] is not None
