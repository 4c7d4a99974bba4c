"""What pages show of cases, searches, leads, groups and the log, from what the library says."""

from matcher.serve.showing.cases import PURPOSES, line_of, view_of
from matcher.serve.showing.leads import CaseLeads, case_leads, ordered
from matcher.serve.showing.log import log_line, verdict_of
from matcher.serve.showing.sides import Sides

__all__ = [
    "PURPOSES",
    "CaseLeads",
    "Sides",
    "case_leads",
    "line_of",
    "log_line",
    "ordered",
    "verdict_of",
    "view_of",
]
