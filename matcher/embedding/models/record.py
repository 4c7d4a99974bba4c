"""What a model is: weights, licence and preprocessing, in one frozen record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self

from matcher.faces import CropTemplate

OWN_PACKAGE: Final = "matcher"
"""The distribution that this module is part of."""

FACE: Final = "face"
"""Name of the vector that every model makes of a face, and every index holds."""

LOW_RESOLUTION: Final = "low_resolution"
"""Name of the vector that tells how a face would look small and compressed."""

_SETS_OF_FORMAT_1: Final = ((FACE,), (FACE, LOW_RESOLUTION))


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
        Which architecture reads the weights: a name of `matcher.embedding.networks.NETWORKS`.
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
        How it makes the `LOW_RESOLUTION` vector that a gallery keeps of a face besides its own: a
        degraded or small probe resembles that one more than the vector of a clear photo. Empty for
        a model whose galleries keep one vector a face.
    """

    name: str
    version: str
    network: str
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
    def vector_names(self) -> tuple[str, ...]:
        """The vectors that a gallery keeps of a face, by name."""
        return _SETS_OF_FORMAT_1[bool(self.low_resolution_views)]

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

    Parameters
    ----------
    name, version
        As in `ModelRecord`.
    weights_sha256, preprocessing_sha256
        Of the file really loaded, and of everything besides that changes a vector.
    dimension
        Length of a vector.
    vector_names
        The vectors that a gallery keeps of a face, in the order in which it stores them.
    """

    name: str
    version: str
    weights_sha256: str
    preprocessing_sha256: str
    dimension: int
    vector_names: tuple[str, ...] = (FACE,)

    def facts(self) -> dict[str, str | int | bool | list[str]]:
        """Return it as it stands in files: stores, index headers, calibrations, caches.

        Format 1 knows two sets of vectors, and says by `distant` which one. Other sets stand under
        `vector_names`.
        """
        facts: dict[str, str | int | bool | list[str]] = {
            "name": self.name,
            "version": self.version,
            "weights_sha256": self.weights_sha256,
            "preprocessing_sha256": self.preprocessing_sha256,
            "dimension": self.dimension,
            "distant": LOW_RESOLUTION in self.vector_names,
        }
        if self.vector_names not in _SETS_OF_FORMAT_1:
            facts["vector_names"] = list(self.vector_names)
        return facts

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """Return the identity that `facts` described.

        Raises
        ------
        TypeError
            When a fact is missing, or one is not known.
        """
        rest = dict(facts)
        names = _SETS_OF_FORMAT_1[bool(rest.pop("distant", False))]
        names = tuple(rest.pop("vector_names", names))
        return cls(**rest, vector_names=names)

    def __str__(self) -> str:
        return (
            f"{self.name} {self.version} ({self.dimension}-d, weights {self.weights_sha256[:12]})"
        )
