"""From photos to faces: search in runs that fit into memory, and measure what is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.faces.detection.retries import Finding
from matcher.faces.face import Face
from matcher.faces.quality_measures import measure
from matcher.photos import Photo

TOGETHER_PIXELS = 4_000_000
"""Largest number of pixels of the photos that are searched together. It bounds memory."""

Search = Callable[[Sequence[NDArray[np.uint8]]], Sequence[Finding]]
"""Searches RGB pictures, uint8 (height, width, 3); returns what it found in each."""


def faces_of(photos: Sequence[Photo], search: Search) -> list[list[Face]]:
    """Return the faces that a search finds in each photo, in the order of its detections."""
    return [
        _faces(photo, finding)
        for run in _together(photos)
        for photo, finding in zip(run, search([photo.pixels for photo in run]), strict=True)
    ]


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
