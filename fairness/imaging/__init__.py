"""What is measured on a picture that can explain a gap: skin tone, exposure, sharpness."""

from fairness.imaging.confounding import confounds
from fairness.imaging.skin_tone import ApparentTone, measure_tone, with_tones

__all__ = ["ApparentTone", "confounds", "measure_tone", "with_tones"]
