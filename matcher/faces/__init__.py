"""Find faces in photos: detection, landmarks, alignment, quality. Knows nothing of vectors."""

from matcher.faces.alignment import align, similarity_transform
from matcher.faces.choice import choose_faces, require_one_face
from matcher.faces.detection import load_detector
from matcher.faces.face import LANDMARKS, Choice, CropTemplate, Detector, Face, FoundBy
from matcher.faces.quality import FaceQuality
from matcher.faces.quality_measures import measure
from matcher.faces.quality_policy import POLICIES, QualityPolicy, Refusal, refusals, weight

__all__ = [
    "LANDMARKS",
    "POLICIES",
    "Choice",
    "CropTemplate",
    "Detector",
    "Face",
    "FaceQuality",
    "FoundBy",
    "QualityPolicy",
    "Refusal",
    "align",
    "choose_faces",
    "load_detector",
    "measure",
    "refusals",
    "require_one_face",
    "similarity_transform",
    "weight",
]
