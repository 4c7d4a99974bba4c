"""The vectors of photos as they are, of degraded crops, and of photos that poor cameras took."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from accuracy_kept import Batch, Seen, file_of, load, save
from accuracy_photos import crops_of, largest_faces, probes_of
from accuracy_rows import CLEAN, Codes, Mask
from numpy.typing import NDArray
from PIL import Image

from fairness import Cohort
from matcher.degradation import CAMERAS, RECIPES
from matcher.embedding import Embedder, FaceVectors
from matcher.errors import PhotoError
from matcher.faces import Detector, Face, load_detector
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
    cameras: Sequence[str] = tuple(CAMERAS),
    probes: Mask | None = None,
    device: str = "cpu",
    seed: int = 0,
    keep: Path | None = None,
) -> Embedded:
    """Embed the largest face of each photo, as it is and degraded, with all models in one pass.

    The recipe of photo i draws with `seed` + i. Cameras take the photos that `probes` names. Crops
    are made once for models of equal templates. In the folder `keep` each batch has a file for each
    model; a batch that has one is read, not embedded.
    """
    detector = load_detector(device)
    versions = (CLEAN, *recipes)
    parts: list[list[Seen]] = [[] for _ in models]
    for batch in _batches(cohort, versions, cameras, probes, seed):
        for gathered, seen in zip(parts, _read_or_see(batch, models, detector, keep), strict=True):
            gathered.append(seen)
    whole = [Seen.joined(gathered) for gathered in parts]
    return Embedded(
        whole[0].found,
        tuple({version: seen.vectors[version] for version in versions} for seen in whole),
        tuple({name: (seen.again[name], seen.vectors[name]) for name in cameras} for seen in whole),
    )


def _batches(
    cohort: Cohort,
    versions: Sequence[str],
    cameras: Sequence[str],
    probes: Mask | None,
    seed: int,
) -> Iterator[Batch]:
    folder = cohort.folder or Path()
    wanted = np.zeros(len(cohort), np.bool_) if probes is None else probes
    for start in range(0, len(cohort), BATCH):
        photos = [folder / sample.photo for sample in cohort.samples[start : start + BATCH]]
        end = start + len(photos)
        seeds = np.arange(start, end) + seed
        yield Batch(photos, versions, cameras, seeds, wanted[start:end])
        sys.stderr.write(f"\r{cohort.samples[0].source}: {end}/{len(cohort)} photos")
    sys.stderr.write("\n")


def _read_or_see(
    batch: Batch, models: Sequence[Embedder], detector: Detector, keep: Path | None
) -> list[Seen]:
    if keep is None:
        return _see(batch, models, detector)
    files = [file_of(keep, model, batch) for model in models]
    new = {file: model for file, model in zip(files, models, strict=True) if not file.exists()}
    for file, seen in zip(new, _see(batch, [*new.values()], detector), strict=True):
        save(seen, file)
    return [load(file) for file in files]


def _see(batch: Batch, models: Sequence[Embedder], detector: Detector) -> list[Seen]:
    """Return what each model sees of a batch."""
    if not models:
        return []
    found, faces = _faces(batch, detector)
    vectors: list[dict[str, FaceVectors]] = [{} for _ in models]
    for template in {model.record.crop for model in models}:
        crops = crops_of(faces, template)
        for version in batch.versions:
            shown = crops if version == CLEAN else degraded(crops, version, batch.seeds[found])
            for model, made in zip(models, vectors, strict=True):
                if model.record.crop == template:
                    made[version] = _all_vectors(model, shown, version)
    wanted = batch.probes[found]
    chosen = [face for face, one in zip(faces, wanted, strict=True) if one]
    again = {}
    for camera in batch.cameras:
        again[camera] = np.zeros(len(faces), np.bool_)
        again[camera][wanted], of_models = probes_of(models, detector, chosen, camera)
        for made, probes in zip(vectors, of_models, strict=True):
            made[camera] = probes
    return [Seen(found, again, made) for made in vectors]


def _all_vectors(model: Embedder, crops: Crops, version: str) -> FaceVectors:
    """Return what a search needs of crops and, of clean ones, what a gallery keeps of them."""
    searched = model.embed_all(crops, purpose="search")
    if version != CLEAN:
        return searched
    return replace(searched, kept=model.embed_all(crops).kept)


def _faces(batch: Batch, detector: Detector) -> tuple[Mask, list[Face]]:
    """Return which photos of a batch have a face, and the largest face of each of those."""
    places, photos = [], []
    for place, path in enumerate(batch.photos):
        try:
            photos.append(load_photo(path))
        except PhotoError:
            continue  # counted as one without a face
        places.append(place)
    found = np.zeros(len(batch.photos), np.bool_)
    faces = []
    for row, face in largest_faces(detector, photos):
        found[places[row]] = True
        faces.append(face)
    return found, faces


def degraded(crops: Crops, recipe: str, seeds: Codes) -> Crops:
    """Return crops of the same size, degraded, each with its own seed."""
    size = crops.shape[1]
    made = np.empty_like(crops)
    for row, (crop, seed) in enumerate(zip(crops, seeds, strict=True)):
        small = Image.fromarray(RECIPES[recipe].apply(crop, seed=int(seed)))
        made[row] = np.asarray(small.resize((size, size), Image.Resampling.BICUBIC))
    return made
