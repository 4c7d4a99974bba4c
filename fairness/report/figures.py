"""All pictures of a report, each with a text that describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairness.report import heatmaps, plots
from fairness.report.figure_style import GroupLabels, png, settled, svg
from fairness.report.formatting import percent, short_percent
from fairness.report.plots import GroupCurve, unrated
from fairness.report.wording import (
    age_gap_caption,
    factor_title,
    group_title,
    plain,
    rate_caption,
    rate_name,
    slug,
    table_caption,
)
from fairness.tables import CmcCurve, DetCurve, DiscardCurve, Row, ScoreDistribution, factors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairness.report.result import AuditResult


_TITLES = {
    "det": "FNMR against FMR over all thresholds",
    "cmc": "Share of searches with the mate at or above a rank",
    "discard": "FNMR against the share put aside",
    "scores": "Spread of mated and non-mated scores",
}
_CAPTIONS = {
    "det": "A curve is one group at all thresholds; lower and further left is fewer errors. A sign "
    "is the group at the one threshold of this audit.",
    "cmc": "A curve is the share of the searches for people in the gallery that have them among "
    "the first candidates; higher is fewer misses. It ends where too few misses are left for a "
    "rate.",
    "discard": "A curve is the FNMR of the comparisons that are left when those of the lowest "
    "quality are put aside.",
    "scores": "Solid lines are pairs of one person, dotted lines pairs of two people. Pairs of one "
    "person that do not reach the threshold are misses, pairs of two people that reach it are "
    "false leads.",
}
_WHY = {
    "insufficient": "not enough data",
    "bound_only": "upper bound only",
    "suppressed": "not shown, to protect people in small groups",
}


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
        Text that describes the plot for a reader who does not see it. It says the values, or
        names the table of the page that has them.
    caption
        Sentences under the plot: how to read it, names of numbered groups, groups not drawn.
    figure
        The plot.
    key
        Factor, and metric if the plot has one.
    """

    kind: str
    name: str
    alt: str
    caption: str
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
    for factor, metric in dict.fromkeys((str(row["factor"]), str(row["metric"])) for row in table):
        rows = table.where(factor=factor, metric=metric)
        if sum(_has_limits(row) for row in rows) >= 2:
            alt = (
                f"{rate_name(metric)} of each group by {factor_title(factor)}, with intervals. "
                + _see(rate_caption(metric, factor))
            )
            caption = (
                f"A line is the {short_percent(report.level)} interval of a group, its sign the "
                "rate: filled with enough data, open with limited data. The broken line is "
                "everyone together."
            )
            groups = [str(row["group"]) for row in rows]
            named = GroupLabels.of(report, factor).explain(groups)
            ax = plots.forest(report, factor, metric)
            yield _picture("forest", alt, _joined(caption, named), ax, factor, metric)


def _curves(report: AuditResult) -> Iterator[Picture]:
    drawing = {
        "det": plots.det,
        "cmc": plots.cmc,
        "discard": plots.discard,
        "scores": plots.scores,
    }
    for kind, draw in drawing.items():
        curves: Sequence[GroupCurve] = getattr(report.curves, kind)
        for factor in factors(curves):
            refused = unrated(report, kind, factor)
            drawn = [c for c in curves if c.factor == factor and c.group not in refused]
            if drawn:
                labels = GroupLabels.of(report, factor)
                caption = _joined(
                    _CAPTIONS[kind],
                    labels.explain(curve.group for curve in drawn),
                    _left_out(refused),
                )
                alt = f"{_TITLES[kind]} by {factor_title(factor)}. " + _values(report, drawn)
                yield _picture(kind, alt, caption, draw(report, factor), factor)


def _maps(report: AuditResult) -> Iterator[Picture]:
    if report.has("cross"):
        table = report.table("cross")
        for factor in map(str, table.values("factor")):
            rows = table.where(factor=factor)
            alt = f"FMR between each two groups of {factor_title(factor)}. " + _see(
                table_caption(table.title, factor)
            )
            groups = [str(row[side]) for row in rows for side in ("group", "other_group")]
            named = GroupLabels.of(report, factor).explain(groups)
            caption = _joined(
                "A square is the FMR between people of the group of its row and of its column.",
                named,
            )
            yield _picture("cross", alt, caption, heatmaps.cross(report, factor), factor)
    if report.has("age_gap"):
        table = report.table("age_gap")
        for metric in map(str, table.values("metric")):
            if sum(row["estimate"] is not None for row in table.where(metric=metric)) >= 2:
                alt = (
                    f"{rate_name(metric)} by age in the earlier photo and years between photos. "
                    + _see(age_gap_caption(metric))
                )
                caption = "A square is the rate at one age in the earlier photo and one age gap."
                ax = heatmaps.age_gap(report, metric)
                yield _picture("age_gap", alt, caption, ax, "age", metric)


def _values(report: AuditResult, curves: Sequence[GroupCurve]) -> str:
    """Say the values of curves in words, or name the table that has them."""
    factor = curves[0].factor
    if isinstance(curves[0], DiscardCurve | ScoreDistribution):
        name = "discard" if isinstance(curves[0], DiscardCurve) else "shift"
        if report.has(name) and report.table(name).where(factor=factor):
            return _see(table_caption(report.table(name).title, factor))
    said = ((group_title(curve.group), _in_words(curve)) for curve in curves)
    return "; ".join(f"{group}: {words}" for group, words in said) + "."


def _in_words(curve: GroupCurve) -> str:
    match curve:
        case DetCurve():
            if curve.at_threshold is None:
                return "the point at the threshold is not known"
            fmr, fnmr = map(percent, curve.at_threshold)
            return f"FMR {fmr} and FNMR {fnmr} at the threshold"
        case CmcCurve():
            first, last = percent(float(curve.hit_rate[0])), percent(float(curve.hit_rate[-1]))
            return f"{first} at rank {curve.ranks[0]}, {last} at rank {curve.ranks[-1]}"
        case DiscardCurve():
            return f"FNMR {percent(float(curve.fnmr[0]))} with nothing put aside"
        case ScoreDistribution():
            mated, others = (_middle(n, curve.edges) for n in (curve.mated, curve.non_mated))
            return f"half the mated scores lie below {mated}, half the non-mated below {others}"


def _middle(counts: NDArray[np.int64], edges: NDArray[np.float64]) -> str:
    place = int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))
    return f"{edges[min(place + 1, len(edges) - 1)]:.2f}"


def _see(caption: str) -> str:
    return f"The numbers are in the table “{caption}”."


def _left_out(refused: Mapping[str, str]) -> str:
    if not refused:
        return ""
    named = (f"{group_title(g)} ({_WHY.get(why, plain(why))})" for g, why in refused.items())
    return f"Not drawn: {', '.join(named)}."


def _joined(*sentences: str) -> str:
    return " ".join(
        sentence if sentence[-1] in ".!" else f"{sentence}." for sentence in sentences if sentence
    )


def _picture(kind: str, alt: str, caption: str, ax: Axes, *key: str) -> Picture:
    stem = "_".join((kind, *key)) if kind != "age_gap" else "_".join((kind, *key[1:]))
    return Picture(kind, slug(stem), alt, caption, settled(ax), key)


def _has_limits(row: Row) -> bool:
    return row["estimate"] is not None or row["bound"] is not None
