"""An audit's result, and the ways to read it: a page, plots, a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fairness.report.result import AuditResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class AuditReport(AuditResult):
    """The result of an audit, to be read as a page, as plots and as a folder of files.

    Parameters and errors are those of `AuditResult`.
    """

    def to_html(self) -> str:
        """Return the report as one self-contained, printable page.

        Raises
        ------
        MissingExtraError
            If matplotlib or Jinja2 is not installed.
        """
        from fairness.report.figures import draw_all
        from fairness.report.html_page import render

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
        from fairness.report.writer import write_folder

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
        from fairness.report import heatmaps as maps

        return maps.cross(self, factor, ax)

    def plot_age_gap(self, metric: str = "FNMR", ax: Axes | None = None) -> Axes:
        """Plot a false non-match rate over age at enrolment and age gap as a map."""
        from fairness.report import heatmaps as maps

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
