"""The meaning of a score for people of one age: false-match rates by age band and gallery size."""

from fairness.calibration.calibration import calibrate, require_people
from fairness.calibration.record import (
    TARGETS,
    AgeBandRecord,
    CalibrationRecord,
    FalseMatchCurve,
    Galleries,
    GapBandRecord,
)

__all__ = [
    "TARGETS",
    "AgeBandRecord",
    "CalibrationRecord",
    "FalseMatchCurve",
    "Galleries",
    "GapBandRecord",
    "calibrate",
    "require_people",
]
