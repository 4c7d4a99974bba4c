"""An affine map of a model's unit vectors, and its fit to faces of several age bands.

Vectors of young faces crowd on one side of the sphere. The map moves the centre of the age bands to
the origin, evens the directions out, and removes the directions in which groups differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
Codes = NDArray[np.int64]

ADULT_WEIGHT: Final = 0.5
"""Weight of adults against one band of the young in the centre of a map."""

HALF_WAY: Final = 0.5
"""Strength of whitening at which each direction is divided by the fourth root of its variance."""

_RIDGE: Final = 0.5


@dataclass(frozen=True, eq=False)
class VectorMap:
    """An affine map of unit vectors to unit vectors.

    Parameters
    ----------
    mean
        float64 (d,), subtracted from a vector.
    matrix
        float64 (d, k), applied from the right after that. The result is scaled to unit length.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is not finite.
    """

    mean: Vectors
    matrix: Vectors

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.matrix.ndim != 2 or len(self.mean) != len(self.matrix):
            found = f"{self.mean.shape} and {self.matrix.shape}"
            raise ValueError(f"need a mean of shape (d,) and a matrix of shape (d, k), got {found}")
        if not self.matrix.size:
            raise ValueError("need a matrix with at least one row and one column")
        if self.mean.dtype != np.float64 or self.matrix.dtype != np.float64:
            found = f"{self.mean.dtype} and {self.matrix.dtype}"
            raise ValueError(f"need float64 numbers, got {found}")
        if not (np.isfinite(self.mean).all() and np.isfinite(self.matrix).all()):
            raise ValueError("need finite numbers, got nan or infinity")

    def __call__(self, vectors: Vectors) -> Vectors:
        """Return unit vectors, (n, k), for unit vectors, (n, d).

        A vector that the map takes to the origin has no direction: its row is nan.
        """
        mapped = (vectors - self.mean) @ self.matrix
        with np.errstate(invalid="ignore"):
            unit: Vectors = mapped / np.linalg.norm(mapped, axis=1, keepdims=True)
        return unit

    def then(self, matrix: Vectors) -> VectorMap:
        """Return the map with a matrix, (k, m), applied from the right to its earlier result."""
        return VectorMap(self.mean, self.matrix @ matrix)

    def to_bytes(self) -> bytes:
        """Return the map as a safetensors file; the same map gives the same bytes."""
        from safetensors.numpy import save

        arrays = {"mean": self.mean, "matrix": self.matrix}
        return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})

    @classmethod
    def of(cls, data: bytes) -> VectorMap:
        """Return the map in the bytes of a file that `to_bytes` made.

        Raises
        ------
        ValueError
            If the bytes are not such a file.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            held: Mapping[str, Vectors] = load(data)
        except (SafetensorError, KeyError, TypeError) as error:
            raise ValueError(f"no safetensors file: {error}") from error
        if set(held) != {"mean", "matrix"}:
            raise ValueError(
                f"need a mean and a matrix, got {', '.join(sorted(held)) or 'nothing'}"
            )
        return cls(held["mean"], held["matrix"])


def band_weights(bands: Codes) -> Vectors:
    """Return the weight of each face, shape (n,): all bands the same, adults half; the sum is 1.

    Parameters
    ----------
    bands
        int64 (n,), from 0. No band is empty. The last one is that of adults.
    """
    weights = np.where(bands == bands.max(), ADULT_WEIGHT, 1.0) / np.bincount(bands)[bands]
    weights /= weights.sum()
    return weights


def partial_whitening(vectors: Vectors, bands: Codes, strength: float = HALF_WAY) -> VectorMap:
    """Fit a map that centres faces of several age bands and evens out their directions.

    All bands weigh the same, however many faces they have, but the last band, of adults, weighs
    `ADULT_WEIGHT`. First, the vectors are whitened in part: each principal direction is divided by
    (variance + half the mean variance) ^ (strength / 2). This keeps more of the strong directions
    than full whitening does. Then the directions in which the bands' means differ are removed,
    because along them a face moves as it grows, whoever it belongs to.

    Parameters
    ----------
    vectors
        float64 (n, d), of unit length.
    bands
        int64 (n,), from 0. No band is empty.
    strength
        In [0, 1]: 0 whitens nothing, 1 would whiten in full, were it not for the mean variance.
    """
    weights = band_weights(bands)
    mean = weights @ vectors
    centred = vectors - mean
    variances, directions = np.linalg.eigh((centred * weights[:, None]).T @ centred)
    factors = (variances + _RIDGE * variances.mean()) ** (-strength / 2)
    even = VectorMap(mean, (directions * factors) @ directions.T)
    return even.then(without_groups(even(vectors), bands, len(set(bands)) - 1))


def without_groups(vectors: Vectors, groups: Codes, directions: int) -> Vectors:
    """Return the projection that removes the main differences between the means of groups.

    Parameters
    ----------
    vectors
        float64 (n, d).
    groups
        int64 (n,), from 0. Faces of group -1 are ignored.
    directions
        Number of the means' principal directions that are removed.

    Returns
    -------
    float64 array of shape (d, d)
        Symmetric.
    """
    means = [vectors[groups == group].mean(axis=0) for group in range(groups.max() + 1)]
    apart = np.array(means) - np.mean(means, axis=0)
    taken = np.linalg.svd(apart, full_matrices=False)[2][:directions]
    projection: Vectors = np.eye(vectors.shape[1]) - taken.T @ taken
    return projection
