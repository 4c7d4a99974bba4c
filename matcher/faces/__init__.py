"""Find faces in photos: detection, landmarks, alignment, quality. Knows nothing of vectors."""

from matcher.faces.alignment import align, similarity_transform
from matcher.faces.choice import (
    choose_faces,
    is_dominant,
    no_face_error,
    require_one_face,
    require_probe_face,
    several_faces_error,
)
from matcher.faces.detection import load_detector
from matcher.faces.face import (
    LANDMARKS,
    MTCNN,
    YUNET,
    Choice,
    CropTemplate,
    Detector,
    DetectorName,
    Face,
    FaceNumber,
    FoundBy,
    OneFace,
    ProbeFace,
    note_of_several,
)
from matcher.faces.quality import FaceQuality
from matcher.faces.quality_measures import measure
from matcher.faces.quality_policy import POLICIES, QualityPolicy, Refusal, refusals, weight

__all__ = [
    "LANDMARKS",
    "MTCNN",
    "POLICIES",
    "YUNET",
    "Choice",
    "CropTemplate",
    "Detector",
    "DetectorName",
    "Face",
    "FaceNumber",
    "FaceQuality",
    "FoundBy",
    "OneFace",
    "ProbeFace",
    "QualityPolicy",
    "Refusal",
    "align",
    "choose_faces",
    "is_dominant",
    "load_detector",
    "measure",
    "no_face_error",
    "note_of_several",
    "refusals",
    "require_one_face",
    "require_probe_face",
    "several_faces_error",
    "similarity_transform",
    "weight",
]
