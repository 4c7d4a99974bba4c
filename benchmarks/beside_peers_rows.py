"""The rows of `beside_peers.py`: the measures of `accuracy.py`, from what each side made of photos.

Other than there, photos without a face stay in: as a probe such a photo misses its mate, as a photo
of the gallery it is never found, and a mated pair with it counts as missed. Pairs of two people
with such a photo are no comparisons. So all sides have the same searches and the same mated pairs,
and the same draws of people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from accuracy_pairs import child_adult_rows_of
from accuracy_photos import search_row, searches_by_gap
from accuracy_rows import (
    CLEAN,
    Codes,
    Mask,
    Numbers,
    Row,
    Vectors,
    children_row,
    rank_one,
    rank_one_row,
    rows_of_folds,
    share_row,
    true_match_rows,
    weights_of,
)
from scipy.spatial.distance import cdist

from fairness import Cohort
from fairness.cohort import FoldPairs
from fairness.verification import Pairs
from fairness.verification.pairs import mated_photos

CAMERAS = ("48px-q40", "32px-q30", "24px-q30")


@dataclass(frozen=True, eq=False)
class Looked:
    """In which photos a side found a face, and the vectors of all; rows without a face are 0."""

    found: Mask
    vectors: Vectors

    def scores(self, gallery: Looked, measure: str) -> Vectors:
        """Return the score of each photo with each of a gallery; nan where one has no face."""
        scores = np.full((len(self.found), len(gallery.found)), np.nan, np.float32)
        if self.found.any() and gallery.found.any():
            made = scored(self.vectors[self.found], gallery.vectors[gallery.found], measure)
            scores[np.ix_(self.found, gallery.found)] = made
        return scores


@dataclass(frozen=True, eq=False)
class MatrixScores:
    """Scores of all photos with each other, shape (photos, photos); nan where one has no face."""

    cohort: Cohort
    matrix: Vectors

    def mated(self) -> Pairs:
        """Return all pairs of one subject."""
        left, right = mated_photos(self.cohort)
        return Pairs(left, right, self.matrix[left, right])

    def tail(self, threshold: float) -> Pairs:
        """Return the comparisons of two subjects; all of them, since a distance has no lowest."""
        del threshold
        codes = self.cohort.subject_codes
        left, right = np.triu_indices(len(codes), 1)
        kept = (codes[left] != codes[right]) & ~np.isnan(self.matrix[left, right])
        return Pairs(left[kept], right[kept], self.matrix[left[kept], right[kept]])


def scored(probes: Vectors, gallery: Vectors, measure: str) -> Vectors:
    """Return the score of each probe with each photo: higher is closer.

    The cosine, or the negative Euclidean distance of the vectors as they are.
    """
    if measure == "euclidean":
        return -cdist(probes, gallery).astype(np.float32)
    units = (
        each / np.linalg.norm(each, axis=1, keepdims=True).clip(1e-9) for each in (probes, gallery)
    )
    one, other = units
    scores: Vectors = one @ other.T
    return scores


def fgnet_rows(
    cohort: Cohort,
    gallery: Looked,
    probes: Mapping[str, Looked],
    measure: str,
    weights: Numbers,
    seed: int,
) -> list[Row]:
    """Return the rows of one side.

    Parameters
    ----------
    gallery
        The photos as they are enrolled.
    probes
        The photos as they are searched for: `CLEAN`, and by camera.
    """
    codes = cohort.subject_codes
    matrix = gallery.scores(gallery, measure)
    scores = MatrixScores(cohort, matrix)
    searched = {name: one.scores(gallery, measure) for name, one in probes.items()}
    rows = [
        share_row(f"face found, photos {name}", one.found, codes, weights)
        for name, one in probes.items()
    ]
    clean = np.nan_to_num(searched[CLEAN], nan=-np.inf)
    hits = rank_one(clean, codes) & probes[CLEAN].found
    rows.append(rank_one_row(f"rank-1, {CLEAN}", hits, codes >= 0, codes, weights))
    for search in searches_by_gap(cohort):
        for name, one in probes.items():
            found = np.nan_to_num(searched[name][one.found], nan=-np.inf)
            rows.append(search_row(cohort, name, search, one.found, found, weights))
    lowest = float(np.nanmin(matrix)) - 1

    def score(child: Codes, adult: Codes) -> Vectors:
        scores: Vectors = np.nan_to_num(matrix[child, adult], nan=lowest)
        return scores

    return [
        *rows,
        *true_match_rows(scores, weights),
        children_row(scores, weights),
        *child_adult_rows_of(cohort, score, weights, seed),
    ]


def lfw_rows(
    cohort: Cohort, pairs: FoldPairs, looked: Looked, measure: str, draws: int, seed: int
) -> list[Row]:
    """Return the accuracies of LFW's pairs; one without both faces is judged "not the same"."""
    keys = ["/".join(sample.photo.split("/")[-2:]) for sample in cohort.samples]
    place = {key: row for row, key in enumerate(keys)}
    left, right = (
        np.array([place.get(key, -1) for key in side]) for side in (pairs.left, pairs.right)
    )
    there = (left >= 0) & (right >= 0)  # all, unless only some photos are taken
    if not there.any():
        return []
    left, right, same, folds = left[there], right[there], pairs.same[there], pairs.folds[there]
    scores = np.array(
        [
            scored(looked.vectors[[one]], looked.vectors[[other]], measure)[0, 0]
            for one, other in zip(left, right, strict=True)
        ],
        np.float32,
    )
    lost = ~(looked.found[left] & looked.found[right])
    scores[lost] = scores[~lost].min(initial=0) - 1
    return rows_of_folds(scores, same, folds, weights_of(len(folds), draws, seed, folds))
