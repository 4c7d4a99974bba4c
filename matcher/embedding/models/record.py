"""What a model is: weights, licence and preprocessing, in one frozen record."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final, Literal

from matcher.faces import CropTemplate

OWN_PACKAGE: Final = "matcher"
"""The distribution that this module is part of."""


@dataclass(frozen=True)
class WeightsFile:
    """Where a weights file comes from and how to know it is the right one.

    Parameters
    ----------
    filename
        Name of the file in the cache.
    sha256
        Hash of the file, 64 lower-case hexadecimal digits, or None when the publisher states none;
        then the first download is trusted, recorded in the cache, and enforced from then on.
    url
        Where `matcher models fetch` gets it; None when a Python package carries it.
    package
        Name of the distribution that carries it, if one does: one from PyPI, or `OWN_PACKAGE`.
    """

    filename: str
    sha256: str | None
    url: str | None = None
    package: str | None = None


@dataclass(frozen=True)
class LowResolutionView:
    """One way of showing a face as from afar: shrunk, perhaps saved, and brought back to its size.

    Parameters
    ----------
    pixels
        Side of the shrunk crop.
    quality
        JPEG quality in [1, 100] at which the shrunk crop is saved; None when it is not.
    """

    pixels: int
    quality: int | None = None


@dataclass(frozen=True)
class ModelRecord:
    """All facts of a model that decide its vectors, and those that decide whether one may use it.

    Parameters
    ----------
    name, version
        Identify the model in the registry.
    network
        Which architecture reads the weights.
    weights
        The file, see `WeightsFile`.
    licence, training_data
        Terms of the weights and what they were trained on, in words for a person.
    crop
        Geometry of the input crop.
    colour_order
        Order of the channels the network expects.
    mean, scale
        Input is (crop - mean) / scale, per channel in `colour_order`, crop values in [0, 255].
    dimension
        Length of a vector.
    mirrored
        Whether the vector is the mean of the crop's and its mirror image's vectors (then it does
        not change when the photo is mirrored).
    low_resolution_views
        How it looks at a face from afar, for the second vector that a gallery keeps of it: a worn
        or small probe resembles that one more than the vector of a clear photo. Empty for a model
        whose galleries keep one vector a face.
    """

    name: str
    version: str
    network: Literal["dlib-resnet", "youth-resnet", "inception-resnet-v1", "onnx"]
    weights: WeightsFile
    licence: str
    training_data: str
    crop: CropTemplate
    colour_order: Literal["RGB", "BGR"]
    mean: tuple[float, float, float]
    scale: float
    dimension: int
    mirrored: bool
    low_resolution_views: tuple[LowResolutionView, ...] = ()

    @property
    def works_offline(self) -> bool:
        """Whether the weights come with an installed package rather than a download."""
        return self.weights.package is not None

    @property
    def preprocessing_sha256(self) -> str:
        """Hash of everything besides the weights that changes a vector."""
        facts: dict[str, object] = {
            "crop": asdict(self.crop),
            "colour_order": self.colour_order,
            "mean": self.mean,
            "scale": self.scale,
            "mirrored": self.mirrored,
            "network": self.network,
        }
        if self.low_resolution_views:
            facts["far_views"] = [asdict(view) for view in self.low_resolution_views]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class ModelIdentity:
    """What a gallery remembers of the model that made its vectors.

    `distant` says whether each face has a second vector, of its distant look.
    """

    name: str
    version: str
    weights_sha256: str
    preprocessing_sha256: str
    dimension: int
    distant: bool = False

    @property
    def looks(self) -> int:
        """How many vectors a gallery keeps of a face."""
        return 2 if self.distant else 1

    def __str__(self) -> str:
        return (
            f"{self.name} {self.version} ({self.dimension}-d, weights {self.weights_sha256[:12]})"
        )
