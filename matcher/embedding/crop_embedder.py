"""Turn aligned crops into unit vectors: the part that all networks have in common."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matcher.embedding.embedder import FaceVectors, Purpose
from matcher.embedding.low_resolution import at_low_resolution
from matcher.embedding.models import FACE, LOW_RESOLUTION, ModelIdentity, ModelRecord, typed_name
from matcher.embedding.networks import Network, Networks, Precision
from matcher.errors import InputError, ModelError

BATCH = 32
"""Crops per pass. On a CPU larger batches are no faster, and this bounds memory."""


class CropEmbedder:
    """An `Embedder` around a network. It checks, normalises, batches and mirrors crops.

    The network's own vectors need not have unit length. The returned vectors have unit length. In
    float32, the size and order of the batch change a vector by less than 1e-5.

    Parameters
    ----------
    record, identity
        See `Embedder`.
    networks
        The networks of the model. There is one for low-resolution views if, and only if, the record
        has such views.
    precision
        The precision in which the networks compute.
    """

    def __init__(
        self,
        record: ModelRecord,
        identity: ModelIdentity,
        networks: Networks,
        precision: Precision = "float32",
    ) -> None:
        self._record = record
        self._identity = identity
        self._networks = networks
        self._precision = precision

    @property
    def record(self) -> ModelRecord:
        """The facts of the model."""
        return self._record

    @property
    def identity(self) -> ModelIdentity:
        """The facts of the model that a gallery must store."""
        return self._identity

    @property
    def precision(self) -> Precision:
        """The precision in which the networks compute."""
        return self._precision

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return unit vectors for aligned crops.

        Parameters
        ----------
        crops
            uint8 array of shape (n, size, size, 3), RGB, `size` as in `record.crop`; n may be 0.

        Returns
        -------
        float32 array of shape (n, d)
            Each row of unit length.

        Raises
        ------
        InputError
            If shape or dtype differ.
        ModelError
            If the network returns a vector that is zero or not finite.
        ForkError
            If the process was forked after a network had run.
        """
        _check(crops, self._record.crop.size)
        return self._in_batches(crops, self._networks.face, self._record.dimension)

    def embed_all(self, crops: NDArray[np.uint8], *, purpose: Purpose = "gallery") -> FaceVectors:
        """Return all vectors of the crops that a purpose needs, by name.

        For pairs these are the vectors of `embed`. For a gallery these are the same, and the
        low-resolution vectors if the model makes them. A low-resolution vector lies half-way
        between the face's own vector and the mean of the vectors of its low-resolution views. For a
        search, the model judges whether a face is degraded, if it makes a difference between these,
        and gives degraded ones another vector.

        Crops and errors are the same as for `embed`.
        """
        if self._networks.probe is None:
            return FaceVectors.of_one_kind(self.embed(crops))
        if purpose == "search":
            return self._for_search(crops)
        vectors = self.embed(crops)
        own = FaceVectors.of_one_kind(vectors, degraded=None)
        if purpose == "pairs" or self._networks.low_resolution is None:
            return own
        small = self._at_low_resolution(crops, vectors)
        return replace(own, kept={FACE: vectors, LOW_RESOLUTION: small})

    def _for_search(self, crops: NDArray[np.uint8]) -> FaceVectors:
        assert self._networks.probe is not None  # noqa: S101 - the caller checked it
        _check(crops, self._record.crop.size)
        d = self._record.dimension
        seen = self._in_batches(crops, self._networks.probe, 2 * d + 1)
        vectors, if_degraded, degraded = seen[:, :d], seen[:, d : 2 * d], seen[:, 2 * d] > 0
        has_small = self._networks.low_resolution is not None
        wanted = has_small & (seen[:, 2 * d] > self._networks.low_resolution_above)
        return FaceVectors(
            {FACE: np.ascontiguousarray(vectors)},
            np.where(degraded[:, None], if_degraded, vectors),
            tuple(LOW_RESOLUTION if is_wanted else FACE for is_wanted in wanted),
            tuple(map(bool, degraded)),
        )

    def _at_low_resolution(
        self, crops: NDArray[np.uint8], vectors: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        assert self._networks.low_resolution is not None  # noqa: S101 - the caller checked it
        d = self._record.dimension
        views = [
            self._in_batches(at_low_resolution(crops, view), self._networks.low_resolution, d)
            for view in self._record.low_resolution_views
        ]
        return _scaled(vectors + np.mean(views, axis=0), d)

    def _in_batches(
        self, crops: NDArray[np.uint8], network: Network, width: int
    ) -> NDArray[np.float32]:
        starts = range(0, len(crops), BATCH)
        parts = [self._outputs(crops[start : start + BATCH], network, width) for start in starts]
        return np.concatenate([np.empty((0, width), np.float32), *parts])

    def _outputs(
        self, crops: NDArray[np.uint8], network: Network, width: int
    ) -> NDArray[np.float32]:
        pixels = normalised(crops, self._record)
        outputs = self._unit(pixels, network, width)
        if not self._record.mirrored:
            return outputs
        mirrored = self._unit(np.ascontiguousarray(pixels[:, :, ::-1]), network, width)
        return _scaled(outputs + mirrored, self._record.dimension)

    def _unit(
        self, pixels: NDArray[np.float32], network: Network, width: int
    ) -> NDArray[np.float32]:
        outputs = network(pixels)
        wanted = (len(pixels), width)
        if outputs.shape != wanted:
            raise self._unusable(f"its vectors must be of shape {wanted}", outputs.shape)
        vectors = _vectors_of(outputs, self._record.dimension)
        if not (np.isfinite(outputs).all() and vectors.any(axis=-1).all()):
            raise self._unusable("a vector must be finite and not zero", "zero, infinity or NaN")
        return _scaled(outputs, self._record.dimension)

    def _unusable(self, rule: str, got: object) -> ModelError:
        return ModelError(
            f"The model {self._record.name!r} returned an unusable vector",
            rule=rule,
            got=got,
            next_step=f"Verify the weights: matcher models verify {typed_name(self._record)}",
        )


def normalised(crops: NDArray[np.uint8], record: ModelRecord) -> NDArray[np.float32]:
    """Return the network's input for RGB crops; both have shape (n, size, size, 3)."""
    ordered = crops if record.colour_order == "RGB" else crops[..., ::-1]
    pixels = np.subtract(ordered, np.asarray(record.mean, np.float32), dtype=np.float32, order="C")
    pixels /= np.float32(record.scale)
    return pixels


def _vectors_of(outputs: NDArray[np.float32], d: int) -> NDArray[np.float32]:
    """Return a view, (n, vectors, d), of the vectors that stand side by side in each row."""
    count = outputs.shape[1] // d
    return outputs[:, : count * d].reshape(len(outputs), count, d)


def _scaled(outputs: NDArray[np.float32], d: int) -> NDArray[np.float32]:
    """Return outputs whose vectors have unit length; a number after them is unchanged."""
    vectors = _vectors_of(outputs, d)
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled = outputs.copy()
    _vectors_of(scaled, d)[:] = unit
    return scaled


def _check(crops: NDArray[np.uint8], size: int) -> None:
    if not isinstance(crops, np.ndarray):
        raise _refusal("a NumPy array", type(crops).__name__)
    if crops.ndim != 4 or crops.shape[1:] != (size, size, 3):
        raise _refusal(f"of shape (n, {size}, {size}, 3)", crops.shape)
    if crops.dtype != np.uint8:
        raise _refusal("uint8 in RGB", crops.dtype)


def _refusal(rule: str, got: object) -> InputError:
    return InputError(
        "The crops cannot be embedded",
        rule=f"they must be {rule}",
        got=got,
        next_step="Cut them with the record's own crop template.",
    )
