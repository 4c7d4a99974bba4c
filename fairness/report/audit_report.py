"""The result of an audit as a page, as plots and as a folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from fairness.private_files import write_private
from fairness.report.result import AuditResult
from fairness.tables import Column, Table
from fairness.verification import Suspicion

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class AuditReport(AuditResult):
    """The result of an audit, with methods that give a page, plots and a folder of files.

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

        The files are written into a temporary folder, which is then moved into place, so that the
        folder is never incomplete. The same report gives the same bytes. An earlier report in
        `folder` is replaced.

        Raises
        ------
        AuditError
            If `folder` holds anything but a report, or a report to which files were added.
        MissingExtraError
            If matplotlib or Jinja2 is not installed.
        """
        from fairness.report.writer import write_folder

        write_folder(self, folder)

    def write_suspicious(self, path: Path) -> bool:
        """Write the pairs of photos whose scores contradict the labels, for their owner only.

        The file names photos and people: it is not to be passed on. If there is no such pair, no
        file is written, and one of an earlier audit is deleted.

        Returns
        -------
        bool
            Whether there is such a pair, and so a file.

        Raises
        ------
        OSError
            If the file cannot be written or deleted.
        """
        if not self.suspicious:
            path.unlink(missing_ok=True)
            return False
        columns = tuple(Column(field.name, field.name) for field in fields(Suspicion))
        rows = tuple(asdict(pair) for pair in self.suspicious)
        write_private(
            path, Table("suspicious", "Suspicious pairs", columns, rows).to_csv().encode()
        )
        return True

    def plot_forest(self, factor: str, metric: str, ax: Axes | None = None) -> Axes:
        """Plot the rates of the groups of a factor with their intervals.

        Parameters
        ----------
        factor, metric
            Values of the rows of the table of rates, as in ``("age", "FNMR")``.
        ax
            Axes to draw on; by default those of a new figure (``ax.figure``). The other plots take
            the same.

        Raises
        ------
        KeyError
            If the report has no such data. The other plots raise the same.
        MissingExtraError
            If matplotlib is not installed. The other plots raise the same.
        """
        from fairness.report import plots

        return plots.forest(self, factor, metric, ax)

    def plot_det(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot FNMR against FMR by group, with the points at the global threshold."""
        from fairness.report import plots

        return plots.det(self, factor, ax)

    def plot_cross(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot the false match rate between groups as a heat map on a logarithmic scale."""
        from fairness.report import heatmaps

        return heatmaps.cross(self, factor, ax)

    def plot_age_gap(self, metric: str = "FNMR", ax: Axes | None = None) -> Axes:
        """Plot a false non-match rate over age at enrolment and age gap as a heat map."""
        from fairness.report import heatmaps

        return heatmaps.age_gap(self, metric, ax)

    def plot_cmc(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot the share of mated searches with the mate at or above a rank."""
        from fairness.report import plots

        return plots.cmc(self, factor, ax)

    def plot_discard(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot the FNMR that remains after the worst photos are discarded."""
        from fairness.report import plots

        return plots.discard(self, factor, ax)

    def plot_scores(self, factor: str, ax: Axes | None = None) -> Axes:
        """Plot the distributions of mated and non-mated scores by group, with the threshold."""
        from fairness.report import plots

        return plots.scores(self, factor, ax)
