"""The type of a network for the rest of the library, and the type of its builder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.models import ModelRecord
from matcher.embedding.weights import VerifiedWeights

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Maps normalised pixels, float32 (n, size, size, 3), to raw vectors, float32 (n, d).

The network of a model with low-resolution vectors returns (n, 2 d + 1): the vector, the vector with
which to search if the face is degraded, and the degree of degradation. The face counts as degraded
if the degree is positive.
"""

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, eq=False)
class Weights:
    """The input of a `Builder`.

    Parameters
    ----------
    record
        The facts of the model.
    verified
        The weights. A builder reads no other file.
    device
        "cpu", "cuda" or "cuda:1".
    precision
        A precision that the network supports.
    """

    record: ModelRecord
    verified: VerifiedWeights
    device: str
    precision: Precision


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks that a model consists of.

    Parameters
    ----------
    face
        Makes the vectors of faces.
    low_resolution
        Makes the vectors of low-resolution views; None for a model without them.
    """

    face: Network
    low_resolution: Network | None = None


Builder = Callable[[Weights], Networks]
"""Builds the networks of a model.

Raises WeightsDamagedError if the bytes are not such weights, ModelError if the machine has no such
device, InputError if the device has no valid name, and MissingExtraError if a runtime is not
installed.
"""
