"""A contact sheet: rows of people, columns of ages, and the words "rendered, not photographs"."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from matcher.synthetic.cohort import SOURCE, CohortSpec, render_photo

_MARGIN, _HEADER = 12, 34


def contact_sheet(spec: CohortSpec, *, thumbnail: int = 128, groups: int = 1) -> Image.Image:
    """Render a cohort into one labelled picture.

    Parameters
    ----------
    spec
        The cohort. The sheet shows the first shot of every subject and age.
    thumbnail
        Side of each face in pixels.
    groups
        Number of people side by side in one row.

    Returns
    -------
    PIL.Image.Image
        RGB. The heading has the words "rendered, not photographs". The ages stand above the
        columns.
    """
    strips = [
        [_shrunk(render_photo(spec, subject, age).pixels, thumbnail) for age in spec.ages]
        for subject in range(spec.subjects)
    ]
    return lay_out(strips, [f"{age:g}" for age in spec.ages], thumbnail=thumbnail, groups=groups)


def lay_out(
    strips: Sequence[Sequence[NDArray[np.uint8]]],
    labels: Sequence[str],
    *,
    thumbnail: int,
    groups: int = 1,
) -> Image.Image:
    """Lay out strips of square pictures in rows, under a heading and column labels."""
    rows = -(-len(strips) // groups)
    strip = thumbnail * len(labels)
    size = (
        groups * strip + (groups + 1) * _MARGIN,
        2 * _HEADER + rows * thumbnail + _MARGIN,
    )
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(20), ImageFont.load_default(15)
    draw.text((_MARGIN, 8), "Rendered, not photographs. These people do not exist.", "black", large)
    for group in range(groups):
        left = _MARGIN + group * (strip + _MARGIN)
        for k, label in enumerate(labels):
            middle = left + (k + 0.5) * thumbnail
            draw.text((middle, _HEADER + 17), label, "black", small, anchor="mm")
    for number, pictures in enumerate(strips):
        row, group = divmod(number, groups)
        left = _MARGIN + group * (strip + _MARGIN)
        for k, picture in enumerate(pictures):
            tile = Image.fromarray(picture)
            sheet.paste(tile, (left + k * thumbnail, 2 * _HEADER + row * thumbnail))
    return sheet


def save_sheet(sheet: Image.Image, path: Path, *, quality: int = 88) -> None:
    """Write a sheet as WebP or PNG, by its ending; its metadata have the words too."""
    exif = Image.Exif()
    exif[0x010E] = SOURCE
    sheet.save(path, exif=exif, quality=quality, method=6)


def _shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    image = Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image)
