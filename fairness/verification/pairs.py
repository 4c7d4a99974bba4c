"""Pairs of photos: mated ones, ones of relatives, and the order of the two photos in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cohort

Photos = NDArray[np.int64]
"""Photo indices of a cohort, or subject codes, shape (pairs,)."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Comparisons of two photos each.

    Parameters
    ----------
    left, right
        int64 arrays of shape (pairs,): photo indices of the cohort. In mated pairs and pairs of
        relatives, `left` is the earlier photo, which is the one that would be enrolled. The order
        follows the ages, else the dates, else the order in the cohort.
    score
        float32 array of shape (pairs,); higher is closer. nan if the comparison could not be made,
        because one of the photos was not acquired.
    """

    left: Photos
    right: Photos
    score: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.left.ndim != 1 or not self.left.shape == self.right.shape == self.score.shape:
            raise ValueError(
                f"need arrays of shape (pairs,), got {self.left.shape, self.right.shape}"
            )

    def __len__(self) -> int:
        return len(self.left)

    def where(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Return the pairs chosen by a mask of shape (pairs,)."""
        return Pairs(self.left[chosen], self.right[chosen], self.score[chosen])


def mated_photos(cohort: Cohort) -> tuple[Photos, Photos]:
    """Return all pairs of photos of one subject, the earlier first."""
    return earlier_first(cohort, *_pairs_of_equals(cohort.subject_codes))


def kin_photos(cohort: Cohort) -> tuple[Photos, Photos]:
    """Return all pairs of photos of two subjects of one family, the earlier first."""
    families = family_codes(cohort)[cohort.subject_codes]
    known = np.flatnonzero(families >= 0)
    left, right = (known[side] for side in _pairs_of_equals(families[known]))
    others = cohort.subject_codes[left] != cohort.subject_codes[right]
    return earlier_first(cohort, left[others], right[others])


def kin_subjects(cohort: Cohort) -> NDArray[np.int64]:
    """Return the subjects that are related, int64 array of shape (pairs, 2), each pair once."""
    families = family_codes(cohort)
    known = np.flatnonzero(families >= 0)
    left, right = _pairs_of_equals(families[known])
    return np.column_stack([known[left], known[right]])


def family_codes(cohort: Cohort) -> NDArray[np.int64]:
    """Return the number of each subject's family, shape (subjects,); -1 if not known."""
    codes = np.full(len(cohort.subjects), -1, np.int64)
    numbers: dict[str, int] = {}
    for sample, subject in zip(cohort.samples, cohort.subject_codes, strict=True):
        if sample.family is not None:
            codes[subject] = numbers.setdefault(sample.family, len(numbers))
    return codes


def earlier_first(cohort: Cohort, left: Photos, right: Photos) -> tuple[Photos, Photos]:
    """Put the earlier photo of each pair first: by age, else by date, else by photo index."""
    later = left > right
    for when in (_days(cohort), _ages(cohort)):
        difference = when[left] - when[right]
        later = np.where(np.isnan(difference) | (difference == 0), later, difference > 0)
    return np.where(later, right, left), np.where(later, left, right)


def years_between(cohort: Cohort, pairs: Pairs) -> NDArray[np.float64]:
    """Return the years between the two photos of each pair, shape (pairs,); nan if not known.

    The years come from the dates if both are known, else from the ages at capture.
    """
    by_date, by_age = (
        np.abs(when[pairs.left] - when[pairs.right])
        for when in (_days(cohort) / 365.25, _ages(cohort))
    )
    return np.where(np.isnan(by_date), by_age, by_date)


def _ages(cohort: Cohort) -> NDArray[np.float64]:
    ages = (sample.age_at_capture for sample in cohort.samples)
    return np.array([math.nan if age is None else age for age in ages], dtype=np.float64)


def _days(cohort: Cohort) -> NDArray[np.float64]:
    dates = (sample.taken_on for sample in cohort.samples)
    return np.array([math.nan if day is None else day.toordinal() for day in dates], np.float64)


def _pairs_of_equals(codes: NDArray[np.int64]) -> tuple[Photos, Photos]:
    """Return the positions of all pairs of equal codes, sorted, each pair once, left < right."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    most = int(np.unique(codes, return_counts=True)[1].max(initial=0))
    found = [np.empty((0, 2), np.int64)]
    for apart in range(1, most):
        first = np.flatnonzero(ordered[apart:] == ordered[:-apart])
        found.append(np.column_stack([order[first], order[first + apart]]))
    pairs = np.concatenate(found)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return pairs[:, 0], pairs[:, 1]
