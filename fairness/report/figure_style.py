"""The style of all figures, without global state, and the labels of groups in them.

Colours are distinct for most colour vision.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from fairness.errors import MissingExtraError
from fairness.report.wording import factor_title, group_title
from fairness.tables import OVERALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairness.report.result import AuditResult

WIDTH = 5.4  # inches: letters are readable on a phone, and two plots fit on a printed page

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), with black and without yellow. Their
# yellow is too light for a line on white.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#56B4E9", "#E69F00")
_DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*", "<", ">", "p", "h", "d", "8")

_LATIN = "DejaVu Sans"  # comes with matplotlib, so that most reports look the same everywhere
_OTHER_SCRIPTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans", "Source Han Sans"),
    *("IPAexGothic", "IPAGothic", "TakaoGothic", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei"),
    *("Hiragino Sans", "PingFang SC", "Yu Gothic", "Meiryo", "MS Gothic", "Microsoft YaHei"),
    *("Malgun Gothic", "Apple SD Gothic Neo", "NanumGothic", "SimHei", "Nirmala UI", "Arial"),
    *("Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans Arabic", "Arial Unicode MS", "Unifont"),
)
"""Fonts for letters that the first one lacks, the better ones first; those installed are used."""

_WIDEST = 30  # columns; a wider label would leave no room for the plot

_STYLE = {
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "hatch.linewidth": 0.5,
    "svg.hashsalt": "fairness",
    "svg.fonttype": "path",
    "text.parse_math": False,  # a "$" in the name of a group is a "$"
}


@contextmanager
def canvas(ax: Axes | None, height: float, width: float = WIDTH) -> Iterator[Axes]:
    """Give axes to draw on: the caller's axes unchanged, or new ones in our style.

    Parameters
    ----------
    ax
        The caller's axes, or None.
    height, width
        Size of a new figure, inches.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    if ax is not None:
        yield ax
        return
    with our_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure.add_subplot()


@contextmanager
def our_style() -> Iterator[None]:
    """Set matplotlib's defaults, then our style, for as long as the context lasts."""
    matplotlib = _matplotlib()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE | {"font.family": list(_families())})
        yield


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    _matplotlib()
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return (_LATIN, *(name for name in _OTHER_SCRIPTS if name in there))


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    _matplotlib()
    from matplotlib.font_manager import findfont, get_font

    return frozenset(
        code for name in _families() for code in get_font(findfont(name)).get_charmap()
    )


def is_drawn(text: str) -> bool:
    """Say whether the fonts have all letters of a text: a plot shows a box for any other."""
    letters = _letters()
    return all(ord(sign) in letters for sign in text if sign > " ")


@dataclass(frozen=True)
class GroupLabels:
    """Labels of the groups of a factor for all plots of one report.

    A name that fits, in letters that a font has, is its own label. Any other group has a number,
    the same in all plots of the factor. What a number stands for is in `explain`, as text that
    any browser can show.

    Parameters
    ----------
    factor
        The factor.
    groups
        All its groups, each once.
    """

    factor: str
    groups: tuple[str, ...]

    @classmethod
    def of(cls, report: AuditResult, factor: str) -> GroupLabels:
        """Return the labels of the groups that the tables and curves of a report name."""
        found: dict[str, None] = {}
        for table in report.tables:
            sides = [name for name in ("group", "other_group") if table.has(name)]
            if table.has("factor"):
                for row in table.where(factor=factor):
                    found |= dict.fromkeys(str(row[side]) for side in sides if row[side])
        curves = report.curves
        for kind in (curves.det, curves.cmc, curves.discard, curves.scores):
            found |= {curve.group: None for curve in kind if curve.factor == factor}
        found.pop(OVERALL, None)
        return cls(factor, tuple(found))

    def __getitem__(self, group: str) -> str:
        """Return the label of a group."""
        return self._labels.get(group) or group_title(group)

    def short(self, group: str) -> str:
        """Return the label of a group, or its number alone if it has one."""
        return group_title(group) if self[group] == group_title(group) else self._number(group)

    @property
    def title(self) -> str:
        """The factor's name for the heading of a plot."""
        title = factor_title(self.factor)
        return title if is_drawn(title) and _width(title) <= 2 * _WIDEST else "group"

    def explain(self, groups: Iterable[str]) -> str:
        """Return what the numbers of those groups stand for; "" if none has a number."""
        shown = set(groups)
        numbered = [g for g in self.groups if g in shown and self[g] != group_title(g)]
        return "; ".join(f"{self._number(group)} = {group_title(group)}" for group in numbered)

    def _number(self, group: str) -> str:
        return f"no. {self.groups.index(group) + 1}"

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {group: self._label(group) for group in self.groups}

    def _label(self, group: str) -> str:
        title = group_title(group)
        if not is_drawn(title):
            return self._number(group)
        if title.startswith("_"):  # matplotlib would leave it out of a legend
            return f"{self._number(group)}: {title}"[:_WIDEST]
        if _width(title) <= _WIDEST:
            return title
        start = title
        while _width(start) > _WIDEST - 8:
            start = start[:-1]
        return f"{self._number(group)}: {start.rstrip()}…"


def _width(text: str) -> int:
    """Return the width of a text in columns: letters of East Asia take two."""
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def require_plots() -> None:
    """Check that plots can be drawn; call it before long work.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    _matplotlib()


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError(
            "a plot",
            rule="needs matplotlib",
            got="no matplotlib in this environment",
            next_step='Install it with: pip install "matplotlib>=3.11".',
        ) from error
    return matplotlib


def curve_style(place: int) -> dict[str, Any]:
    """Return colour, dashes and marker of the curve with a number.

    Two curves never differ by colour alone.
    """
    return {
        "color": _COLOURS[place % len(_COLOURS)],
        "linestyle": _DASHES[place % len(_DASHES)],
        "marker": _MARKERS[place % len(_MARKERS)],
    }


def svg(figure: Figure) -> bytes:
    """Return a figure as SVG. The same figure gives the same bytes."""
    return _saved(figure, "svg", {"Date": None, "Creator": None})


def png(figure: Figure) -> bytes:
    """Return a figure as PNG with 160 dots per inch. The same figure gives the same bytes."""
    return _saved(figure, "png", {"Software": None})


def _saved(figure: Figure, kind: str, metadata: dict[str, None]) -> bytes:
    buffer = io.BytesIO()
    with our_style():
        figure.savefig(buffer, format=kind, dpi=160, metadata=metadata, facecolor="white")
    return buffer.getvalue()


def settled(ax: Axes) -> Figure:
    """Return the figure of axes with its layout computed once, the same for all file types."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise ValueError("the axes belong to no figure")
    with our_style():
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure


def legend_rows(labels: Sequence[str]) -> int:
    """Return the number of rows of a legend with these labels."""
    return -(-len(labels) // _legend_columns(labels))


def _legend_columns(labels: Sequence[str]) -> int:
    """Return how many columns, up to three, fit the width of a figure."""
    longest = max(map(len, labels), default=0)
    column = 5 * longest + 45  # points: letters of 7.5 pt, line and gap
    return max(1, min(3, len(labels), int(WIDTH * 72 / column)))


def legend_below(ax: Axes, labels: Sequence[str]) -> None:
    """Put the legend under the axes in up to three columns."""
    ax.figure.legend(
        loc="outside lower center",
        ncols=_legend_columns(labels),
        handlelength=3.4,
        title="group (subjects)",
        title_fontsize=7.5,
    )
