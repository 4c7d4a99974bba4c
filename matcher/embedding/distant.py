"""A face as it would look from afar, so that what is worn is compared with what is worn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_CUBIC = Image.Resampling.BICUBIC


def from_afar(crops: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """Return crops shrunk to `pixels` across and brought back, both uint8 (n, size, size, 3).

    Shrinking averages over the pixels that become one, as a camera does.
    """
    size = crops.shape[1]
    seen = np.empty_like(crops)
    for row, crop in enumerate(crops):
        small = Image.fromarray(crop).resize((pixels, pixels), _CUBIC)
        seen[row] = np.asarray(small.resize((size, size), _CUBIC))
    return seen
