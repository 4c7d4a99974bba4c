"""Colour as people see it: sRGB to CIE L*a*b*, colour differences, and scales of skin tone.

All values are for the illuminant D65 and the 2-degree observer.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MONK_SWATCHES = (
    "#f6ede4",
    "#f3e7db",
    "#f7ead0",
    "#eadaba",
    "#d7bd96",
    "#a07e56",
    "#825c43",
    "#604134",
    "#3a312a",
    "#292420",
)
"""The ten swatches of the Monk Skin Tone Scale in sRGB (Ellis Monk and Google, 2022)."""

_XYZ_OF_RGB = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
"""Linear sRGB to CIE XYZ: the primaries of ITU-R BT.709 to six places, as in scikit-image."""
_WHITE = np.array([0.95047, 1.0, 1.08883])
"""XYZ of D65 (ASTM E308)."""
_KNEE = 6 / 29

_LINEAR_OF_BYTE = np.arange(256) / 255
_LINEAR_OF_BYTE = np.where(
    _LINEAR_OF_BYTE <= 0.04045, _LINEAR_OF_BYTE / 12.92, ((_LINEAR_OF_BYTE + 0.055) / 1.055) ** 2.4
)


def linear(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Undo the transfer curve of 8-bit sRGB. The values, in [0, 1], may be averaged."""
    return _LINEAR_OF_BYTE[pixels]


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert linear sRGB (..., 3) to L*, a*, b* (CIE 15:2004); L* in [0, 100]."""
    xyz = rgb @ _XYZ_OF_RGB.T / _WHITE
    f = np.where(xyz > _KNEE**3, np.cbrt(xyz), xyz / (3 * _KNEE**2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def hue_angle(a: float, b: float) -> float:
    """Return the hue angle in degrees, (-180, 180]: reddish skin is near 40, yellowish near 75."""
    return math.degrees(math.atan2(b, a))


def typology_angle(lightness: float, b: float) -> float:
    """Return the corrected individual typology angle in degrees, [-90, 90].

    arctan((L* - 50) / |b*|). Without the absolute value (Chardon et al. 1991) the sign flips for
    bluish pixels. This is a legacy scale: it ignores a*, and Sony's authors advise against it
    (Thong, Joniak and Xiang, arXiv 2309.05148).
    """
    return math.degrees(math.atan2(lightness - 50, abs(b)))


def nearest_monk(colour: NDArray[np.float64]) -> int:
    """Return the number, 1 to 10, of the Monk swatch nearest to an L*a*b* colour, by CIEDE2000.

    The number does not replace an annotation: the scale was made for human annotators. Swatch 2
    is darker than swatch 3.
    """
    return 1 + int(np.argmin(ciede2000(colour, MONK_LAB)))


def ciede2000(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the difference of L*a*b* colours (..., 3), CIEDE2000 with all weights 1.

    Formula and notation: Sharma, Wu and Dalal, Color Research and Application 30, 2005.
    """
    l1, l2 = one[..., 0], other[..., 0]
    c1, h1, c2, h2 = _chroma_and_hue(one, other)
    mean_l, mean_c, product = (l1 + l2) / 2, (c1 + c2) / 2, c1 * c2
    turn = np.where(product == 0, 0.0, (h2 - h1 + 180) % 360 - 180)
    mean_h = np.where(product == 0, h1 + h2, (h1 + turn / 2) % 360)
    d_l, d_c = l2 - l1, c2 - c1
    d_h = 2 * np.sqrt(product) * _sin(turn / 2)
    t = (
        1
        - 0.17 * _cos(mean_h - 30)
        + 0.24 * _cos(2 * mean_h)
        + 0.32 * _cos(3 * mean_h + 6)
        - 0.20 * _cos(4 * mean_h - 63)
    )
    off_middle = (mean_l - 50) ** 2
    s_l = 1 + 0.015 * off_middle / np.sqrt(20 + off_middle)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    rotation = -_sin(60 * np.exp(-(((mean_h - 275) / 25) ** 2))) * 2 * _towards_one(mean_c)
    in_l, in_c, in_h = d_l / s_l, d_c / s_c, d_h / s_h
    return np.asarray(np.sqrt(in_l**2 + in_c**2 + in_h**2 + rotation * in_c * in_h))


def _chroma_and_hue(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Return chroma and hue in degrees of both colours. A small chroma stretches a*."""
    chroma = (np.hypot(one[..., 1], one[..., 2]) + np.hypot(other[..., 1], other[..., 2])) / 2
    stretch = 1 + 0.5 * (1 - _towards_one(chroma))
    found: list[NDArray[np.float64]] = []
    for colour in (one, other):
        a, b = colour[..., 1] * stretch, colour[..., 2]
        found += [np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360]
    return tuple(found)


def _towards_one(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))


def _sin(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sin(np.radians(degrees)))


def _cos(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.cos(np.radians(degrees)))


MONK_LAB = lab(
    linear(np.array([list(bytes.fromhex(swatch[1:])) for swatch in MONK_SWATCHES], dtype=np.uint8))
)
"""L*a*b* of the ten swatches, shape (10, 3)."""
