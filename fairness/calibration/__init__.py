"""What a score means for people of an age: false matches by band, and how far they carry."""

from fairness.calibration.calibration import calibrate
from fairness.calibration.record import CalibrationRecord

__all__ = ["CalibrationRecord", "calibrate"]
