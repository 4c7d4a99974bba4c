"""Show aligned crops at low resolution: small and compressed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.embedding.models import LowResolutionView
from matcher.photos import saved_as_jpeg


def at_low_resolution(crops: NDArray[np.uint8], view: LowResolutionView) -> NDArray[np.uint8]:
    """Return crops as a low-resolution view shows them, both uint8 (n, size, size, 3).

    Shrinking averages over the pixels that become one pixel, as a camera does.
    """
    seen = np.empty_like(crops)
    for row, crop in enumerate(crops):
        small = _resized(crop, view.pixels)
        saved = small if view.quality is None else saved_as_jpeg(small, view.quality)
        seen[row] = _resized(saved, crops.shape[1])
    return seen


def _resized(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
