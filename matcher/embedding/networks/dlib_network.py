"""dlib's 29-layer residual face network (Davis King, 2017) as a PyTorch module."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from matcher.embedding.networks.dlib_file import Convolution, read_network
from matcher.embedding.networks.float32_layers import in_float32

# (channels, halved) of the residual blocks from input to output. The definition of the training
# network is in dlib's example dnn_face_recognition_ex.cpp.
_STEM = 32
_BLOCKS = (
    *((32, False),) * 3,
    *((64, True), *((64, False),) * 3),
    *((128, True), *((128, False),) * 2),
    *((256, True), *((256, False),) * 2),
    (256, True),
)
DIMENSION = 128


class DlibResnet(nn.Module):
    """Maps a face crop to a vector of 128 numbers, not of unit length.

    Input is float32 of shape (n, 3, 150, 150), RGB, normalised as the model record says. The
    affine layers of the original are merged into the convolutions before them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _STEM, 7, stride=2)
        channels = (_STEM, *(out for out, _ in _BLOCKS))
        self.blocks = nn.Sequential(
            *(
                _Block(into, out, halved)
                for into, (out, halved) in zip(channels, _BLOCKS, strict=False)
            )
        )
        self.head = nn.Linear(channels[-1], DIMENSION, bias=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Return (n, 128) for (n, 3, 150, 150)."""
        features = functional.max_pool2d(functional.relu(self.stem(crops)), 3, stride=2)
        return in_float32(self.head, self.blocks(features).mean(dim=(2, 3)))


class _Block(nn.Module):
    """Two convolutions and a shortcut; a halving block pools the shortcut.

    If the shapes of the two paths differ, zeros are appended to the smaller one: below, on the
    right, and as further channels.
    """

    def __init__(self, into: int, out: int, halved: bool) -> None:
        super().__init__()
        self.halved = halved
        self.first = nn.Conv2d(into, out, 3, stride=2 if halved else 1, padding=0 if halved else 1)
        self.second = nn.Conv2d(out, out, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        way = self.second(functional.relu(self.first(features)))
        if not self.halved:
            return functional.relu(way + features)
        return functional.relu(_sum_padded(way, functional.avg_pool2d(features, 2)))


def _sum_padded(first: Tensor, second: Tensor) -> Tensor:
    shape = [max(pair) for pair in zip(first.shape, second.shape, strict=True)]
    return _padded(first, shape) + _padded(second, shape)


def _padded(features: Tensor, shape: list[int]) -> Tensor:
    _, channels, rows, columns = (
        wanted - has for wanted, has in zip(shape, features.shape, strict=True)
    )
    if not (channels or rows or columns):
        return features
    return functional.pad(features, (0, columns, 0, rows, 0, channels))


def convert(data: bytes) -> dict[str, Tensor]:
    """Return the state dict of `DlibResnet` for the bytes of dlib's weights file.

    Raises
    ------
    WeightsDamagedError
        If the bytes are not that file.
    """
    with torch.device("meta"):
        shapes: Mapping[str, Tensor] = DlibResnet().state_dict()
    plan = tuple(
        Convolution(shape.shape[0], shape.shape[1], shape.shape[2])
        for name, shape in shapes.items()
        if name.endswith("weight") and shape.ndim == 4
    )
    into = shapes["head.weight"].shape[1]
    tensors = read_network(data, plan, (into, DIMENSION))
    return {name: torch.from_numpy(values) for name, values in zip(shapes, tensors, strict=True)}
