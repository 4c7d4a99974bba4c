"""Apparent skin tone, measured from a photo. Light, camera and processing change it.

Apparent tone is neither ethnicity nor the true colour of the skin. Measured on uncontrolled photos
of one person, it varies widely against a colorimeter (Howard et al. 2021, arXiv 2106.11240).
Therefore group subjects and not photos (`fairness.cohort`), compare the exposure as well as the
tone (`confounds`), and prefer annotations or a colour chart if there are any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cohort
from fairness.imaging.colour import hue_angle, lab, linear, nearest_monk, typology_angle

Rejection = Literal["", "too small", "grey", "near-grey", "outside", "clipped"]
"""Reason why no tone could be measured on a photo; "" if one was measured.

=========  ================================================================================
too small  the eyes are less than 32 pixels apart
grey       red, green and blue are equal in every pixel
near-grey  the median chroma of the skin is below 4: a grey print, night vision, a filter
outside    fewer than two of the three patches of skin lie within the picture
clipped    fewer than two patches have at least half of their pixels neither white nor black
=========  ================================================================================
"""

LEAST_EYE_DISTANCE = 32.0
LEAST_CHROMA = 4.0
SUSPECT_DIFFERENCE = 10.0
_WHITE_FROM, _BLACK_TO = 250, 5
_PATCH = 0.15  # half the side of a patch, in distances between the eyes
_LEAST_SHARE = 0.5  # share of a patch's pixels that must be neither white nor black
_LOOKED_AT = 1 << 16  # number of pixels that the exposure is estimated from


@dataclass(frozen=True)
class ApparentTone:
    """The tone of a face as measured on one photo, or the reason why it could not be measured.

    Parameters
    ----------
    rejection
        Reason why no tone was measured; "" if one was. With a reason, all values from `lightness`
        to `cheek_difference` are nan or 0.
    lightness, hue, chroma
        L* in [0, 100], hue angle in degrees, CIE chroma: medians over the patches of skin.
    ita
        Corrected individual typology angle in degrees; a legacy scale.
    mst_nearest_auto
        Nearest swatch of the Monk scale, 1 to 10; 0 if rejected. It does not replace an annotation.
    pixels
        Number of pixels of skin that the values come from.
    interquartile
        Interquartile range of L* over these pixels.
    cheek_difference
        Absolute difference of L* between the cheeks; nan if one cheek could not be used.
    exposure
        Mean L* of the whole picture, in [0, 100].
    cast
        CIE chroma of the picture's mean colour. A large value suggests coloured light.
    eye_distance
        Distance between the eyes in pixels.
    """

    rejection: Rejection
    lightness: float = math.nan
    hue: float = math.nan
    chroma: float = math.nan
    ita: float = math.nan
    mst_nearest_auto: int = 0
    pixels: int = 0
    interquartile: float = math.nan
    cheek_difference: float = math.nan
    exposure: float = math.nan
    cast: float = math.nan
    eye_distance: float = math.nan

    @property
    def illumination_suspect(self) -> bool:
        """Whether the cheeks differ by more than 10 in L*, as in light from one side."""
        return self.cheek_difference > SUSPECT_DIFFERENCE


@dataclass(frozen=True, eq=False)
class _Patch:
    """Usable pixels of one patch of skin: L*a*b*, shape (pixels, 3), and their mean colour."""

    pixels: NDArray[np.float64]
    mean: NDArray[np.float64]


def measure_tone(pixels: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> ApparentTone:
    """Measure the apparent tone of a face on its cheeks and forehead.

    Clipped pixels, and the darkest and the lightest twentieth of each patch, are left out. The
    other pixels are averaged in linear light. No pixel is left out for its colour, because such a
    filter would treat different tones differently.

    Parameters
    ----------
    pixels
        The picture, aligned or not: uint8 array of shape (H, W, 3), sRGB, upright.
    landmarks
        Array of shape (5, 2): x and y in pixels of the eyes, the nose and the corners of the
        mouth. Of the two eyes and the two corners, the left one in the picture comes first.

    Raises
    ------
    ValueError
        If shapes or types differ from these, or a landmark is not finite.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ValueError(f"need uint8 pixels (H, W, 3), got {pixels.dtype} {pixels.shape}")
    if landmarks.shape != (5, 2) or not np.isfinite(landmarks).all():
        raise ValueError("need five finite landmarks, shape (5, 2)")
    eyes = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    exposure, cast = _exposure(pixels)
    tone = _measured(pixels, np.asarray(landmarks, np.float64), eyes)
    return replace(tone, exposure=exposure, cast=cast, eye_distance=eyes)


