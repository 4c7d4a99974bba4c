"""Compute the quality measures of a face."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matcher.faces.alignment import align
from matcher.faces.face import CropTemplate
from matcher.faces.quality import FaceQuality
from matcher.photos import Photo

MEASURED_FACE = CropTemplate(
    "measured-128", 128, ((36.0, 44.0), (92.0, 44.0), (64.0, 76.0), (40.0, 102.0), (88.0, 102.0))
)
"""The crop on which sharpness, exposure and contrast are measured: the face from brow to chin."""

NOSE_DEPTH = 0.55
"""Distance of the nose tip in front of the eyes, as a share of the inter-eye distance."""

NOSE_HEIGHT = 0.53
"""Position of a level face's nose tip on the way from the eyes (0) to the mouth (1)."""

GREY_LEVEL = 1 / 255

SHADED_FACE = (slice(40, 108), slice(34, 94))
"""Rows and columns of the measured face between brows and mouth, where shading is measured."""

_AROUND = 8  # pixels around them that the mean and the change across four pixels need, or more

FEWEST_SHADED = 200
"""Fewest of those pixels that must lie within the photo for the shading to be measured."""


def measure(photo: Photo, box: ArrayLike, landmarks: ArrayLike, probability: float) -> FaceQuality:
    """Measure one face.

    Parameters
    ----------
    photo
        The photo that shows the face.
    box
        (4,) array: left, top, right, bottom in pixels.
    landmarks
        (5, 2) array of (x, y) in the order of `LANDMARKS`.
    probability
        The detector's own output.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    pixels = align(photo, points, MEASURED_FACE)
    light = luminance(pixels)
    yaw, pitch, roll = pose(points)
    return FaceQuality(
        inter_eye_distance=float(np.linalg.norm(points[1] - points[0])),
        sharpness=sharpness(light),
        exposure=float(light.mean()),
        contrast=float(np.subtract(*np.percentile(light, (95, 5)))),
        compression=float(photo.jpeg_quality or 100),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        probability=probability,
        inside=inside(np.asarray(box, dtype=np.float64), photo.size),
        shading=shading(light, np.asarray(pixels.any(axis=2))),
    )


def luminance(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the luma of RGB pixels in [0, 1], ITU-R BT.709 weights on sRGB values."""
    light: NDArray[np.float64] = pixels @ np.array([0.2126, 0.7152, 0.0722]) / 255
    return light


def shading(light: NDArray[np.float64], seen: NDArray[np.bool_]) -> float:
    """Return how gradually the light changes over the face, 0 or more.

    A face is curved, so the light changes nearly everywhere on it. The areas of a drawing are even
    between its lines. The luma is averaged over nine pixels both ways, so that noise, paper and
    compression count little. The shading is the 35th percentile of the change across four pixels,
    over the root of the mean luma plus 0.02, because a dark photo changes less. The formula is
    ours; docs/evidence/detection.md says how it was chosen, and which drawings it does not find.

    Parameters
    ----------
    light
        (128, 128) luma of the measured face, in [0, 1].
    seen
        (128, 128), False where the crop lies beyond the photo. Those pixels and their neighbours
        do not count. The shading is 1.0 if fewer than `FEWEST_SHADED` pixels are left: such a face
        is refused as cut off, if at all.
    """
    around = tuple(slice(side.start - _AROUND, side.stop + _AROUND) for side in SHADED_FACE)
    smooth, blank = (_averaged_both_ways(part[around]) for part in (light, ~seen))

    def moved(part: NDArray[np.float64], down: int, across: int) -> NDArray[np.float64]:
        rows, columns = len(part) - 2 * _AROUND, part.shape[1] - 2 * _AROUND
        top, left = _AROUND + down, _AROUND + across
        return part[top : top + rows, left : left + columns]

    counted = moved(blank, 0, 0) <= 0.02
    if np.count_nonzero(counted) < FEWEST_SHADED:
        return 1.0
    across = moved(smooth, 0, 2) - moved(smooth, 0, -2)
    down = moved(smooth, 2, 0) - moved(smooth, -2, 0)
    mean = light[SHADED_FACE][counted].mean()
    return float(np.percentile(np.hypot(across, down)[counted], 35) / np.sqrt(mean + 0.02))


def sharpness(light: NDArray[np.float64]) -> float:
    """Return the share of the fine variation that a blur would take away, in [0, 1].

    The share is one minus the blur of Crete et al., "The blur effect: perception and estimation
    with a new no-reference perceptual blur metric", SPIE 6492, 2007. The picture is averaged over
    nine pixels along rows, then along columns. A sharp picture loses most of the differences
    between neighbours; a blurred picture loses few. The worse direction counts. Differences of one
    grey level are taken for rounding. Noise counts as detail.
    """
    return min(_lost_share(light), _lost_share(light.T))


def _lost_share(light: NDArray[np.float64]) -> float:
    variation = np.abs(np.diff(light, axis=1))
    lost = np.clip(variation - np.abs(np.diff(_averaged(light), axis=1)) - GREY_LEVEL, 0, None)
    total = variation.sum()
    return float(lost.sum() / total) if total else 0.0


def _averaged(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the nine pixels along the row around each pixel."""
    running = np.cumsum(np.pad(light, ((0, 0), (5, 4)), mode="edge"), axis=1)
    averaged: NDArray[np.float64] = (running[:, 9:] - running[:, :-9]) / 9
    return averaged


def _averaged_both_ways(part: NDArray[Any]) -> NDArray[np.float64]:
    return _averaged(_averaged(part.astype(np.float64)).T).T


def pose(points: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return yaw, pitch and roll in degrees, estimated from five landmarks."""
    across = points[1] - points[0]
    distance = float(np.hypot(*across))
    if not distance:
        return 0.0, 0.0, 0.0
    right = across / distance
    down = np.array([-right[1], right[0]])
    eyes = points[:2].mean(axis=0)
    nose, mouth = points[2] - eyes, points[3:].mean(axis=0) - eyes
    yaw = np.degrees(np.arctan2(nose @ right, NOSE_DEPTH * distance))
    height = float(mouth @ down)
    pitch = np.degrees(np.arctan2(nose @ down - NOSE_HEIGHT * height, NOSE_DEPTH * distance))
    roll = np.degrees(np.arctan2(across[1], across[0]))
    return float(yaw), float(pitch), float(roll)


def inside(box: NDArray[np.float64], size: tuple[int, int]) -> float:
    """Return the share of the box that lies within a photo of (width, height)."""
    low, high = box[:2], box[2:]
    kept = np.clip(high, 0, size) - np.clip(low, 0, size)
    area = np.prod(high - low)
    return float(np.prod(kept) / area) if area > 0 else 0.0
