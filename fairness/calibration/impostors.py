"""Impostors: photos of other people that a photo could be confused with, and their scores.

The impostors of a child are other children of the same age and sex. Comparisons across ages and
sexes would make false matches look rarer than they are (O'Toole et al., Image and Vision Computing
30, 2012). An unknown label excludes nobody: if the sex of one of two people is unknown, they are
compared if they have the same age. Relatives are never impostors of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import UNKNOWN, Cohort
from fairness.rates import FEWEST_SUBJECTS


@dataclass(frozen=True, eq=False)
class Impostors:
    """Photos, the scores among them, and which of them may be compared.

    Parameters
    ----------
    photos
        int64 array of shape (n,): photo indices of the cohort, ordered by subject.
    subjects
        int64 array of shape (n,): subject code of each photo, ascending.
    scores
        float32 array of shape (n, n): score of each pair of photos.
    comparable
        bool array of shape (n, n), symmetric: whether the photos show two people who are not
        relatives and whose known sexes do not differ.
    """

    photos: NDArray[np.int64]
    subjects: NDArray[np.int64]
    scores: NDArray[np.float32]
    comparable: NDArray[np.bool_]

    @classmethod
    def among(cls, cohort: Cohort, vectors: NDArray[np.float32], photos: NDArray[np.int64]) -> Self:
        """Compare photos with each other. Photos with too few impostors are left out.

        Parameters
        ----------
        cohort, vectors
            The cohort, and its vectors: float32 of shape (photos of the cohort, d), unit rows.
        photos
            int64 photo indices, each once.
        """
        ordered, comparable = _confusable(cohort, photos)
        found = vectors[ordered]
        return cls(ordered, cohort.subject_codes[ordered], found @ found.T, comparable)

    def __len__(self) -> int:
        return len(self.photos)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Index of each subject's first photo, shape (subjects,)."""
        return _starts(self.subjects)

    def comparisons(self, among: NDArray[np.bool_] | None = None) -> Comparisons:
        """Return each comparable pair of photos once.

        Parameters
        ----------
        among
            bool array of shape (n, n), symmetric: the pairs wanted; None for all.
        """
        wanted = self.comparable if among is None else self.comparable & among
        one, other = np.nonzero(np.triu(wanted, 1))
        score = self.scores[one, other]
        order = np.argsort(-score, kind="stable")
        one, other = one[order], other[order]
        return Comparisons(self.subjects[one], self.subjects[other], score[order])


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Scores between photos of different people, the highest first.

    Parameters
    ----------
    left, right
        int64 arrays of shape (comparisons,): subject codes, left < right.
    score
        float32 array of shape (comparisons,), descending.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    score: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.score)

    @cached_property
    def subjects(self) -> int:
        """Number of people in these comparisons."""
        return len(np.union1d(self.left, self.right))

    def by_pair(
        self, first: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Count the `first` comparisons, or all, by pair of subjects: left, right, count."""
        keys, counts = np.unique((self.left << 32 | self.right)[:first], return_counts=True)
        return keys >> 32, keys & 0xFFFFFFFF, counts.astype(np.int64)


def has_impostors(cohort: Cohort, photos: NDArray[np.int64]) -> bool:
    """Return whether any of these photos has enough impostors among them.

    Parameters
    ----------
    photos
        int64 photo indices, each once.
    """
    return len(_confusable(cohort, photos)[0]) > 0


def _confusable(
    cohort: Cohort, photos: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the photos with enough impostors, ordered by subject, and which are comparable."""
    ordered = photos[np.argsort(cohort.subject_codes[photos], kind="stable")]
    comparable = _comparable(cohort, ordered)
    kept = _with_enough(comparable, cohort.subject_codes[ordered])
    return ordered[kept], comparable[np.ix_(kept, kept)]


def _comparable(cohort: Cohort, photos: NDArray[np.int64]) -> NDArray[np.bool_]:
    subjects = cohort.subject_codes[photos]
    sexes = cohort.grouping("sex")
    sex = np.array(sexes.names)[sexes.codes][photos]
    families = np.array([cohort.samples[photo].family or "" for photo in photos])
    unknown = sex == UNKNOWN
    same_sex = (sex[:, None] == sex) | unknown[:, None] | unknown
    kin = (families[:, None] == families) & (families != "")
    comparable: NDArray[np.bool_] = (subjects[:, None] != subjects) & same_sex & ~kin
    return comparable


def _with_enough(comparable: NDArray[np.bool_], subjects: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the largest set of photos that each have at least ten impostors within the set."""
    kept = np.arange(len(subjects))
    while len(kept):
        part = comparable[np.ix_(kept, kept)]
        others = np.logical_or.reduceat(part, _starts(subjects[kept]), axis=1).sum(axis=1)
        enough = others >= FEWEST_SUBJECTS
        if enough.all():
            break
        kept = kept[enough]
    return kept


def _starts(subjects: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(np.r_[True, subjects[1:] != subjects[:-1]][: len(subjects)])
