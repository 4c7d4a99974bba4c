"""Probe to ranked candidates, for a person to review."""

from matcher.search.candidates import Candidate, CandidateList, CandidatePhoto, ProbeFacts
from matcher.search.probe import Probe
from matcher.search.searcher import Searcher
from matcher.search.sheet import write_sheet

__all__ = [
    "Candidate",
    "CandidateList",
    "CandidatePhoto",
    "Probe",
    "ProbeFacts",
    "Searcher",
    "write_sheet",
]
