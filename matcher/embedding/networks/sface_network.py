"""SFace, a MobileNet that was trained to tell people apart, as a PyTorch module."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES: Final = 128
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
_LAST_SIDE: Final = 7

# Where pixels of a crop that is aligned for `DlibResnet` lie in one that is aligned for this
# network: the similarity that brings the five points of the one's template closest to the other's
# (records/sface.toml), left and right made alike.
_SIDE: Final = 112
_CROP_SIDE: Final = 150
_ZOOM: Final = 0.66
_SHIFT: Final = (6.5, 22.3)

# Crops of `DlibResnet` are less these means of RGB, and divided by this.
_CROP_MEAN: Final = (122.782, 117.001, 104.298)
_CROP_SCALE: Final = 256.0
# What the graph of the published file does first with pixels from 0 to 255.
_MEAN: Final = 127.5
_SCALE: Final = 128.0


class MobileNet(nn.Module):
    """Face crops to 128 numbers, batch norm folded into the convolutions.

    Input is that of `DlibResnet`: float32 (n, 3, 150, 150). The network sees some more of a
    forehead than such a crop holds; what lies outside is black, as beyond the edge of a photo.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = _Convolution(3, 32, kernel=3)
        inputs = (32, *[channels for channels, _ in _BLOCKS])
        self.blocks = nn.Sequential(
            *[
                _Block(before, after, stride)
                for before, (after, stride) in zip(inputs, _BLOCKS, strict=False)
            ]
        )
        self.last = nn.Conv2d(inputs[-1], FEATURES, _LAST_SIDE)

    def forward(self, crops: Tensor) -> Tensor:
        """Return raw vectors, (n, 128)."""
        maps: Tensor = self.last(self.blocks(self.first(_seen(crops))))
        return maps.flatten(1)


class _Convolution(nn.Module):
    """A convolution, and a bend at zero whose lower slope each channel has learnt."""

    def __init__(
        self, before: int, after: int, *, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.across = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, groups=groups)
        self.bend = nn.PReLU(after)

    def forward(self, maps: Tensor) -> Tensor:
        bent: Tensor = self.bend(self.across(maps))
        return bent


class _Block(nn.Module):
    """A convolution of each channel, then one of all channels at each pixel."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.depthwise = _Convolution(before, before, kernel=3, stride=stride, groups=before)
        self.pointwise = _Convolution(before, after, kernel=1)

    def forward(self, maps: Tensor) -> Tensor:
        seen: Tensor = self.pointwise(self.depthwise(maps))
        return seen


def _seen(crops: Tensor) -> Tensor:
    """Return what the network looks at, (n, 3, 112, 112), of crops for `DlibResnet`."""
    mean = torch.tensor(_CROP_MEAN).to(crops).reshape(1, 3, 1, 1)
    pixels = crops * _CROP_SCALE + mean
    rows, columns = (_places(shift, crops) for shift in reversed(_SHIFT))
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1], dim=-1)
    moved = functional.grid_sample(
        pixels, grid.expand(len(crops), -1, -1, -1), mode="bilinear", align_corners=False
    )
    return ((moved - _MEAN) / _SCALE).contiguous(memory_format=torch.channels_last)


def _places(shift: float, crops: Tensor) -> Tensor:
    """Return where in a crop, from -1 to 1, the middle of each pixel is taken from."""
    middles = torch.arange(_SIDE, dtype=crops.dtype, device=crops.device) + 0.5
    return 2.0 * (middles - shift) / (_ZOOM * _CROP_SIDE) - 1.0
