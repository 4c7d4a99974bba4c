"""Cut a face out of a frame, so that the picture shows this face and as few others as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.faces import Face
from matcher.photos import Photo, load_photo

MARGIN: Final = 0.6
"""Space around the box, in sides of the box, so that the detector finds the face again."""

LARGEST_SIDE: Final = 1024
"""Longest side of the picture in pixels. A larger one is reduced, which bounds the memory of a
track: no network takes a face of more than 160 pixels."""

OVERVIEW_SIDE: Final = 320
"""Longest side of the small picture of the whole frame."""


def cut_out(face: Face, others: Sequence[Face]) -> Face:
    """Return the face in a picture of its own; box and landmarks refer to that picture.

    Its `quality` is that of the frame.

    Parameters
    ----------
    face
        A face of a frame.
    others
        The other faces of the frame. The picture ends before their boxes, as far as the box of the
        face allows.
    """
    left, top, right, bottom = _edges(face, others)
    pixels = face.photo.pixels[top:bottom, left:right]
    longest = max(pixels.shape[:2])
    scale = min(1.0, LARGEST_SIDE / longest)
    offset = np.array([left, top], np.float32)
    cut = load_photo(np.ascontiguousarray(pixels if scale == 1 else _reduced(pixels, scale)))
    return replace(
        face,
        photo=cut,
        box=(face.box - np.tile(offset, 2)) * np.float32(scale),
        landmarks=(face.landmarks - offset) * np.float32(scale),
    )


def overview_of(photo: Photo) -> NDArray[np.uint8]:
    """Return a small picture of the whole frame."""
    image = Image.fromarray(photo.pixels)
    image.thumbnail((OVERVIEW_SIDE, OVERVIEW_SIDE))
    return np.asarray(image)


def _edges(face: Face, others: Sequence[Face]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the picture, in whole pixels of the frame."""
    box = face.box.astype(np.float64)
    low, high = box[:2], box[2:]
    margin = MARGIN * (high - low).max()
    start, end = low - margin, high + margin
    for other in others:
        other_low, other_high = other.box[:2].astype(np.float64), other.box[2:].astype(np.float64)
        if not ((other_high > start) & (other_low < end)).all():
            continue
        away = (other_low + other_high - low - high) / 2
        axis = int(np.abs(away).argmax())
        if away[axis] > 0:
            end[axis] = max(high[axis], min(end[axis], other_low[axis]))
        else:
            start[axis] = min(low[axis], max(start[axis], other_high[axis]))
    size = face.photo.size
    left, top = np.clip(np.floor(start), 0, np.array(size) - 1).astype(int).tolist()
    right, bottom = np.clip(np.ceil(end), (left + 1, top + 1), size).astype(int).tolist()
    return left, top, right, bottom


def _reduced(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    size = [max(1, round(side * scale)) for side in pixels.shape[1::-1]]
    return np.asarray(Image.fromarray(pixels).resize((size[0], size[1]), reducing_gap=3.0))
