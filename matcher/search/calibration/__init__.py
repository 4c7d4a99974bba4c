"""Thresholds and expected false leads for scores, from a record made on a named cohort."""

from matcher.search.calibration.calibration import Calibration, CalibrationUse, LowestScore
from matcher.search.calibration.false_match_curve import ExpectedFalseLeads

__all__ = ["Calibration", "CalibrationUse", "ExpectedFalseLeads", "LowestScore"]
