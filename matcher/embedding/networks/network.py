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
"""Maps normalised pixels, float32 (n, size, size, 3), to numbers, float32 (n, width)."""

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
        Makes the raw vectors of faces, (n, d).
    probe
        Makes what a search needs, (n, 2 d + 1): the vector of `face`, the vector with which to
        search if the face is degraded, and the degree of degradation. The face counts as degraded
        if the degree is positive. None for a model that searches for all faces with the same
        vector.
    low_resolution
        Makes the raw vectors of low-resolution views, (n, d); None for a model without them.
    low_resolution_above
        Degree of degradation above which a probe is compared with the low-resolution vectors of the
        enrolled faces, if there are any.
    """

    face: Network
    probe: Network | None = None
    low_resolution: Network | None = None
    low_resolution_above: float = 0.0


Builder = Callable[[Weights], Networks]
"""Builds the networks of a model.

Raises WeightsDamagedError if the bytes are not such weights, ModelError if the machine has no such
device, InputError if the device has no valid name, and MissingExtraError if a runtime is not
installed.
"""
