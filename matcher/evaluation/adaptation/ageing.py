"""Photos of people at several ages, and the fit of what a vector should lose of ageing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairness import Cohort, CohortError
from fairness.verification import family_codes
from matcher.evaluation.adaptation.age_bands import ADULT

DEGREE: Final = 3
"""Degree of the curve in the logarithm of age along which the vectors of a person move."""

YEARS_APART: Final = 5.0
"""Years between two photos of a person that show ageing; at the earlier one nobody is an adult."""

FEWEST_PEOPLE: Final = 56
"""So many people with two photos each make 6,000 pairs of photos of different people: six of them
may match at a false match rate of 0.001."""

_EARLIEST: Final = 2.0  # years added to an age, so that the logarithm of infants' ages stays finite
_RIDGE: Final = 3.0
_SMALLEST: Final = 1e-6  # of the strongest power of age: below, few different ages tell none apart

Vectors = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class DatedFaces:
    """All photos of people who were photographed years apart.

    Parameters
    ----------
    vectors
        float64 (n, d), unit rows.
    ages
        float64 (n,): age at capture in years.
    people, families
        int64 (n,): codes of the person and of the family, the latter -1 where it is not known.
    folds
        int64 (n,): the part that holds the person.
    """

    vectors: Vectors
    ages: Vectors
    people: Codes
    families: Codes
    folds: Codes

    def where(self, rows: Mask) -> DatedFaces:
        """Return some of the photos; `rows` is bool (n,)."""
        return DatedFaces(
            self.vectors[rows],
            self.ages[rows],
            self.people[rows],
            self.families[rows],
            self.folds[rows],
        )


def ages_of(cohort: Cohort) -> Vectors:
    """Return the age on each photo in years, shape (photos,); nan where only a band is stated."""
    return np.array([sample.age_at_capture for sample in cohort.samples], np.float64)


def seen_years_apart(people: Codes, ages: Vectors) -> Mask:
    """Return which photos have an age and a person with two of them `YEARS_APART`, the first young.

    Parameters
    ----------
    people
        int64 (n,): code of the person on each photo.
    ages
        float64 (n,): years; nan where the age is not known.
    """
    known = np.isfinite(ages)
    youngest = np.full(people.max(initial=0) + 1, np.inf)
    oldest = np.full(len(youngest), -np.inf)
    np.minimum.at(youngest, people[known], ages[known])
    np.maximum.at(oldest, people[known], ages[known])
    chosen = (oldest - youngest >= YEARS_APART) & (youngest < ADULT)
    seen: Mask = known & chosen[people]
    return seen


def people_years_apart(cohort: Cohort) -> int:
    """Return how many people of a cohort have photos that show ageing, see `seen_years_apart`."""
    people = cohort.subject_codes
    return len(set(people[seen_years_apart(people, ages_of(cohort))]))


def require_years_apart(cohort: Cohort, seen: str) -> None:
    """Refuse a cohort with too few people whose photos show ageing.

    Parameters
    ----------
    cohort
        The cohort.
    seen
        What the photos are known to have, for the message.

    Raises
    ------
    CohortError
        If there are fewer than `FEWEST_PEOPLE`.
    """
    found = people_years_apart(cohort)
    if found < FEWEST_PEOPLE:
        raise CohortError(
            f"people with photos at several ages in cohort {cohort.name!r}",
            rule=f"{FEWEST_PEOPLE} or more, each with {seen} on photos {YEARS_APART:g} years or "
            f"more apart, the first from before the age of {ADULT:g}: this model is fitted to "
            "children already, only ageing can be taken out of it",
            got=f"{found:,}",
            next_step="Add people with dated photos of one subject. Or name another base.",
        )


def dated_faces(cohort: Cohort, vectors: NDArray[np.float32], folds: Codes) -> DatedFaces:
    """Return the photos of people who were photographed years apart.

    Parameters
    ----------
    cohort, vectors
        The photos and their vectors, float32 (photos, d).
    folds
        int64 (subjects,): the part that holds each subject.
    """
    people, ages = cohort.subject_codes, ages_of(cohort)
    everybody = DatedFaces(
        vectors.astype(np.float64), ages, people, family_codes(cohort)[people], folds[people]
    )
    return everybody.where(seen_years_apart(people, ages))


def less_ageing(vectors: Vectors, people: Codes, ages: Vectors) -> Vectors:
    """Fit a matrix that takes out of vectors what changes in a person over the years.

    Within each person the vectors are regressed on log(age + 2 years), its square and its cube. The
    directions of these coefficients are removed: along them everybody's face moves with age. The
    rest is whitened in part: each principal direction of what still differs between photos of one
    person is divided by the root of (its variance + three times the mean variance). All people
    weigh the same, however many photos they have. The first step is the linear case of feature
    ageing (Deb, Aggarwal and Jain, arXiv 2003.08788), with the age taken out instead of changed,
    so that a vector needs no date. The second is within-class covariance normalisation (Hatch,
    Kajarekar and Stolcke, Interspeech 2006) with a ridge.

    Parameters
    ----------
    vectors
        float64 (n, d).
    people, ages
        int64 (n,) and float64 (n,), years. Each person has two ages or more.

    Returns
    -------
    float64 array of shape (d, d)
        To be applied from the right.
    """
    taken = _movement(vectors, people, ages)
    projection = np.eye(vectors.shape[1]) - taken.T @ taken
    within = _covariance_within(vectors @ projection, people)
    variances, directions = np.linalg.eigh(within)
    factors = (variances + _RIDGE * variances.mean()) ** -0.5
    fitted: Vectors = projection @ (directions * (factors / factors.max())) @ directions.T
    return fitted


def _movement(vectors: Vectors, people: Codes, ages: Vectors) -> Vectors:
    """Return orthonormal rows, (k, d), that span the curve along which vectors move with age."""
    logarithm = np.log(ages + _EARLIEST)
    powers = np.stack([logarithm**power for power in range(1, DEGREE + 1)], axis=1)
    weights = np.sqrt(1 / np.bincount(people)[people])[:, None]
    basis, strengths, _ = np.linalg.svd(
        weights * _less_own_mean(powers, people), full_matrices=False
    )
    told_apart = strengths > _SMALLEST * strengths.max()
    moved = basis[:, told_apart].T @ (weights * _less_own_mean(vectors, people))
    directions: Vectors = np.linalg.svd(moved, full_matrices=False)[2]
    return directions


def _less_own_mean(values: Vectors, people: Codes) -> Vectors:
    """Return values, (n, k), less the mean of the person's values."""
    sums = np.zeros((people.max() + 1, values.shape[1]))
    np.add.at(sums, people, values)
    counts = np.maximum(np.bincount(people), 1)
    return values - (sums / counts[:, None])[people]


def _covariance_within(vectors: Vectors, people: Codes) -> Vectors:
    """Return the mean over people of the covariance of a person's vectors, (d, d)."""
    degrees = np.bincount(people)[people] - 1
    scaled = _less_own_mean(vectors, people) / np.sqrt(degrees)[:, None]
    covariance: Vectors = scaled.T @ scaled / len(set(people.tolist()))
    return covariance
