"""The effects behind `matcher.degradation`.

Each effect takes uint8 pixels of shape (height, width, 3), a strength in (0, 1] and a random
stream, and returns new pixels. Its docstring states the physical meaning of the strength.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.photos import saved_as_jpeg

Kind = Literal[
    "downsample",
    "blur",
    "motion",
    "noise",
    "jpeg",
    "jpeg-twice",
    "low-light",
    "colour-cast",
    "screenshot",
    "crop",
    "print-scan",
    "grey",
]
"""The kinds of degradation."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Pixels = NDArray[np.uint8]
_Light = NDArray[np.float64]


def _downsample(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Scale each side by 16^-strength, with a cubic filter widened so that nothing aliases."""
    return scaled(pixels, 16.0**-strength)


def _blur(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Defocus: spread light over a disc of radius strength times 4 % of the shorter side."""
    return _convolved(pixels, _disc(strength * 0.04 * min(pixels.shape[:2])))


def _motion(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Spread light along a line of strength times 12 % of the shorter side, at a drawn angle."""
    return _convolved(
        pixels, _streak(strength * 0.12 * min(pixels.shape[:2]), rng.uniform(0, np.pi))
    )


def _noise(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Add the shot and read noise of a pixel that holds 100 / strength² electrons at white.

    Read noise is 3 electrons. Poisson noise is drawn from the normal distribution of the same
    variance.
    """
    light = _linear(pixels)
    one_electron = strength**2 / 100.0  # as a share of white
    deviation = np.sqrt(light * one_electron + (3.0 * one_electron) ** 2)
    return _encoded(light + deviation * rng.standard_normal(light.shape))


def _jpeg(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Save once at quality 95 - 90 strength."""
    return saved_as_jpeg(pixels, _quality(strength))


def _jpeg_twice(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Save twice at quality 95 - 90 strength, the second time with the blocks moved by 4 pixels.

    The move stands for a crop or a rotation between the two saves. Without it, the second save
    changes almost nothing.
    """
    once = saved_as_jpeg(pixels, _quality(strength))
    moved = np.pad(once, ((4, 0), (4, 0), (0, 0)), mode="edge")
    return saved_as_jpeg(moved, _quality(strength))[4:, 4:]


def _low_light(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Expose 5 strength stops less, without adding noise."""
    return _encoded(_linear(pixels) * 2.0 ** (-5.0 * strength))


def _colour_cast(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Misjudge the white balance: red up and blue down by strength stops, or the reverse."""
    stops = strength * rng.choice([-1.0, 1.0])
    return _encoded(_linear(pixels) * 2.0 ** np.array([stops, 0.0, -stops]))


def _screenshot(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Show at 1 / (1 + 3 strength) of its size, enlarge, save at quality 95 - 45 strength."""
    height, width = pixels.shape[:2]
    shown = scaled(pixels, 1.0 / (1.0 + 3.0 * strength))
    enlarged = Image.fromarray(shown).resize((width, height), Image.Resampling.BILINEAR)
    return saved_as_jpeg(np.asarray(enlarged), round(95 - 45 * strength))


def _crop(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Keep 1 - 0.6 strength of each side, at a drawn position."""
    sides = np.array(pixels.shape[:2])
    kept = np.maximum(1, np.rint(sides * (1.0 - 0.6 * strength)).astype(int))
    top, left = np.floor(rng.random(2) * (sides - kept + 1)).astype(int)
    return pixels[top : top + kept[0], left : left + kept[1]]


def _print_scan(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Age as a photographic print and scan it: softer, flatter, yellower, with paper grain.

    All amounts are multiplied by the strength: blur by a disc of radius 1 % of the shorter side;
    black lifted by 0.20 and white lowered by 0.10 of the sRGB range; blue lowered by a further
    0.15; grain of standard deviation 0.06.
    """
    soft = _convolved(pixels, _disc(strength * 0.01 * min(pixels.shape[:2]))) / 255.0
    black, white = 0.20 * strength, 1.0 - 0.10 * strength
    paper = np.array([1.0, 1.0 - 0.03 * strength, 1.0 - 0.15 * strength])
    grain = 0.06 * strength * rng.standard_normal((*pixels.shape[:2], 1))
    return _eight_bits((black + (white - black) * soft + grain) * paper)


def _grey(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Move colours towards their luma by the share `strength` (ITU-R BT.601 weights)."""
    luma = pixels @ np.array([0.299, 0.587, 0.114])
    return _eight_bits((pixels + strength * (luma[..., None] - pixels)) / 255.0)


def _quality(strength: float) -> int:
    return round(95 - 90 * strength)


def strength_of_quality(quality: int) -> float:
    """Invert the map from strength to JPEG quality."""
    return (95 - quality) / 90


def shrunk(pixels: Pixels, side: int) -> Pixels:
    """Scale down until the longer side has at most `side` pixels."""
    return scaled(pixels, min(1.0, side / max(pixels.shape[:2])))


def scaled(pixels: Pixels, factor: float) -> Pixels:
    """Scale both sides by a factor, with a cubic filter; each keeps at least one pixel."""
    height, width = pixels.shape[:2]
    size = scaled_size((width, height), factor)
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def scaled_size(size: tuple[int, int], factor: float) -> tuple[int, int]:
    """Return the width and height that `scaled` gives a picture of a width and height."""
    width, height = (max(1, round(side * factor)) for side in size)
    return width, height


# sRGB, IEC 61966-2-1.
_codes = np.arange(256) / 255.0
_LINEAR = np.where(_codes <= 0.04045, _codes / 12.92, ((_codes + 0.055) / 1.055) ** 2.4)


def _linear(pixels: Pixels) -> _Light:
    light: _Light = _LINEAR[pixels]
    return light


def _encoded(light: _Light) -> Pixels:
    light = np.clip(light, 0.0, 1.0)
    return _eight_bits(
        np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    )


def _eight_bits(values: _Light) -> Pixels:
    return np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)


def _convolved(pixels: Pixels, kernel: _Light) -> Pixels:
    """Spread the light of each pixel by a square kernel of odd side. The edges are repeated."""
    reach = kernel.shape[0] // 2
    padded = np.pad(_linear(pixels), ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    size = padded.shape[:2]
    spectrum = np.fft.rfft2(padded, axes=(0, 1)) * np.fft.rfft2(kernel, size)[..., None]
    blurred = np.fft.irfft2(spectrum, size, axes=(0, 1))
    return _encoded(blurred[2 * reach :, 2 * reach :])


def _disc(radius: float) -> _Light:
    """Return a disc with a smooth rim that sums to 1; the radius is in pixels."""
    reach = int(np.ceil(radius))
    fine = (np.arange((2 * reach + 1) * 9) - (9 * (2 * reach + 1) - 1) / 2) / 9
    inside = fine[:, None] ** 2 + fine[None, :] ** 2 <= radius**2
    kernel = inside.reshape(2 * reach + 1, 9, 2 * reach + 1, 9).mean(axis=(1, 3))
    disc: _Light = kernel / kernel.sum()
    return disc


def _streak(length: float, angle: float) -> _Light:
    """Return a line through the centre that sums to 1; length in pixels, angle in radians."""
    reach = int(np.ceil(length / 2)) + 1
    along = np.linspace(-length / 2, length / 2, 16 * reach + 1)
    rows, columns = reach + along * np.sin(angle), reach + along * np.cos(angle)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = rows - top, columns - left
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for row, part_down in ((top, 1 - down), (top + 1, down)):
        for column, part_right in ((left, 1 - right), (left + 1, right)):
            np.add.at(kernel, (row, column), part_down * part_right)
    streak: _Light = kernel / kernel.sum()
    return streak


EFFECTS: Mapping[Kind, Callable[[Pixels, float, np.random.Generator], Pixels]] = {
    "downsample": _downsample,
    "blur": _blur,
    "motion": _motion,
    "noise": _noise,
    "jpeg": _jpeg,
    "jpeg-twice": _jpeg_twice,
    "low-light": _low_light,
    "colour-cast": _colour_cast,
    "screenshot": _screenshot,
    "crop": _crop,
    "print-scan": _print_scan,
    "grey": _grey,
}
"""The effect of each kind."""
