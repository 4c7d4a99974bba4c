"""The report of an audit: a page to read and sign, tables, plots, and a record of the run."""

from fairness.report.audit_report import AuditReport
from fairness.report.figure_style import require_plots
from fairness.report.result import AuditResult
from fairness.report.writer import require_replaceable

__all__ = ["AuditReport", "AuditResult", "require_plots", "require_replaceable"]
