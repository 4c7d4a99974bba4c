"""What a reviewer is told of a lead, before the opinion and after it."""

from matcher.casework.telling.briefing import Briefing, PhotoNotes
from matcher.casework.telling.false_leads import FalseLeadFigures
from matcher.casework.telling.reach import Reach

__all__ = ["Briefing", "FalseLeadFigures", "PhotoNotes", "Reach"]
