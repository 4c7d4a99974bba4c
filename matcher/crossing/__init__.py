"""Compare everybody of one gallery with everybody of another, or with each other."""

from matcher.crossing.leads import Compared, CrossFace, CrossLead, CrossList
from matcher.crossing.pipeline import cross_match
from matcher.crossing.sheet import write_cross_sheet
from matcher.crossing.table import write_cross_leads

__all__ = [
    "Compared",
    "CrossFace",
    "CrossLead",
    "CrossList",
    "cross_match",
    "write_cross_leads",
    "write_cross_sheet",
]
