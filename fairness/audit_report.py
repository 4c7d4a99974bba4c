"""What an audit found: tables, curves and caveats, and the ways to read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from fairness.curves import Curves
from fairness.table import Table, Value

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class AuditReport:
    """The result of an audit.

    Parameters
    ----------
    title
        Heading of the report.
    card
        Run card for a reader, in order: what was tested, on whom and how, as in
        ``{"Model": "…", "Threshold": "0.612, set for …"}``.
    threshold
        The one score threshold of the audit; a comparison counts as at or above it iff
        score >= threshold.
    tables
        The tables of `fairness.catalogue.TABLE_NAMES`, and any other; a section of the report
        whose table is not there, or has no row, is left out.
    curves
        For the plots.
    caveats
        What the results do not say, one sentence or paragraph each.
    facts
        The run for a machine: hashes, seed, versions. No absolute path, and no time unless it is
        an input, so that the same inputs give the same bytes.
    level
        Confidence level of all intervals.

    Raises
    ------
    ValueError
        If two tables have one name.
    """

    title: str
    card: Mapping[str, str]
    threshold: float
    tables: tuple[Table, ...]
    curves: Curves = field(default_factory=Curves)
    caveats: tuple[str, ...] = ()
    facts: Mapping[str, Value] = field(default_factory=dict)
    level: float = 0.95

    def __post_init__(self) -> None:
        names = [table.name for table in self.tables]
        if len(set(names)) < len(names):
            raise ValueError(f"tables need names of their own, got {names}")
        object.__setattr__(self, "card", MappingProxyType(dict(self.card)))
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything but the curves, printed in the report and in ``run.json``."""
        content = {
            "title": self.title,
            "card": list(self.card.items()),
            "threshold": self.threshold,
            "level": self.level,
            "tables": [table.to_json() for table in self.tables],
            "caveats": list(self.caveats),
            "facts": dict(self.facts),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def has(self, name: str) -> bool:
        """Say whether there is a table of this name with at least one row."""
        return any(table.name == name and len(table) > 0 for table in self.tables)

    def table(self, name: str) -> Table:
        """Return a table by its name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for table in self.tables:
            if table.name == name:
                return table
        names = ", ".join(table.name for table in self.tables)
        raise KeyError(f"no table {name!r} in this report, only {names}")

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as a data frame.

        Raises
        ------
        KeyError
            If there is no such table.
        MissingExtraError
            If pandas is not installed.
        """
        return self.table(name).to_frame()

    def to_html(self) -> str:
        """Return the report as one self-contained, printable page.

        Raises
        ------
        MissingExtraError
            If matplotlib or Jinja2 is not installed.
        """
        from fairness.report.page import render
        from fairness.report.pictures import draw_all

        return render(self, draw_all(self))

    def write(self, folder: Path) -> None:
        """Write ``report.html``, ``tables/``, ``plots/`` and ``run.json``.

        The folder is written beside its place and then moved, so that it is there whole or not at
        all. The same report gives the same bytes. An earlier report in its place is replaced.

        Raises
        ------
        AuditError
            If something else than a report is in the place, or a report with files added to it.
        MissingExtraError
            If matplotlib or Jinja2 is not installed.
        """
        from fairness.report.folder import write_folder

        write_folder(self, folder)

    def plot_forest(self, factor: str, metric: str, ax: Axes | None = None) -> Axes:
        """Plot the rates of the groups of a factor with their intervals.

        Parameters
        ----------
        factor, metric
            Which rows of the table of rates, as in ``("age", "FNMR")``.
        ax
            Where to draw; by default a figure of its own (``ax.figure``). So for all plots.

        Raises
        ------
        KeyError
            If the report has nothing of the kind. So for all plots.
        MissingExtraError
            If matplotlib is not installed. So for all plots.
        """
        from fairness.report import plots

        return plots.forest(self, factor, metric, ax)

    def plot_det(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot FNMR against FMR by group, with the points at the global threshold."""
        from fairness.report import plots

        return plots.det(self, factor, ax)

    def plot_cross(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot the false match rate between groups as a map, log10."""
        from fairness.report import maps

        return maps.cross(self, factor, ax)

    def plot_age_gap(self, metric: str = "FNMR", ax: Axes | None = None) -> Axes:
        """Plot a false non-match rate over age at enrolment and age gap as a map."""
        from fairness.report import maps

        return maps.age_gap(self, metric, ax)

    def plot_cmc(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot the share of mated searches with the mate at or above a rank."""
        from fairness.report import plots

        return plots.cmc(self, factor, ax)

    def plot_discard(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot FNMR when the worst photos are put aside."""
        from fairness.report import plots

        return plots.discard(self, factor, ax)

    def plot_scores(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot how mated and non-mated scores are spread by group, with the threshold."""
        from fairness.report import plots

        return plots.scores(self, factor, ax)
