"""Names of groups in a plot: as they are, or by a number that the caption explains."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from fairness.report.figure_style import is_drawn
from fairness.report.result import AuditResult
from fairness.report.wording import factor_title, group_title
from fairness.tables import OVERALL

_WIDEST = 30  # columns; a wider label would leave no room for the plot


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
