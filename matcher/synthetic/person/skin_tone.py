"""Skin tone on measured scales: CIE L*, hue angle, and the nearest Monk Skin Tone swatch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.errors import InputError

MONK_SWATCHES: tuple[str, ...] = (
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
        [0.4123907993, 0.3575843394, 0.1804807884],
        [0.2126390059, 0.7151686788, 0.0721923154],
        [0.0193308187, 0.1191947798, 0.9505321522],
    ]
)
"""Linear sRGB to CIE XYZ under D65 (IEC 61966-2-1)."""
_RGB_OF_XYZ = np.linalg.inv(_XYZ_OF_RGB)
_WHITE = _XYZ_OF_RGB.sum(axis=1)


def linear(srgb: NDArray[np.floating]) -> NDArray[np.float64]:
    """Undo the sRGB transfer curve of values in [0, 1]."""
    v = np.asarray(srgb, np.float64)
    return np.asarray(np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4))


def encoded(rgb: NDArray[np.floating]) -> NDArray[np.float64]:
    """Apply the sRGB transfer curve to linear values, clipped to [0, 1]."""
    v = np.clip(np.asarray(rgb, np.float64), 0, 1)
    return np.asarray(np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055))


def lab_of_linear(rgb: NDArray[np.floating]) -> NDArray[np.float64]:
    """Convert linear sRGB (..., 3) to CIE L*a*b* under D65."""
    xyz = (np.asarray(rgb, np.float64)[..., None, :] * _XYZ_OF_RGB).sum(axis=-1) / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def linear_of_lab(lab: NDArray[np.floating]) -> NDArray[np.float64]:
    """Convert CIE L*a*b* (..., 3) under D65 to linear sRGB, clipped at 0."""
    lightness, a, b = (np.asarray(lab, np.float64)[..., k] for k in range(3))
    y = (lightness + 16) / 116
    f = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    return np.asarray(np.clip((xyz[..., None, :] * _RGB_OF_XYZ).sum(axis=-1), 0, None))


_MONK_LAB = lab_of_linear(
    linear(np.array([[int(h[k : k + 2], 16) / 255 for k in (1, 3, 5)] for h in MONK_SWATCHES]))
)


@dataclass(frozen=True)
class SkinTone:
    """Colour of the skin itself (its albedo), as under even white light.

    Parameters
    ----------
    lightness
        CIE L*, from about 15 (very dark) to 90 (very light).
    hue
        Hue angle in degrees, atan2(b*, a*): about 40 is reddish, 75 yellowish.
    """

    lightness: float
    hue: float

    def __post_init__(self) -> None:
        if not (10 <= self.lightness <= 96 and 0 <= self.hue <= 100):
            raise InputError(
                "skin tone",
                rule="L* in [10, 96] and hue angle in [0, 100] degrees",
                got=(self.lightness, self.hue),
                next_step="Give a tone in this range.",
            )

    @property
    def chroma(self) -> float:
        """CIE chroma: a fixed function of L*, fitted by eye through the ten Monk swatches."""
        return float(np.interp(self.lightness, [14, 22, 31, 43, 55, 78, 88, 96], _CHROMAS))

    @property
    def albedo(self) -> NDArray[np.float64]:
        """Linear sRGB of shape (3,)."""
        turn = math.radians(self.hue)
        chroma = self.chroma
        return linear_of_lab(
            np.array([self.lightness, chroma * math.cos(turn), chroma * math.sin(turn)])
        )

    @property
    def monk(self) -> int:
        """Number (1 to 10) of the nearest Monk swatch, by Euclidean distance in L*a*b*."""
        return nearest_monk(lab_of_linear(self.albedo))


_CHROMAS = [5, 13, 20, 25, 27, 25, 19, 8]


def nearest_monk(lab: NDArray[np.floating]) -> int:
    """Return the number (1 to 10) of the Monk swatch nearest to a L*a*b* colour."""
    return 1 + int(np.argmin(((np.asarray(lab) - _MONK_LAB) ** 2).sum(axis=-1)))


def tone_of_monk(number: int) -> SkinTone:
    """Return a tone with the lightness and hue of a Monk swatch.

    Swatches 1 to 3 (L* of 92 to 94) are lighter than skin measured by spectrophotometer.
    """
    if not 1 <= number <= len(MONK_SWATCHES):
        raise InputError(
            "Monk swatch",
            rule=f"a number from 1 to {len(MONK_SWATCHES)}",
            got=number,
            next_step="Give one of the ten swatches.",
        )
    lightness, a, b = _MONK_LAB[number - 1]
    return SkinTone(float(lightness), math.degrees(math.atan2(b, a)))


def tone_of_pixels(pixels: NDArray[np.uint8]) -> tuple[float, float, int]:
    """Measure (L*, hue angle, Monk number) of sRGB pixels (..., 3), averaged in linear light."""
    mean = linear(pixels.reshape(-1, 3) / 255).mean(axis=0)
    lab = lab_of_linear(mean)
    return float(lab[0]), math.degrees(math.atan2(lab[2], lab[1])), nearest_monk(lab)
