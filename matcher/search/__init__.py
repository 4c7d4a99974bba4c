"""Search a gallery with a probe, and return ranked candidates for a person to review."""

from matcher.search.calibration import Calibration, CalibrationUse, ExpectedFalseLeads
from matcher.search.candidates import Candidate, CandidateList, CandidatePhoto, ProbeFacts
from matcher.search.lead_sheet import write_sheet
from matcher.search.lead_table import lead_rows, write_leads
from matcher.search.probe import Probe
from matcher.search.searcher import Searcher

__all__ = [
    "Calibration",
    "CalibrationUse",
    "Candidate",
    "CandidateList",
    "CandidatePhoto",
    "ExpectedFalseLeads",
    "Probe",
    "ProbeFacts",
    "Searcher",
    "lead_rows",
    "write_leads",
    "write_sheet",
]
