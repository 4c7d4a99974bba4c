"""Scaled copies of a photo, made quickly from the smallest reduction that is large enough."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.ops import roi_align

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
        self._images = [Image.fromarray(pixels)]
        while min(self._images[-1].size) >= SMALLEST_SIDE:
            self._images.append(self._images[-1].reduce(2))

    def level(self, width: int, height: int) -> Tensor:
        """Return the photo at this size, made from the smallest reduction that is wide enough."""
        fitting = [i for i, image in enumerate(self._images) if image.width >= width]
        source = max(fitting, default=0)
        covered = (0, 0, self.width / 2**source, self.height / 2**source)
        resized = self._images[source].resize((width, height), Image.Resampling.BOX, box=covered)
        return normalised(resized, self._device)

    def crops(self, corners: Tensor, side: int) -> Tensor:
        """Return squares of the photo, float32 of shape (n, 3, side, side), grey beyond its edge.

        Each square is taken from the reduction in which its side is two to four times `side`. Two
        samples in each direction then cover nearly every pixel of the square.
        """
        sizes = corners[:, 2] - corners[:, 0]
        halved = (sizes / (2 * side)).log2().floor().clamp(0, len(self._images) - 1).long()
        crops = torch.empty(len(corners), 3, side, side, device=self._device)
        for i in sorted(set(halved.tolist())):
            here = (halved == i).nonzero()[:, 0]
            picture = normalised(self._images[i], self._device).contiguous()
            boxes = (corners[here] / 2**i).float()
            crops[here] = roi_align(picture, [boxes], side, sampling_ratio=2, aligned=True)
        return crops


def normalised(image: Image.Image, device: torch.device) -> Tensor:
    """Return the picture as float32 of shape (1, 3, height, width); grey 127.5 becomes 0."""
    pixels = torch.from_numpy(np.array(image)).to(device)
    return (pixels[None].permute(0, 3, 1, 2).float() - 127.5) * 0.0078125
