"""Search a photo again if no sure face is found: enlarged, padded, turned.

This module is pure logic over any function that finds faces in pictures. It never makes up a face.
If no attempt finds a face, the photo has none. The whole photo is never taken for a face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import interpolate

from matcher.faces.face import FoundBy

WORKING_SIDE = 1200
"""Longest side in pixels at which a photo is first searched. A larger photo is reduced, which
bounds the time that a photo takes."""

ENLARGED_FACTOR = 2.0**1.25
"""Largest ratio between the enlarged picture and the first picture: 2 times 2**0.25. The factor
2**0.25 is half a step of the detector's pyramid, so that the enlarged picture's pyramid has other
sizes than the first one."""

ENLARGED_PIXELS = 4_000_000
"""Largest number of pixels of the enlarged picture."""

PADDING = 0.3
"""Width of the grey border of a padded picture, as a share of its longer side."""

PADDED_SIDES = (381, 320, 269, 226)
"""Longest sides in pixels of the photo inside that border. The face is expected to fill the photo.
The sizes are half a step of the detector's pyramid apart, so that they do not repeat each other."""

TURNED_PROBABILITY = 0.9
"""Smallest probability of a face in a turned photo, even if no other attempt finds a face."""

GREY = 128


@dataclass(frozen=True, eq=False)
class Detection:
    """One face that a detector found in a picture.

    Parameters
    ----------
    box
        float32 array of shape (4,): left, top, right, bottom in pixels of the picture.
    landmarks
        float32 array of shape (5, 2), in the order of `LANDMARKS`.
    probability
        In [0, 1].
    """

    box: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    probability: float


Detect = Callable[[Sequence[NDArray[np.uint8]]], list[list[Detection]]]
"""Finds the faces of each RGB picture, uint8 (height, width, 3)."""


