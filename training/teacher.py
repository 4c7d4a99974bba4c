"""The target of a student: its teacher's vector of the clean crop, after partial whitening."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from matcher.embedding.crop_embedder import normalised
from matcher.embedding.models import get_record
from matcher.embedding.networks.quantised import State
from matcher.embedding.networks.youth_network import WhitenedNetwork

Crops = NDArray[np.uint8]
Vectors = NDArray[np.float64]

ADULT_WEIGHT = 0.5
"""Weight of adults against one band of the young in the centre of `PartialWhitening`."""

_EVEN = 0.5
_RIDGE = 0.5
_BATCH = 64


@dataclass(frozen=True, eq=False)
class PartialWhitening:
    """An affine map of unit vectors that centres faces and evens out their directions.

    Parameters
    ----------
    mean
        float64 (d,), the centre of the faces.
    matrix
        float64 (d, d), applied from the right after the centre is subtracted.
    """

    mean: Vectors
    matrix: Vectors

    @classmethod
    def fitted(cls, vectors: Vectors, bands: NDArray[np.int64]) -> PartialWhitening:
        """Fit the map to faces of several age bands.

        All bands weigh the same, however many faces they have, but the last band, of adults, weighs
        `ADULT_WEIGHT`. First, the vectors are whitened half-way: each principal direction is
        divided by the fourth root of its variance plus half the mean variance. This keeps more of
        the strong directions than full whitening does. Then the directions in which the bands'
        means differ are removed, because along them a face moves as it grows, whoever it belongs
        to.

        Parameters
        ----------
        vectors
            float64 (n, d), of unit length.
        bands
            int64 (n,), from 0. No band is empty.
        """
        weights = _weights(bands)
        mean = weights @ vectors
        centred = vectors - mean
        variances, directions = np.linalg.eigh((centred * weights[:, None]).T @ centred)
        factors = (variances + _RIDGE * variances.mean()) ** (-_EVEN / 2)
        even = cls(mean, (directions * factors) @ directions.T)
        return cls(mean, even.matrix @ without_groups(even(vectors), bands, len(set(bands)) - 1))

    def __call__(self, vectors: Vectors) -> Vectors:
        """Return unit vectors for unit vectors, both (n, d)."""
        return _unit((vectors - self.mean) @ self.matrix)

    def then(self, matrix: Vectors) -> PartialWhitening:
        """Return the map with a matrix, (d, k), applied from the right to its earlier result."""
        return PartialWhitening(self.mean, self.matrix @ matrix)

    def after(self, body: nn.Module) -> WhitenedNetwork:
        """Return the network that applies the map to the vectors of a copy of `body`."""
        network = WhitenedNetwork(deepcopy(body), len(self.mean))
        with torch.no_grad():
            network.spread.weight.copy_(torch.from_numpy(self.matrix.T))
            network.spread.bias.copy_(torch.from_numpy(-self.mean @ self.matrix))
        return network


def without_groups(vectors: Vectors, groups: NDArray[np.int64], directions: int) -> Vectors:
    """Return the projection that removes the main differences between the means of groups.

    Parameters
    ----------
    vectors
        float64 (n, d).
    groups
        int64 (n,), from 0. Faces of group -1 are ignored.
    directions
        Number of the means' principal directions that are removed.

    Returns
    -------
    float64 array of shape (d, d)
        Symmetric.
    """
    means = [vectors[groups == group].mean(axis=0) for group in range(groups.max() + 1)]
    apart = np.array(means) - np.mean(means, axis=0)
    taken = np.linalg.svd(apart, full_matrices=False)[2][:directions]
    projection: Vectors = np.eye(vectors.shape[1]) - taken.T @ taken
    return projection


def main_directions(vectors: Vectors, bands: NDArray[np.int64], count: int) -> Vectors:
    """Return the directions, (d, count), in which faces lie farthest from the origin.

    The directions are orthogonal and of unit length, the strongest first. Bands weigh as in
    `PartialWhitening.fitted`.
    """
    _, directions = np.linalg.eigh((vectors * _weights(bands)[:, None]).T @ vectors)
    strongest: Vectors = directions[:, ::-1][:, :count]
    return strongest


def projected(state: Mapping[str, Tensor], projection: Vectors) -> State:
    """Return the weights of a `WhitenedNetwork` with the projection applied to its vectors."""
    matrix = torch.from_numpy(projection).float()
    last = {"spread.weight": matrix @ state["spread.weight"]}
    last["spread.bias"] = matrix @ state["spread.bias"]
    return {**state, **last}


def said_of(network: nn.Module, crops: Crops) -> Vectors:
    """Return the mean of a network's vectors of crops and of their mirror images, unit length.

    Parameters
    ----------
    network
        Takes input of `pixels_of`. It is set to evaluation mode.
    crops
        uint8 (n, 150, 150, 3).

    Returns
    -------
    float64 array of shape (n, d)
    """
    network = network.eval().to(memory_format=torch.channels_last)
    vectors = in_batches(
        lambda seen: normalize(network(seen)) + normalize(network(seen.flip(3))), crops
    )
    return _unit(vectors)


@torch.inference_mode()
def in_batches(see: Callable[[Tensor], Tensor], crops: Crops) -> Vectors:
    """Return a function's vectors of crops, float64 (n, d); its input is that of `pixels_of`."""
    starts = range(0, len(crops), _BATCH)
    seen = [see(pixels_of(crops[start : start + _BATCH])) for start in starts]
    return torch.cat(seen).double().numpy()


def pixels_of(crops: Crops) -> Tensor:
    """Return network input, float32 (n, 3, size, size), for uint8 crops (n, size, size, 3)."""
    # (n, rows, columns, 3) seen as (n, 3, rows, columns) already has the channels-last layout.
    return torch.from_numpy(normalised(crops, get_record("dlib-resnet"))).permute(0, 3, 1, 2)


def _weights(bands: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the weight of each face: all bands the same, adults `ADULT_WEIGHT`; the sum is 1."""
    weights = np.where(bands == bands.max(), ADULT_WEIGHT, 1.0) / np.bincount(bands)[bands]
    weights /= weights.sum()
    return weights


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
