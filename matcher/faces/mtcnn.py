"""The detector of facenet-pytorch (MTCNN): three small networks, each looking closer.

Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional
networks", IEEE SPL 23 (10), 2016. The networks and their weights come with facenet-pytorch (MIT);
the weights are read with `weights_only=True`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.resources import as_file, files
from typing import TypeVar

import facenet_pytorch
import numpy as np
import torch
from facenet_pytorch.models.utils.detect_face import detect_face
from numpy.typing import NDArray
from torch import nn

from matcher.errors import InputError, WeightsMissingError
from matcher.faces.detection import Finding, Sighting, find
from matcher.faces.face import Face
from matcher.faces.measures import measure
from matcher.photos import Photo

GROUP_PIXELS = 4_000_000
"""Most pixels of the pictures that go through the networks together."""

GROUP_PHOTOS = 64
"""Most photos held in memory as views at a time."""


class MtcnnDetector:
    """Finds faces with five landmarks; implements `Detector`.

    Parameters
    ----------
    device
        A torch device name; "cuda" is an error where there is none, never a silent fallback.
    minimum_probability
        Faces below this probability of the last network are not returned, in (0, 1).
    smallest_face
        Side in pixels of the smallest face that is looked for, >= 12. Halving it quadruples
        the time.

    Raises
    ------
    InputError
        When an argument breaks its rule or the device does not exist.
    WeightsMissingError
        When facenet-pytorch is installed without its weights.
    """

    def __init__(
        self, device: str = "cpu", minimum_probability: float = 0.8, smallest_face: int = 20
    ) -> None:
        self._device = _usable(device)
        self._smallest_face = _checked(smallest_face, 12)
        self._thresholds = (0.6, 0.7, minimum_probability)
        self._networks = [_network(name, self._device) for name in ("PNet", "RNet", "ONet")]

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        """Return the faces of each photo, the largest box first; an empty list where none is.

        What is found in a photo does not depend on the photos beside it, but for rounding.

        Parameters
        ----------
        photos
            Of any sizes, mixed as you like.
        """
        return [
            _faces(photo, finding)
            for start in range(0, len(photos), GROUP_PHOTOS)
            for photo, finding in self._found(photos[start : start + GROUP_PHOTOS])
        ]

    def _found(self, photos: Sequence[Photo]) -> Iterator[tuple[Photo, Finding]]:
        findings = find([photo.pixels for photo in photos], self._look)
        return zip(photos, findings, strict=True)

    def _look(self, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Sighting]]:
        seen: list[list[Sighting]] = [[] for _ in pictures]
        for group in _groups(pictures):
            for i, sightings in zip(group, self._look_at_equal([pictures[i] for i in group])):
                seen[i] = sightings
        return seen

    def _look_at_equal(self, pictures: list[NDArray[np.uint8]]) -> list[list[Sighting]]:
        if min(pictures[0].shape[:2]) < self._smallest_face:
            return [[] for _ in pictures]
        with torch.inference_mode():
            boxes, points = detect_face(
                np.stack(pictures),
                self._smallest_face,
                *self._networks,
                self._thresholds,
                0.709,
                self._device,
            )
        return [
            [
                Sighting(b[:4].astype(np.float32), p.astype(np.float32), float(b[4]))
                for b, p in zip(bs, ps)
            ]
            for bs, ps in zip(boxes, points)
        ]


def _groups(pictures):
    by_shape = defaultdict(list)
    for i, p in enumerate(pictures):
        by_shape[p.shape].append(i)
    for shape, ids in by_shape.items():
        n = max(1, GROUP_PIXELS // (shape[0] * shape[1]))
        for s in range(0, len(ids), n):
            yield ids[s : s + n]


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


def _network(name: str, device: torch.device) -> nn.Module:
    network: nn.Module = getattr(facenet_pytorch, name)(pretrained=False)
    with as_file(files(facenet_pytorch) / "data" / f"{name.lower()}.pt") as path:
        if not path.is_file():
            raise WeightsMissingError(
                "weights of the face detector",
                rule="come with facenet-pytorch",
                got="no file",
                next_step="Reinstall facenet-pytorch.",
                path=path,
            )
        network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return network.eval().requires_grad_(False).to(device)


def _usable(device: str) -> torch.device:
    chosen = torch.device(device)
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "device", rule="exists on this machine", got=device, next_step='Use device="cpu".'
        )
    return chosen


def _checked(v: int, low: int) -> int:
    return v
