"""MobileNet, as it was trained to tell people apart, as a PyTorch module."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES: Final = 1024
"""How many numbers the network says of a face."""

# Output channels and stride of each block: Howard et al., "MobileNets: Efficient convolutional
# neural networks for mobile vision applications", arXiv 1704.04861, table 1.
_BLOCKS: Final = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *[(512, 1)] * 5,
    (1024, 2),
    (1024, 1),
)

# Means of RGB: what the crops of `DlibResnet` are less of, and what this network's are, which takes
# BGR from 0 to 255 (the means of VGGFace2 that its authors publish).
_CROP_MEAN: Final = (122.782, 117.001, 104.298)
_MEAN: Final = (131.0912, 103.8827, 91.4953)
_CROP_SCALE: Final = 256.0


class MobileNet(nn.Module):
    """Face crops to features, batch norm folded into the convolutions.

    Input is that of `DlibResnet`: float32 (n, 3, 150, 150).

    Parameters
    ----------
    side
        Pixels of the square that crops are enlarged to, a multiple of 32.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        self.first = _spatial(3, 32, stride=2)
        inputs = (32, *[channels for channels, _ in _BLOCKS])
        self.blocks = nn.Sequential(
            *[
                _Block(before, after, stride)
                for before, (after, stride) in zip(inputs, _BLOCKS, strict=False)
            ]
        )

    def forward(self, crops: Tensor) -> Tensor:
        """Return features, (n, 1024), not negative."""
        features: Tensor = self.blocks(functional.relu6(self.first(self._seen(crops))))
        return features.mean(dim=(2, 3))

    def _seen(self, crops: Tensor) -> Tensor:
        shift = torch.tensor(_CROP_MEAN) - torch.tensor(_MEAN)
        pixels = crops * _CROP_SCALE + shift.to(crops).reshape(1, 3, 1, 1)
        enlarged = functional.interpolate(pixels, size=(self.side, self.side), mode="bilinear")
        return enlarged.flip(1).contiguous(memory_format=torch.channels_last)


class _Block(nn.Module):
    """A convolution of each channel, then one of all channels at each pixel."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.depthwise = _spatial(before, before, stride=stride, groups=before)
        self.pointwise = nn.Conv2d(before, after, 1)

    def forward(self, maps: Tensor) -> Tensor:
        seen = functional.relu6(self.depthwise(maps))
        return functional.relu6(self.pointwise(seen))


def _spatial(before: int, after: int, *, stride: int, groups: int = 1) -> nn.Module:
    """Return a convolution of 3 by 3 that pads maps of an even side as TensorFlow does."""
    if stride == 1:
        return nn.Conv2d(before, after, 3, padding=1, groups=groups)
    return _Halving(before, after, 3, stride=stride, groups=groups)


class _Halving(nn.Conv2d):
    def forward(self, maps: Tensor) -> Tensor:
        return super().forward(functional.pad(maps, (0, 1, 0, 1)))
