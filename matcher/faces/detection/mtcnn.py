"""The library's detector: the three MTCNN networks of facenet-pytorch, checked and run.

Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional networks",
IEEE Signal Processing Letters 23 (10), 2016. The networks and their weights come with
facenet-pytorch (MIT licence). The files are checked, and they are read without unpickling code.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import facenet_pytorch
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from matcher.device import chosen_device
from matcher.errors import InputError, WeightsDamagedError, WeightsMissingError
from matcher.faces.detection.cascade import Cascade
from matcher.faces.detection.found_faces import RetryingDetector
from matcher.faces.detection.retries import ATTEMPTS, Finding, find
from matcher.faces.face import MTCNN

WEIGHTS = {
    "PNet": "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    "RNet": "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    "ONet": "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
}
"""The three networks and the SHA-256 of their files in facenet-pytorch 2.5.3."""

FIRST_THRESHOLDS = (0.6, 0.7)
"""Thresholds of the first two networks, as their authors set them."""

SURE = 0.995
"""From this probability on, the upright photo need not be compared with the turned photo. Of 201
FG-NET photos, 95.5 % reach this probability upright. Turned by a quarter or a half, 0.5 to 1.5 %
reach it, and there the detection is wrong."""


class MtcnnDetector(RetryingDetector):
    """Finds faces with five landmarks; implements `Detector`.

    Parameters
    ----------
    device
        A torch device name such as "cpu" or "cuda". No other device is used instead.
    minimum_probability
        Smallest probability of the last network, in (0, 1). Less probable faces are not returned.
    smallest_face
        Side in pixels of the smallest face to find in the photo as it is, 12 or more. Somewhat
        smaller faces are found too: with 36, the detector finds faces with eyes 12 pixels apart,
        the least that the standard quality policy accepts. The retry on the enlarged photo finds
        smaller faces.
    retries
        Whether a photo without a sure face is searched again: turned, enlarged, padded.

    Raises
    ------
    InputError
        When a number is out of its range.
    ModelError
        When the machine has no such device.
    WeightsMissingError, WeightsDamagedError
        When the files of facenet-pytorch are not the files of version 2.5.3.
    """

    name: Final = MTCNN

    def __init__(
        self,
        device: str = "cpu",
        minimum_probability: float = 0.8,
        smallest_face: int = 36,
        *,
        retries: bool = True,
    ) -> None:
        _check(minimum_probability, smallest_face)
        chosen = chosen_device(device)
        networks = [_network(name).to(chosen) for name in WEIGHTS]
        thresholds = (*FIRST_THRESHOLDS, minimum_probability)
        self._cascade = Cascade(networks, thresholds, smallest_face, chosen)
        super().__init__(ATTEMPTS, retries=retries)

    def _findings(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Finding]:
        return find(pictures, self._cascade, sure=SURE, attempts=self._attempts)


def _network(name: str) -> nn.Module:
    path = Path(facenet_pytorch.__file__).parent / "data" / f"{name.lower()}.pt"
    network: nn.Module = getattr(facenet_pytorch, name)(pretrained=False)
    network.load_state_dict(torch.load(io.BytesIO(_bytes(path, name)), weights_only=True))
    return network.eval().requires_grad_(False)


def _bytes(path: Path, name: str) -> bytes:
    reinstall = "Install facenet-pytorch 2.5.3 again."
    if not path.is_file():
        raise WeightsMissingError(
            f"weights of the detector's {name}",
            rule="come with facenet-pytorch",
            got="no such file",
            next_step=reinstall,
            path=path,
        )
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != WEIGHTS[name]:
        raise WeightsDamagedError(
            f"weights of the detector's {name}",
            rule=f"have the SHA-256 {WEIGHTS[name]}",
            got=digest,
            next_step=reinstall,
            path=path,
        )
    return data


def _check(minimum_probability: float, smallest_face: int) -> None:
    if not 0 < minimum_probability < 1:
        raise InputError(
            "minimum_probability",
            rule="lies between 0 and 1",
            got=minimum_probability,
            next_step="Leave it out for the usual value.",
        )
    if smallest_face < 12:
        raise InputError(
            "smallest_face",
            rule="is 12 pixels or more, the window of the first network",
            got=smallest_face,
            next_step="Enlarge the photo instead.",
        )
