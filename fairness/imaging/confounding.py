"""Exposure, quality and size of photos by group, to tell if groups differ in how they were taken.

A gap between skin tones may vanish among photos of like exposure. It is then an effect of the
photos. The table made here shows whether groups differ in exposure, quality or size at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.cohort import Cohort, Grouping, thirds


@dataclass(frozen=True)
class Confound:
    """Distribution of one fact, such as the exposure, over the photos of one group.

    Parameters
    ----------
    group
        Name of the group.
    fact
        Name of the fact, as in "exposure".
    subjects, photos
        Number of subjects and photos for which the fact is known. A table must not print counts
        of fewer than `fairness.rates.FEWEST_SUBJECTS` subjects.
    mean
        Mean of the fact over these photos; nan if there are none.
    thirds
        Number of these photos in the lowest, middle and highest third of all photos of the cohort.
    shift
        Mean of the group minus the mean of all other photos, in standard deviations of all
        photos. nan if there are no other photos, or if the fact does not vary.
    """

    group: str
    fact: str
    subjects: int
    photos: int
    mean: float
    thirds: tuple[int, int, int]
    shift: float


def confounds(
    cohort: Cohort, grouping: Grouping, facts: Mapping[str, Sequence[float] | NDArray[np.floating]]
) -> tuple[Confound, ...]:
    """Return one entry for each fact and group, in the order of the facts, then of the groups.

    Parameters
    ----------
    cohort, grouping
        The photos and their groups, as in `cohort.grouping("tone")`.
    facts
        Facts by name, such as exposure, quality, distance between the eyes. A fact is a sequence
        with one number for each photo of the cohort; nan means not known.

    Raises
    ------
    ValueError
        If a fact does not have one number for each photo.
    """
    return tuple(
        row for name, values in facts.items() for row in _rows(cohort, grouping, name, values)
    )


def _rows(
    cohort: Cohort, grouping: Grouping, fact: str, values: Sequence[float] | NDArray[np.floating]
) -> Iterator[Confound]:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (len(cohort),):
        raise ValueError(f"need one {fact} for each of {len(cohort)} photos, got {numbers.shape}")
    known = np.isfinite(numbers)
    third = thirds(numbers)
    for code, group in enumerate(grouping.names):
        inside = known & (grouping.codes == code)
        low, middle, high = np.bincount(third[inside], minlength=3).tolist()
        yield Confound(
            group,
            fact,
            subjects=len(np.unique(cohort.subject_codes[inside])),
            photos=int(inside.sum()),
            mean=float(numbers[inside].mean()) if inside.any() else math.nan,
            thirds=(low, middle, high),
            shift=_shift(numbers[inside], numbers[known & ~inside]),
        )


def _shift(group: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    if not len(group) or not len(others):
        return math.nan
    deviation = float(np.concatenate([group, others]).std())
    return float(group.mean() - others.mean()) / deviation if deviation > 0 else math.nan
