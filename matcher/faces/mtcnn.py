"""The detector of facenet-pytorch (MTCNN): three small networks, each looking closer.

Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional
networks", IEEE Signal Processing Letters 23 (10), 2016. The networks and their weights come with
facenet-pytorch (MIT licence); the files are checked and read without unpickling code.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import facenet_pytorch
import numpy as np
import torch
from facenet_pytorch.models.utils.detect_face import detect_face
from numpy.typing import NDArray
from torch import nn

from matcher.errors import InputError, ModelError, WeightsDamagedError, WeightsMissingError
from matcher.faces.detection import Finding, Sighting, find
from matcher.faces.face import Face
from matcher.faces.measures import measure
from matcher.photos import Photo

WEIGHTS = {
    "PNet": "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    "RNet": "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    "ONet": "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
}
"""The three networks and the SHA-256 of their files in facenet-pytorch 2.5.3."""

FIRST_THRESHOLDS = (0.6, 0.7)
"""What the first two networks let through, as their authors set it."""

SURE = 0.995
"""From this probability on, the photo as it is need not be compared with the photo turned. Of 201
FG-NET photos 95.5 % reach it upright, and 0.5 to 1.5 % turned by a quarter or a half, where what
the detector sees is wrong."""

PYRAMID_STEP = 0.709
"""Each picture of the first network's pyramid has half the pixels of the one before."""

TOGETHER_PIXELS = 4_000_000
"""Most pixels that go through the networks together; bounds memory."""

TOGETHER_PHOTOS = 64
"""Most photos whose views are held at a time; bounds memory."""


class MtcnnDetector:
    """Finds faces with five landmarks; implements `Detector`.

    Parameters
    ----------
    device
        A torch device name such as "cpu" or "cuda". Never replaced by another one.
    minimum_probability
        Faces to which the last network gives less are not returned; in (0, 1).
    smallest_face
        Side in pixels of the smallest face looked for in the photo as it is, 12 or more. Half of
        it takes about four times as long.

    Raises
    ------
    InputError
        When a number is out of its range.
    ModelError
        When the device is not there.
    WeightsMissingError, WeightsDamagedError
        When the files of facenet-pytorch are not those of version 2.5.3.
    """

    def __init__(
        self,
        device: str = "cpu",
        minimum_probability: float = 0.8,
        smallest_face: int = 20,
    ) -> None:
        _check(minimum_probability, smallest_face)
        self._device = _chosen(device)
        self._thresholds = (*FIRST_THRESHOLDS, minimum_probability)
        self._smallest_face = smallest_face
        self._networks = [_network(name).to(self._device) for name in WEIGHTS]

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        """Return the faces of each photo, the largest box first; an empty list where none is.

        What is found in a photo does not depend on the photos beside it, except that
        coordinates may move by less than 0.01 pixel.

        Parameters
        ----------
        photos
            Of any sizes; those of equal size go through the networks together.
        """
        return [
            _faces(photo, finding)
            for start in range(0, len(photos), TOGETHER_PHOTOS)
            for photo, finding in self._findings(photos[start : start + TOGETHER_PHOTOS])
        ]

    def _findings(self, photos: Sequence[Photo]) -> Iterator[tuple[Photo, Finding]]:
        findings = find([photo.pixels for photo in photos], self._look, sure=SURE)
        return zip(photos, findings, strict=True)

    def _look(self, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Sighting]]:
        seen: list[list[Sighting]] = [[] for _ in pictures]
        for group in _equal_sizes(pictures):
            together = np.stack([pictures[i] for i in group])
            for i, sightings in zip(group, self._look_at_equal(together), strict=True):
                seen[i] = sightings
        return seen

    def _look_at_equal(self, pictures: NDArray[np.uint8]) -> list[list[Sighting]]:
        # Without a single level in its pyramid `detect_face` fails.
        if min(pictures.shape[1:3]) < self._smallest_face:
            return [[] for _ in pictures]
        with torch.inference_mode():
            boxes, landmarks = detect_face(
                pictures,
                self._smallest_face,
                *self._networks,
                self._thresholds,
                PYRAMID_STEP,
                self._device,
            )
        return [
            [Sighting(box[:4], five, float(box[4])) for box, five in zip(*found, strict=True)]
            for found in zip(boxes, landmarks, strict=True)
        ]


def _equal_sizes(pictures: Sequence[NDArray[np.uint8]]) -> Iterator[list[int]]:
    """Yield the places of pictures of equal size, at most `TOGETHER_PIXELS` at a time."""
    by_size: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, picture in enumerate(pictures):
        by_size[picture.shape].append(i)
    for (height, width, _), places in by_size.items():
        together = max(1, TOGETHER_PIXELS // (height * width))
        for start in range(0, len(places), together):
            yield places[start : start + together]


def _faces(photo: Photo, finding: Finding) -> list[Face]:
    return [
        Face(
            photo=photo,
            box=sighting.box,
            landmarks=sighting.landmarks,
            probability=sighting.probability,
            quality=measure(photo, sighting.box, sighting.landmarks, sighting.probability),
            turned=finding.turned,
            found_by=finding.found_by,
        )
        for sighting in finding.sightings
    ]


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


def _chosen(device: str) -> torch.device:
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise _unknown(device) from error
    if chosen.type not in ("cpu", "cuda"):
        raise _unknown(device)
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ModelError(
            "device of the detector",
            rule="is there, and the installed PyTorch can use it; no other is taken instead",
            got=f"{device!r} with {torch.cuda.device_count()} CUDA devices",
            next_step='Use "cpu", or install PyTorch for this device and its driver.',
        )
    return chosen


def _unknown(device: str) -> InputError:
    return InputError(
        "device of the detector",
        rule='is "cpu", "cuda" or "cuda:" and a number',
        got=repr(device),
        next_step="Choose one of these.",
    )
