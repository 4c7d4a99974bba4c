"""Photos of made people without a model: each photo is a row of square tiles, each tile a face.

Two tiles of one person have a similarity of about 0.65, tiles of two people one of about 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matcher.embedding import Extractor, PhotoExtraction
from matcher.faces import POLICIES, Face, measure
from matcher.grouping import Grouping, group
from matcher.photos import Photo, PhotoSource
from matcher.testing import FakeEmbedder

SIDE = 64
THRESHOLD = 0.4
_POINTS = ((24.0, 26.0), (40.0, 26.0), (32.0, 35.0), (26.0, 44.0), (38.0, 44.0))

Person = tuple[int, int]
"""A person, and the number of the picture of this person."""


class TileDetector:
    """Finds one face in each tile, the first tile first."""

    def detect(self, photos: Sequence[Photo]) -> list[list[Face]]:
        return [list(map(self._face, [photo] * 99, range(_tiles(photo)))) for photo in photos]

    def _face(self, photo: Photo, number: int) -> Face:
        side = photo.size[1]
        box = np.array([number * side, 0, (number + 1) * side, side], np.float32)
        points = np.array(_POINTS) / SIDE * side + (number * side, 0)
        landmarks = points.astype(np.float32)
        return Face(photo, box, landmarks, 1.0, measure(photo, box, landmarks, 1.0))


def _tiles(photo: Photo) -> int:
    return round(photo.size[0] / photo.size[1])


class CountingExtractor(Extractor):
    """Remembers the photos that it was given."""

    def __init__(self, version: str = "1") -> None:
        super().__init__(TileDetector(), FakeEmbedder(256, version))
        self.read: list[str] = []

    def extract_many(self, sources: Iterable[PhotoSource], **options: Any) -> Any:
        paths = [Path(str(source)) for source in sources]
        self.read += [path.name for path in paths]
        found: Iterable[PhotoExtraction] = super().extract_many(paths, **options)
        return found


def tile(person: int, picture: int) -> NDArray[np.float64]:
    """Return one picture of a person, float64 of shape (64, 64, 3) in [0, 255]."""
    always, now = (
        np.random.default_rng([7, *seed]).normal(size=(16, 16, 3))
        for seed in ((person,), (person, picture))
    )
    mixed = 128 + 40 * (0.8 * always + 0.6 * now)
    found: NDArray[np.float64] = np.kron(mixed, np.ones((4, 4, 1))).clip(0, 255)
    return found


def write(path: Path, *people: Person, scale: float = 1.0, **options: Any) -> Path:
    """Write a photo of people, given as (person, picture)."""
    pixels = np.concatenate([tile(*one) for one in people], axis=1).astype(np.uint8)
    image = Image.fromarray(pixels)
    if scale != 1:
        size = round(image.width * scale), round(image.height * scale)
        image = image.resize(size, Image.Resampling.LANCZOS)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def grouped(folder: Path, extractor: Extractor | None = None, **options: Any) -> Grouping:
    """Group a folder of such photos, whatever the quality of the tiles is."""
    settings = {"threshold": THRESHOLD, "policy": POLICIES["off"]} | options
    return group(folder, extractor or CountingExtractor(), **settings)


def partition(found: Grouping) -> set[frozenset[tuple[str, int]]]:
    """Return the groups as sets of faces, each named by its photo and its number there."""
    return {
        frozenset((one.sha256, one.number) for one in (*group.faces, *group.copies))
        for group in found
    }


def numbered(found: Grouping) -> dict[tuple[str, int], int | None]:
    """Return the group of each face."""
    return {(one.sha256, one.number): one.group for one in found.every_face()}


def by_file(found: Grouping) -> set[frozenset[str]]:
    """Return the groups as sets of names of files, with the number of the face: a.png:1."""
    return {
        frozenset(
            f"{Path(name).name}:{one.number}"
            for one in (*group.faces, *group.copies)
            for name in one.files
        )
        for group in found
    }
