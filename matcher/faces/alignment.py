"""Put a face upright in a square crop, at the place that the network expects."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from matcher.errors import InputError
from matcher.faces.face import CropTemplate
from matcher.photos import Photo


def similarity_transform(source: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Return the rotation, scale and shift that bring `source` closest to `target`.

    Least squares after Umeyama, "Least-squares estimation of transformation parameters between two
    point patterns", IEEE TPAMI 13 (4), 1991, equations 40-42. The result is never a reflection.

    Parameters
    ----------
    source, target
        Points of shape (n, 2), n >= 2, finite, with at least two different points in `source`.

    Returns
    -------
    ndarray
        float64 of shape (2, 3): `matrix @ (x, y, 1)` maps a source point to the target.

    Raises
    ------
    InputError
        When the points break the rules above.
    """
    points, wanted = _checked_points(source, target)
    centre, wanted_centre = points.mean(axis=0), wanted.mean(axis=0)
    spread, wanted_spread = points - centre, wanted - wanted_centre
    left, strengths, right = np.linalg.svd(wanted_spread.T @ spread)
    no_mirror = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = (left * no_mirror) @ right
    scale = strengths @ no_mirror / np.square(spread).sum()
    linear = scale * rotation
    return np.column_stack([linear, wanted_centre - linear @ centre])


def _checked_points(
    source: ArrayLike, target: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = np.asarray(source, dtype=np.float64)
    wanted = np.asarray(target, dtype=np.float64)
    if points.shape != wanted.shape or points.ndim != 2 or points.shape[1] != 2:
        raise _points_error("both sets have shape (n, 2)", f"{points.shape} and {wanted.shape}")
    if not (np.isfinite(points).all() and np.isfinite(wanted).all()):
        raise _points_error("coordinates are finite", "nan or infinity")
    if len(points) < 2 or not np.ptp(points, axis=0).any():
        raise _points_error("at least two source points differ", f"{len(points)} equal points")
    return points, wanted


def _points_error(rule: str, got: str) -> InputError:
    return InputError("points", rule=rule, got=got, next_step="Check the landmarks.")


def align(photo: Photo, landmarks: ArrayLike, template: CropTemplate) -> NDArray[np.uint8]:
    """Return the face as the square crop that `template` describes.

    `similarity_transform` maps the five landmarks to the template's points. A face larger than the
    crop is first reduced by a whole factor, so that fine detail does not alias: each new pixel is
    the mean of a square. The crop is then sampled bilinearly. Pixels beyond the photo's edge are
    black, as in the crops that dlib's network was trained on.

    Parameters
    ----------
    photo
        The photo the face was found in.
    landmarks
        (5, 2) array of (x, y) pixel coordinates in the order of `LANDMARKS`.
    template
        Geometry of the crop.

    Returns
    -------
    ndarray
        uint8 of shape (size, size, 3), RGB.

    Raises
    ------
    InputError
        When the landmarks are not finite or all coincide.
    """
    to_crop = similarity_transform(landmarks, template.points)
    linear = np.linalg.inv(to_crop[:, :2]).astype(np.float64)
    shift = -linear @ to_crop[:, 2]
    picture, factor, corner = _reduced_around(photo, linear, shift, template.size)
    linear, shift = linear / factor, (shift + 0.5 - corner) / factor - 0.5
    # Pillow measures from pixel corners, the template from pixel centres.
    shift = shift + 0.5 - linear @ (0.5, 0.5)
    coefficients = (*linear[0], shift[0], *linear[1], shift[1])
    crop = picture.transform(
        (template.size, template.size),
        Image.Transform.AFFINE,
        tuple(map(float, coefficients)),
        resample=Image.Resampling.BILINEAR,
    )
    return np.asarray(crop, dtype=np.uint8)


def _reduced_around(
    photo: Photo, linear: NDArray[np.float64], shift: NDArray[np.float64], size: int
) -> tuple[Image.Image, int, NDArray[np.float64]]:
    """Return the part of the photo that the crop shows, reduced; the factor; and its corner."""
    factor = max(1, int(np.sqrt(abs(np.linalg.det(linear)))))
    ends = np.array([(-1, -1), (size, -1), (-1, size), (size, size)]) @ linear.T + shift
    margin = 2 * factor
    low = np.clip(np.floor(ends.min(axis=0)) - margin, 0, np.array(photo.size) - 1).astype(int)
    high = np.clip(np.ceil(ends.max(axis=0)) + margin, low + 1, photo.size).astype(int)
    cut = photo.pixels[low[1] : high[1], low[0] : high[0]]
    picture = Image.fromarray(np.ascontiguousarray(cut))
    if factor > 1:
        picture = picture.reduce(factor)
    return picture, factor, low.astype(np.float64)
