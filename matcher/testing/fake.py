"""A model without weights, and vectors without faces, for tests that need no real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import (
    FACE,
    LOW_RESOLUTION,
    FaceVectors,
    LowResolutionView,
    ModelIdentity,
    ModelRecord,
    Purpose,
    WeightsFile,
)
from matcher.embedding.low_resolution import at_low_resolution
from matcher.faces import CropTemplate, Face, measure
from matcher.photos import Photo

_GRID = 16
_CROP = CropTemplate(
    "fake-64",
    64,
    ((24.0, 26.0), (40.0, 26.0), (32.0, 35.0), (26.0, 44.0), (38.0, 44.0)),
)


class FakeDetector:
    """A `Detector` that needs no weights: every photo is one face, from edge to edge."""

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        """Return one face for each photo, with landmarks where the embedder's crop has them."""
        return [[_whole(photo)] for photo in photos]


def _whole(photo: Photo) -> Face:
    width, height = photo.size
    box = np.array([0, 0, width, height], np.float32)
    points = np.array(_CROP.points) / _CROP.size * (width, height)
    landmarks = points.astype(np.float32)
    return Face(photo, box, landmarks, 1.0, measure(photo, box, landmarks, 1.0))


class FakeEmbedder:
    """An `Embedder` without weights: equal crops have equal vectors, similar crops similar ones.

    The vector is a fixed random projection of the crop averaged over a 16 x 16 grid, with the mean
    removed. It knows nothing of faces. No figure measured with it means anything.

    Parameters
    ----------
    dimension
        Length of a vector, >= 2.
    version
        Version in the identity. Another version is another model with other vectors.
    low_resolution_views
        As in `ModelRecord`.
    degraded_above
        A crop counts as degraded if the cosine of its vector and its low-resolution vector is
        higher than this. Above 1, no crop does.
    """

    def __init__(
        self,
        dimension: int = 128,
        version: str = "1",
        low_resolution_views: tuple[LowResolutionView, ...] = (),
        degraded_above: float = 0.9,
    ) -> None:
        self._record = ModelRecord(
            name="fake",
            version=version,
            network="onnx",
            weights=WeightsFile("none", sha256="fa4e" * 16),
            licence="none needed: there are no weights",
            training_data="none",
            crop=_CROP,
            colour_order="RGB",
            mean=(0.0, 0.0, 0.0),
            scale=255.0,
            dimension=dimension,
            mirrored=False,
            low_resolution_views=low_resolution_views,
        )
        self._degraded_above = degraded_above
        seed = np.random.SeedSequence([dimension, *version.encode()])
        generator = np.random.default_rng(seed)
        self._projection = generator.normal(size=(_GRID * _GRID * 3, dimension))

    @property
    def record(self) -> ModelRecord:
        """The facts of this fake model."""
        return self._record

    @property
    def identity(self) -> ModelIdentity:
        """Identity with an invented weights hash."""
        return ModelIdentity(
            self._record.name,
            self._record.version,
            "fa4e" * 16,
            self._record.preprocessing_sha256,
            self._record.dimension,
            vector_names=self._record.vector_names,
        )

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return unit vectors, float32 of shape (n, d), for crops, uint8 (n, size, size, 3)."""
        cells = _grid_means(crops.astype(np.float64) / 255)
        signals = cells.reshape(len(crops), _GRID * _GRID * 3)
        signals = signals - signals.mean(axis=1, keepdims=True)
        return _unit((signals + 1e-6) @ self._projection)

    @property
    def precision(self) -> str:
        """Always "float32"."""
        return "float32"

    def embed_all(self, crops: NDArray[np.uint8], *, purpose: Purpose = "gallery") -> FaceVectors:
        """Return the vectors; with low-resolution views, also those, or who is degraded."""
        vectors = self.embed(crops)
        if not self._record.low_resolution_views:
            return FaceVectors.of_one_kind(vectors)
        views = [
            self.embed(at_low_resolution(crops, view)) for view in self._record.low_resolution_views
        ]
        small = _unit(vectors + np.mean(views, axis=0, dtype=np.float64))
        if purpose != "search":
            own = FaceVectors.of_one_kind(vectors, degraded=None)
            kept = {FACE: vectors, LOW_RESOLUTION: small} if purpose == "gallery" else own.kept
            return replace(own, kept=kept)
        alike = np.einsum("nd,nd->n", vectors, small) > self._degraded_above
        names = tuple(LOW_RESOLUTION if is_degraded else FACE for is_degraded in alike)
        return FaceVectors({FACE: vectors}, vectors, names, tuple(map(bool, alike)))


def _grid_means(crops: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average crops over a grid of 16 x 16 cells; crops may have any size of at least 16."""
    edges = np.linspace(0, crops.shape[1], _GRID, endpoint=False).astype(int)
    counts = np.diff([*edges, crops.shape[1]])
    sums = np.add.reduceat(np.add.reduceat(crops, edges, axis=1), edges, axis=2)
    means: NDArray[np.float64] = sums / (counts[:, None] * counts[None, :])[None, :, :, None]
    return means


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / lengths).astype(np.float32)
    return unit


def random_unit_vectors(n: int, d: int, seed: int) -> NDArray[np.float32]:
    """Return vectors spread evenly over the sphere, float32 of shape (n, d)."""
    return _unit(np.random.default_rng(seed).normal(size=(n, d)))


def clustered_unit_vectors(subjects: int, photos: int, d: int, seed: int) -> NDArray[np.float32]:
    """Return vectors that lie as face vectors do, float32 of shape (subjects * photos, d).

    Face vectors do not fill the sphere. They lie in a cone around a common direction, and a few
    directions hold most of what tells them apart. The constants below describe the vectors of
    dlib's 29-layer network for the 1,002 photos of FG-NET: the length of their mean, the share of
    their variance that is within a subject, and a curve through the eigenvalues of their covariance
    (largest 1, 16th 0.15, 64th 0.02). Two photos of one subject have a cosine of about 0.94; photos
    of two subjects have 0.88.

    Parameters
    ----------
    subjects, photos
        Number of subjects, and photos of each. The photos of a subject are adjacent rows.
    d
        Length of a vector.
    seed
        Seed of the random numbers.
    """
    generator = np.random.default_rng(seed)
    rotation = np.linalg.qr(generator.normal(size=(d, d)))[0].astype(np.float32)
    deviation = _face_spread(d) * np.sqrt(1 - _COMMON**2)
    centre = generator.standard_normal((subjects, 1, d), dtype=np.float32)
    vectors = generator.standard_normal((subjects, photos, d), dtype=np.float32)
    vectors *= (deviation * np.sqrt(_WITHIN)).astype(np.float32)
    vectors += centre * (deviation * np.sqrt(1 - _WITHIN)).astype(np.float32)
    vectors[:, :, -1] += np.float32(_COMMON)
    vectors = vectors.reshape(-1, d) @ rotation
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


_COMMON = 0.9375
_WITHIN = 0.517


def _face_spread(d: int) -> NDArray[np.float64]:
    """Return the standard deviation along each principal direction; all have length 1 together."""
    place = np.arange(d) * 128 / d
    deviation = np.sqrt((1 + place) ** -0.55 * np.exp(-place / 45))
    lengths: NDArray[np.float64] = deviation / np.linalg.norm(deviation)
    return lengths
