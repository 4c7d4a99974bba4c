"""The detector of the library, loaded when somebody asks for it."""

from __future__ import annotations

from matcher.faces.face import Detector


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
    from matcher.faces.detection.mtcnn import MtcnnDetector

    return MtcnnDetector(device)
