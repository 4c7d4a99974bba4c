"""From photo to list: what a search finds when a poor camera took the probe.

The whole photo is shrunk until the face has so many pixels, and saved as the camera saves it. The
face is then found and aligned again. A face that is not found counts as a probe without its mate.
The rows of `accuracy_rows` degrade the aligned crop of a clear photo instead, with landmarks that
no real small photo has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from accuracy_rows import CLEAN, Codes, Mask, Numbers, Row, Vectors, rank_one_row, searched
from numpy.typing import NDArray

from fairness import Cohort
from matcher.degradation import CAMERAS
from matcher.embedding import Embedder, FaceVectors
from matcher.faces import CropTemplate, Detector, Face, align
from matcher.photos import Photo, load_photo

NEAR = 5.0  # years: at most so many apart are near in age


@dataclass(frozen=True, eq=False)
class Searched:
    """Which probes are searched for among which photos.

    Parameters
    ----------
    name
        What the row says of them.
    probes, enrolled
        For each photo, whether it is a probe, and whether it is in the gallery.
    barred
        Pairs, (photos, photos), that do not count: a probe and a photo of its subject that is not
        meant to be found. A probe never finds its own photo.
    """

    name: str
    probes: Mask
    enrolled: Mask
    barred: Mask

    def among(self, photos: Mask) -> Searched:
        """Return the same search where only some photos are left."""
        return Searched(
            self.name, self.probes[photos], self.enrolled[photos], self.barred[photos][:, photos]
        )


def photographed(faces: Sequence[Face], camera: str) -> list[Photo]:
    """Return the photos that a camera takes of the photos of these faces."""
    made = (CAMERAS[camera].photograph(face.photo.pixels, face.box) for face in faces)
    return [load_photo(np.ascontiguousarray(pixels)) for pixels in made]


def largest_faces(detector: Detector, photos: Sequence[Photo]) -> Iterator[tuple[int, Face]]:
    """Yield the largest face of each photo with one, and the photo's place."""
    for place, faces in enumerate(detector.detect(photos)):
        if faces:
            yield place, faces[0]


def probes_of(
    models: Sequence[Embedder], detector: Detector, faces: Sequence[Face], camera: str
) -> tuple[Mask, list[FaceVectors]]:
    """Return which faces are found again through a camera, and each model's vectors of those."""
    found = np.zeros(len(faces), np.bool_)
    again = []
    for place, face in largest_faces(detector, photographed(faces, camera)):
        found[place] = True
        again.append(face)
    vectors = [
        model.embed_all(crops_of(again, model.record.crop), purpose="search") for model in models
    ]
    return found, vectors


def crops_of(faces: Sequence[Face], template: CropTemplate) -> NDArray[np.uint8]:
    """Return the aligned crops of faces, of shape (faces, size, size, 3)."""
    crops = np.zeros((len(faces), template.size, template.size, 3), np.uint8)
    for row, face in enumerate(faces):
        crops[row] = align(face.photo, face.landmarks, template)
    return crops


def searches_by_gap(cohort: Cohort) -> list[Searched]:
    """Return searches for mates near in age, and for mates of another age, among all photos."""
    ages = np.array([sample.age_at_capture for sample in cohort.samples], dtype=np.float64)
    gaps = np.abs(ages[:, None] - ages)
    same = cohort.subject_codes[:, None] == cohort.subject_codes
    everybody = np.ones(len(cohort), np.bool_)
    return [
        Searched(f"mate within {NEAR:g} years", everybody, everybody, same & (gaps > NEAR)),
        Searched(f"mate {NEAR:g} years or more apart", everybody, everybody, same & (gaps < NEAR)),
    ]


def searches_across(cohort: Cohort) -> list[Searched]:
    """Return searches with children's photos among photos of the same people grown up."""
    stages = np.array([sample.labels.get("stage", "") for sample in cohort.samples])
    nothing = np.zeros((len(cohort), len(cohort)), np.bool_)
    return [Searched("child probe, grown gallery", stages == "child", stages == "grown", nothing)]


def searches_one_each(cohort: Cohort, people: Mask) -> Searched:
    """Return a search with the second photo of each of some people, among everybody's first."""
    codes = cohort.subject_codes
    position = np.zeros(len(cohort), np.int64)
    for code in np.unique(codes):
        position[codes == code] = np.arange(np.count_nonzero(codes == code))
    nothing = np.zeros((len(cohort), len(cohort)), np.bool_)
    return Searched("one photo each", people & (position == 1), people & (position == 0), nothing)


def photo_rows(
    cohort: Cohort,
    gallery: FaceVectors,
    cameras: Mapping[str, tuple[Mask, FaceVectors]],
    searches: Sequence[Searched],
    weights: Numbers,
) -> list[Row]:
    """Return the share of probes that find their subject first, for each camera and search.

    Parameters
    ----------
    cohort
        Photos with a face.
    gallery
        Vectors of the photos as they are.
    cameras
        By camera, which faces are found again, and the vectors of those.
    searches
        Who is searched for among whom.
    weights
        Of the subjects, see `accuracy_rows`.
    """
    seen = {CLEAN: (np.ones(len(cohort), np.bool_), gallery), **cameras}
    return [
        search_row(cohort, camera, search, found, searched(probes, gallery), weights)
        for search in searches
        for camera, (found, probes) in seen.items()
    ]


def search_row(
    cohort: Cohort, camera: str, search: Searched, found: Mask, scores: Vectors, weights: Numbers
) -> Row:
    """Return the share of probes that find their subject first.

    Parameters
    ----------
    found
        Which photos have a face in the picture of the camera.
    scores
        Of those with each photo of the cohort; lowest where a photo is not in the gallery.
    """
    codes = cohort.subject_codes
    barred = search.barred | np.eye(len(cohort), dtype=np.bool_) | ~search.enrolled
    mates = ((codes[:, None] == codes) & ~barred).any(axis=1)
    hits = np.zeros(len(cohort), np.bool_)
    hits[found] = _first(scores, barred[found], codes, codes[found])
    name = f"rank-1, photos {camera}, {search.name}"
    return rank_one_row(name, hits, search.probes & mates, codes, weights)


def _first(scores: Vectors, barred: Mask, codes: Codes, wanted: Codes) -> Mask:
    first: Mask = codes[np.argmax(np.where(barred, -np.inf, scores), axis=1)] == wanted
    return first
