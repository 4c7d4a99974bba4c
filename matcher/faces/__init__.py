"""Photo to faces: detection, landmarks, alignment, quality. Knows nothing of vectors."""

from matcher.faces.face import LANDMARKS, Choice, CropTemplate, Detector, Face
from matcher.faces.quality import FaceQuality

__all__ = ["LANDMARKS", "Choice", "CropTemplate", "Detector", "Face", "FaceQuality"]
