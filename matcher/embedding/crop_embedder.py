"""Aligned crops to unit vectors: what all networks have in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.embedding.record import ModelIdentity, ModelRecord
from matcher.errors import InputError, ModelError

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Maps normalised pixels, float32 (n, size, size, 3), to raw vectors, float32 (n, d)."""

BATCH = 32
"""Crops per pass: on a CPU larger batches are no faster, and memory stays bounded."""


class CropEmbedder:
    """An `Embedder` around a network: checks, normalises, batches, mirrors.

    The network's own vectors need not have unit length; those returned do. In float32 a vector
    changes by less than 1e-5 with the size and order of the batch.

    Parameters
    ----------
    record, identity
        See `Embedder`.
    network
        See `Network`.
    distant_network
        The one that looks at faces from afar; None for the same.
    """

    def __init__(
        self,
        record: ModelRecord,
        identity: ModelIdentity,
        network: Network,
        distant_network: Network | None = None,
    ) -> None:
        self._record = record
        self._identity = identity
        self._network = network
        self._distant_network = distant_network or network

    @property
    def record(self) -> ModelRecord:
        """The facts of the model."""
        return self._record

    @property
    def identity(self) -> ModelIdentity:
        """What a gallery must remember of the model."""
        return self._identity

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
        """
        return self._in_batches(crops, self._network)

    def embed_from_afar(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return unit vectors for aligned crops as they would look from afar.

        Parameters, result and errors are those of `embed`; a model without a distant look raises
        InputError.
        """
        look = self._record.distant
        if look is None:
            raise _refusal("given to a model with a distant look", self._record.name)
        _check(crops, self._record.crop.size)
        return self._in_batches(from_afar(crops, look.pixels), self._distant_network)

    def _in_batches(self, crops: NDArray[np.uint8], network: Network) -> NDArray[np.float32]:
        _check(crops, self._record.crop.size)
        parts = [self._embed(crops[i : i + BATCH], network) for i in range(0, len(crops), BATCH)]
        return np.concatenate([np.empty((0, self._record.dimension), np.float32), *parts])

    def _embed(self, crops: NDArray[np.uint8], network: Network) -> NDArray[np.float32]:
        pixels = normalised(crops, self._record)
        vectors = self._unit(pixels, network)
        if not self._record.mirrored:
            return vectors
        return _scaled(vectors + self._unit(np.ascontiguousarray(pixels[:, :, ::-1]), network))

    def _unit(self, pixels: NDArray[np.float32], network: Network) -> NDArray[np.float32]:
        vectors = network(pixels)
        wanted = (len(pixels), self._record.dimension)
        if vectors.shape != wanted:
            raise self._unusable(f"its vectors must be of shape {wanted}", vectors.shape)
        if not (np.isfinite(vectors).all() and vectors.any(axis=1).all()):
            raise self._unusable("a vector must be finite and not zero", "zero, infinity or NaN")
        return _scaled(vectors)

    def _unusable(self, rule: str, got: object) -> ModelError:
        return ModelError(
            f"The model {self._record.name!r} returned an unusable vector",
            rule=rule,
            got=got,
            next_step=f"Verify the weights: matcher models verify {self._record.name}",
        )


def from_afar(crops: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """Return crops shrunk to `pixels` across and brought back, both uint8 (n, size, size, 3).

    Shrinking averages over the pixels that become one, as a camera does.
    """
    size = crops.shape[1]
    seen = np.empty_like(crops)
    for row, crop in enumerate(crops):
        small = Image.fromarray(crop).resize((pixels, pixels), Image.Resampling.BICUBIC)
        seen[row] = np.asarray(small.resize((size, size), Image.Resampling.BICUBIC))
    return seen


def normalised(crops: NDArray[np.uint8], record: ModelRecord) -> NDArray[np.float32]:
    """Return what a network sees of RGB crops, both of shape (n, size, size, 3)."""
    ordered = crops if record.colour_order == "RGB" else crops[..., ::-1]
    pixels = np.subtract(ordered, np.asarray(record.mean, np.float32), dtype=np.float32, order="C")
    pixels /= np.float32(record.scale)
    return pixels


def _scaled(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
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
