"""The vectors of photos as they are, of degraded crops, and of photos that poor cameras took."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from accuracy_photos import largest_faces, probes_of
from accuracy_rows import CLEAN, Codes, Mask
from numpy.typing import NDArray
from PIL import Image

from fairness import Cohort
from matcher.degradation import CAMERAS, RECIPES
from matcher.embedding import Embedder, FaceVectors
from matcher.errors import PhotoError
from matcher.faces import Detector, Face, align, load_detector
from matcher.photos import load_photo

BATCH = 16

Crops = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Embedded:
    """Which photos have a face, and each model's vectors of those, by version of the photo.

    `cameras` tells, for each model and camera, which of these faces were found again, and the
    vectors of those.
    """

    found: Mask
    vectors: tuple[dict[str, FaceVectors], ...]
    cameras: tuple[dict[str, tuple[Mask, FaceVectors]], ...]


def embed(
    cohort: Cohort,
    models: Sequence[Embedder],
    recipes: Sequence[str] = (),
    *,
    probes: Mask | None = None,
    device: str = "cpu",
    seed: int = 0,
) -> Embedded:
    """Embed the largest face of each photo, as it is and degraded, with all models in one pass.

    The recipe of photo i draws with `seed` + i. Cameras take the photos that `probes` names; all
    cameras of `matcher.degradation` do. Crops are made once for models of equal templates.
    """
    detector = load_detector(device)
    found = np.zeros(len(cohort), np.bool_)
    versions = (CLEAN, *recipes)
    wanted = np.zeros(len(cohort), np.bool_) if probes is None else probes
    photographed = _Photographed(len(models))
    parts: list[dict[str, list[FaceVectors]]] = [
        {version: [] for version in versions} for _ in models
    ]
    for places, faces in _faces(cohort, detector):
        found[places] = True
        photographed.add(models, detector, faces, wanted[places])
        for template in {model.record.crop for model in models}:
            crops = np.stack([align(face.photo, face.landmarks, template) for face in faces])
            for version in versions:
                shown = crops if version == CLEAN else degraded(crops, version, places + seed)
                for model, part in zip(models, parts, strict=True):
                    if model.record.crop == template:
                        part[version].append(_all_vectors(model, shown, version))
    joined = ({version: _joined(part[version]) for version in part} for part in parts)
    return Embedded(found, tuple(joined), photographed.joined())


def _all_vectors(model: Embedder, crops: Crops, version: str) -> FaceVectors:
    """Return what a search needs of crops and, of clean ones, what a gallery keeps of them."""
    searched = model.embed_all(crops, purpose="search")
    if version != CLEAN:
        return searched
    return replace(searched, kept=model.embed_all(crops).kept)


class _Photographed:
    """Faces found again through cameras, and their vectors, gathered batch by batch."""

    def __init__(self, models: int) -> None:
        self._found: dict[str, list[Mask]] = {camera: [] for camera in CAMERAS}
        self._vectors: list[dict[str, list[FaceVectors]]] = [
            {camera: [] for camera in CAMERAS} for _ in range(models)
        ]

    def add(
        self, models: Sequence[Embedder], detector: Detector, faces: Sequence[Face], wanted: Mask
    ) -> None:
        chosen = [face for face, one in zip(faces, wanted, strict=True) if one]
        for camera in CAMERAS:
            found = np.zeros(len(faces), np.bool_)
            found[wanted], vectors = probes_of(models, detector, chosen, camera)
            self._found[camera].append(found)
            for kept, made in zip(self._vectors, vectors, strict=True):
                kept[camera].append(made)

    def joined(self) -> tuple[dict[str, tuple[Mask, FaceVectors]], ...]:
        return tuple(
            {
                camera: (np.concatenate(self._found[camera]), _joined(parts))
                for camera, parts in kept.items()
                if parts
            }
            for kept in self._vectors
        )


def _joined(parts: Sequence[FaceVectors]) -> FaceVectors:
    names = parts[0].kept if parts else ()
    return FaceVectors(
        {name: np.concatenate([part.kept[name] for part in parts]) for name in names},
        np.concatenate([part.probes for part in parts]),
        tuple(name for part in parts for name in part.compared_with),
        tuple(one for part in parts for one in part.degraded),
    )


def _faces(cohort: Cohort, detector: Detector) -> Iterator[tuple[Codes, list[Face]]]:
    """Yield the places of photos with a face, and the largest face of each, batch by batch."""
    folder = cohort.folder or Path()
    for start in range(0, len(cohort), BATCH):
        photos = []
        for place, sample in enumerate(cohort.samples[start : start + BATCH], start):
            try:
                photos.append((place, load_photo(folder / sample.photo)))
            except PhotoError:
                continue  # counted as one without a face
        with_face = list(largest_faces(detector, [photo for _, photo in photos]))
        if with_face:
            places = np.array([photos[row][0] for row, _ in with_face])
            yield places, [face for _, face in with_face]
        done = min(start + BATCH, len(cohort))
        sys.stderr.write(f"\r{cohort.samples[0].source}: {done}/{len(cohort)} photos")
    sys.stderr.write("\n")


def degraded(crops: Crops, recipe: str, seeds: Codes) -> Crops:
    """Return crops of the same size, degraded, each with its own seed."""
    size = crops.shape[1]
    made = np.empty_like(crops)
    for row, (crop, seed) in enumerate(zip(crops, seeds, strict=True)):
        small = Image.fromarray(RECIPES[recipe].apply(crop, seed=int(seed)))
        made[row] = np.asarray(small.resize((size, size), Image.Resampling.BICUBIC))
    return made
