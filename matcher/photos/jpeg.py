"""Save a picture as JPEG, and estimate the quality setting of its last JPEG compression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Tables K.1 (luminance) and K.2 (chrominance) of ITU-T T.81 Annex K, row by row.
_LUMINANCE = """
16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62
18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101
72 92 95 98 112 100 103 99
"""
_CHROMINANCE = """
17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99 47 66 99 99 99 99 99 99
99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99
"""


def _tables_by_quality(standard: str) -> NDArray[np.int64]:
    """Return the tables that libjpeg makes for qualities 1 to 100, shape (100, 64).

    The formula is that of `jpeg_quality_scaling` and `jpeg_add_quant_table` in libjpeg 6b: scale =
    5000 / q below 50, else 200 - 2 q; entry = (standard · scale + 50) / 100 in whole numbers,
    limited to [1, 255].
    """
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    table = np.array(standard.split(), dtype=np.int64)
    return np.clip((table[None, :] * scale[:, None] + 50) // 100, 1, 255)


_BY_QUALITY = (_tables_by_quality(_LUMINANCE), _tables_by_quality(_CHROMINANCE))


def estimate_jpeg_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """Estimate the quality setting of the last JPEG compression.

    Parameters
    ----------
    tables
        Quantisation tables by their number, 64 entries each, row by row; as in
        `PIL.JpegImagePlugin.JpegImageFile.quantization`. Table 0 is taken as luminance, table 1
        as chrominance.

    Returns
    -------
    int or None
        The quality in [1, 100] whose standard tables differ least from these, by the sum of
        absolute differences. It is exact for encoders that scale the standard tables as libjpeg
        does. For other encoders it is the nearest equivalent. None if no table is complete.
    """
    usable = [
        np.abs(standard - np.asarray(tables[number])).sum(axis=1)
        for number, standard in enumerate(_BY_QUALITY)
        if len(tables.get(number, ())) == 64
    ]
    if not usable:
        return None
    return int(np.argmin(np.sum(usable, axis=0))) + 1


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
        The same input gives the same result with the same versions of Pillow and its JPEG library.
    """
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(file, formats=("JPEG",)) as image:
        return np.array(image)
