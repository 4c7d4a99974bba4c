"""Compare everybody of one gallery with everybody of another, or with each other."""

from matcher.crossing.leads import Compared, CrossFace, CrossLead, CrossList
from matcher.crossing.pipeline import cross_match, mark_reported
from matcher.crossing.sheet import write_cross_sheet
from matcher.crossing.table import write_cross_leads

__all__ = [
    "Compared",
    "CrossFace",
    "CrossLead",
    "CrossList",
    "cross_match",
    "mark_reported",
    "write_cross_leads",
    "write_cross_sheet",
]