def with_tones(cohort: Cohort, tones: Mapping[str, ApparentTone]) -> Cohort:
    """Return the cohort with measured L* and hue added to the photos that had none.

    Rejected photos get no tone.

    Parameters
    ----------
    cohort
        The cohort of the measured photos.
    tones
        Measured tones by identifier of the photo.
    """
    samples = [
        replace(sample, skin_tone_l=tone.lightness, skin_tone_hue=tone.hue)
        if (tone := tones.get(sample.photo)) and not tone.rejection and sample.skin_tone_l is None
        else sample
        for sample in cohort.samples
    ]
    return cohort.having(samples)


def _measured(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float64], eyes: float
) -> ApparentTone:
    if eyes < LEAST_EYE_DISTANCE:
        return ApparentTone("too small")
    if (pixels == pixels[..., :1]).all():
        return ApparentTone("grey")
    cut = [_cut(pixels, place, eyes * _PATCH) for place in _places(landmarks)]
    if sum(patch is not None for patch in cut) < 2:
        return ApparentTone("outside")
    patches = [None if patch is None else _usable(patch) for patch in cut]
    used = [patch for patch in patches if patch is not None]
    if len(used) < 2:
        return ApparentTone("clipped")
    return _tone(used, _difference(*patches[:2]))


def _tone(patches: list[_Patch], cheek_difference: float) -> ApparentTone:
    everything = np.concatenate([patch.pixels for patch in patches])
    if float(np.median(np.hypot(everything[:, 1], everything[:, 2]))) < LEAST_CHROMA:
        return ApparentTone("near-grey")
    colour = np.median([patch.mean for patch in patches], axis=0)
    lightness, a, b = colour.tolist()
    low, high = np.percentile(everything[:, 0], [25, 75])
    return ApparentTone(
        "",
        lightness=lightness,
        hue=hue_angle(a, b),
        chroma=math.hypot(a, b),
        ita=typology_angle(lightness, b),
        mst_nearest_auto=nearest_monk(colour),
        pixels=len(everything),
        interquartile=float(high - low),
        cheek_difference=cheek_difference,
    )


def _places(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centres of the left cheek, the right cheek and the forehead, shape (3, 2).

    A cheek lies halfway between an eye and the corner of the mouth, a little outwards. The
    forehead lies above the brows, on the line from the mouth through the middle of the eyes.
    """
    left_eye, right_eye, _, left_mouth, right_mouth = landmarks
    outwards = 0.1 * (right_eye - left_eye)
    middle, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    return np.stack(
        [
            (left_eye + left_mouth) / 2 - outwards,
            (right_eye + right_mouth) / 2 + outwards,
            middle + 0.55 * (middle - mouth),
        ]
    )


def _cut(
    pixels: NDArray[np.uint8], centre: NDArray[np.float64], half: float
) -> NDArray[np.uint8] | None:
    """Return the pixels of a patch, shape (n, 3); None if it reaches beyond the picture."""
    left, top = np.floor(centre - half).astype(int)
    right, bottom = np.ceil(centre + half).astype(int) + 1
    height, width = pixels.shape[:2]
    if left < 0 or top < 0 or right > width or bottom > height:
        return None
    return pixels[top:bottom, left:right].reshape(-1, 3)


def _usable(patch: NDArray[np.uint8]) -> _Patch | None:
    """Return the pixels that are neither clipped nor extreme; None if most are clipped."""
    kept = patch[(patch.max(axis=1) < _WHITE_FROM) & (patch.max(axis=1) > _BLACK_TO)]
    if len(kept) < _LEAST_SHARE * len(patch):
        return None
    light = linear(kept)
    colours = lab(light)
    low, high = np.percentile(colours[:, 0], [5, 95])
    middle = (colours[:, 0] >= low) & (colours[:, 0] <= high)
    return _Patch(colours[middle], lab(light[middle].mean(axis=0)))


def _difference(left: _Patch | None, right: _Patch | None) -> float:
    if left is None or right is None:
        return math.nan
    return abs(float(left.mean[0] - right.mean[0]))


def _exposure(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the picture's mean L* and the chroma of its mean colour, from every n-th pixel."""
    step = max(1, math.isqrt(pixels.shape[0] * pixels.shape[1] // _LOOKED_AT))
    light = linear(pixels[::step, ::step].reshape(-1, 3))
    _, a, b = lab(light.mean(axis=0)).tolist()
    return float(lab(light)[:, 0].mean()), math.hypot(a, b)