@dataclass(frozen=True, eq=False)
class View:
    """A picture made from a photo; it maps detections back to the photo's coordinates.

    Parameters
    ----------
    pixels
        uint8 array of shape (height, width, 3).
    photo_size
        (width, height) of the photo.
    turned
        Degrees anticlockwise by which the photo was turned.
    padding
        Pixels of border on each side, added after scaling and turning.
    """

    pixels: NDArray[np.uint8]
    photo_size: tuple[int, int]
    turned: int = 0
    padding: int = 0

    def back(self, detection: Detection) -> Detection:
        """Return the detection in the photo's coordinates."""
        corners = self._points_back(detection.box.reshape(2, 2))
        box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
        return Detection(box, self._points_back(detection.landmarks), detection.probability)

    def _points_back(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        height, width = (side - 2 * self.padding for side in self.pixels.shape[:2])
        # Shares of the turned picture, measured from its corner and not from a pixel centre.
        x, y = ((points - self.padding + 0.5) / (width, height)).T
        across, down = {0: (x, y), 90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}[
            self.turned
        ]
        return (np.column_stack([across, down]) * self.photo_size - 0.5).astype(np.float32)


def view(pixels: NDArray[np.uint8], *, scale: float = 1.0) -> View:
    """Return the photo scaled."""
    height, width = pixels.shape[:2]
    return View(_scaled(pixels, scale), (width, height))


def turned(upright: View, degrees: int) -> View:
    """Return the view turned anticlockwise by a multiple of 90 degrees."""
    pixels = np.ascontiguousarray(np.rot90(upright.pixels, degrees // 90))
    return View(pixels, upright.photo_size, degrees)


def bordered(bare: View) -> View:
    """Return the view with a grey border around it."""
    width = round(PADDING * max(bare.pixels.shape[:2]))
    pixels = np.pad(bare.pixels, ((width, width), (width, width), (0, 0)), constant_values=GREY)
    return View(pixels, bare.photo_size, bare.turned, width)


def _scaled(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    if scale == 1.0:
        return pixels
    rows, columns = _size(pixels, scale)
    image = Image.fromarray(pixels)
    scaled = image.resize((columns, rows), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.asarray(scaled, dtype=np.uint8)


def _size(pixels: NDArray[np.uint8], scale: float) -> list[int]:
    return [max(1, round(side * scale)) for side in pixels.shape[:2]]


def original_views(pixels: NDArray[np.uint8], side: int = WORKING_SIDE) -> tuple[View, ...]:
    """Return the photo as it is, reduced to a longest side of `side` if it is larger."""
    height, width = pixels.shape[:2]
    return (View(_reduced(pixels, side), (width, height)),)


def _reduced(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the photo at its working scale, reduced as `_scaled` reduces it.

    Every large photo passes here, and PyTorch takes a fifth of Pillow's time. About one value in
    400 differs from Pillow's, mostly by 1.
    """
    scale = _working_scale(pixels, side)
    if scale == 1.0:
        return pixels
    # A copy, because PyTorch warns of arrays that are read-only, as a photo's are.
    picture = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]
    reduced = interpolate(picture, _size(pixels, scale), mode="bicubic", antialias=True)
    return reduced[0].permute(1, 2, 0).contiguous().numpy()


def enlarged_views(pixels: NDArray[np.uint8], side: int = WORKING_SIDE) -> tuple[View, ...]:
    """Return the photo at most `ENLARGED_FACTOR` times larger than in the first attempt."""
    height, width = pixels.shape[:2]
    working = _working_scale(pixels, side)
    scale = min(ENLARGED_FACTOR * working, (ENLARGED_PIXELS / (width * height)) ** 0.5)
    return (view(pixels, scale=scale),) if scale > 1.2 * working else ()


def padded_views(pixels: NDArray[np.uint8]) -> tuple[View, ...]:
    """Return the photo with a border, in several sizes: a face may fill it or reach beyond it."""
    longest = max(pixels.shape[:2])
    return tuple(bordered(view(pixels, scale=min(1.0, s / longest))) for s in PADDED_SIDES)


def rotated_views(pixels: NDArray[np.uint8], side: int = WORKING_SIDE) -> tuple[View, ...]:
    """Return the photo turned by 90, 180 and 270 degrees."""
    (upright,) = original_views(pixels, side)
    return tuple(turned(upright, degrees) for degrees in (90, 180, 270))


def _working_scale(pixels: NDArray[np.uint8], side: int) -> float:
    return min(1.0, side / float(max(pixels.shape[:2])))


Attempt = tuple[FoundBy, Callable[[NDArray[np.uint8]], tuple[View, ...]]]


def attempts_from(side: int) -> tuple[Attempt, ...]:
    """Return the attempts of a detector that first sees photos with this longest side."""
    return (
        ("as is", partial(original_views, side=side)),
        ("turned", partial(rotated_views, side=side)),
        ("enlarged", partial(enlarged_views, side=side)),
        ("padded", padded_views),
    )


ATTEMPTS = attempts_from(WORKING_SIDE)
"""The attempts, in the order in which they are tried."""


@dataclass(frozen=True, eq=False)
class Finding:
    """The faces that one attempt found in a photo.

    Parameters
    ----------
    detections
        In the photo's coordinates, the largest box first.
    found_by
        Name of the attempt.
    turned
        Degrees anticlockwise by which the photo was turned.
    """

    detections: tuple[Detection, ...] = ()
    found_by: FoundBy = "as is"
    turned: int = 0

    @property
    def best(self) -> float:
        """Highest probability of all detections, 0 without one."""
        return max((detection.probability for detection in self.detections), default=0.0)


def find(
    pictures: Sequence[NDArray[np.uint8]],
    detect: Detect,
    *,
    sure: float,
    replaces: float | None = None,
    attempts: Sequence[Attempt] = ATTEMPTS,
) -> list[Finding]:
    """Search each picture in the order of the attempts until a finding is sure; keep the surest.

    The first attempt suffices for most photos. A sure finding in the turned photo replaces a
    doubtful finding, because a detector may find something face-like in a photo that lies on its
    side. The photo is enlarged and padded only if the first attempt finds nothing and the turned
    photo gives nothing sure. A doubtful face in the turned photo counts if no other attempt finds a
    face.

    Parameters
    ----------
    pictures
        RGB, uint8 of shape (height, width, 3), of any sizes.
    detect
        Finds faces in pictures.
    sure
        A finding whose best face has this probability ends the search.
    replaces
        From this probability on, a face in the turned photo replaces a less probable upright one;
        `sure` if not given.
    attempts
        The first of `ATTEMPTS`, or all of them.
    """
    least = sure if replaces is None else replaces
    findings = [Finding() for _ in pictures]
    for found_by, make_views in attempts:
        open_ones = [i for i, finding in enumerate(findings) if _is_open(finding, found_by, sure)]
        views = [(i, view) for i in open_ones for view in make_views(pictures[i])]
        seen = detect([view.pixels for _, view in views])
        for (i, view), detections in zip(views, seen, strict=True):
            finding = Finding(_in_photo(view, detections), found_by, view.turned)
            if _credible(finding) and _standing(finding, least) > _standing(findings[i], least):
                findings[i] = finding
    return findings


def _is_open(finding: Finding, next_look: FoundBy, sure: float) -> bool:
    upright_suffices = bool(finding.detections) and finding.found_by == "as is"
    return finding.best < sure and (next_look == "turned" or not upright_suffices)


def _standing(finding: Finding, replaces: float) -> tuple[bool, bool, float]:
    """Rank a finding: a face before none, upright or probable before doubtful in a turned photo.

    The three turned views are three more chances of an error, and few photos lie on their side.
    """
    upright_or_probable = not finding.turned or finding.best >= replaces
    return bool(finding.detections), upright_or_probable, finding.best


def _credible(finding: Finding) -> bool:
    return not finding.turned or finding.best >= TURNED_PROBABILITY


def _in_photo(view: View, detections: Sequence[Detection]) -> tuple[Detection, ...]:
    return tuple(sorted(map(view.back, detections), key=_area, reverse=True))


def _area(detection: Detection) -> float:
    left, top, right, bottom = detection.box.tolist()
    return float((right - left) * (bottom - top))
