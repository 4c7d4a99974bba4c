"""What the student is to say of a face: dlib's opinion of the clean crop, spread apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from matcher.embedding.registry import DLIB_150, get_record
from matcher.embedding.youth_network import YouthResnet

Crops = NDArray[np.uint8]
Vectors = NDArray[np.float64]

ZOOMS = (1.0, 0.94, 1.06)
"""Sizes at which the teacher looks at a face. On FG-NET the mean of these three, spread apart, has
a leave-one-out rank-1 of 90.5 %, one look 89.6 %."""

_EVEN = 0.5
_RIDGE = 0.5
_BATCH = 32


@dataclass(frozen=True, eq=False)
class Spread:
    """An affine map of unit vectors that centres faces and evens out their directions.

    Parameters
    ----------
    mean
        float64 (d,), the centre of the faces.
    matrix
        float64 (d, d), applied from the right to what is left after the centre is taken off.
    """

    mean: Vectors
    matrix: Vectors

    @classmethod
    def fitted(cls, vectors: Vectors, bands: NDArray[np.int64]) -> Spread:
        """Fit the map to faces of several age bands, which weigh the same however many they are.

        Half-way whitening first: each principal direction is divided by the fourth root of its
        variance plus half the mean variance, which keeps more of the strong directions than
        whitening does. Then the directions in which the bands' means differ are taken out: along
        them a face moves as it grows, whoever it is.

        Parameters
        ----------
        vectors
            float64 (n, d), of unit length.
        bands
            int64 (n,), from 0; none is empty.
        """
        weights = 1.0 / np.bincount(bands)[bands]
        weights /= weights.sum()
        mean = weights @ vectors
        centred = vectors - mean
        variances, directions = np.linalg.eigh((centred * weights[:, None]).T @ centred)
        factors = (variances + _RIDGE * variances.mean()) ** (-_EVEN / 2)
        even = cls(mean, (directions * factors) @ directions.T)
        return cls(mean, even.matrix @ _without_ageing(even(vectors), bands))

    def __call__(self, vectors: Vectors) -> Vectors:
        """Return unit vectors for unit vectors, both (n, d)."""
        return _unit((vectors - self.mean) @ self.matrix)

    def start(self, body: nn.Module) -> YouthResnet:
        """Return the network that applies the map to the vectors of a copy of `body`."""
        network = YouthResnet()
        network.body.load_state_dict(body.state_dict())
        with torch.no_grad():
            network.spread.weight.copy_(torch.from_numpy(self.matrix.T))
            network.spread.bias.copy_(torch.from_numpy(-self.mean @ self.matrix))
        return network


def _without_ageing(vectors: Vectors, bands: NDArray[np.int64]) -> Vectors:
    """Return the projection, (d, d), that takes out the differences between the bands' means."""
    means = np.array([vectors[bands == band].mean(axis=0) for band in range(bands.max() + 1)])
    ageing = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)[2][: len(means) - 1]
    projection: Vectors = np.eye(vectors.shape[1]) - ageing.T @ ageing
    return projection


def opinion(body: nn.Module, crops: Crops) -> Vectors:
    """Return the teacher's unit vectors, float64 (n, d): the mean of several looks at each crop."""
    looks = sum(_embedded(body, zoomed(crops, zoom)) for zoom in ZOOMS)
    return _unit(np.asarray(looks))


def zoomed(crops: Crops, zoom: float) -> Crops:
    """Return the crops enlarged by a factor about their centres, at the same size in pixels."""
    if zoom == 1.0:
        return crops
    off = (1.0 - 1.0 / zoom) * DLIB_150.size / 2
    window = (1.0 / zoom, 0.0, off, 0.0, 1.0 / zoom, off)
    how = (Image.Transform.AFFINE, window, Image.Resampling.BICUBIC)
    size = (DLIB_150.size, DLIB_150.size)
    return np.stack([np.asarray(Image.fromarray(crop).transform(size, *how)) for crop in crops])


def pixels_of(crops: Crops) -> Tensor:
    """Return network input, float32 (n, 3, size, size), for uint8 crops (n, size, size, 3)."""
    record = get_record("dlib-resnet")
    pixels = (crops - np.array(record.mean, np.float32)) / np.float32(record.scale)
    return torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2)


def _embedded(body: nn.Module, crops: Crops) -> Vectors:
    """Return the mean of the vectors of each crop and of its mirror image, of unit length."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(crops), _BATCH):
            pixels = pixels_of(crops[start : start + _BATCH])
            pixels = pixels.contiguous(memory_format=torch.channels_last)
            both = (body(pixels).double().numpy(), body(pixels.flip(3)).double().numpy())
            parts.append(_unit(_unit(both[0]) + _unit(both[1])))
    return np.concatenate(parts)


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
