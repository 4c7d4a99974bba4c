"""Photo to faces: detection, landmarks, alignment, quality. Knows nothing of vectors."""

from matcher.faces.alignment import align, similarity_transform
from matcher.faces.choice import choose_faces
from matcher.faces.face import LANDMARKS, Choice, CropTemplate, Detector, Face, FoundBy
from matcher.faces.measures import measure
from matcher.faces.policy import POLICIES, QualityPolicy, Refusal, refusals, weight
from matcher.faces.quality import FaceQuality

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
    "similarity_transform",
    "weight",
]


def load_detector(device: str = "cpu") -> Detector:
    """Return the detector of the library, with its usual settings.

    Parameters
    ----------
    device
        A torch device name, "cpu" or "cuda". Never replaced by another one.

    Raises
    ------
    InputError
        When it is no such name.
    ModelError
        When the device is not there.
    """
    from matcher.faces.mtcnn import MtcnnDetector

    return MtcnnDetector(device)
