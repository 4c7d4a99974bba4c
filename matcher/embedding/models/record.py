"""The facts of a model in one frozen record: weights, licence and preprocessing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, Self

from matcher.faces import CropTemplate
from matcher.strict_reading import text_of, whole_of

OWN_PACKAGE: Final = "missing-child-matcher"
"""The distribution that this module is part of."""

FACE: Final = "face"
"""Name of the vector that every model makes of a face, and that every index holds."""

LOW_RESOLUTION: Final = "low_resolution"
"""Name of the vector that represents a face as if it were small and compressed."""

STORED_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {FACE: "vector", LOW_RESOLUTION: "distant"}
)
"""Names of these vectors in files of results, since the first version."""

_MOST_NUMBERS: Final = 1 << 16
"""Largest dimension that a file may state."""

_SETS_OF_FORMAT_1: Final = ((FACE,), (FACE, LOW_RESOLUTION))


@dataclass(frozen=True)
class WeightsFile:
    """The source of a weights file, and the hash that identifies it.

    Parameters
    ----------
    filename
        Name of the file in the cache.
    sha256
        Hash of the file, 64 lower-case hexadecimal digits; None if the publisher states none.
        Without a hash, the first download is trusted. Its hash is recorded in the cache and
        enforced from then on.
    url
        Address from which `matcher models fetch` gets the file; None if a Python package carries
        it.
    package
        Name of the distribution that carries the file: one from PyPI, or `OWN_PACKAGE`. None if no
        distribution carries it.
    external_data
        The files in which an ONNX file keeps weights, each with its SHA-256, sorted by name. They
        lie in the folder of the ONNX file.
    """

    filename: str
    sha256: str | None
    url: str | None = None
    package: str | None = None
    external_data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LowResolutionView:
    """A low-resolution view of a face: shrunk, optionally saved as JPEG, and enlarged again.

    Parameters
    ----------
    pixels
        Side of the shrunk crop in pixels.
    quality
        JPEG quality in [1, 100] at which the shrunk crop is saved; None if it is not saved.
    """

    pixels: int
    quality: int | None = None


@dataclass(frozen=True)
class Adaptation:
    """How an adapted model is made from another: by a map of the other's vectors.

    Parameters
    ----------
    base
        Name of the registered model, or path of the record, whose vectors are mapped.
    base_weights_sha256, base_preprocessing_sha256
        The base that the map was fitted to, as in `ModelIdentity`.
    map
        The file of the map, in the folder of the adapted model's record.
    """

    base: str
    base_weights_sha256: str
    base_preprocessing_sha256: str
    map: WeightsFile


@dataclass(frozen=True)
class ModelRecord:
    """All facts that determine a model's vectors, and the facts that tell if it may be used.

    Parameters
    ----------
    name, version
        Identify the model in the registry.
    network
        Architecture that reads the weights: a name in `matcher.embedding.networks.NETWORKS`.
    weights
        The file, see `WeightsFile`.
    licence, training_data
        Terms of the weights, and the data that they were trained on, in words for a person.
    crop
        Geometry of the input crop.
    colour_order
        Order of the channels that the network expects.
    mean, scale
        Input is (crop - mean) / scale, per channel in `colour_order`, crop values in [0, 255].
    dimension
        Length of a vector.
    mirrored
        Whether the vector is the mean of the vectors of the crop and of its mirror image. If it is,
        mirroring the photo does not change the vector.
    low_resolution_views
        The views from which the model makes the `LOW_RESOLUTION` vector. A gallery keeps this
        vector of a face besides its own vector, because a degraded or small probe resembles it more
        than the vector of a clear photo. Empty for a model whose galleries keep one vector of each
        face.
    adaptation
        The base and the map of an adapted model; None for any other. Its `network`, `weights` and
        all that is before the network are those of the base.
    """

    kind: ClassVar = "model"

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
    adaptation: Adaptation | None = None

    @property
    def vector_names(self) -> tuple[str, ...]:
        """Names of the vectors that a gallery keeps of each face."""
        return _SETS_OF_FORMAT_1[bool(self.low_resolution_views)]

    @property
    def works_offline(self) -> bool:
        """Whether the weights come with an installed package rather than a download."""
        return self.weights.package is not None

    @property
    def preprocessing_sha256(self) -> str:
        """Hash of everything that changes a vector, except the weights."""
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
class DetectorRecord:
    """All facts of a detector whose weights are fetched.

    Parameters
    ----------
    name, version
        Identify the detector.
    weights
        The file, see `WeightsFile`.
    licence, training_data
        Terms of the weights, and the data that they were trained on, in words for a person.
    """

    kind: ClassVar = "detector"

    name: str
    version: str
    weights: WeightsFile
    licence: str
    training_data: str

    @property
    def works_offline(self) -> bool:
        """Whether the weights come with an installed package rather than a download."""
        return self.weights.package is not None


AnyRecord = ModelRecord | DetectorRecord
"""The facts of whatever has weights."""


@dataclass(frozen=True)
class ModelIdentity:
    """The facts that a gallery stores about the model that made its vectors.

    Parameters
    ----------
    name, version
        As in `ModelRecord`.
    weights_sha256, preprocessing_sha256
        Hash of the weights that were really loaded, and hash of everything else that changes a
        vector. The hash of weights in one file is that of the file. The hash of weights in several
        files is that of the list of their hashes, see `matcher.embedding.weights.cache`. The map of
        an adapted model is one of its files.
    dimension
        Length of a vector.
    vector_names
        Names of the vectors that a gallery keeps of a face, in the order in which it stores them.
    """

    name: str
    version: str
    weights_sha256: str
    preprocessing_sha256: str
    dimension: int
    vector_names: tuple[str, ...] = (FACE,)

    def facts(self) -> dict[str, str | int | bool | list[str]]:
        """Return the identity as files hold it: stores, index headers, calibrations, caches.

        Format 1 knows two sets of vectors. The key `distant` tells which of the two it is. Any
        other set is written under the key `vector_names`.
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
        """Return the identity from what `facts` returned.

        Raises
        ------
        TypeError, ValueError
            When a fact is missing, unknown, or of a kind that it cannot be.
        """
        rest = dict(facts)
        names = _SETS_OF_FORMAT_1[bool(rest.pop("distant", False))]
        names = tuple(rest.pop("vector_names", names))
        found = cls(**rest, vector_names=names)
        hashes = (found.weights_sha256, found.preprocessing_sha256)
        for text in (found.name, found.version, *hashes, *found.vector_names):
            text_of(text)
        if FACE not in names or len(set(names)) < len(names):
            raise ValueError("no vector of the face, or two of one name")
        whole_of(found.dimension, 1, _MOST_NUMBERS)
        return found

    def __str__(self) -> str:
        return (
            f"{self.name} {self.version} ({self.dimension}-d, weights {self.weights_sha256[:12]})"
        )
