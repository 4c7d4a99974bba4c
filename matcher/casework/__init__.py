"""Work on leads: reports for the case file."""

from matcher.casework.exports import LeadReport, lead_report_of, write_lead_report

__all__ = ["LeadReport", "lead_report_of", "write_lead_report"]
