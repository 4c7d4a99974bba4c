"""Probe to ranked candidates, for a person to review."""

from matcher.search.calibration import Calibration, CalibrationUse
from matcher.search.candidates import Candidate, CandidateList, CandidatePhoto, ProbeFacts
from matcher.search.false_matches import ExpectedFalseLeads
from matcher.search.probe import Probe
from matcher.search.searcher import Searcher
from matcher.search.sheet import write_sheet

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
    "write_sheet",
]
