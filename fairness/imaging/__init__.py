"""Measurements on a picture that can explain a gap between groups: skin tone, exposure, quality."""

from fairness.imaging.confounding import Confound, confounds
from fairness.imaging.skin_tone import ApparentTone, Rejection, measure_tone, with_tones

__all__ = [
    "ApparentTone",
    "Confound",
    "Rejection",
    "confounds",
    "measure_tone",
    "with_tones",
]
