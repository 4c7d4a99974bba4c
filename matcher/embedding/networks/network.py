"""What a network is to the rest of the library, and what builds one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.models import ModelRecord

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Maps normalised pixels, float32 (n, size, size, 3), to raw vectors, float32 (n, d).

That of a model with low-resolution vectors returns (n, 2 d + 1): the vector, the vector by which
the face is searched for if it is degraded, and how degraded it is, positive where it counts as
that.
"""

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, eq=False)
class Weights:
    """What a network is built from.

    Parameters
    ----------
    record
        The facts of the model.
    data, sha256
        The bytes of its weights file, and their hash.
    device
        "cpu", "cuda" or "cuda:1".
    precision
        One of those that the network can do.
    cache
        Folder for what is derived from the weights, None for the usual one.
    """

    record: ModelRecord
    data: bytes
    sha256: str
    device: str
    precision: Precision
    cache: Path | None


@dataclass(frozen=True, eq=False)
class Networks:
    """What a model consists of.

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

Raises WeightsDamagedError for bytes that are no such weights, ModelError when the device is not
there, InputError when it is none, MissingExtraError for a runtime that is not installed.
"""
