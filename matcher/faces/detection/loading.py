"""Load the library's detector when a caller asks for it."""

from __future__ import annotations

from matcher.faces.face import Detector


def load_detector(device: str = "cpu", *, retries: bool = True) -> Detector:
    """Return the detector of the library, with its usual settings.

    Parameters
    ----------
    device
        A torch device name, "cpu" or "cuda". No other device is used instead.
    retries
        Whether a photo without a sure face is searched again: turned, enlarged, padded. A frame of
        a video needs none of these, because the next frame is another attempt.

    Raises
    ------
    InputError
        When `device` is not such a name.
    ModelError
        When the machine has no such device.
    """
    from matcher.faces.detection.mtcnn import MtcnnDetector

    return MtcnnDetector(device, retries=retries)
