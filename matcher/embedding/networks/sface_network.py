"""SFace as a PyTorch module: a MobileNet that was trained to tell people apart."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from matcher.embedding.networks.float32_layers import in_float32

FEATURES: Final = 128
"""Number of features that the network returns for a face."""

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

# Maps positions in a crop aligned for `DlibResnet` to positions in a crop aligned for this network.
# It is the similarity that brings the five points of the first template closest to those of the
# second (records/sface.toml), with left and right made alike.
_SIDE: Final = 112
_ZOOM: Final = 0.66
_SHIFT: Final = (6.5, 22.3)

# Crops of `DlibResnet` have these means of RGB subtracted, and are divided by this scale.
_CROP_MEAN: Final = (122.782, 117.001, 104.298)
_CROP_SCALE: Final = 256.0
# The graph of the published file first subtracts and divides by these; its pixels are 0 to 255.
_MEAN: Final = 127.5
_SCALE: Final = 128.0


class MobileNet(nn.Module):
    """Maps face crops to 128 numbers, with batch norm folded into the convolutions.

    The input is normalised as for `DlibResnet`. The network sees a little more of the forehead than
    a crop for `DlibResnet` holds. A part outside the crop is black, as beyond the edge of a photo.

    Parameters
    ----------
    corner
        Position (x, y) in the crop, in pixels, of the corner of the crop for `DlibResnet`.
    """

    def __init__(self, corner: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self._corner = corner
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
        """Return raw vectors, (n, 128), for crops, (n, 3, size, size)."""
        seen = in_float32(self.first, _seen(crops, self._corner))
        maps: Tensor = self.last(self.blocks(seen))
        return maps.flatten(1)


class _Convolution(nn.Module):
    """A convolution, then a PReLU: each channel has its own learnt slope below zero."""

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
    """A convolution within each channel, then one across all channels at each pixel."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.depthwise = _Convolution(before, before, kernel=3, stride=stride, groups=before)
        self.pointwise = _Convolution(before, after, kernel=1)

    def forward(self, maps: Tensor) -> Tensor:
        seen: Tensor = self.pointwise(self.depthwise(maps))
        return seen


def _seen(crops: Tensor, corner: tuple[int, int]) -> Tensor:
    """Return the network's input, (n, 3, 112, 112), from crops, (n, 3, size, size)."""
    mean = torch.tensor(_CROP_MEAN).to(crops).reshape(1, 3, 1, 1)
    columns, rows = (
        _weights(shift, start, crops) for shift, start in zip(_SHIFT, corner, strict=True)
    )
    with torch.autocast(crops.device.type, enabled=False):  # a pixel needs more than 8 bits
        moved = rows @ (crops * _CROP_SCALE + mean) @ columns.T
        return ((moved - _MEAN) / _SCALE).contiguous(memory_format=torch.channels_last)


def _weights(shift: float, start: int, crops: Tensor) -> Tensor:
    """Return the weight of each line of the crop in each line of the input: linear interpolation.

    Returns
    -------
    Tensor of shape (112, size)
    """
    lines = torch.arange(_SIDE, dtype=crops.dtype, device=crops.device)
    places = (lines + 0.5 - shift) / _ZOOM - 0.5 + start
    there = torch.arange(crops.shape[-1], dtype=crops.dtype, device=crops.device)
    return (1.0 - (places[:, None] - there).abs()).clamp(min=0.0)
