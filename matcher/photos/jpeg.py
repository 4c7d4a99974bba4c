"""What saving as JPEG does to a picture."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def saved_as_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Save as JPEG with halved chroma and read back.

    Parameters
    ----------
    pixels
        uint8 array of shape (height, width, 3), RGB.
    quality
        In [1, 100], libjpeg's scale.

    Returns
    -------
    uint8 array of the same shape
        The same for the same versions of Pillow and its JPEG library.
    """
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(file, formats=("JPEG",)) as image:
        return np.array(image)
