"""From photos to faces: search in runs that fit into memory, and measure what is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matcher.device import claim_torch
from matcher.faces.detection.retries import Attempt, Finding
from matcher.faces.face import Face
from matcher.faces.quality_measures import measure
from matcher.photos import Photo

TOGETHER_PIXELS = 4_000_000
"""Largest number of pixels of the photos that are searched together. It bounds memory."""


class RetryingDetector:
    """What all detectors share that search a photo again, where no sure face was found.

    Parameters
    ----------
    attempts
        How a photo is searched, the first attempt first.
    retries
        Whether there are attempts after the first.
    """

    def __init__(self, attempts: tuple[Attempt, ...], *, retries: bool) -> None:
        self._attempts = attempts if retries else attempts[:1]

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        """Return the faces of each photo, the largest box first; the list is empty without a face.

        The other photos of the call do not change the faces of a photo, except that the coordinates
        of MTCNN may move by less than 0.01 pixel.

        Parameters
        ----------
        photos
            Of any sizes.

        Raises
        ------
        ForkError
            If the process was forked after a network had run.
        """
        return [
            _faces(photo, finding)
            for run in _together(photos)
            for photo, finding in zip(run, self._searched(run), strict=True)
        ]

    def with_one_attempt(self) -> Self:
        """Return a detector like this one that does not search a photo again."""
        made = copy(self)
        made._attempts = self._attempts[:1]
        return made

    def _searched(self, photos: Sequence[Photo]) -> Sequence[Finding]:
        claim_torch()
        return self._findings([photo.pixels for photo in photos])

    def _findings(self, pictures: Sequence[NDArray[np.uint8]]) -> Sequence[Finding]:
        """Search RGB pictures, uint8 (height, width, 3); return what was found in each."""
        raise NotImplementedError


def _together(photos: Sequence[Photo]) -> Iterator[Sequence[Photo]]:
    """Yield runs of photos with at most `TOGETHER_PIXELS`, or a single photo that has more."""
    start = pixels = 0
    for i, photo in enumerate(photos):
        size = photo.size[0] * photo.size[1]
        if i > start and pixels + size > TOGETHER_PIXELS:
            yield photos[start:i]
            start, pixels = i, 0
        pixels += size
    if photos:
        yield photos[start:]


def _faces(photo: Photo, finding: Finding) -> list[Face]:
    return [
        Face(
            photo=photo,
            box=detection.box,
            landmarks=detection.landmarks,
            probability=detection.probability,
            quality=measure(photo, detection.box, detection.landmarks, detection.probability),
            turned=finding.turned,
            found_by=finding.found_by,
        )
        for detection in finding.detections
    ]
