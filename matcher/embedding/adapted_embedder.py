"""The embedder of an adapted model: the vectors of its base, mapped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.embedder import Embedder, FaceVectors, Purpose
from matcher.embedding.models import Adaptation, ModelIdentity, ModelRecord
from matcher.embedding.vector_map import VectorMap
from matcher.embedding.weights import VerifiedMap, sha256_of
from matcher.errors import ModelError, WeightsDamagedError


class AdaptedEmbedder:
    """An `Embedder` that maps the unit vectors of another one.

    Parameters
    ----------
    record
        The facts of the adapted model.
    base
        Makes one vector of a face for a gallery, and one to search for it.
    vector_map
        From vectors of the base to vectors of `record.dimension` numbers.
    map_sha256
        Hash of the map's file.
    """

    def __init__(
        self, record: ModelRecord, base: Embedder, vector_map: VectorMap, map_sha256: str
    ) -> None:
        self._record = record
        self._base = base
        self._map = vector_map
        self._identity = ModelIdentity(
            name=record.name,
            version=record.version,
            weights_sha256=sha256_of(
                f"{base.identity.weights_sha256}\n{map_sha256}\n".encode("ascii")
            ),
            preprocessing_sha256=record.preprocessing_sha256,
            dimension=record.dimension,
            vector_names=record.vector_names,
        )

    @property
    def record(self) -> ModelRecord:
        """The facts of the model."""
        return self._record

    @property
    def identity(self) -> ModelIdentity:
        """The facts of the model that a gallery must store; its hash covers base and map."""
        return self._identity

    @property
    def precision(self) -> str:
        """The precision in which the networks of the base compute."""
        return self._base.precision

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return unit vectors, float32 (n, k), for aligned crops, uint8 (n, size, size, 3).

        Raises
        ------
        InputError, ModelError, ForkError
            As the base. A vector that the map takes to the origin is a ModelError too.
        """
        return self._mapped(self._base.embed(crops))

    def embed_all(self, crops: NDArray[np.uint8], *, purpose: Purpose = "gallery") -> FaceVectors:
        """Return all vectors of the base, mapped; the base judges which faces are degraded.

        Crops and errors are the same as for `embed`.
        """
        seen = self._base.embed_all(crops, purpose=purpose)
        return replace(
            seen,
            kept={name: self._mapped(vectors) for name, vectors in seen.kept.items()},
            probes=self._mapped(seen.probes),
        )

    def _mapped(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        mapped = self._map(vectors.astype(np.float64)).astype(np.float32)
        if not np.isfinite(mapped).all():
            raise ModelError(
                f"The adapted model {self._record.name!r} returned an unusable vector",
                rule="the map must not take a vector to the origin",
                got="a vector in the centre of the map",
                next_step="Use the base model for this photo, or leave the photo out.",
            )
        return mapped


def adapted(
    record: ModelRecord, adaptation: Adaptation, base: Embedder, verified: VerifiedMap
) -> AdaptedEmbedder:
    """Return the embedder of an adapted model, after a check that base and map fit.

    Raises
    ------
    ModelError
        If the base is not the model that the map was fitted to, or the map's shape contradicts the
        record or the base.
    WeightsDamagedError
        If the map's file is no map.
    """
    wanted = (adaptation.base_weights_sha256, adaptation.base_preprocessing_sha256)
    found = (base.identity.weights_sha256, base.identity.preprocessing_sha256)
    if found != wanted:
        raise ModelError(
            f"The base of the adapted model {record.name!r} is another one",
            rule="weights and preprocessing of the base must be those that the map was fitted to, "
            + " and ".join(wanted),
            got=f"{base.identity.name!r} with {' and '.join(found)}",
            next_step="Bring the base's own files and record back, or adapt this base anew: "
            "matcher adapt",
            path=verified.path,
        )
    try:
        vector_map = VectorMap.of(verified.data)
    except ValueError as error:
        raise WeightsDamagedError(
            f"The map of the adapted model {record.name!r} cannot be read",
            rule="it must be a safetensors file with a mean and a matrix",
            got=error,
            next_step="Make the model anew: matcher adapt",
            path=verified.path,
        ) from error
    shape = (base.identity.dimension, record.dimension)
    if vector_map.matrix.shape != shape:
        raise ModelError(
            f"The map contradicts the record of {record.name!r}",
            rule=f"its matrix must be of shape {shape}, numbers of a base's vector and dimension",
            got=vector_map.matrix.shape,
            next_step="Correct dimension in the record, or make the model anew: matcher adapt",
            path=verified.path,
        )
    return AdaptedEmbedder(record, base, vector_map, verified.sha256)
