"""Scaled copies of a photo, made quickly from the smallest reduction that is large enough."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.ops import roi_align

from matcher.faces.detection.mosaic import normalise

SMALLEST_SIDE = 24
"""A picture whose shorter side is below this number of pixels is not halved again."""


class ImagePyramid:
    """A photo and its reductions by powers of two.

    Parameters
    ----------
    pixels
        RGB, uint8 of shape (height, width, 3).
    device
        Device of the pictures that are made from the photo.
    """

    def __init__(self, pixels: NDArray[np.uint8], device: torch.device) -> None:
        self.height, self.width = pixels.shape[:2]
        self._device = device
        self._pixels = pixels
        self._images = [Image.fromarray(pixels)]
        while min(self._images[-1].size) >= SMALLEST_SIDE:
            self._images.append(self._images[-1].reduce(2))

    def level(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return the photo at this size, made from the smallest reduction that is wide enough."""
        fitting = [i for i, image in enumerate(self._images) if image.width >= width]
        source = max(fitting, default=0)
        covered = (0, 0, self.width / 2**source, self.height / 2**source)
        resized = self._images[source].resize((width, height), Image.Resampling.BOX, box=covered)
        return np.asarray(resized)

    def crops(self, corners: NDArray[np.float64], side: int) -> Tensor:
        """Return squares of the photo, float32 of shape (n, 3, side, side), grey beyond its edge.

        Each square is taken from the reduction in which its side is two to four times `side`. Two
        samples in each direction then cover nearly every pixel of the square.
        """
        steps = np.floor(np.log2((corners[:, 2] - corners[:, 0]) / (2 * side)))
        halved = steps.clip(0, len(self._images) - 1).astype(int)
        crops = torch.empty(len(corners), 3, side, side, device=self._device)
        for i in np.unique(halved).tolist():
            here = np.flatnonzero(halved == i)
            boxes = corners[here] / 2**i
            part, corner = self._part(i, boxes)
            places = torch.from_numpy((boxes - corner).astype(np.float32)).to(self._device)
            crops[torch.from_numpy(here).to(self._device)] = roi_align(
                part, [places], side, sampling_ratio=2, aligned=True
            )
        return crops

    def _part(self, halved: int, boxes: NDArray[np.float64]) -> tuple[Tensor, NDArray[np.int64]]:
        """Return the part of a reduction that the boxes show, and the (x, y, x, y) of its corner.

        The part is float32 of shape (1, 3, height, width); grey 127.5 is 0. One more pixel lies
        around the boxes, except at the photo's edge.
        """
        pixels = np.asarray(self._images[halved]) if halved else self._pixels
        size = np.array(pixels.shape[1::-1])
        low = np.clip(np.floor(boxes[:, :2].min(axis=0)).astype(int) - 1, 0, size - 1)
        high = np.clip(np.ceil(boxes[:, 2:].max(axis=0)).astype(int) + 1, low + 1, size)
        cut = pixels[low[1] : high[1], low[0] : high[0]].transpose(2, 0, 1)
        part = np.empty(cut.shape, np.float32)
        normalise(cut, part)
        return torch.from_numpy(part)[None].to(self._device), np.tile(low, 2)
