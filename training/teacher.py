"""The target of a student: its teacher's vector of the clean crop, after partial whitening."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from matcher.embedding import VectorMap, band_weights
from matcher.embedding.crop_embedder import normalised
from matcher.embedding.models import get_record
from matcher.embedding.networks.quantised import State
from matcher.embedding.networks.youth_network import WhitenedNetwork

Crops = NDArray[np.uint8]
Vectors = NDArray[np.float64]

_BATCH = 64


def whitened(body: nn.Module, whitening: VectorMap) -> WhitenedNetwork:
    """Return the network that applies the map to the vectors of a copy of `body`."""
    network = WhitenedNetwork(deepcopy(body), len(whitening.mean))
    with torch.no_grad():
        network.spread.weight.copy_(torch.from_numpy(whitening.matrix.T))
        network.spread.bias.copy_(torch.from_numpy(-whitening.mean @ whitening.matrix))
    return network


def main_directions(vectors: Vectors, bands: NDArray[np.int64], count: int) -> Vectors:
    """Return the directions, (d, count), in which faces lie farthest from the origin.

    The directions are orthogonal and of unit length, the strongest first. Bands weigh as in
    `matcher.embedding.partial_whitening`.
    """
    _, directions = np.linalg.eigh((vectors * band_weights(bands)[:, None]).T @ vectors)
    strongest: Vectors = directions[:, ::-1][:, :count]
    return strongest


def mapped(state: Mapping[str, Tensor], matrix: Vectors) -> State:
    """Return the weights of a `WhitenedNetwork` with a matrix applied to its vectors.

    Parameters
    ----------
    matrix
        float64 (128, 128), applied from the right.
    """
    across = torch.from_numpy(matrix.T).float()
    last = {"spread.weight": across @ state["spread.weight"]}
    last["spread.bias"] = across @ state["spread.bias"]
    return {**state, **last}


def said_of(network: nn.Module, crops: Crops) -> Vectors:
    """Return the mean of a network's vectors of crops and of their mirror images, unit length.

    Parameters
    ----------
    network
        Takes input of `pixels_of`. It is set to evaluation mode.
    crops
        uint8 (n, size, size, 3), as the network sees them.

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


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
