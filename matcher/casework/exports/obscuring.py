"""Make faces in a picture unrecognisable, so that nothing brings them back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from matcher.search.lead_sheet.places import Box

CELLS: Final = 4
"""Cells along each side of what is left of a face. What is shown is made from 4 by 4 mean colours,
whatever the size of the face; hair and background of the margin are among them."""

MARGIN: Final = 0.2
"""Width of the margin around a box that is obscured with it, as a share of the box's sides."""

Corners = tuple[int, int, int, int]


def obscured(
    pixels: NDArray[np.uint8], boxes: Sequence[Box], keep: Box | None
) -> NDArray[np.uint8]:
    """Return a copy of the pixels in which the faces in the boxes cannot be recognised.

    A box with its margin is reduced to 4 by 4 mean colours, drawn in their cells, and blurred. The
    new pixels depend on nothing but these means and on what `keep` covers.

    Parameters
    ----------
    pixels
        RGB, uint8 of shape (height, width, 3). They stay as they are.
    boxes
        Faces to obscure: left, top, right, bottom in pixels.
    keep
        A face that stays as it is, also where a box reaches over it; None for none.
    """
    shown = pixels.copy()
    for box in boxes:
        left, top, right, bottom = _corners(box, MARGIN, shown)
        if left < right and top < bottom:
            shown[top:bottom, left:right] = _coarse(shown[top:bottom, left:right])
    if keep is not None:
        left, top, right, bottom = _corners(keep, 0.0, shown)
        shown[top:bottom, left:right] = pixels[top:bottom, left:right]
    return shown


def reaches_over(boxes: Sequence[Box], keep: Box | None) -> bool:
    """Return whether a part of one of the faces lies in the box that stays as it is."""
    if keep is None:
        return False
    return any(
        min(box[2], keep[2]) > max(box[0], keep[0]) and min(box[3], keep[3]) > max(box[1], keep[1])
        for box in boxes
    )


def _corners(box: Box, margin: float, pixels: NDArray[np.uint8]) -> Corners:
    """Return the pixels of a box with its margin that lie in the picture."""
    left, top, right, bottom = box
    across, down = margin * (right - left), margin * (bottom - top)
    height, width = pixels.shape[:2]
    return (
        max(0, math.floor(left - across)),
        max(0, math.floor(top - down)),
        min(width, math.ceil(right + across)),
        min(height, math.ceil(bottom + down)),
    )


def _coarse(part: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a part of a picture made from the mean colours of its cells alone."""
    rows, columns = (_edges(size) for size in part.shape[:2])
    sums = np.add.reduceat(part.astype(np.int64), rows[:-1], axis=0)
    sums = np.add.reduceat(sums, columns[:-1], axis=1)
    sizes = np.outer(np.diff(rows), np.diff(columns))[..., None]
    means = (sums // sizes).astype(np.uint8)
    cells = means.repeat(np.diff(rows), axis=0).repeat(np.diff(columns), axis=1)
    blur = ImageFilter.GaussianBlur(max(part.shape[:2]) / CELLS / 2)
    return np.asarray(Image.fromarray(cells).filter(blur), dtype=np.uint8)


def _edges(size: int) -> NDArray[np.int64]:
    """Return where cells begin along a side of so many pixels, and where the last one ends."""
    return np.linspace(0, size, min(CELLS, size) + 1).astype(np.int64)
